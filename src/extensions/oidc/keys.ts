// The public keys of an issuer: from its own address (OpenID Connect Discovery 1.0, sections 3 and 4), or from a file.
import { createLocalJWKSet, type JSONWebKeySet, type LocalJWKSet } from 'jose'
import * as v from 'valibot'
import { section } from '../../config/schema.ts'
import { messageOf, RetryableError, type Settings } from '../../contract/index.ts'
import { httpClientSettings } from '../../net/client-config.ts'
import { HttpClient } from '../../net/http-client.ts'
import { SingleFlight } from '../../net/single-flight.ts'
import { userAgentOf } from '../../net/user-agent.ts'
import { WatchedFile } from '../../net/watched-file.ts'
import type { ProviderConfig } from './config.ts'
import { Looks } from './looks.ts'

export interface Keys {
  readonly find: LocalJWKSet
  /** Of signatures. */
  readonly algorithms: readonly string[]
}

/** Asymmetric ones: what an issuer publishes must not be what signs. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']
const TIMEOUT_MS = 5000
const MAX_AGE_MS = 600_000

/** Of an issuer on the network: asked for when they are needed, one request at a time. */
export class IssuerKeys {
  readonly #config: ProviderConfig
  readonly #settings: Settings
  readonly #client: HttpClient
  readonly #end = new AbortController()
  readonly #fresh: SingleFlight<Keys>
  readonly #looks: Looks
  #keys: Keys | undefined
  #fetchedMs = 0

  constructor(config: ProviderConfig, settings: Settings) {
    this.#config = config
    this.#settings = settings
    this.#fresh = new SingleFlight(settings.clock, () => this.#ask())
    this.#looks = new Looks(settings.clock)
    const { issuer_ca_path } = config
    const tls = issuer_ca_path === '' ? {} : { ca_file: issuer_ca_path }
    this.#client = new HttpClient(v.parse(section(httpClientSettings({ compression: '' })), { tls }), settings)
  }

  /** That the issuer is not there yet is no failure of the start. */
  async start(): Promise<void> {
    await this.get().catch((error: unknown) => {
      this.#settings.log.warn('the keys of the issuer cannot be had yet, tokens cannot be checked', {
        error: messageOf(error),
      })
    })
  }

  stop(): void {
    this.#end.abort(new Error('stopped'))
    this.#client.close()
  }

  /** Rejects with a `RetryableError` when there are none, and the issuer does not answer. */
  async get(): Promise<Keys> {
    if (this.#keys === undefined) return this.#fresh.get()
    const ageMs = this.#settings.clock.monotonicMs() - this.#fetchedMs
    if (ageMs > MAX_AGE_MS) void this.#fresh.get().catch(() => {})
    return this.#keys
  }

  /**
   * For who finds that none fits. Undefined when that key was looked for a moment ago. Rejects with a `RetryableError` as `get`
   * does, and when the issuer may not be asked again so soon: whether the key is good is not known until then.
   */
  async others(key: string): Promise<Keys | undefined> {
    if (this.#looks.isMissing(key)) return undefined
    const waitMs = this.#fresh.isUnderWay ? 0 : this.#looks.take()
    if (waitMs > 0)
      throw new RetryableError(`the key of the token is not known, and is looked for again in ${waitMs} ms`, {
        waitMs,
        reason: 'unknown_signing_key',
      })
    const keys = await this.#fresh.get()
    this.#looks.remember(key)
    return keys
  }

  async #ask(): Promise<Keys> {
    const { clock } = this.#settings
    try {
      const issuer = this.#config.issuer_url
      const about = await this.#getJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
      if (about.issuer !== issuer)
        throw new Error(`issuer_url is ${issuer}, and what is there calls itself ${String(about.issuer)}`)
      if (typeof about.jwks_uri !== 'string') throw new Error('the issuer does not say where its keys are')
      if (/^https:/i.test(issuer) && !/^https:/i.test(about.jwks_uri))
        throw new Error(`the issuer has its keys where others may change them: ${about.jwks_uri} is not https`)
      const keys = keysOf(await this.#getJson(about.jwks_uri), about.id_token_signing_alg_values_supported)
      this.#keys = keys
      this.#fetchedMs = clock.monotonicMs()
      return keys
    } catch (error) {
      const message = `the keys of ${this.#config.issuer_url} cannot be had: ${messageOf(error)}`
      throw new RetryableError(message, { cause: error, reason: 'issuer_unavailable' })
    }
  }

  async #getJson(url: string): Promise<Record<string, unknown>> {
    const late = new AbortController()
    const cancel = this.#settings.clock.after(TIMEOUT_MS, () => late.abort(new Error(`no answer in ${TIMEOUT_MS} ms`)))
    try {
      const headers = { accept: 'application/json', 'user-agent': userAgentOf(this.#settings.agent) }
      const target = await this.#client.target(url, headers)
      const abort = AbortSignal.any([late.signal, this.#end.signal])
      const { status, body } = await this.#client.post(target, [], 0, abort, { method: 'GET' })
      if (status !== 200) throw new Error(`${url} answers ${status}`)
      const json: unknown = JSON.parse(body.toString('utf8'))
      if (typeof json !== 'object' || json === null)
        throw new Error(`${url} answers with something else than an object`)
      return json as Record<string, unknown>
    } finally {
      cancel()
    }
  }
}

function keysOf(json: unknown, algorithms: unknown): Keys {
  const find = createLocalJWKSet(json as JSONWebKeySet)
  const named = Array.isArray(algorithms) ? ALGORITHMS.filter((one) => algorithms.includes(one)) : []
  return { find, algorithms: named.length > 0 ? named : ALGORITHMS }
}

/** Of a file. */
export class FileKeys {
  readonly #file: WatchedFile
  #keys: Keys | undefined

  constructor(path: string, settings: Settings) {
    const take = (text: string): void => {
      this.#keys = keysOf(JSON.parse(text), undefined)
    }
    this.#file = new WatchedFile({ path, setting: 'public_keys_file', take }, settings)
  }

  async start(): Promise<void> {
    await this.#file.read()
    this.#file.watch()
  }

  stop(): void {
    this.#file.stop()
  }

  async get(): Promise<Keys> {
    if (this.#keys === undefined) throw new RetryableError('the file with the keys was not read', { reason: 'no_keys' })
    return this.#keys
  }

  /** They come by themselves. */
  async others(): Promise<undefined> {
    return undefined
  }
}
