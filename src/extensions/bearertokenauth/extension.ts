import {
  type GrpcAuthenticator,
  type HttpAuthenticator,
  type HttpRefusal,
  type Identity,
  type IncomingHead,
  messageOf,
  type Proof,
  RetryableError,
  type ServerAuthenticator,
  type Settings,
  UnauthenticatedError,
} from '../../contract/index.ts'
import { digestOf, hasDigest } from '../../net/same-text.ts'
import { WatchedFile } from '../../net/watched-file.ts'
import { type BearerTokenAuthConfig, isToken } from './config.ts'

/** A token says that somebody may send, not who it is. */
const NOBODY: Identity = new Map()

export class BearerTokenAuth implements ServerAuthenticator, HttpAuthenticator, GrpcAuthenticator {
  readonly needsTls = true
  readonly #config: BearerTokenAuthConfig
  readonly #settings: Settings
  readonly #header: string
  readonly #scheme: string
  readonly #file: WatchedFile | undefined
  readonly #end = new AbortController()
  #digests: readonly Buffer[] = []
  #proof: Proof | undefined

  constructor(config: BearerTokenAuthConfig, settings: Settings) {
    const { filename, token, tokens, header, scheme } = config
    this.#config = config
    this.#settings = settings
    this.#header = header.toLowerCase()
    this.#scheme = scheme
    if (filename === '') this.#use(token === undefined ? tokens.map((one) => one.reveal()) : [token.reveal()])
    else
      this.#file = new WatchedFile({ path: filename, setting: 'filename', take: (text) => this.#take(text) }, settings)
  }

  #take(text: string): void {
    const tokens = text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
    if (tokens.length === 0) throw new Error('the file has no token in it')
    if (!tokens.every(isToken)) throw new Error('a token has a control character in it')
    this.#use(tokens)
  }

  #use(tokens: readonly string[]): void {
    this.#digests = tokens.map(digestOf)
    this.#proof = { [this.#header]: this.#scheme === '' ? tokens[0]! : `${this.#scheme} ${tokens[0]}` }
  }

  async start(): Promise<void> {
    const file = this.#file
    if (file === undefined) return
    const { token, tokens, retry_on_failure: retry, wait_for_token_file: waits } = this.#config
    if (token !== undefined || tokens.length > 0)
      this.#settings.log.warn('a setting has no effect: the tokens are those of the file', { setting: 'token, tokens' })
    try {
      await file.read()
      file.watch()
    } catch (error) {
      if (!retry.enabled) throw error
      this.#settings.log.warn('the file with the token cannot be read yet', { error: messageOf(error) })
      const found = this.#lookFor(file)
      if (waits) await found
      else found.catch(() => {})
    }
  }

  /** Rejects when it is given up; then requests go on being refused. */
  async #lookFor(file: WatchedFile): Promise<void> {
    const { initial_interval, offset, max_retries } = this.#config.retry_on_failure
    const { clock, log } = this.#settings
    for (let retries = 1; ; retries++) {
      await clock.sleep(retries === 1 ? initial_interval : offset, this.#end.signal)
      try {
        await file.read()
        file.watch()
        return
      } catch (error) {
        if (max_retries === 0 || retries < max_retries) continue
        log.error('the file with the token was not there in time', { error: messageOf(error), retries })
        throw error
      }
    }
  }

  async stop(): Promise<void> {
    this.#end.abort(new Error('stopped'))
    this.#file?.stop()
  }

  identify(head: IncomingHead): Identity {
    if (this.#digests.length === 0) throw this.#noToken()
    const given = head.header(this.#header)
    const challenge = this.#scheme === '' ? 'Bearer' : this.#scheme
    if (given === undefined || given === '')
      throw new UnauthenticatedError(`missing or empty header: ${this.#config.header}`, challenge)
    const token = this.#tokenOf(given)
    let isKnown = false
    // All of them are looked at: the time must not tell which one it was.
    for (const digest of this.#digests) isKnown = hasDigest(token ?? '', digest) || isKnown
    if (token === undefined || !isKnown)
      throw new UnauthenticatedError(`the token in ${this.#config.header} is not known`, challenge)
    return NOBODY
  }

  /** A scheme is written in any case, RFC 9110, 11.1. */
  #tokenOf(given: string): string | undefined {
    const scheme = this.#scheme
    if (scheme === '') return given
    const isIt = given.slice(0, scheme.length).toLowerCase() === scheme.toLowerCase() && given[scheme.length] === ' '
    return isIt ? given.slice(scheme.length + 1).trim() : undefined
  }

  #noToken(): RetryableError {
    return new RetryableError(`${this.#settings.id}: there is no token yet`, { reason: 'no_token' })
  }

  authenticate(): Proof {
    return this.authenticateCall()
  }

  authenticateCall(): Proof {
    if (this.#proof === undefined) throw this.#noToken()
    return this.#proof
  }

  get renews(): boolean {
    return this.#file !== undefined
  }

  /** A new token may lie in the file already. */
  async mend({ status, proof }: HttpRefusal): Promise<boolean> {
    return status === 401 && this.mendCall(proof)
  }

  async mendCall(refused: Proof): Promise<boolean> {
    if (this.#file === undefined) return false
    await this.#file.look()
    return this.#proof?.[this.#header] !== refused[this.#header]
  }
}
