// How often an issuer is asked for keys that it did not have: anybody can make up a token that names a key that nobody knows.
import type { Clock } from '../../contract/index.ts'

/** A few at once, since keys may be new just after the last look; then one every so often, whoever sends what. */
const BURST = 3
const EVERY_MS = 10_000
const MAX_REMEMBERED = 1000

export class Looks {
  readonly #clock: Clock
  #left = BURST
  #grownMs: number
  /** When a key was looked for in vain, the oldest first. */
  readonly #missing = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
    this.#grownMs = clock.monotonicMs()
  }

  /** For how long there is no look any more; 0 when one was taken now. */
  take(): number {
    const nowMs = this.#clock.monotonicMs()
    const grown = Math.floor((nowMs - this.#grownMs) / EVERY_MS)
    this.#grownMs += grown * EVERY_MS
    this.#left = Math.min(BURST, this.#left + grown)
    if (this.#left === 0) return this.#grownMs + EVERY_MS - nowMs
    if (this.#left === BURST) this.#grownMs = nowMs
    this.#left--
    return 0
  }

  /** It was looked for a moment ago. */
  isMissing(key: string): boolean {
    const sinceMs = this.#missing.get(key)
    return sinceMs !== undefined && this.#clock.monotonicMs() - sinceMs < EVERY_MS
  }

  remember(key: string): void {
    this.#missing.delete(key)
    if (this.#missing.size >= MAX_REMEMBERED)
      for (const oldest of this.#missing.keys()) if (this.#missing.delete(oldest)) break
    this.#missing.set(key, this.#clock.monotonicMs())
  }
}
