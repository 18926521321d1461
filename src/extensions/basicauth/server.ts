import { randomBytes } from 'node:crypto'
import {
  type Identity,
  type IncomingHead,
  messageOf,
  RetryableError,
  type ServerAuthenticator,
  type Settings,
  UnauthenticatedError,
} from '../../contract/index.ts'
import { digestOf } from '../../net/same-text.ts'
import { WatchedFile } from '../../net/watched-file.ts'
import type { HtpasswdConfig } from './config.ts'
import { type Check, parseHtpasswd } from './htpasswd.ts'
import { SlowChecks } from './slow-checks.ts'

/** What is slow on purpose costs as much as ten thousand spans, so a right password is remembered; so many at most. */
const MAX_KNOWN = 1000
/** Checks that take their time go one after the other; so many may wait. */
const MAX_WAITING = 100
const CHALLENGE = 'Basic realm="sluice", charset="UTF-8"'

/** Takes who has a name and a password that htpasswd knows. */
export class BasicAuthServer implements ServerAuthenticator {
  readonly #inline: string
  readonly #file: WatchedFile | undefined
  readonly #settings: Settings
  readonly #slow: SlowChecks
  readonly #pepper = randomBytes(16).toString('hex')
  #checks: ReadonlyMap<string, Check> = new Map()
  /** By a digest of what was sent. */
  readonly #known = new Map<string, Identity>()
  #waiting = 0
  #last: Promise<unknown> = Promise.resolve()

  constructor({ file, inline }: HtpasswdConfig, settings: Settings) {
    this.#inline = inline?.reveal() ?? ''
    this.#settings = settings
    this.#slow = new SlowChecks(settings)
    if (file === '') return
    const take = (text: string): void => this.#load(text)
    this.#file = new WatchedFile({ path: file, setting: 'htpasswd::file', take }, settings)
  }

  async start(): Promise<void> {
    if (this.#file === undefined) return this.#load('')
    await this.#file.read()
    this.#file.watch()
  }

  #load(ofFile: string): void {
    this.#checks = new Map([...this.#parse(ofFile, 'htpasswd::file'), ...this.#parseInline()])
    this.#known.clear()
  }

  #parse(text: string, setting: string): Map<string, Check> {
    const warn = (message: string): void =>
      this.#settings.log.warn('a line of htpasswd may be a mistake', { setting, why: message })
    return parseHtpasswd(text, { warn, isRight: (password, hash) => this.#slow.isRight(password, hash) })
  }

  #parseInline(): Map<string, Check> {
    try {
      return this.#parse(this.#inline, 'htpasswd::inline')
    } catch (error) {
      throw new Error(`htpasswd::inline: ${messageOf(error)}`, { cause: error })
    }
  }

  async stop(): Promise<void> {
    this.#file?.stop()
    this.#slow.stop()
  }

  identify(head: IncomingHead): Identity | Promise<Identity> {
    const header = head.header('authorization')
    if (header === undefined || header === '') throw new UnauthenticatedError('no basic auth provided', CHALLENGE)
    const raw = /^basic +(\S+) *$/i.exec(header)?.[1]
    const [name, password] = raw === undefined ? [] : credentialsOf(raw)
    if (raw === undefined || name === undefined || password === undefined)
      throw new UnauthenticatedError('the authorization is no name and password in the form of HTTP Basic', CHALLENGE)
    const key = digestOf(this.#pepper + raw).toString('base64')
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const check = this.#checks.get(name)
    // Who has no entry must not be told by the time it takes: somebody else's is computed.
    const [other] = this.#checks.values()
    const isRight = this.#inTurn(() => (check ?? other)?.(password) ?? false)
    return isRight.then((right) => {
      if (!right || check === undefined || this.#checks.get(name) !== check)
        throw new UnauthenticatedError('the name or the password is wrong', CHALLENGE)
      return this.#remember(key, name, raw)
    })
  }

  async #inTurn(check: () => boolean | Promise<boolean>): Promise<boolean> {
    if (this.#waiting >= MAX_WAITING)
      throw new RetryableError(`more than ${MAX_WAITING} passwords are being checked`, { reason: 'too_many_passwords' })
    this.#waiting++
    const turn = this.#last.then(check).finally(() => this.#waiting--)
    this.#last = turn.catch(() => {})
    return turn
  }

  #remember(key: string, name: string, raw: string): Identity {
    const identity = new Map([
      ['username', [name]],
      ['raw', [raw]],
    ])
    if (this.#known.size >= MAX_KNOWN) for (const oldest of this.#known.keys()) if (this.#known.delete(oldest)) break
    this.#known.set(key, identity)
    return identity
  }
}

/** RFC 7617, section 2: the password may have colons. Empty when there is none. */
function credentialsOf(raw: string): readonly string[] {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(raw)) return []
  const text = Buffer.from(raw, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 ? [] : [text.slice(0, colon), text.slice(colon + 1)]
}
