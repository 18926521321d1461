// How often exporters have failed within the last while.
import type { Clock, Health } from '../../contract/index.ts'

/** Counts are looked at this many times in an interval. */
const SAMPLES = 30

/** The failures of the last `intervalMs`, exact to a thirtieth of it. */
export class RecentFailures {
  readonly #health: Health
  readonly #clock: Clock
  readonly #intervalMs: number
  /** Oldest first; the first is from before the interval. */
  #samples: { readonly atMs: number; readonly failures: number }[]
  #cancel: (() => void) | undefined

  constructor(health: Health, clock: Clock, intervalMs: number) {
    this.#health = health
    this.#clock = clock
    this.#intervalMs = intervalMs
    this.#samples = [{ atMs: clock.monotonicMs(), failures: health.exporterFailures }]
    this.#sampleLater()
  }

  count(): number {
    this.#forget()
    return this.#health.exporterFailures - this.#samples[0]!.failures
  }

  stop(): void {
    this.#cancel?.()
  }

  #sampleLater(): void {
    this.#cancel = this.#clock.after(Math.max(1, this.#intervalMs / SAMPLES), () => {
      this.#samples.push({ atMs: this.#clock.monotonicMs(), failures: this.#health.exporterFailures })
      this.#forget()
      this.#sampleLater()
    })
  }

  /** Keeps one sample from before the interval: what came since then counts. */
  #forget(): void {
    const from = this.#clock.monotonicMs() - this.#intervalMs
    const firstInside = this.#samples.findIndex(({ atMs }) => atMs > from)
    const last = firstInside < 0 ? this.#samples.length - 1 : firstInside - 1
    if (last > 0) this.#samples = this.#samples.slice(last)
  }
}
