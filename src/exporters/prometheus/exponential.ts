// Exponential histograms in formats whose buckets have bounds: as many ordinary buckets as keep a scrape bearable.
import type { ExponentialBuckets, ExponentialSide } from '../../data/index.ts'
import { coarser, halved } from '../../series/index.ts'

export type Side = ExponentialSide
export type ExponentialCounts = ExponentialBuckets

/**
 * Buckets a side. Each is a series of its own in Prometheus. When values spread, neighbours are joined in pairs: the bounds
 * that remain are bounds that were there before, with the same counts below them, so queries across the change stay right.
 */
export const MAX_BUCKETS = 40

const none: Side = { offset: 0, counts: [] }

/** With empty ends cut, and no more buckets than are kept. */
export function fitted(counts: ExponentialCounts): ExponentialCounts {
  const positive = trimmed(counts.positive)
  const negative = trimmed(counts.negative)
  let halvings = 0
  while (width(positive, halvings) > MAX_BUCKETS || width(negative, halvings) > MAX_BUCKETS) halvings++
  return {
    ...counts,
    scale: counts.scale - halvings,
    positive: coarser(positive, halvings),
    negative: coarser(negative, halvings),
  }
}

/** Of two that `fitted` has made. However far apart their values are, the result is no larger than either may be. */
export function added(a: ExponentialCounts, b: ExponentialCounts): ExponentialCounts {
  let scale = Math.min(a.scale, b.scale)
  const isTooWide = (of: (counts: ExponentialCounts) => Side): boolean => {
    const both = [coarser(of(a), a.scale - scale), coarser(of(b), b.scale - scale)]
    const populated = both.filter(({ counts }) => counts.length > 0)
    const first = Math.min(...populated.map(({ offset }) => offset))
    return Math.max(...populated.map(({ offset, counts }) => offset + counts.length)) - first > MAX_BUCKETS
  }
  while (isTooWide(positiveOf) || isTooWide(negativeOf)) scale--
  const join = (of: (counts: ExponentialCounts) => Side): Side =>
    joined(coarser(of(a), a.scale - scale), coarser(of(b), b.scale - scale))
  return {
    scale,
    zeroCount: a.zeroCount + b.zeroCount,
    zeroThreshold: Math.max(a.zeroThreshold, b.zeroThreshold),
    positive: join(positiveOf),
    negative: join(negativeOf),
  }
}

const positiveOf = ({ positive }: ExponentialCounts): Side => positive
const negativeOf = ({ negative }: ExponentialCounts): Side => negative

export interface CumulativeBuckets {
  /** Ascending, finite. */
  readonly bounds: readonly number[]
  /** How many values are at most the bound. */
  readonly counts: readonly number[]
}

/** Every populated bucket's upper bound, and the lower one of the first, so that quantiles know where values begin. */
export function cumulativeBuckets({
  scale,
  zeroCount,
  zeroThreshold,
  positive,
  negative,
}: ExponentialCounts): CumulativeBuckets {
  const bounds: number[] = []
  const counts: number[] = []
  let below = 0
  const upTo = (bound: number): void => {
    if (!Number.isFinite(bound)) return
    const last = bounds.length - 1
    if (last >= 0 && bound <= bounds[last]!) counts[last] = below
    else {
      bounds.push(bound)
      counts.push(below)
    }
  }
  const top = negative.counts.length
  if (top > 0) upTo(-boundAt(scale, negative.offset + top))
  for (let i = top - 1; i >= 0; i--) {
    below += negative.counts[i]!
    upTo(-boundAt(scale, negative.offset + i))
  }
  if (zeroCount > 0) {
    below += zeroCount
    upTo(zeroThreshold)
  }
  if (positive.counts.length > 0) upTo(boundAt(scale, positive.offset))
  for (const [i, count] of positive.counts.entries()) {
    below += count
    upTo(boundAt(scale, positive.offset + i + 1))
  }
  return { bounds, counts }
}

/** The lower bound of the bucket with that index: base^index, base = 2^(2^-scale). The same number at every scale that has it. */
const boundAt = (scale: number, index: number): number => 2 ** (index * 2 ** -scale)

function trimmed({ offset, counts }: Side): Side {
  let first = 0
  let end = counts.length
  while (first < end && counts[first] === 0) first++
  while (end > first && counts[end - 1] === 0) end--
  return first === end ? none : { offset: offset + first, counts: counts.slice(first, end) }
}

/** How many buckets there are after that many halvings. */
const width = ({ offset, counts }: Side, halvings: number): number =>
  counts.length === 0 ? 0 : halved(offset + counts.length - 1, halvings) - halved(offset, halvings) + 1

function joined(a: Side, b: Side): Side {
  if (a.counts.length === 0) return b
  if (b.counts.length === 0) return a
  const offset = Math.min(a.offset, b.offset)
  const end = Math.max(a.offset + a.counts.length, b.offset + b.counts.length)
  const counts = new Array<number>(end - offset).fill(0)
  for (const side of [a, b]) for (const [i, count] of side.counts.entries()) counts[side.offset - offset + i]! += count
  return { offset, counts }
}
