// What has come between two cumulative points of a stream.
import type { DataPoint, Instant } from '../../data/index.ts'

/** Exact: a bigint beyond 2^53. */
export type Count = number | bigint

export interface Totals {
  readonly type: 'sum'
  readonly time: Instant
  readonly value: Count
}
export interface Histogram {
  readonly type: 'histogram'
  readonly time: Instant
  readonly count: Count
  readonly sum: number
  readonly bounds: readonly number[]
  readonly counts: readonly Count[]
}
export interface Side {
  readonly offset: number
  readonly counts: readonly Count[]
}
export interface Exponential {
  readonly type: 'exponentialHistogram'
  readonly time: Instant
  readonly count: Count
  readonly sum: number
  readonly scale: number
  readonly zeroCount: Count
  readonly zeroThreshold: number
  readonly positive: Side
  readonly negative: Side
}
/** What a stream said last. */
export type Cumulative = Totals | Histogram | Exponential

/** `reset`: something went down. `bucket_mismatch`: the bounds are others. */
export type Fault = 'reset' | 'bucket_mismatch'

/** Of a sum or a histogram. A sum that is no number, as Prometheus has it for series that have ended, is that of before. */
export function read(point: DataPoint, before: Cumulative | undefined): Cumulative {
  const { type, time } = point
  switch (type) {
    case 'histogram': {
      const known = before?.type === 'histogram' ? before : undefined
      const bounds = point.explicitBounds
      const isKnown = known !== undefined && isEqual(known.bounds, bounds)
      return {
        type,
        time,
        count: exact(point.count, () => point.exactCount),
        sum: sumOf(point, known?.sum),
        bounds: isKnown ? known.bounds : bounds,
        counts: exactList(point.bucketCounts, () => point.exactBucketCounts),
      }
    }
    case 'exponentialHistogram': {
      const { positive, negative } = point
      return {
        type,
        time,
        count: exact(point.count, () => point.exactCount),
        sum: point.sum ?? 0,
        scale: point.scale,
        zeroCount: exact(point.zeroCount, () => point.exactZeroCount),
        zeroThreshold: point.zeroThreshold,
        positive: {
          offset: positive.offset,
          counts: exactList(positive.bucketCounts, () => positive.exactBucketCounts),
        },
        negative: {
          offset: negative.offset,
          counts: exactList(negative.bucketCounts, () => negative.exactBucketCounts),
        },
      }
    }
    default:
      return { type: 'sum', time, value: point.isInt ? point.intValue : point.value }
  }
}

const sumOf = ({ sum = 0 }: DataPoint, before: number | undefined): number =>
  Number.isNaN(sum) ? (before ?? sum) : sum

/** Puts what came since `before` in the point's place. */
export function subtract(point: DataPoint, now: Cumulative, before: Cumulative): Fault | undefined {
  switch (now.type) {
    case 'sum':
      return before.type === 'sum' ? subtractSum(point, now.value, before.value) : 'reset'
    case 'histogram':
      return before.type === 'histogram' ? subtractHistogram(point, now, before) : 'reset'
    case 'exponentialHistogram':
      return before.type === 'exponentialHistogram' ? subtractExponential(point, now, before) : 'reset'
  }
}

function subtractSum(point: DataPoint, now: Count, before: Count): Fault | undefined {
  if (now < before) return 'reset'
  if (!point.isInt) {
    point.value = Number(now) - Number(before)
    return undefined
  }
  const delta = minus(now, before)
  // From one end of the range to the other it wraps, as in Go.
  point.intValue = typeof delta === 'bigint' ? BigInt.asIntN(64, delta) : delta
  return undefined
}

function subtractHistogram(point: DataPoint, now: Histogram, before: Histogram): Fault | undefined {
  if (now.bounds !== before.bounds || now.counts.length !== before.counts.length) return 'bucket_mismatch'
  if (now.count < before.count) return 'reset'
  const counts: Count[] = []
  for (let i = 0; i < now.counts.length; i++) {
    if (now.counts[i]! < before.counts[i]!) return 'reset'
    counts.push(minus(now.counts[i]!, before.counts[i]!))
  }
  point.count = minus(now.count, before.count)
  subtractTotal(point, now.sum, before.sum)
  if (counts.length > 0) point.bucketCounts = counts
  return undefined
}

function subtractExponential(point: DataPoint, now: Exponential, before: Exponential): Fault | undefined {
  // Counts and the threshold only grow, the scale only gets coarser.
  if (now.count < before.count || now.zeroThreshold < before.zeroThreshold || now.scale > before.scale) return 'reset'
  let { positive, negative, zeroCount } = before
  if (now.zeroThreshold > before.zeroThreshold) {
    const last = Math.ceil(Math.log(now.zeroThreshold) * Math.LOG2E * 2 ** before.scale) - 1
    for (const side of [positive, negative]) zeroCount = plus(zeroCount, upTo(side, last))
    positive = above(positive, last)
    negative = above(negative, last)
  }
  const bits = before.scale - now.scale
  const above0 = difference(now.positive, coarser(positive, bits))
  const below0 = difference(now.negative, coarser(negative, bits))
  if (above0 === undefined || below0 === undefined || now.zeroCount < zeroCount) return 'reset'
  point.count = minus(now.count, before.count)
  subtractTotal(point, now.sum, before.sum)
  point.zeroCount = minus(now.zeroCount, zeroCount)
  point.setPositive(above0.offset, above0.counts)
  point.setNegative(below0.offset, below0.counts)
  return undefined
}

/** One that is no number stays so. */
function subtractTotal(point: DataPoint, now: number, before: number): void {
  const { sum } = point
  if (sum !== undefined && !Number.isNaN(sum)) point.sum = now - before
}

/** Those up to the index `last` fall into the zero bucket now. */
function upTo({ offset, counts }: Side, last: number): Count {
  let sum: Count = 0
  for (let i = 0; i < counts.length && offset + i <= last; i++) sum = plus(sum, counts[i]!)
  return sum
}

function above({ offset, counts }: Side, last: number): Side {
  const gone = Math.min(Math.max(last - offset + 1, 0), counts.length)
  return { offset: offset + gone, counts: counts.slice(gone) }
}

/** At a scale that is `bits` smaller 2^bits buckets are one. */
function coarser({ offset, counts }: Side, bits: number): Side {
  if (bits === 0) return { offset, counts }
  const joined = 2 ** bits
  const first = Math.floor(offset / joined)
  const sums: Count[] = []
  for (const [i, count] of counts.entries()) {
    const index = Math.floor((offset + i) / joined) - first
    sums[index] = plus(sums[index] ?? 0, count)
  }
  return { offset: first, counts: sums }
}

/** From the first bucket that has grown to the last; undefined when one has less than before. */
function difference(now: Side, before: Side): Side | undefined {
  let offset = 0
  const counts: Count[] = []
  for (const [i, count] of now.counts.entries()) {
    const index = now.offset + i
    const old = before.counts[index - before.offset] ?? 0
    if (count < old) return undefined
    if (count === old) continue
    if (counts.length === 0) offset = index
    while (counts.length < index - offset) counts.push(0)
    counts.push(minus(count, old))
  }
  return { offset, counts }
}

const isEqual = (a: readonly number[], b: readonly number[]): boolean => {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Counts are numbers as long as these are exact. */
const exact = (rounded: number, read: () => bigint): Count => (rounded <= Number.MAX_SAFE_INTEGER ? rounded : read())
const exactList = (rounded: readonly number[], read: () => readonly bigint[]): readonly Count[] =>
  rounded.every((count) => count <= Number.MAX_SAFE_INTEGER) ? rounded : read().map(small)

const small = (count: bigint): Count => (count <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(count) : count)

function minus(a: Count, b: Count): Count {
  if (typeof a === 'number' && typeof b === 'number') {
    const difference = a - b
    if (Number.isSafeInteger(difference)) return difference
  }
  return BigInt(a) - BigInt(b)
}

function plus(a: Count, b: Count): Count {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b
    if (sum <= Number.MAX_SAFE_INTEGER) return sum
  }
  return BigInt(a) + BigInt(b)
}
