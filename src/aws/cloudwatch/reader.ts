// What a data point says, in CloudWatch's kinds: what is cumulative becomes what has come since the point before.
import type { Clock } from '../../contract/index.ts'
import {
  type DataPoint,
  type ExplicitBuckets,
  type ExponentialBuckets,
  hasValidTimes,
  type Metric,
  type PointFault,
  type Quantile,
  type Resource,
  readExponentialHistogram,
  readHistogram,
  readSummary,
  type Scope,
} from '../../data/index.ts'
import { type DeltaFault, type DeltaLimits, type DeltaSlot, Deltas } from '../../series/index.ts'
import { type Distribution, distributionsOf, type Statistics, statisticsOf, type Totals } from './distribution.ts'
import { exactDistributionsOf } from './exact.ts'
import { isCloudWatchValue } from './names.ts'

/** A number of a gauge or a sum; of a histogram statistics, or distributions; of a summary all it has. */
export type Reading = number | Statistics | readonly Distribution[] | SummaryReading

export interface SummaryReading {
  readonly count: number
  readonly sum: number
  /** From the lowest to the highest. */
  readonly quantiles: readonly Quantile[]
}

/**
 * Why a point says nothing that CloudWatch takes: the label of its drop. `stale`: it says itself that there is nothing;
 * `no_observations`: nothing was counted.
 */
export type PointLoss = PointFault | DeltaFault | 'no_observations' | 'stale'

export interface ReaderOptions extends DeltaLimits {
  /** How many values a distribution has at most. */
  readonly maxValues: number
  /** Whether histograms with bounds of their own choice are distributions, which have percentiles, or statistics. */
  readonly hasValues: boolean
  /** Whether exponential histograms are. */
  readonly hasExponentialValues: boolean
}

/** Belongs to a visitor, whose hooks tell it what they enter. */
export class PointReader {
  readonly #options: ReaderOptions
  readonly #deltas: Deltas
  #isCumulative = false

  constructor(clock: Clock, options: ReaderOptions) {
    this.#options = options
    this.#deltas = new Deltas(clock, options)
  }

  enterResource(): void {
    this.#deltas.nextResource()
  }
  enterScope(): void {
    this.#deltas.nextScope()
  }
  /** Of summaries nobody says whether they are cumulative: those from Prometheus are. */
  enterMetric(metric: Metric, isCumulativeSummary: boolean): void {
    this.#deltas.nextMetric()
    const { type } = metric
    // What goes up and down is where it stands; its changes would say nothing.
    this.#isCumulative =
      type === 'summary'
        ? isCumulativeSummary
        : metric.temporality === 'cumulative' && (type !== 'sum' || metric.isMonotonic)
  }

  /** Whether the metric's points are compared with those before, and a slot is of use. */
  get isCumulative(): boolean {
    return this.#isCumulative
  }

  /** Cumulative streams that are remembered. */
  get streams(): number {
    return this.#deltas.size
  }
  /** Those forgotten for want of room, since the start. */
  get evictedStreams(): number {
    return this.#deltas.evicted
  }

  /** `slot` is for this point's stream, where the caller knows it by other means. */
  read(point: DataPoint, metric: Metric, scope: Scope, resource: Resource, slot?: DeltaSlot): Reading | PointLoss {
    if (point.hasNoRecordedValue) return 'stale'
    switch (point.type) {
      case 'gauge':
      case 'sum':
        return this.#readNumber(point, metric, scope, resource, slot)
      case 'histogram':
        return this.#readHistogram(point, readHistogram(point), metric, scope, resource, slot)
      case 'exponentialHistogram':
        return this.#readHistogram(point, readExponentialHistogram(point), metric, scope, resource, slot)
      case 'summary':
        return this.#readSummary(point, metric, scope, resource, slot)
    }
  }

  #readNumber(
    point: DataPoint,
    metric: Metric,
    scope: Scope,
    resource: Resource,
    slot?: DeltaSlot,
  ): number | PointLoss {
    const { value } = point
    if (!isCloudWatchValue(value)) return 'invalid_value'
    if (!this.#isCumulative) return value
    return hasValidTimes(point) ? this.#deltas.of(value, point, metric, scope, resource, slot) : 'invalid_time'
  }

  #readHistogram(
    point: DataPoint,
    buckets: ExplicitBuckets | ExponentialBuckets | PointFault,
    metric: Metric,
    scope: Scope,
    resource: Resource,
    slot?: DeltaSlot,
  ): Statistics | readonly Distribution[] | PointLoss {
    if (typeof buckets === 'string') return buckets
    if (!hasValidTimes(point)) return 'invalid_time'
    const { count, sum, min, max } = point
    if (![sum, min, max].every((value) => value === undefined || isCloudWatchValue(value))) return 'invalid_value'
    if (min !== undefined && max !== undefined && min > max) return 'invalid_value'
    if (!this.#isCumulative)
      return this.#exactOf(point, buckets) ?? this.#observations(buckets, { count, sum, min, max })
    const value = { count, sum, buckets }
    const delta = this.#deltas.of(value, point, metric, scope, resource, slot)
    if (typeof delta === 'string') return delta
    const areBoundsLoose = delta !== value
    return this.#observations(delta.buckets, { count: delta.count, sum: delta.sum, min, max, areBoundsLoose })
  }

  #exactOf(point: DataPoint, buckets: ExplicitBuckets | ExponentialBuckets): readonly Distribution[] | undefined {
    const exact = this.#wantsValues(buckets) ? exactDistributionsOf(point, this.#options.maxValues) : undefined
    return exact?.every(areTaken) ? exact : undefined
  }

  #wantsValues(buckets: ExplicitBuckets | ExponentialBuckets): boolean {
    const { hasValues, hasExponentialValues } = this.#options
    return 'bounds' in buckets ? hasValues : hasExponentialValues
  }

  #observations(
    buckets: ExplicitBuckets | ExponentialBuckets,
    totals: Totals,
  ): Statistics | readonly Distribution[] | PointLoss {
    if (totals.count === 0) return 'no_observations'
    if (!this.#wantsValues(buckets)) {
      const statistics = statisticsOf(buckets, totals)!
      return areTaken(statistics) ? statistics : 'invalid_value'
    }
    const distributions = distributionsOf(buckets, totals, this.#options.maxValues)
    return distributions.every(areTaken) ? distributions : 'invalid_value'
  }

  #readSummary(
    point: DataPoint,
    metric: Metric,
    scope: Scope,
    resource: Resource,
    slot?: DeltaSlot,
  ): SummaryReading | PointLoss {
    const quantiles = readSummary(point)
    if (typeof quantiles === 'string') return quantiles
    const { count, sum = 0 } = point
    if (!isCloudWatchValue(sum) || !quantiles.every(({ value }) => isCloudWatchValue(value))) return 'invalid_value'
    if (!hasValidTimes(point)) return 'invalid_time'
    if (!this.#isCumulative) return { count, sum, quantiles }
    const delta = this.#deltas.of({ count, sum }, point, metric, scope, resource, slot)
    return typeof delta === 'string' ? delta : { ...delta, quantiles }
  }
}

/** Bounds of exponential buckets may be beyond all. */
const areTaken = ({ min, max, sum }: Statistics): boolean => [min, max, sum].every(isCloudWatchValue)

/** What is left of a summary without its quantiles, but for the lowest and the highest. */
export function statisticsOfSummary({ count, sum, quantiles }: SummaryReading): Statistics | undefined {
  if (count === 0) return undefined
  const mean = sum / count
  return { count, sum, min: quantiles[0]?.value ?? mean, max: quantiles.at(-1)?.value ?? mean }
}
