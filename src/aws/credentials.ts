// Credentials kept until they expire and renewed before they do. A source that is down, slow or talks nonsense costs
// nothing as long as those that are here still work.
import { type Clock, type Logger, messageOf } from '../contract/index.ts'
import { AwsError } from './api.ts'
import type { LoadCredentials } from './credential-chain.ts'
import type { Credentials } from './sign.ts'

/** Renewed this long before they expire; with this the AWS SDKs start too. */
const AHEAD_MS = 5 * 60_000
/** Between one look for new ones and the next, while the old ones still work. */
const RETRY_MS = 10_000
/** A service that refuses them makes us look this often. */
const RENEW_MS = 2000
/** A source that has not answered by then does not. */
const LOAD_LIMIT_MS = 20_000

export interface CredentialCacheSettings {
  readonly load: LoadCredentials
  /** Milliseconds since the epoch, by AWS's clock. */
  readonly now: () => number
  readonly clock: Clock
  readonly log: Logger
}

export class CredentialCache {
  readonly #of: CredentialCacheSettings
  #held: Credentials | undefined
  #loading: Promise<Credentials> | undefined
  #cancelLimit: (() => void) | undefined
  /** By the monotonic clock: when the last load began and ended well, or failed. */
  #loadedMs = Number.NEGATIVE_INFINITY
  #failedMs = Number.NEGATIVE_INFINITY
  #failure: AwsError | undefined

  constructor(of: CredentialCacheSettings) {
    this.#of = of
  }

  /** Rejects with an `AwsError` (`credentials`) when there are none, or only old ones, and no new ones to be had. */
  async get(): Promise<Credentials> {
    const held = this.#held
    if (held === undefined) return this.#load()
    const leftMs = (held.expiresAt ?? Number.POSITIVE_INFINITY) - this.#of.now()
    if (leftMs > AHEAD_MS || this.#isRecent(this.#loadedMs, RETRY_MS)) return held
    if (leftMs <= 0) return this.#load()
    if (!this.#isRecent(this.#failedMs, RETRY_MS)) this.#load().catch(() => {})
    return held
  }

  /** The service has refused these: others, if there are any; the same if the source has no others. */
  async renew(refused: Credentials): Promise<Credentials> {
    if (this.#held !== undefined && this.#held !== refused) return this.#held
    if (this.#isRecent(this.#loadedMs, RENEW_MS) && this.#held !== undefined) return this.#held
    return this.#load()
  }

  /** A load that is under way is not waited for any more. */
  close(): void {
    this.#cancelLimit?.()
  }

  #isRecent(atMs: number, withinMs: number): boolean {
    return this.#of.clock.monotonicMs() - atMs < withinMs
  }

  /** However many ask, one load at a time. */
  #load(): Promise<Credentials> {
    if (this.#failure !== undefined && this.#isRecent(this.#failedMs, RENEW_MS)) return Promise.reject(this.#failure)
    this.#loading ??= this.#limited().finally(() => {
      this.#loading = undefined
    })
    return this.#loading
  }

  async #limited(): Promise<Credentials> {
    const { load, clock, log, now } = this.#of
    try {
      const late = new Promise<never>((_, reject) => {
        const limit = `the source of credentials does not answer within ${LOAD_LIMIT_MS / 1000} s`
        this.#cancelLimit = clock.after(LOAD_LIMIT_MS, () => reject(new Error(limit)))
      })
      const loaded = await Promise.race([load(), late])
      const held = this.#held
      this.#loadedMs = clock.monotonicMs()
      this.#failure = undefined
      // The same ones stay the same object: whoever has them refused sees that there are no others.
      if (held !== undefined && isSame(held, loaded)) return held
      if (loaded.expiresAt !== undefined && loaded.expiresAt <= now())
        log.warn('new credentials have expired already: is the clock of this machine right?', {
          expired: new Date(loaded.expiresAt).toISOString(),
        })
      this.#held = loaded
      return loaded
    } catch (error) {
      this.#failedMs = clock.monotonicMs()
      this.#failure = new AwsError('credentials', 'NoCredentials', `no AWS credentials: ${messageOf(error)}`)
      if (this.#held !== undefined)
        log.warn('credentials cannot be renewed, the old ones are used until they expire', { error: messageOf(error) })
      throw this.#failure
    } finally {
      this.#cancelLimit?.()
      this.#cancelLimit = undefined
    }
  }
}

const isSame = (a: Credentials, b: Credentials): boolean =>
  a.accessKeyId === b.accessKeyId &&
  a.secretAccessKey === b.secretAccessKey &&
  a.sessionToken === b.sessionToken &&
  a.expiresAt === b.expiresAt
