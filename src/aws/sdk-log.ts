// What the SDK's providers say while they look for credentials: lines for a debug log, and why each of them had none.
import type { Logger } from '../contract/index.ts'

/** For one look. Objects, which the SDK logs for its calls of STS, are left out: what fails is told by who has asked. */
export class SdkLog {
  readonly #log: Logger
  readonly #reasons = new Set<string>()
  readonly debug = (said: unknown): void => this.#write(said)
  readonly info = (said: unknown): void => this.#write(said)
  readonly warn = (said: unknown): void => this.#write(said)
  readonly error = (said: unknown): void => this.#write(said)

  constructor(log: Logger) {
    this.#log = log
  }

  /** Why those that were asked had nothing, in their order. */
  get reasons(): readonly string[] {
    return [...this.#reasons]
  }

  #write(said: unknown): void {
    if (typeof said !== 'string') return
    this.#log.debug('the AWS SDK looks for credentials', { says: said.replace(/\s+/g, ' ').trim() })
    const reason = GONE_ON.exec(said)?.[1]
    if (reason !== undefined && !reason.startsWith('Skipping')) this.#reasons.add(reason.replace(/\.$/, ''))
  }
}

/** How its providers say that the next one is asked. */
const GONE_ON = /^@smithy\/property-provider -> (.+)$/s
