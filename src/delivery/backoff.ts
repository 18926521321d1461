import type { RetryConfig } from './settings.ts'

/** The longest wait that a destination can ask for. */
const MAX_ASKED_MS = 5 * 60_000

/** How long to wait before the next attempt, as `retry_on_failure` says. */
export class Backoff {
  readonly #config: RetryConfig
  readonly #random: () => number
  #intervalMs: number

  constructor(config: RetryConfig, random: () => number = Math.random) {
    this.#config = config
    this.#random = random
    this.#intervalMs = config.initial_interval
  }

  nextMs(): number {
    const { randomization_factor, multiplier, max_interval } = this.#config
    const waitMs = this.#intervalMs * (1 + randomization_factor * (2 * this.#random() - 1))
    this.#intervalMs = Math.min(this.#intervalMs * multiplier, max_interval)
    return waitMs
  }
}

/** What a destination asked for (`Retry-After`, RetryInfo), within bounds; nonsense counts as nothing. */
export const askedMs = (waitMs: number | undefined): number =>
  waitMs === undefined || !(waitMs > 0) ? 0 : Math.min(waitMs, MAX_ASKED_MS)
