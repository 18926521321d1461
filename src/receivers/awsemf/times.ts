// Times of points. Lines have milliseconds, and several of one series may come in one, or a little late: what adds deltas up
// takes the second for the first one sent again, and the late one for old. So the times of points always rise, by a
// nanosecond where need be, as far as CloudWatch cannot tell: within the second for metrics of high resolution, within the
// minute for others.
import { Instant } from '../../data/index.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60_000
/** Minutes and seconds that are remembered; senders whose clocks are apart have theirs. */
const MAX_PERIODS = 64

interface Latest {
  ms: number
  nanos: number
}

export class Times {
  readonly #seconds = new Map<number, Latest>()
  readonly #minutes = new Map<number, Latest>()

  of(ms: number, isHighResolution: boolean): Instant {
    const { ms: latestMs, nanos } = isHighResolution
      ? next(this.#seconds, Math.floor(ms / SECOND_MS), ms)
      : next(this.#minutes, Math.floor(ms / MINUTE_MS), ms)
    return new Instant(Math.floor(latestMs / 1000), (latestMs % 1000) * 1e6 + nanos)
  }
}

function next(periods: Map<number, Latest>, period: number, ms: number): Latest {
  const latest = periods.get(period)
  if (latest === undefined) {
    if (periods.size === MAX_PERIODS) periods.delete(periods.keys().next().value!)
    const first = { ms, nanos: 0 }
    periods.set(period, first)
    return first
  }
  if (ms > latest.ms) {
    latest.ms = ms
    latest.nanos = 0
  } else if (latest.nanos < 999_999) latest.nanos++
  return latest
}
