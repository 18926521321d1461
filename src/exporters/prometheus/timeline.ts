// Where a series stands in time, and how the next point joins it.
import { Instant } from '../../data/index.ts'

const NEVER = new Instant(0, 0)

/**
 * `replace`: the point says all there is to say. `add`: it says what came since. `late`: something newer is known.
 *
 * Deltas add up as long as time moves on, over gaps and overlapping starts: what a counter counted stays counted, and
 * Prometheus sees no reset where there was none. A delta with the time of the last one is that one, sent again.
 */
export type Joining = 'replace' | 'add' | 'late'

export class Timeline {
  /** Since when the series counts; zero when nobody said. */
  start: Instant = NEVER
  /** Of the newest point; zero when it had none. */
  time: Instant = NEVER
  #isEmpty = true
  #isDelta = false

  join(start: Instant, time: Instant, isDelta: boolean): Joining {
    const isFirst = this.#isEmpty
    if (!isFirst && this.#isLate(time, isDelta)) return 'late'
    const adds = isDelta && this.#isDelta && !isFirst
    this.#isEmpty = false
    this.#isDelta = isDelta
    this.time = time
    if (adds) return 'add'
    this.start = start
    return 'replace'
  }

  /** What was there cannot be added to: the series counts from here on. */
  restart(start: Instant): void {
    this.start = start
  }

  #isLate(time: Instant, isDelta: boolean): boolean {
    const known = this.time
    if (time.isZero || known.isZero) return false
    if (time.seconds !== known.seconds) return time.seconds < known.seconds
    return isDelta && this.#isDelta ? time.nanos <= known.nanos : time.nanos < known.nanos
  }
}
