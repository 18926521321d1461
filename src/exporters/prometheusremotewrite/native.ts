// Histograms as Prometheus keeps them in one series: https://prometheus.io/docs/specs/native_histograms/
import type { ExplicitBuckets, ExponentialBuckets, ExponentialSide } from '../../data/index.ts'

/** Runs of buckets: `offset` is the gap to the run before, of the first one the index it begins with. */
export interface BucketSpan {
  readonly offset: number
  readonly length: number
}

export interface NativeHistogram {
  /** -53: custom bounds. */
  readonly schema: number
  readonly zeroThreshold: number
  readonly zeroCount: number
  readonly count: number
  readonly sum: number
  readonly positive: NativeSide
  readonly negative: NativeSide
  readonly bounds: readonly number[]
}
export interface NativeSide {
  readonly spans: readonly BucketSpan[]
  /** Each count less the one before it. */
  readonly deltas: readonly number[]
}

/** What Prometheus takes; finer ones are made coarser, coarser ones cannot be had. */
const MAX_SCHEMA = 8
const MIN_SCHEMA = -4
export const CUSTOM_BOUNDS = -53
/** Below this a value counts as zero when nobody said where zero ends. */
const DEFAULT_ZERO_THRESHOLD = 1e-128
/** Shorter gaps are cheaper as empty buckets than as a new span. */
const MAX_GAP = 2

/** Undefined when the scale is below what Prometheus can hold. */
export function nativeOf(buckets: ExponentialBuckets, count: number, sum: number): NativeHistogram | undefined {
  if (buckets.scale < MIN_SCHEMA) return undefined
  const halvings = Math.max(0, buckets.scale - MAX_SCHEMA)
  return {
    schema: buckets.scale - halvings,
    zeroThreshold: buckets.zeroThreshold || DEFAULT_ZERO_THRESHOLD,
    zeroCount: buckets.zeroCount,
    count,
    sum,
    positive: sideOf(coarser(buckets.positive, halvings)),
    negative: sideOf(coarser(buckets.negative, halvings)),
    bounds: [],
  }
}

/** With the bounds that it has. */
export function customNativeOf({ bounds, counts }: ExplicitBuckets, count: number, sum: number): NativeHistogram {
  // Index 0 is the first bucket, where OpenTelemetry's exponential index 0 is Prometheus's 1.
  const positive = sideOf({ offset: -1, counts })
  return { schema: CUSTOM_BOUNDS, zeroThreshold: 0, zeroCount: 0, count, sum, positive, negative: NONE, bounds }
}

/** The end of a series. */
export const staleHistogram = (schema: number): NativeHistogram => ({
  schema,
  zeroThreshold: 0,
  zeroCount: 0,
  count: 0,
  sum: Number.NaN,
  positive: NONE,
  negative: NONE,
  bounds: [],
})

const NONE: NativeSide = { spans: [], deltas: [] }

function coarser({ offset, counts }: ExponentialSide, halvings: number): ExponentialSide {
  if (halvings === 0 || counts.length === 0) return { offset, counts }
  const halved = (index: number): number => Math.floor(index / 2 ** halvings)
  const first = halved(offset)
  const merged = new Array<number>(halved(offset + counts.length - 1) - first + 1).fill(0)
  for (const [i, count] of counts.entries()) merged[halved(offset + i) - first]! += count
  return { offset: first, counts: merged }
}

/** Bucket i of OpenTelemetry ends where i + 1 of Prometheus does. */
function sideOf({ offset, counts }: ExponentialSide): NativeSide {
  const spans: { offset: number; length: number }[] = []
  const deltas: number[] = []
  let previous = 0
  let gap = offset + 1
  for (const count of counts) {
    if (count === 0) {
      gap++
      continue
    }
    const last = spans.at(-1)
    if (last !== undefined && gap <= MAX_GAP) {
      for (let i = 0; i < gap; i++) {
        deltas.push(-previous)
        previous = 0
      }
      last.length += gap + 1
    } else spans.push({ offset: gap, length: 1 })
    deltas.push(count - previous)
    previous = count
    gap = 0
  }
  return { spans, deltas }
}
