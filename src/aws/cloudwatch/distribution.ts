// Histograms as CloudWatch knows distributions: values, and how often each of them was met. What a bucket holds is not known
// exactly; percentiles that CloudWatch finds in the result are those of the histogram.
import type { ExplicitBuckets, ExponentialBuckets, ExponentialSide } from '../../data/index.ts'

/** A StatisticSet in CloudWatch's words. */
export interface Statistics {
  readonly count: number
  readonly sum: number
  readonly min: number
  readonly max: number
}

export interface Distribution extends Statistics {
  /** Never rising. */
  readonly values: readonly number[]
  /** Of each value. */
  readonly counts: readonly number[]
}

/** What a histogram's point says beside its buckets. */
export interface Totals {
  readonly count: number
  readonly sum: number | undefined
  readonly min: number | undefined
  readonly max: number | undefined
  /** `min` and `max` are bounds that values stay within, and have perhaps not met: those of a longer time. */
  readonly areBoundsLoose?: boolean
}

/** What was counted between two bounds. */
interface Bucket {
  readonly lower: number
  readonly upper: number
  readonly count: number
}

/** Without values. Undefined when nothing was counted. */
export function statisticsOf(buckets: ExplicitBuckets | ExponentialBuckets, totals: Totals): Statistics | undefined {
  const { count, sum, min, max, areBoundsLoose } = totals
  if (sum !== undefined && min !== undefined && max !== undefined && !areBoundsLoose && min <= max)
    return count === 0 ? undefined : { count, sum, min, max }
  const filled = sum !== undefined && 'bounds' in buckets ? outermost(buckets, totals) : filledBuckets(buckets, totals)
  return filled.length === 0 ? undefined : summed(filled, totals)
}

/**
 * The whole, in as many distributions as it takes when one has room for so many values: from the highest values to the
 * lowest. The sum stands in the first, as long as they are added up again.
 *
 * Where there is room, a bucket with bounds of its own choice is several values, evenly apart: a percentile inside of it is
 * then interpolated, as it is everywhere else. Of an exponential histogram each bucket is the middle of its bounds.
 */
export function distributionsOf(
  buckets: ExplicitBuckets | ExponentialBuckets,
  totals: Totals,
  maxValues: number,
): readonly Distribution[] {
  const filled = filledBuckets(buckets, totals)
  if (filled.length === 0) return []
  const { sum, min, max } = summed(filled, totals)
  const parts = 'bounds' in buckets ? Math.min(MAX_PARTS, Math.floor(maxValues / filled.length)) : 1
  const whole: Spread = { values: [], counts: [], lowers: [], uppers: [] }
  for (const bucket of filled) spread(bucket, Math.max(1, parts), min, max, whole)
  const distributions: Distribution[] = []
  for (let from = 0; from < whole.values.length; from += maxValues) {
    const to = Math.min(from + maxValues, whole.values.length)
    const counts = whole.counts.slice(from, to)
    distributions.push({
      values: whole.values.slice(from, to),
      counts,
      count: counts.reduce(add, 0),
      sum: from === 0 ? sum : 0,
      max: from === 0 ? max : whole.uppers[from]!,
      min: to === whole.values.length ? min : whole.lowers[to - 1]!,
    })
  }
  return distributions
}

/** More would not be told apart in a graph. */
const MAX_PARTS = 10
const add = (a: number, b: number): number => a + b

/** Of each value: how often, and the bounds that it stands for. */
interface Spread {
  readonly values: number[]
  readonly counts: number[]
  readonly lowers: number[]
  readonly uppers: number[]
}

function spread({ lower, upper, count }: Bucket, parts: number, min: number, max: number, into: Spread): void {
  const within = (value: number): number => Math.max(min, Math.min(max, value))
  const steps = lower === upper ? 1 : Math.min(parts, count)
  const boundAt = (step: number): number => (step === steps ? upper : lower + ((upper - lower) / steps) * step)
  let left = count
  for (let step = steps - 1; step >= 0; step--) {
    const from = step === 0 ? lower : boundAt(step)
    const to = boundAt(step + 1)
    const above = Math.floor((count * step) / steps)
    // Bounds of exponential buckets may be infinite; the smallest and the largest value are not.
    into.values.push(within((from + to) / 2))
    into.counts.push(left - above)
    into.lowers.push(within(from))
    into.uppers.push(within(to))
    left = above
  }
}

/** What is not said follows from the buckets, as well as they know. */
function summed(filled: readonly Bucket[], { count, sum, min, max, areBoundsLoose }: Totals): Statistics {
  const middle = (): number =>
    filled.reduce((total, { lower, upper, count }) => total + ((lower + upper) / 2) * count, 0)
  const known: Pick<Totals, 'min' | 'max'> = areBoundsLoose ? { min: undefined, max: undefined } : { min, max }
  const lowest = known.min ?? Math.min(filled.at(-1)!.lower, known.max ?? Infinity)
  const highest = known.max ?? Math.max(filled[0]!.upper, lowest)
  return { count, sum: sum ?? middle(), min: lowest, max: highest }
}

/** From the highest to the lowest, those that have something. */
function filledBuckets(buckets: ExplicitBuckets | ExponentialBuckets, totals: Totals): Bucket[] {
  if ('bounds' in buckets) return filledExplicit(buckets, totals)
  const filled = filledExponential(buckets)
  const { min = -Infinity, max = Infinity } = totals
  if (totals.areBoundsLoose !== true || min > max) return filled
  const within = (value: number): number => Math.min(Math.max(value, min), max)
  return filled.map(({ lower, upper, count }) => ({ lower: within(lower), upper: within(upper), count }))
}

function filledExplicit(buckets: ExplicitBuckets, totals: Totals): Bucket[] {
  const { counts } = buckets
  const filled: Bucket[] = []
  for (let i = counts.length - 1; i >= 0; i--) if (counts[i]! > 0) filled.push(explicitBucket(buckets, i, totals))
  return filled
}

/** Those with the highest and with the lowest values alone. */
function outermost(buckets: ExplicitBuckets, totals: Totals): Bucket[] {
  const { counts } = buckets
  let highest = counts.length - 1
  while (highest >= 0 && counts[highest] === 0) highest--
  if (highest < 0) return []
  let lowest = 0
  while (counts[lowest] === 0) lowest++
  return [explicitBucket(buckets, highest, totals), explicitBucket(buckets, lowest, totals)]
}

function explicitBucket({ bounds, counts }: ExplicitBuckets, i: number, { count, sum = 0, min, max }: Totals): Bucket {
  // The outer buckets have one bound; what is known better takes the place of the other.
  const bottom = min ?? (bounds.length === 0 ? sum / count : Math.min(bounds[0]!, 0))
  const top = max ?? bounds.at(-1) ?? sum / count
  const lower = Math.max(bottom, bounds[i - 1] ?? bottom)
  const upper = Math.min(top, bounds[i] ?? top)
  return { lower: Math.min(lower, upper), upper: Math.max(lower, upper), count: counts[i]! }
}

function filledExponential({ scale, zeroCount, positive, negative }: ExponentialBuckets): Bucket[] {
  const filled: Bucket[] = []
  eachFilled(positive, (index, count) =>
    filled.push({ lower: boundAt(scale, index), upper: boundAt(scale, index + 1), count }),
  )
  if (zeroCount > 0) filled.push({ lower: 0, upper: 0, count: zeroCount })
  const below: Bucket[] = []
  eachFilled(negative, (index, count) =>
    below.push({ lower: -boundAt(scale, index + 1), upper: -boundAt(scale, index), count }),
  )
  return [...filled, ...below.reverse()]
}

/** From the highest index to the lowest. */
function eachFilled({ offset, counts }: ExponentialSide, visit: (index: number, count: number) => void): void {
  for (let i = counts.length - 1; i >= 0; i--) if (counts[i]! > 0) visit(offset + i, counts[i]!)
}

/** The lower bound of the bucket with that index: base^index, base = 2^(2^-scale). */
const boundAt = (scale: number, index: number): number => 2 ** (index * 2 ** -scale)
