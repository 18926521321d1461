// What a data point says, checked: a point that contradicts itself is left out, with the reason.
import type { DataPoint } from '../../data/index.ts'
import { type ExponentialCounts, fitted, type Side } from './exponential.ts'

/** Why a point is not taken: the label of its drop. */
export type Refusal =
  | 'invalid_buckets'
  | 'invalid_count'
  | 'invalid_quantile'
  | 'invalid_scale'
  | 'invalid_time'
  | 'invalid_value'
  | 'out_of_order'

export interface ExplicitBuckets {
  readonly bounds: readonly number[]
  /** One more than there are bounds. */
  readonly counts: readonly number[]
}

export interface Quantile {
  readonly quantile: number
  readonly value: number
}

/** NaN is a number, but nothing at all is not. A delta that cannot be added does no harm to the sum: it is left out. */
export function readNumber(point: DataPoint, isDelta: boolean): number | bigint | Refusal {
  const value = point.isInt ? point.intValue : point.value
  if (isDelta) return value >= 0 && value !== Number.POSITIVE_INFINITY ? value : 'invalid_value'
  return Number.isNaN(value) && !hasValue(point) ? 'invalid_value' : value
}

function hasValue(point: DataPoint): boolean {
  const object = point.toObject()
  return 'value' in object && object.value !== undefined
}

/** Bounds ascend strictly and are finite; the counts of the buckets make up the point's. */
export function readHistogram(point: DataPoint): ExplicitBuckets | Refusal {
  const bounds = point.explicitBounds
  const counts = point.bucketCounts
  if (counts.length === 0 && bounds.length === 0) return { bounds, counts: [point.count] }
  if (counts.length !== bounds.length + 1) return 'invalid_buckets'
  for (let i = 0; i < bounds.length; i++)
    if (!Number.isFinite(bounds[i]) || (i > 0 && !(bounds[i]! > bounds[i - 1]!))) return 'invalid_buckets'
  return isTotal(sumOf(counts), point.count) ? { bounds, counts } : 'invalid_count'
}

/** More cannot come from an SDK, whose limit is 160; the rest would be work for nothing. */
const MAX_BUCKETS_IN = 10_000
const MIN_SCALE = -10
const MAX_SCALE = 20
const MAX_INDEX = 2 ** 31

export function readExponential(point: DataPoint): ExponentialCounts | Refusal {
  const { scale, zeroThreshold, zeroCount, count } = point
  if (scale < MIN_SCALE || scale > MAX_SCALE) return 'invalid_scale'
  const positive = side(point.positive)
  const negative = side(point.negative)
  if (!isSide(positive) || !isSide(negative) || !(zeroThreshold >= 0)) return 'invalid_buckets'
  if (!isTotal(sumOf(positive.counts) + sumOf(negative.counts) + zeroCount, count)) return 'invalid_count'
  return fitted({ scale, zeroCount, zeroThreshold, positive, negative })
}

const side = ({ offset, bucketCounts }: DataPoint['positive']): Side => ({ offset, counts: bucketCounts })

const isSide = ({ offset, counts }: Side): boolean =>
  counts.length <= MAX_BUCKETS_IN && Math.abs(offset) < MAX_INDEX && Math.abs(offset + counts.length) < MAX_INDEX

/** Sorted; of a quantile given twice the last one counts. */
export function readSummary(point: DataPoint): readonly Quantile[] | Refusal {
  const values = new Map<number, number>()
  for (const { quantile, value } of point.quantileValues) {
    if (!(quantile >= 0 && quantile <= 1)) return 'invalid_quantile'
    values.set(quantile, value)
  }
  return [...values].map(([quantile, value]) => ({ quantile, value })).sort((a, b) => a.quantile - b.quantile)
}

/** A point cannot end before it starts. Absent times are not compared. */
export function hasValidTimes({ start, time }: DataPoint): boolean {
  if (start.isZero || time.isZero) return true
  return start.seconds < time.seconds || (start.seconds === time.seconds && start.nanos <= time.nanos)
}

const sumOf = (counts: readonly number[]): number => {
  let sum = 0
  for (const count of counts) sum += count
  return sum
}

/** Beyond 2^53 both are rounded, and not alike. */
const isTotal = (sum: number, count: number): boolean =>
  sum === count || (sum > Number.MAX_SAFE_INTEGER && Math.abs(sum - count) < sum * 1e-12)
