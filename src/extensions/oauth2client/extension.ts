import {
  type GrpcAttempt,
  type GrpcAuthenticator,
  type HttpAttempt,
  type HttpAuthenticator,
  type HttpRefusal,
  messageOf,
  type Proof,
  RetryableError,
  type Settings,
} from '../../contract/index.ts'
import { SingleFlight } from '../../net/single-flight.ts'
import type { OAuth2ClientConfig } from './config.ts'
import { TokenServer } from './token.ts'

interface Held {
  readonly proof: Proof
  /** From then on another one is asked for, while this one is used. */
  readonly renewAtMs: number
  readonly endsAtMs: number
}

export class OAuth2Client implements HttpAuthenticator, GrpcAuthenticator {
  readonly needsTls = true
  readonly renews = true
  readonly #config: OAuth2ClientConfig
  readonly #settings: Settings
  readonly #server: TokenServer
  readonly #earlyMs: number
  readonly #end = new AbortController()
  readonly #tokens: SingleFlight<Held>
  #held: Held | undefined

  constructor(config: OAuth2ClientConfig, settings: Settings) {
    this.#config = config
    this.#settings = settings
    this.#earlyMs = config.expiry_buffer
    this.#server = new TokenServer(config, settings)
    this.#tokens = new SingleFlight(settings.clock, () => this.#ask())
  }

  async stop(): Promise<void> {
    this.#end.abort(new Error('stopped'))
    this.#server.close()
  }

  authenticate(_attempt: HttpAttempt, abort: AbortSignal): Proof | Promise<Proof> {
    return this.#proof(abort)
  }

  authenticateCall(_attempt: GrpcAttempt, abort: AbortSignal): Proof | Promise<Proof> {
    return this.#proof(abort)
  }

  #proof(abort: AbortSignal): Proof | Promise<Proof> {
    const held = this.#held
    const now = this.#settings.clock.monotonicMs()
    if (held === undefined || now >= held.endsAtMs) return this.#wait(abort)
    // What fails now is tried again with the next request: there is time.
    if (now >= held.renewAtMs) this.#tokens.get().catch(() => {})
    return held.proof
  }

  /** Who waits may give up; the request for the token goes on, others wait for it too. */
  async #wait(abort: AbortSignal): Promise<Proof> {
    abort.throwIfAborted()
    let leave: (() => void) | undefined
    const left = new Promise<never>((_, reject) => {
      leave = () => reject(abort.reason)
      abort.addEventListener('abort', leave, { once: true })
    })
    try {
      return (await Promise.race([this.#tokens.get(), left])).proof
    } finally {
      abort.removeEventListener('abort', leave!)
    }
  }

  async #ask(): Promise<Held> {
    const { clock, id } = this.#settings
    try {
      const { header, lifeMs = Infinity } = await this.#server.ask(this.#end.signal)
      const now = clock.monotonicMs()
      const early = Math.min(this.#earlyMs, lifeMs / 2)
      this.#held = { proof: { authorization: header }, renewAtMs: now + lifeMs - early, endsAtMs: now + lifeMs }
      return this.#held
    } catch (error) {
      const message = `${id}: no token from ${this.#config.token_url}: ${messageOf(error)}`
      throw new RetryableError(message, { cause: error, reason: 'no_token' })
    }
  }

  /** A token may have been taken back before its end. */
  async mend({ status, proof }: HttpRefusal, abort: AbortSignal): Promise<boolean> {
    return status === 401 && this.mendCall(proof, abort)
  }

  async mendCall(refused: Proof, abort: AbortSignal): Promise<boolean> {
    if (this.#held?.proof.authorization !== refused.authorization) return true
    this.#held = undefined
    return (await this.#wait(abort)).authorization !== refused.authorization
  }
}
