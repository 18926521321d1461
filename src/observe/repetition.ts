// Thins out lines that repeat: as the collector's sampling does (so many in a tick, then every so many-th), and of the same
// complaint never more than a few a minute. What was left out is counted and told with the next line that is written.
import type { Clock } from '../contract/index.ts'

/** `service::telemetry::logs::sampling`; `tick` in milliseconds. */
export interface Sampling {
  readonly enabled: boolean
  readonly tick: number
  readonly initial: number
  readonly thereafter: number
}

const MINUTE_MS = 60_000
/** Of equal complaints, unless `initial` asks for more in one tick. */
const MAX_PER_MINUTE = 10
/** How many different lines are watched at a time. */
const MAX_KEYS = 1000

interface Count {
  readonly tell: (suppressed: number) => void
  tickEndsMs: number
  inTick: number
  minuteEndsMs: number
  inMinute: number
  suppressed: number
}

export class Repetition {
  readonly #sampling: Sampling
  readonly #clock: Clock
  readonly #counts = new Map<string, Count>()
  #cancel: (() => void) | undefined

  constructor(sampling: Sampling, clock: Clock) {
    this.#sampling = sampling
    this.#clock = clock
  }

  /**
   * How many equal lines were left out since the last one written; undefined when this one is to be left out, too.
   * Of complaints there are only a few a minute. `tell` hears within a minute how many were left out, when no equal line follows that could say so.
   */
  admit(key: string, isComplaint: boolean, tell: (suppressed: number) => void): number | undefined {
    if (!this.#sampling.enabled) return 0
    const count = this.#countOf(key, tell)
    if (!this.#passes(count, isComplaint)) {
      count.suppressed++
      this.#cancel ??= this.#clock.after(MINUTE_MS, () => this.tellAll())
      return undefined
    }
    const { suppressed } = count
    count.suppressed = 0
    return suppressed
  }

  /** Tells what is still untold. */
  tellAll(): void {
    this.#cancel?.()
    this.#cancel = undefined
    for (const count of this.#counts.values()) {
      const { suppressed } = count
      count.suppressed = 0
      if (suppressed > 0) count.tell(suppressed)
    }
  }

  #passes(count: Count, isComplaint: boolean): boolean {
    const { tick, initial, thereafter } = this.#sampling
    const nowMs = this.#clock.monotonicMs()
    if (nowMs >= count.tickEndsMs) {
      count.tickEndsMs = nowMs + tick
      count.inTick = 0
    }
    if (nowMs >= count.minuteEndsMs) {
      count.minuteEndsMs = nowMs + MINUTE_MS
      count.inMinute = 0
    }
    const nth = ++count.inTick
    if (nth > initial) return thereafter > 0 && (nth - initial) % thereafter === 0
    return ++count.inMinute <= Math.max(MAX_PER_MINUTE, initial) || !isComplaint
  }

  #countOf(key: string, tell: Count['tell']): Count {
    let count = this.#counts.get(key)
    if (count === undefined) {
      if (this.#counts.size >= MAX_KEYS) this.#forgetOldest()
      count = { tell, tickEndsMs: 0, inTick: 0, minuteEndsMs: 0, inMinute: 0, suppressed: 0 }
      this.#counts.set(key, count)
    }
    return count
  }

  #forgetOldest(): void {
    const [key, count] = this.#counts.entries().next().value!
    this.#counts.delete(key)
    if (count.suppressed > 0) count.tell(count.suppressed)
  }
}
