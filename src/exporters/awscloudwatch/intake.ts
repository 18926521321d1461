// From points to samples of the metrics that they belong to.

import type { Distribution } from '../../aws/cloudwatch/distribution.ts'
import {
  type KnownAttributes,
  KnownPoints,
  type KnownResource,
  type KnownScope,
} from '../../aws/cloudwatch/known-points.ts'
import { metricTerms, type TermsOf } from '../../aws/cloudwatch/metric-terms.ts'
import { isCloudWatchValue } from '../../aws/cloudwatch/names.ts'
import { type PointLoss, PointReader, type Reading, type SummaryReading } from '../../aws/cloudwatch/reader.ts'
import type { Clock, Ledger } from '../../contract/index.ts'
import type { Batch, DataPoint, Metric, MetricType, Resource, Scope, Visitor } from '../../data/index.ts'
import { filterByPatterns, resourceAttributeFilter } from '../../match/resource-attributes.ts'
import type { AwsCloudWatchConfig } from './config.ts'
import { type Aggregate, Aggregates, KnownSeries } from './series.ts'
import { type DimensionNote, type KnownMetric, Targets } from './targets.ts'

/** Why a point is collected for no metric: the label of its drop. */
export type Loss = PointLoss | 'invalid_name' | 'no_rollup' | 'too_old' | 'too_new'

export interface IntakeOptions {
  readonly onLoss: (points: number, reason: Loss, metric: string) => void
  readonly onNote: (note: DimensionNote, what: string) => void
}

/** What CloudWatch takes. */
export const MAX_AGE_MS = 14 * 24 * 3_600_000
export const MAX_AHEAD_MS = 2 * 3_600_000
/** Names may come from anywhere: more than these and all are learned again. */
const MAX_METRICS = 10_000

export class Intake {
  readonly aggregates: Aggregates
  readonly #clock: Clock
  readonly #ledger: () => Ledger
  readonly #options: IntakeOptions
  readonly #reader: PointReader
  readonly #known: KnownPoints<Targets>
  readonly #termsOf: TermsOf
  readonly #dropped: Readonly<Record<string, boolean>>
  readonly #metrics = new Map<string, KnownMetric>()
  readonly #visitor: Visitor<'metrics'>
  #nowMs = 0
  #openedMs = 0
  /** Points of the batch at hand whose end is in the ledger, or that are held. */
  #taken = 0
  #resource!: KnownResource<Targets>
  #scope!: KnownScope<Targets>
  #metric!: KnownMetric

  constructor(config: AwsCloudWatchConfig, clock: Clock, ledger: () => Ledger, options: IntakeOptions) {
    this.#clock = clock
    this.#ledger = ledger
    this.#options = options
    this.#termsOf = metricTerms(config)
    this.#dropped = config.drop_original_metrics
    this.aggregates = new Aggregates(config.max_values_per_datum)
    this.#reader = new PointReader(clock, {
      maxStreams: config.max_series,
      maxStalenessMs: config.max_staleness,
      keepsInitial: config.retain_initial_value_of_delta_metric,
      maxValues: config.max_values_per_datum,
      hasValues: true,
      hasExponentialValues: true,
    })
    const { included, excluded } = config.dimensions
    const targets = {
      isDimension: included.length + excluded.length === 0 ? () => true : filterByPatterns(config.dimensions),
      rollups: config.rollup_dimensions,
      series: new KnownSeries(config.max_aggregates),
      onNote: options.onNote,
      onGrown: (sizeBytes: number) => this.#known.grown(sizeBytes),
    }
    this.#known = new KnownPoints({
      namespace: config.namespace,
      namespaceAttribute: config.namespace_from_attribute,
      isLabel: resourceAttributeFilter(config.resource_to_telemetry_conversion),
      scopeLabel: undefined,
      make: (texts, namespace) => new Targets(texts, namespace, targets),
      sizeOf: ({ sizeBytes }) => sizeBytes,
      onForgotten: () => targets.series.clear(),
    })
    this.#visitor = {
      onResource: (resource) => {
        this.#resource = this.#known.resource(resource)
        this.#reader.enterResource()
      },
      onScope: (scope) => {
        this.#scope = this.#known.scope(this.#resource, scope)
        this.#reader.enterScope()
      },
      onMetric: (metric) => this.#enterMetric(metric),
      onPoint: (point, metric, scope, resource) => {
        this.#add(point, metric, scope, resource)
        this.#taken++
      },
    }
  }

  /** Cumulative streams that are remembered, and those forgotten for want of room. */
  get streams(): number {
    return this.#reader.streams
  }
  get evictedStreams(): number {
    return this.#reader.evictedStreams
  }

  /**
   * Each point is collected or dropped. In the ledger a collected one is merged, unless it opens an aggregate, which it then
   * is; an aggregate that no point is has been created. Returns how many points it got to: all, unless it throws on the way.
   */
  take(batch: Batch<'metrics'>): void {
    this.#nowMs = this.#clock.now()
    this.#known.begin(this.#nowMs)
    this.#openedMs = this.#clock.monotonicMs()
    this.#taken = 0
    try {
      batch.visit(this.#visitor)
    } finally {
      const missing = batch.items - this.#taken
      if (missing > 0) this.#ledger().dropped(missing, 'encode_error')
    }
  }

  #enterMetric(metric: Metric): boolean {
    const { type } = metric
    if (type === undefined) return false
    this.#metric = this.#metricOf(metric.name, metric.unit, type)
    this.#reader.enterMetric(metric, this.#resource.isPrometheus)
    return true
  }

  #metricOf(name: string, unit: string, type: MetricType): KnownMetric {
    const key = `${type}\u0000${unit}\u0000${name}`
    let known = this.#metrics.get(key)
    if (known === undefined) {
      const { conversion, ...terms } = this.#termsOf(name, unit)
      known = { ...terms, ...conversion, isDropped: this.#dropped[name] === true }
      if (this.#metrics.size === MAX_METRICS) this.#metrics.clear()
      this.#metrics.set(key, known)
    }
    return known
  }

  #add(point: DataPoint, metric: Metric, scope: Scope, resource: Resource): void {
    const known = this.#known.attributes(this.#resource, this.#scope, point.attributes)
    const slot = this.#reader.isCumulative ? this.#known.slot(known, this.#metric) : undefined
    const reading = this.#reader.read(point, metric, scope, resource, slot)
    if (typeof reading === 'string') return this.#lose(reading, metric)
    const { time } = point
    const timeMs = time.isZero ? this.#nowMs : time.millis
    const loss = this.#lossAt(timeMs)
    if (loss !== undefined) return this.#lose(loss, metric)
    this.#collect(known, reading, timeMs, metric)
  }

  #lossAt(timeMs: number): Loss | undefined {
    if (timeMs < this.#nowMs - MAX_AGE_MS) return 'too_old'
    return timeMs > this.#nowMs + MAX_AHEAD_MS ? 'too_new' : undefined
  }

  #collect({ made }: KnownAttributes<Targets>, reading: Reading, timeMs: number, metric: Metric): void {
    const known = this.#metric
    if (known.name === '') return this.#lose('invalid_name', metric)
    const values = valuesOf(reading, known.factor)
    if (typeof values === 'string') return this.#lose(values, metric)
    const series = made.seriesOf(known)
    if (series.length === 0) return this.#lose('no_rollup', metric)
    let opened = 0
    for (const one of series) {
      let aggregate = this.aggregates.find(one, timeMs)
      if (aggregate === undefined) {
        aggregate = this.aggregates.open(one, timeMs, this.#openedMs)
        opened++
      }
      addTo(aggregate, values)
    }
    if (opened === 0) this.#ledger().merged(1)
    else if (opened > 1) this.#ledger().created(opened - 1)
  }

  #lose(reason: Loss, { name }: Metric): void {
    this.#ledger().dropped(1, reason)
    this.#options.onLoss(1, reason, name)
  }
}

function addTo({ samples }: Aggregate, values: number | readonly Distribution[]): void {
  if (typeof values === 'number') samples.add(values)
  else for (const one of values) samples.addDistribution(one)
}

/** In the metric's unit. */
function valuesOf(reading: Reading, factor: number): number | readonly Distribution[] | Loss {
  if (typeof reading === 'number') return isCloudWatchValue(reading * factor) ? reading * factor : 'invalid_value'
  if ('min' in reading) throw new TypeError('histograms are distributions here')
  const distributions = 'quantiles' in reading ? distributionsOfSummary(reading) : reading
  if (distributions.length === 0) return 'no_observations'
  return factor === 1 ? distributions : distributions.map((one) => times(one, factor))
}

const times = ({ values, counts, count, sum, min, max }: Distribution, factor: number): Distribution => ({
  values: values.map((value) => value * factor),
  counts,
  count,
  sum: sum * factor,
  min: min * factor,
  max: max * factor,
})

/** Each quantile stands for what is between it and the one below, so that percentiles of the result are the summary's. */
function distributionsOfSummary({ count, sum, quantiles }: SummaryReading): readonly Distribution[] {
  if (count === 0) return []
  const mean = sum / count
  const values: number[] = []
  const counts: number[] = []
  let below = 0
  for (const [i, { quantile, value }] of quantiles.entries()) {
    const isLast = i === quantiles.length - 1
    const upTo = isLast ? count : Math.round(count * quantile)
    if (upTo <= below) continue
    values.unshift(value)
    counts.unshift(upTo - below)
    below = upTo
  }
  const min = quantiles[0]?.value ?? mean
  const max = quantiles.at(-1)?.value ?? mean
  return [
    values.length > 0
      ? { values, counts, count, sum, min, max }
      : { values: [mean], counts: [count], count, sum, min, max },
  ]
}
