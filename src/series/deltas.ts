// Cumulative points as what has come since the point before.
import type { Clock } from '../contract/index.ts'
import type {
  DataPoint,
  ExplicitBuckets,
  ExponentialBuckets,
  ExponentialSide,
  Instant,
  Metric,
  Resource,
  Scope,
} from '../data/index.ts'
import { coarser } from './exponential.ts'
import { MetricStreams, type StreamLimits, type StreamSlot } from './streams.ts'

/** Of a summary. */
export interface CumulativeTotals {
  readonly count: number
  readonly sum: number
}
export interface CumulativeHistogram {
  readonly count: number
  readonly sum: number | undefined
  readonly buckets: ExplicitBuckets | ExponentialBuckets
}
/** What a point says since its start: a number is that of a sum. */
export type Cumulative = number | CumulativeTotals | CumulativeHistogram

/** `initial_value`: the first of its stream, which says how far it was when nobody looked. `out_of_order`: not newer than the last. */
export type DeltaFault = 'initial_value' | 'out_of_order'

export interface DeltaLimits extends Pick<StreamLimits, 'maxStreams' | 'maxStalenessMs'> {
  /** The first point of a stream counts from zero. */
  readonly keepsInitial: boolean
}

/** What was said last, and when. One object for the life of a stream: a new one each time would grow old and be garbage then. */
class Last {
  startSeconds = 0
  startNanos = 0
  timeSeconds = 0
  timeNanos = 0
  value: Cumulative = 0

  set(start: Instant, time: Instant, value: Cumulative): void {
    this.startSeconds = start.seconds
    this.startNanos = start.nanos
    this.timeSeconds = time.seconds
    this.timeNanos = time.nanos
    this.value = value
  }
}

/** For who knows a stream by other means. */
export type DeltaSlot = StreamSlot<Last>

/** Belongs to a visitor, whose hooks tell it what they enter, as with `MetricStreams`. */
export class Deltas {
  readonly #streams: MetricStreams<Last>
  readonly #keepsInitial: boolean

  constructor(clock: Clock, { keepsInitial, ...limits }: DeltaLimits) {
    this.#streams = new MetricStreams(clock, limits)
    this.#keepsInitial = keepsInitial
  }

  nextResource(): void {
    this.#streams.nextResource()
  }
  nextScope(): void {
    this.#streams.nextScope()
  }
  nextMetric(): void {
    this.#streams.nextMetric()
  }

  /** Streams that are remembered. */
  get size(): number {
    return this.#streams.size
  }
  /** Streams forgotten for want of room, since the start: what comes next of them is an initial value again. */
  get evicted(): number {
    return this.#streams.evicted
  }

  /**
   * What `value` says beyond the last one of its stream; the whole when it counts from zero again, which a later start says,
   * or a part that went down.
   */
  of(
    value: number,
    point: DataPoint,
    metric: Metric,
    scope: Scope,
    resource: Resource,
    slot?: DeltaSlot,
  ): number | DeltaFault
  of<C extends Cumulative>(
    value: C,
    point: DataPoint,
    metric: Metric,
    scope: Scope,
    resource: Resource,
    slot?: DeltaSlot,
  ): C | DeltaFault
  of(
    value: Cumulative,
    point: DataPoint,
    metric: Metric,
    scope: Scope,
    resource: Resource,
    slot?: DeltaSlot,
  ): Cumulative | DeltaFault {
    const stream = this.#streams.of(point, metric, scope, resource, slot)
    const { start, time } = point
    const last = stream.value
    if (last === undefined) {
      stream.value = new Last()
      stream.value.set(start, time, value)
      return this.#keepsInitial ? value : 'initial_value'
    }
    if (!time.isZero && !isAfter(time, last.timeSeconds, last.timeNanos)) return 'out_of_order'
    const hasRestarted =
      isAfter(start, last.startSeconds, last.startNanos) && !isBefore(start, last.timeSeconds, last.timeNanos)
    const delta = hasRestarted ? value : (difference(value, last.value) ?? value)
    last.set(start, time, value)
    return delta
  }
}

const isAfter = (instant: Instant, seconds: number, nanos: number): boolean =>
  instant.seconds > seconds || (instant.seconds === seconds && instant.nanos > nanos)
const isBefore = (instant: Instant, seconds: number, nanos: number): boolean =>
  instant.seconds < seconds || (instant.seconds === seconds && instant.nanos < nanos)

/** Undefined when something went down, or the two cannot be compared. */
function difference(now: Cumulative, before: Cumulative): Cumulative | undefined {
  if (typeof now === 'number') return typeof before === 'number' && now >= before ? now - before : undefined
  if (typeof before === 'number' || now.count < before.count) return undefined
  const count = now.count - before.count
  const sum = now.sum === undefined || before.sum === undefined ? undefined : now.sum - before.sum
  if (!('buckets' in now)) return 'buckets' in before || sum === undefined ? undefined : { count, sum }
  if (!('buckets' in before)) return undefined
  const buckets = bucketsDifference(now.buckets, before.buckets)
  return buckets && { count, sum, buckets }
}

function bucketsDifference(
  now: CumulativeHistogram['buckets'],
  before: CumulativeHistogram['buckets'],
): CumulativeHistogram['buckets'] | undefined {
  if ('bounds' in now) return 'bounds' in before ? explicitDifference(now, before) : undefined
  return 'bounds' in before ? undefined : exponentialDifference(now, before)
}

function explicitDifference(now: ExplicitBuckets, before: ExplicitBuckets): ExplicitBuckets | undefined {
  const { bounds } = now
  if (bounds.length !== before.bounds.length || bounds.some((bound, i) => bound !== before.bounds[i])) return undefined
  const counts = now.counts.map((count, i) => count - before.counts[i]!)
  return counts.some(isNegative) ? undefined : { bounds, counts }
}

/** At the scale of the coarser one. */
function exponentialDifference(now: ExponentialBuckets, before: ExponentialBuckets): ExponentialBuckets | undefined {
  if (now.zeroCount < before.zeroCount) return undefined
  const scale = Math.min(now.scale, before.scale)
  const side = (of: 'positive' | 'negative'): ExponentialSide | undefined =>
    sideDifference(coarser(now[of], now.scale - scale), coarser(before[of], before.scale - scale))
  const positive = side('positive')
  const negative = side('negative')
  if (positive === undefined || negative === undefined) return undefined
  const zeroCount = now.zeroCount - before.zeroCount
  return { scale, zeroCount, zeroThreshold: now.zeroThreshold, positive, negative }
}

function sideDifference(now: ExponentialSide, before: ExponentialSide): ExponentialSide | undefined {
  const shift = before.offset - now.offset
  const isBeyond = (i: number): boolean => i + shift < 0 || i + shift >= now.counts.length
  if (before.counts.some((count, i) => count > 0 && isBeyond(i))) return undefined
  const counts = now.counts.map((count, i) => count - (before.counts[i - shift] ?? 0))
  return counts.some(isNegative) ? undefined : { offset: now.offset, counts }
}

const isNegative = (count: number): boolean => count < 0
