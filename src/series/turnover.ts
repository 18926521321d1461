// Whether what was learned is still met: pods and users come and go, and what is kept of them has a use only while they are there.

/** What comes less often is learned again at times. */
const PERIOD_MS = 5 * 60_000
/** So few are worth nobody's while. */
const LEAST_UNMET = 1000
/** Of what is known. */
const MAX_UNMET = 0.25

export interface Met {
  /** The period in which it was met last; 0 to begin with. */
  metIn: number
}

export class Turnover {
  #period = 1
  #endMs: number | undefined
  #met = 0

  meet(one: Met): void {
    if (one.metIn === this.#period) return
    one.metIn = this.#period
    this.#met++
  }

  /** Says once for each period that has ended whether too many of those that are known were not met in it. */
  isStale(known: number, nowMs: number): boolean {
    this.#endMs ??= nowMs + PERIOD_MS
    if (nowMs < this.#endMs) return false
    const unmet = known - this.#met
    this.#period++
    this.#endMs = nowMs + PERIOD_MS
    this.#met = 0
    return unmet >= LEAST_UNMET && unmet > known * MAX_UNMET
  }
}
