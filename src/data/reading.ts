// What a data point says, checked: one that contradicts itself is left out by whoever translates it, with the reason.
import type { DataPoint } from './datapoint.ts'

/** What is wrong with a point: the label of its drop. */
export type PointFault =
  | 'invalid_buckets'
  | 'invalid_count'
  | 'invalid_quantile'
  | 'invalid_scale'
  | 'invalid_time'
  | 'invalid_value'

export interface ExplicitBuckets {
  readonly bounds: readonly number[]
  /** One more than there are bounds. */
  readonly counts: readonly number[]
}

/** The buckets on one side of zero: the first has the index `offset`. */
export interface ExponentialSide {
  readonly offset: number
  readonly counts: readonly number[]
}

export interface ExponentialBuckets {
  readonly scale: number
  readonly zeroCount: number
  readonly zeroThreshold: number
  readonly positive: ExponentialSide
  readonly negative: ExponentialSide
}

export interface Quantile {
  readonly quantile: number
  readonly value: number
}

/** Bounds ascend strictly and are finite; the counts of the buckets make up the point's. */
export function readHistogram(point: DataPoint): ExplicitBuckets | PointFault {
  const bounds = point.explicitBounds
  const counts = point.bucketCounts
  if (counts.length === 0 && bounds.length === 0) return { bounds, counts: [point.count] }
  if (counts.length !== bounds.length + 1) return 'invalid_buckets'
  for (let i = 0; i < bounds.length; i++)
    if (!Number.isFinite(bounds[i]) || (i > 0 && !(bounds[i]! > bounds[i - 1]!))) return 'invalid_buckets'
  return isTotal(sumOf(counts), point.count) ? { bounds, counts } : 'invalid_count'
}

/** More cannot come from an SDK, whose limit is 160; the rest would be work for nothing. */
const MAX_BUCKETS = 10_000
const MIN_SCALE = -10
const MAX_SCALE = 20
const MAX_INDEX = 2 ** 31

/** The scale is from -10 to 20, indices have 32 bits; the counts make up the point's. */
export function readExponentialHistogram(point: DataPoint): ExponentialBuckets | PointFault {
  const { scale, zeroThreshold, zeroCount, count } = point
  if (scale < MIN_SCALE || scale > MAX_SCALE) return 'invalid_scale'
  const positive = sideOf(point.positive)
  const negative = sideOf(point.negative)
  if (!isSide(positive) || !isSide(negative) || !(zeroThreshold >= 0)) return 'invalid_buckets'
  if (!isTotal(sumOf(positive.counts) + sumOf(negative.counts) + zeroCount, count)) return 'invalid_count'
  return { scale, zeroCount, zeroThreshold, positive, negative }
}

const sideOf = ({ offset, bucketCounts }: DataPoint['positive']): ExponentialSide => ({ offset, counts: bucketCounts })

const isSide = ({ offset, counts }: ExponentialSide): boolean =>
  counts.length <= MAX_BUCKETS && Math.abs(offset) < MAX_INDEX && Math.abs(offset + counts.length) < MAX_INDEX

/** Sorted; of a quantile given twice the last one counts. */
export function readSummary(point: DataPoint): readonly Quantile[] | PointFault {
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
