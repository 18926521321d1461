import type { JWTPayload, JWTVerifyOptions, JWTVerifyResult } from 'jose'
import {
  type Identity,
  type IncomingHead,
  RetryableError,
  type ServerAuthenticator,
  type Settings,
  UnauthenticatedError,
} from '../../contract/index.ts'
import { digestOf } from '../../net/same-text.ts'
import { type OidcConfig, type ProviderConfig, providersOf } from './config.ts'
import { identityOf, type NamedClaims } from './identity.ts'
import type { FileKeys, IssuerKeys, Keys } from './keys.ts'

interface Provider {
  readonly keys: IssuerKeys | FileKeys
  /** What its tokens must say. */
  readonly wants: JWTVerifyOptions
  readonly claims: NamedClaims
}

/** A token that was checked is not checked again for so long, so many at most. */
const MAX_KNOWN = 1000
const KNOWN_MS = 60_000
/** Clocks differ. */
const TOLERANCE_SECONDS = 5
const MAX_TOKEN_LENGTH = 16 * 1024
/** Each costs the check of a signature. */
const MAX_KEYS_TRIED = 10

type Jose = typeof import('jose')

export class Oidc implements ServerAuthenticator {
  readonly #config: OidcConfig
  readonly #settings: Settings
  readonly #header: string
  readonly #providers = new Map<string, Provider>()
  readonly #known = new Map<string, { readonly identity: Identity; readonly untilMs: number }>()
  #jose: Jose | undefined
  #isStopped = false

  constructor(config: OidcConfig, settings: Settings) {
    this.#config = config
    this.#settings = settings
    this.#header = config.attribute.toLowerCase()
  }

  async start(): Promise<void> {
    const [jose, { IssuerKeys, FileKeys }] = await Promise.all([import('jose'), import('./keys.ts')])
    this.#jose = jose
    for (const config of providersOf(this.#config)) {
      if (this.#isStopped) return
      const { issuer_url: issuer, public_keys_file: file, username_claim: username, groups_claim: groups } = config
      const keys = file === '' ? new IssuerKeys(config, this.#settings) : new FileKeys(file, this.#settings)
      this.#providers.set(issuer, { keys, wants: wantsOf(config), claims: { username, groups } })
      await keys.start()
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    for (const { keys } of this.#providers.values()) keys.stop()
    this.#known.clear()
  }

  identify(head: IncomingHead): Identity | Promise<Identity> {
    const header = head.header(this.#header)
    if (header === undefined || header === '') throw refusal(`missing or empty header: ${this.#config.attribute}`)
    const token = /^\S+ +(\S+) *$/.exec(header)?.[1]
    if (token === undefined || token.length > MAX_TOKEN_LENGTH) throw invalid('the header has no token in it')
    const key = digestOf(token).toString('base64')
    const known = this.#known.get(key)
    if (known !== undefined) {
      if (this.#settings.clock.now() < known.untilMs) return known.identity
      this.#known.delete(key)
    }
    return this.#check(token, key)
  }

  async #check(token: string, key: string): Promise<Identity> {
    const jose = this.#jose
    if (jose === undefined) throw new RetryableError(`${this.#settings.id} is not started`, { reason: 'no_keys' })
    const provider = this.#providerOf(jose, token)
    let claims: JWTPayload
    try {
      claims = await this.#verify(jose, provider, token)
    } catch (error) {
      if (!(error instanceof jose.errors.JOSEError)) throw error
      throw invalid(`the token is not valid: ${error.message}`)
    }
    const identity = identityOf(claims, token, provider.claims)
    if (typeof identity === 'string') throw invalid(identity)
    this.#remember(key, identity, (claims.exp ?? 0) * 1000)
    return identity
  }

  #providerOf({ decodeJwt }: Jose, token: string): Provider {
    const [only] = this.#providers.values()
    if (this.#providers.size === 1) return only!
    let issuer: string | undefined
    try {
      issuer = decodeJwt(token).iss
    } catch {
      throw invalid('the token is none of an issuer')
    }
    const provider = this.#providers.get(issuer ?? '')
    if (provider === undefined) throw invalid('the issuer of the token is not known')
    return provider
  }

  async #verify(jose: Jose, { keys, wants }: Provider, token: string): Promise<JWTPayload> {
    const verifyBy = async ({ find, algorithms }: Keys): Promise<JWTPayload> => {
      const options = {
        ...wants,
        algorithms: [...algorithms],
        currentDate: new Date(this.#settings.clock.now()),
      }
      const { payload } = await jose.jwtVerify(token, find, options).catch(async (error: unknown) => {
        if (error instanceof jose.errors.JWKSMultipleMatchingKeys) return verifyByAny(jose, token, error, options)
        throw error
      })
      return payload
    }
    try {
      return await verifyBy(await keys.get())
    } catch (error) {
      if (!(error instanceof jose.errors.JWKSNoMatchingKey)) throw error
      // Issuers change their keys.
      const { alg, kid } = jose.decodeProtectedHeader(token)
      const others = await keys.others(digestOf(`${alg} ${kid}`).toString('base64'))
      if (others === undefined) throw error
      return verifyBy(others)
    }
  }

  #remember(key: string, identity: Identity, expiresMs: number): void {
    const untilMs = Math.min(this.#settings.clock.now() + KNOWN_MS, expiresMs)
    if (this.#known.size >= MAX_KNOWN) for (const oldest of this.#known.keys()) if (this.#known.delete(oldest)) break
    this.#known.set(key, { identity, untilMs })
  }
}

/** A token that does not say which key it was signed with may be by any of them. */
async function verifyByAny(
  { jwtVerify, errors }: Jose,
  token: string,
  candidates: InstanceType<Jose['errors']['JWKSMultipleMatchingKeys']>,
  options: JWTVerifyOptions,
): Promise<JWTVerifyResult> {
  let tried = 0
  for await (const key of candidates) {
    if (++tried > MAX_KEYS_TRIED) break
    try {
      return await jwtVerify(token, key, options)
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error
    }
  }
  throw new errors.JWSSignatureVerificationFailed()
}

const wantsOf = ({ ignore_issuer, issuer_url, ignore_audience, audience }: ProviderConfig): JWTVerifyOptions => ({
  ...(!ignore_issuer && { issuer: issuer_url }),
  ...(!ignore_audience && { audience }),
  requiredClaims: ['exp'],
  clockTolerance: TOLERANCE_SECONDS,
})

const refusal = (message: string): UnauthenticatedError => new UnauthenticatedError(message, 'Bearer realm="sluice"')

/** RFC 6750, section 3.1. */
const invalid = (message: string): UnauthenticatedError =>
  new UnauthenticatedError(message, 'Bearer realm="sluice", error="invalid_token"')
