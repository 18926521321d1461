// Who we are to AWS: region, credentials, and what time it is there. One for each component; nothing is shared.
import type { Settings } from '../contract/index.ts'
import type { Environment } from '../net/proxy.ts'
import type { AwsApi } from './api.ts'
import type { AwsConfig } from './config.ts'
import { credentialChain, type LoadCredentials, type RoleOptions } from './credential-chain.ts'
import { CredentialCache } from './credentials.ts'
import { customEndpoint, endpointOf, type HostVariant, variantOf } from './endpoint.ts'
import { loadProfile, type Profile } from './profile.ts'
import { regionOf } from './region.ts'
import { type Credentials, type Signable, sign } from './sign.ts'

export interface SessionOptions {
  readonly environment?: Environment
  readonly role?: RoleOptions
  /** Where nothing says which region: for who learns it from a URL. Undefined: a region is needed. */
  readonly fallbackRegion?: string
  /** For tests: instead of the chain. */
  readonly load?: LoadCredentials
}

/** A clock this far off is not corrected: AWS takes five minutes, and an answer takes time. */
const TOLERANCE_MS = 60_000

export class AwsSession {
  readonly #config: AwsConfig
  readonly #settings: Pick<Settings, 'clock' | 'log'>
  readonly #options: SessionOptions
  readonly #environment: Environment
  readonly #caches: CredentialCache[] = []
  #profile: Profile | undefined
  #region: string | undefined
  #isRegionKnown = true
  #credentials: CredentialCache | undefined
  #skewMs = 0

  constructor(config: AwsConfig, settings: Pick<Settings, 'clock' | 'log'>, options: SessionOptions = {}) {
    this.#config = config
    this.#settings = settings
    this.#options = options
    this.#environment = options.environment ?? process.env
  }

  /** Finds the region; rejects when there is none. Credentials are looked for when they are first needed. */
  async start(): Promise<void> {
    const { clock, log } = this.#settings
    const config = this.#config
    const environment = this.#environment
    const profile = await loadProfile(config.profile, environment)
    const region = await regionOf(config, profile, environment).catch((error: unknown) => {
      if (this.#options.fallbackRegion === undefined) throw error
      this.#isRegionKnown = false
      return this.#options.fallbackRegion
    })
    this.#profile = profile
    this.#region = region
    const cache = (load: LoadCredentials): CredentialCache => {
      const made = new CredentialCache({ load, now: () => this.now(), clock, log })
      this.#caches.push(made)
      return made
    }
    const cached = (load: LoadCredentials): LoadCredentials => {
      const base = cache(load)
      return () => base.get()
    }
    const { load, role } = this.#options
    this.#credentials = cache(load ?? credentialChain({ config, region, environment, log, role }, cached))
  }

  get region(): string {
    return needed(this.#region)
  }
  /** False when it is the fallback. */
  get isRegionKnown(): boolean {
    return this.#isRegionKnown
  }
  /** Milliseconds since the epoch, by AWS's clock as far as it is known. */
  now(): number {
    return this.#settings.clock.now() + this.#skewMs
  }

  endpoint(api: Pick<AwsApi, 'endpointPrefix' | 'endpointVariable'>): URL {
    return endpointOf(api, this.region, this.#of())
  }
  /** Undefined where the public endpoint is meant. */
  customEndpoint(api: Pick<AwsApi, 'endpointVariable'>): string | undefined {
    return customEndpoint(api, this.#of())?.url
  }
  get variant(): HostVariant {
    return variantOf(this.#environment, needed(this.#profile))
  }

  #of() {
    return { configured: this.#config.endpoint, environment: this.#environment, profile: needed(this.#profile) }
  }

  /** As `CredentialCache.get`, ended by `abort`. */
  credentials(abort: AbortSignal): Promise<Credentials> {
    return orAborted(needed(this.#credentials).get(), abort)
  }
  /** As `CredentialCache.renew`. */
  renew(refused: Credentials, abort: AbortSignal): Promise<Credentials> {
    return orAborted(needed(this.#credentials).renew(refused), abort)
  }

  /** The headers that make a request to `service` one of ours. */
  sign(request: Signable, credentials: Credentials, service: string, region = this.region): Record<string, string> {
    return sign(request, { credentials, region, service, atMs: this.now() })
  }

  /** Takes AWS's time from the `Date` of an answer. True when ours was off: the same request may pass now. */
  correctClock(date: string | undefined): boolean {
    const theirs = Date.parse(date ?? '')
    if (Number.isNaN(theirs) || Math.abs(theirs - this.now()) < TOLERANCE_MS) return false
    this.#skewMs = theirs - this.#settings.clock.now()
    this.#settings.log.warn('the clock of this machine is wrong; requests are signed for the time at AWS', {
      offByS: Math.round(-this.#skewMs / 1000),
    })
    return true
  }

  close(): void {
    for (const cache of this.#caches) cache.close()
  }
}

function needed<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the AWS session has not started')
  return value
}

/** What others may be waiting for too goes on. */
function orAborted<T>(promise: Promise<T>, abort: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(abort.reason)
    if (abort.aborted) stop()
    abort.addEventListener('abort', stop, { once: true })
    promise.then(resolve, reject).finally(() => abort.removeEventListener('abort', stop))
  })
}
