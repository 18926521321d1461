// One request for a token: RFC 6749, sections 4.4 and 2.3.1; RFC 7523, section 2.1.
import { createPrivateKey, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import * as v from 'valibot'
import { section } from '../../config/schema.ts'
import type { Settings } from '../../contract/index.ts'
import { httpClientSettings } from '../../net/client-config.ts'
import { HttpClient } from '../../net/http-client.ts'
import type { HttpReply } from '../../net/http-reply.ts'
import { userAgentOf } from '../../net/user-agent.ts'
import { JWT_BEARER, type OAuth2ClientConfig } from './config.ts'

export interface Token {
  /** `Bearer x`, for Authorization. */
  readonly header: string
  /** Undefined when it does not end. */
  readonly lifeMs: number | undefined
}

const DEFAULT_TIMEOUT_MS = 30_000
const ASSERTION_LIFE_SECONDS = 1800

export class TokenServer {
  readonly #config: OAuth2ClientConfig
  readonly #settings: Settings
  readonly #client: HttpClient
  /** Servers differ in where they want the secret; the first that works stays. */
  #isSecretInBody: boolean | undefined

  constructor(config: OAuth2ClientConfig, settings: Settings) {
    this.#config = config
    this.#settings = settings
    const others = v.parse(section(httpClientSettings({ compression: '' })), {})
    this.#client = new HttpClient({ ...others, tls: config.tls }, settings)
  }

  close(): void {
    this.#client.close()
  }

  /** Rejects with whatever is in the way; its message never has a secret in it. */
  async ask(abort: AbortSignal): Promise<Token> {
    const { clock } = this.#settings
    const timeoutMs = this.#config.timeout || DEFAULT_TIMEOUT_MS
    const late = new AbortController()
    const cancel = clock.after(timeoutMs, () => late.abort(new Error(`no token in ${timeoutMs} ms`)))
    try {
      return await this.#ask(AbortSignal.any([abort, late.signal]))
    } finally {
      cancel()
    }
  }

  async #ask(abort: AbortSignal): Promise<Token> {
    const { client_id, client_id_file, client_secret, client_secret_file, grant_type } = this.#config
    const id = await textOf(client_id, client_id_file, 'client_id_file')
    if (grant_type === JWT_BEARER) return tokenOf(await this.#post(await this.#assertion(id), undefined, abort))
    const secret = await textOf(client_secret?.reveal() ?? '', client_secret_file, 'client_secret_file')
    const body = this.#parameters({ grant_type: 'client_credentials' })
    // Section 2.3.1: form-encoded first, as they may have colons in them.
    const basic = Buffer.from(`${encode(id)}:${encode(secret)}`).toString('base64')
    if (this.#isSecretInBody !== true) {
      const reply = await this.#post(body, `Basic ${basic}`, abort)
      if (this.#isSecretInBody === false || (reply.status !== 400 && reply.status !== 401)) {
        if (reply.status === 200) this.#isSecretInBody = false
        return tokenOf(reply)
      }
    }
    body.set('client_id', id)
    body.set('client_secret', secret)
    const reply = await this.#post(body, undefined, abort)
    if (reply.status === 200) this.#isSecretInBody = true
    return tokenOf(reply)
  }

  #parameters(own: Readonly<Record<string, string>>): URLSearchParams {
    const { scopes, endpoint_params } = this.#config
    const parameters = new URLSearchParams(own)
    if (scopes.length > 0) parameters.set('scope', scopes.join(' '))
    for (const [name, values] of Object.entries(endpoint_params)) {
      parameters.delete(name)
      for (const value of values) parameters.append(name, value)
    }
    return parameters
  }

  async #assertion(id: string): Promise<URLSearchParams> {
    const config = this.#config
    const { SignJWT } = await import('jose')
    const key = await textOf(
      config.client_certificate_key?.reveal() ?? '',
      config.client_certificate_key_file,
      'client_certificate_key_file',
    )
    const now = Math.floor(this.#settings.clock.now() / 1000)
    const claims = {
      iss: config.iss || id,
      sub: id,
      aud: config.audience || config.token_url,
      jti: randomUUID(),
      iat: now,
      exp: now + ASSERTION_LIFE_SECONDS,
      ...(config.scopes.length > 0 && { scope: config.scopes.join(' ') }),
      ...config.claims,
    }
    const alg = config.signature_algorithm || 'RS256'
    const kid = config.client_certificate_key_id
    const assertion = await new SignJWT(claims)
      .setProtectedHeader({ alg, typ: 'JWT', ...(kid !== '' && { kid }) })
      .sign(createPrivateKey(key))
    return this.#parameters({ grant_type: JWT_BEARER, assertion })
  }

  async #post(parameters: URLSearchParams, authorization: string | undefined, abort: AbortSignal): Promise<HttpReply> {
    const body = Buffer.from(parameters.toString())
    const target = await this.#client.target(this.#config.token_url, {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
      'user-agent': userAgentOf(this.#settings.agent),
    })
    const headers = authorization === undefined ? [] : ['authorization', authorization]
    return this.#client.post(target, [body], body.length, abort, { headers })
  }
}

async function textOf(given: string, file: string, setting: string): Promise<string> {
  if (file === '') return given
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${setting}: ${error.message}`, { cause: error })
  })
  return text.trim()
}

const encode = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1)

/** RFC 6749, section 5. Some servers write the number of seconds as a text. */
function tokenOf({ status, body }: HttpReply): Token {
  const answer = parse(body)
  if (status !== 200) {
    const { error, error_description: description } = answer
    const why = typeof error === 'string' ? `: ${error}` : ''
    throw new Error(`HTTP ${status}${why}${typeof description === 'string' ? ` (${description})` : ''}`)
  }
  const { access_token: token, token_type: type, expires_in: seconds } = answer
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token))
    throw new Error('the answer has no access_token in it')
  const lifeMs = Number(seconds) > 0 ? Number(seconds) * 1000 : undefined
  const scheme = typeof type !== 'string' || /^(bearer)?$/i.test(type) ? 'Bearer' : type
  if (!/^[\w-]+$/.test(scheme)) throw new Error('the token_type of the answer is no word')
  return { header: `${scheme} ${token}`, lifeMs }
}

function parse(body: Buffer): Record<string, unknown> {
  try {
    const answer: unknown = JSON.parse(body.toString('utf8'))
    return typeof answer === 'object' && answer !== null ? (answer as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
