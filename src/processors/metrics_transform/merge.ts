// The arithmetic of points that become one.
import type { DataPoint } from '../../data/index.ts'
import type { Aggregation } from './config.ts'
import { truncated } from './points.ts'

interface NumberMember {
  readonly type: 'number'
  /** Undefined where there is no value. */
  readonly value: number | bigint | undefined
  readonly isInt: boolean
}
interface Totals {
  readonly count: bigint
  readonly sum: number
  readonly min: number | undefined
  readonly max: number | undefined
}
interface HistogramMember extends Totals {
  readonly type: 'histogram'
  readonly counts: readonly bigint[]
}
interface Side {
  readonly offset: number
  readonly counts: readonly bigint[]
}
interface ExponentialMember extends Totals {
  readonly type: 'exponentialHistogram'
  readonly zeroCount: bigint
  readonly positive: Side
  readonly negative: Side
}
/** What is read of a point, since its view does not stay. */
export type Merged = NumberMember | HistogramMember | ExponentialMember

export function readMember(point: DataPoint): Merged {
  switch (point.type) {
    case 'histogram':
      return { type: 'histogram', ...totals(point), counts: point.exactBucketCounts }
    case 'exponentialHistogram':
      return {
        type: 'exponentialHistogram',
        ...totals(point),
        zeroCount: point.exactZeroCount,
        positive: sideOf(point.positive),
        negative: sideOf(point.negative),
      }
    default:
      return { type: 'number', isInt: point.isInt, value: numberIn(point) }
  }
}

const numberIn = (point: DataPoint): number | bigint | undefined =>
  point.isInt ? BigInt(point.intValue) : point.hasValue ? point.value : undefined

const totals = (point: DataPoint): Totals => ({
  count: point.exactCount,
  sum: point.sum ?? 0,
  min: point.min,
  max: point.max,
})
const sideOf = ({ offset, exactBucketCounts: counts }: DataPoint['positive']): Side => ({ offset, counts })

/** The first one says whether they are integers. Without an aggregation it stays. */
export function mergeNumbers(point: DataPoint, members: readonly Merged[], type: Aggregation | undefined): void {
  const numbers = members.filter((member) => member.type === 'number')
  if (type === undefined || !point.hasValue) return
  if (point.isInt) point.intValue = BigInt.asIntN(64, mergeInts(numbers, type))
  else
    point.doubleValue = mergeDoubles(
      numbers.map(({ value }) => Number(value ?? 0)),
      type,
    )
}

function mergeDoubles(values: readonly number[], type: Aggregation): number {
  switch (type) {
    case 'sum':
      return values.reduce((sum, value) => sum + value)
    case 'mean':
      return values.reduce((sum, value) => sum + value) / values.length
    case 'min':
      return values.reduce((least, value) => Math.min(least, value))
    case 'max':
      return values.reduce((most, value) => Math.max(most, value))
    case 'median':
      return median(values.toSorted(ascending), (a, b) => (a + b) / 2)
    case 'count':
      return values.length
  }
}

/** Divisions go towards zero. Doubles among integers count for nothing in a sum. */
function mergeInts(members: readonly NumberMember[], type: Aggregation): bigint {
  const summed = (): bigint => members.reduce((sum, { value, isInt }) => sum + (isInt ? BigInt(value ?? 0) : 0n), 0n)
  const values = (): bigint[] => members.map(intOf)
  switch (type) {
    case 'sum':
      return summed()
    case 'mean':
      return BigInt.asIntN(64, summed()) / BigInt(members.length)
    case 'min':
      return values().reduce((least, value) => (value < least ? value : least))
    case 'max':
      return values().reduce((most, value) => (value > most ? value : most))
    case 'median':
      return median(values().toSorted(ascending), (a, b) => (a + b) / 2n)
    case 'count':
      return BigInt(members.length)
  }
}

const intOf = ({ value = 0n }: NumberMember): bigint => (typeof value === 'bigint' ? value : BigInt(truncated(value)))

function median<T>(sorted: readonly T[], middle: (a: T, b: T) => T): T {
  const half = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[half]! : middle(sorted[half - 1]!, sorted[half]!)
}

const ascending = <T extends number | bigint>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0)

/** Those without a measurement add nothing. */
const othersOf = <T extends Totals>([, ...others]: readonly T[]): T[] => others.filter(({ count }) => count > 0n)

export function mergeHistogram(point: DataPoint, members: readonly Merged[]): void {
  const histograms = members.filter((member) => member.type === 'histogram')
  const others = othersOf(histograms)
  if (others.length === 0) return
  mergeTotals(point, others)
  const counts = [...histograms[0]!.counts]
  for (const other of others) for (const [i, count] of other.counts.entries()) counts[i] = (counts[i] ?? 0n) + count
  if (counts.length > 0) point.bucketCounts = counts.map(limited)
}

export function mergeExponential(point: DataPoint, members: readonly Merged[]): void {
  const histograms = members.filter((member) => member.type === 'exponentialHistogram')
  const others = othersOf(histograms)
  if (others.length === 0) return
  mergeTotals(point, others)
  let { zeroCount, positive, negative } = histograms[0]!
  for (const other of others) {
    zeroCount += other.zeroCount
    positive = added(positive, other.positive)
    negative = added(negative, other.negative)
  }
  point.zeroCount = limited(zeroCount)
  point.setPositive(positive.offset, positive.counts.map(limited))
  point.setNegative(negative.offset, negative.counts.map(limited))
}

/** The least and the most of those that have one, as long as the first has one. */
function mergeTotals(point: DataPoint, others: readonly Totals[]): void {
  let { min, max, sum = 0 } = point
  let count = point.exactCount
  for (const other of others) {
    count += other.count
    sum += other.sum
    if (min !== undefined) min = Math.min(min, other.min ?? min)
    if (max !== undefined) max = Math.max(max, other.max ?? max)
  }
  point.count = limited(count)
  point.sum = sum
  if (min !== undefined) point.min = min
  if (max !== undefined) point.max = max
}

/** Bucket by bucket, whatever their offsets. */
function added(a: Side, b: Side): Side {
  if (b.counts.length === 0) return a
  if (a.counts.length === 0) return b
  const offset = Math.min(a.offset, b.offset)
  const end = Math.max(a.offset + a.counts.length, b.offset + b.counts.length)
  if (end - offset > MAX_BUCKETS) return a
  const counts = Array.from(
    { length: end - offset },
    (_, i) => (a.counts[offset + i - a.offset] ?? 0n) + (b.counts[offset + i - b.offset] ?? 0n),
  )
  return { offset, counts }
}

/** Far more than any SDK has: two that are further apart are no histograms of the same thing. */
const MAX_BUCKETS = 100_000

const limited = (count: bigint): bigint => BigInt.asUintN(64, count)
