// What is known of one series: the newest value of each kind of sample, deltas added up.
import type { DataPoint, ExplicitBuckets, Instant, Quantile } from '../../data/index.ts'
import type { ShownExemplar } from './exemplar.ts'
import { added, cumulativeBuckets, type ExponentialCounts } from './exponential.ts'
import { Timeline } from './timeline.ts'

/** `take…` answers false when the point is older than what is known. */
export type State = NumberState | HistogramState | SummaryState

/** A gauge or a counter. */
export class NumberState {
  readonly kind = 'number'
  readonly timeline = new Timeline()
  /** A bigint beyond 2^53. */
  value: number | bigint = 0
  exemplar: ShownExemplar | undefined

  take(value: number | bigint, start: Instant, time: Instant, isDelta: boolean): boolean {
    const joining = this.timeline.join(start, time, isDelta)
    if (joining === 'late') return false
    this.value = joining === 'add' ? plus(this.value, value) : value
    return true
  }
}

function plus(a: number | bigint, b: number | bigint): number | bigint {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b
    if (Number.isSafeInteger(sum) || !Number.isSafeInteger(a) || !Number.isSafeInteger(b)) return sum
  }
  return isWhole(a) && isWhole(b) ? BigInt(a) + BigInt(b) : Number(a) + Number(b)
}

const isWhole = (value: number | bigint): boolean => typeof value === 'bigint' || Number.isInteger(value)

/** Buckets with bounds, or exponential ones that are given bounds when somebody asks. */
export class HistogramState {
  readonly kind = 'histogram'
  readonly timeline = new Timeline()
  count = 0
  sum = 0
  exemplars: readonly ShownExemplar[] = []
  #explicit: ExplicitBuckets | undefined
  #exponential: ExponentialCounts | undefined

  takeExplicit(buckets: ExplicitBuckets, point: DataPoint, isDelta: boolean): boolean {
    const { start } = point
    const joining = this.timeline.join(start, point.time, isDelta)
    if (joining === 'late') return false
    const known = this.#explicit
    const adds = joining === 'add' && known !== undefined && areEqual(known.bounds, buckets.bounds)
    if (joining === 'add' && !adds) this.timeline.restart(start)
    // Bounds that are equal are kept, so that their text need not be made again.
    const bounds = known !== undefined && areEqual(known.bounds, buckets.bounds) ? known.bounds : buckets.bounds
    const counts = adds ? buckets.counts.map((count, i) => count + known.counts[i]!) : buckets.counts
    this.#explicit = { bounds, counts }
    this.#exponential = undefined
    this.#total(point, adds)
    return true
  }

  takeExponential(counts: ExponentialCounts, point: DataPoint, isDelta: boolean): boolean {
    const { start } = point
    const joining = this.timeline.join(start, point.time, isDelta)
    if (joining === 'late') return false
    const known = this.#exponential
    const adds = joining === 'add' && known !== undefined
    if (joining === 'add' && !adds) this.timeline.restart(start)
    this.#exponential = adds ? added(known, counts) : counts
    this.#explicit = undefined
    this.#total(point, adds)
    return true
  }

  #total(point: DataPoint, adds: boolean): void {
    this.count = point.count + (adds ? this.count : 0)
    this.sum = (point.sum ?? 0) + (adds ? this.sum : 0)
  }

  /** Calls `visit` for each finite bound, ascending, with how many values are at most that: never more than there are. */
  eachBucket(visit: (bound: number, count: number) => void): void {
    if (this.#exponential !== undefined) {
      const { bounds, counts } = cumulativeBuckets(this.#exponential)
      for (const [i, bound] of bounds.entries()) visit(bound, Math.min(counts[i]!, this.count))
    } else if (this.#explicit !== undefined) {
      const { bounds, counts } = this.#explicit
      let below = 0
      for (let i = 0; i < bounds.length; i++) {
        below += counts[i]!
        visit(bounds[i]!, Math.min(below, this.count))
      }
    }
  }
}

function areEqual(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Quantiles are what the client computed: they cannot be added up, and the newest count. */
export class SummaryState {
  readonly kind = 'summary'
  readonly timeline = new Timeline()
  count = 0
  sum = 0
  quantiles: readonly Quantile[] = []

  take(quantiles: readonly Quantile[], point: DataPoint): boolean {
    if (this.timeline.join(point.start, point.time, false) === 'late') return false
    this.quantiles = quantiles
    this.count = point.count
    this.sum = point.sum ?? 0
    return true
  }
}
