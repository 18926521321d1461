// From batches to series. What is met again is known by its bytes on the wire: names and labels are made once a series.
import {
  type Batch,
  type DataPoint,
  hasValidTimes,
  type Metric,
  type MetricType,
  readHistogram,
  readSummary,
  type Visitor,
} from '../../data/index.ts'
import { type FamilyType, familyTypeOf } from '../../prometheus/family.ts'
import { labelSet, listOf } from '../../prometheus/label-set.ts'
import { namedType } from '../../prometheus/names.ts'
import { exemplarsOf } from './exemplar.ts'
import { type Refusal, readExponential, readNumber } from './reading.ts'
import type { Registry, Series, SeriesName } from './registry.ts'
import { type KnownResource, type KnownScope, type LabelOptions, Resources } from './resources.ts'

export interface IntakeOptions extends LabelOptions {
  readonly expirationMs: number
  /** Exemplars are read only when a format shows them. */
  readonly hasExemplars: boolean
}

/** Why a point was left out: the label of its drop. */
export type Loss =
  | Refusal
  | 'collision'
  | 'invalid_label'
  | 'invalid_name'
  | 'series_limit'
  | 'stale'
  | 'unsupported_temporality'

/** How a batch went: points taken, and left out by reason, each with a metric to point at. */
export interface Tally {
  taken: number
  readonly lost: Map<Loss, { points: number; readonly metric: string }>
}

/** A metric of one scope of one resource, as far as it decides about names. */
interface KnownMetric {
  readonly name: string
  readonly unit: string
  readonly type: MetricType
  readonly isMonotonic: boolean
  /** Undefined when no name can be made of the metric's. */
  readonly family: string | undefined
  readonly familyType: FamilyType
  readonly help: string
  /** By the bytes of a point's attributes; attributes in another order are another way to the same series. */
  readonly series: Map<string, Series>
  seenMs: number
}

export class Intake {
  readonly #options: IntakeOptions
  readonly #registry: Registry
  readonly #resources: Resources<KnownMetric>
  readonly #visitor: Visitor<'metrics'>
  #nowMs = 0
  #resource!: KnownResource<KnownMetric>
  #scope!: KnownScope<KnownMetric>
  #metric!: KnownMetric
  #isDelta = false
  /** Why no point of the metric at hand can be taken. */
  #refusal: Loss | undefined
  #tally!: Tally

  constructor(options: IntakeOptions, registry: Registry) {
    this.#options = options
    this.#registry = registry
    this.#resources = new Resources(options, registry)
    this.#visitor = {
      onResource: (resource) => {
        this.#resource = this.#resources.resource(resource, this.#nowMs)
      },
      onScope: (scope) => {
        this.#scope = this.#resources.scope(this.#resource, scope, this.#nowMs)
      },
      onMetric: (metric) => this.#enter(metric),
      onPoint: (point) => this.#count(this.#take(point)),
    }
  }

  /** Everything that the batch says is in the registry when this returns. */
  take(batch: Batch<'metrics'>, nowMs: number): Tally {
    this.#nowMs = nowMs
    this.#tally = { taken: 0, lost: new Map() }
    batch.visit(this.#visitor)
    return this.#tally
  }

  /** Forgets what has not been met for too long. */
  sweep(nowMs: number): void {
    this.#registry.sweep(nowMs)
    const { expirationMs } = this.#options
    this.#resources.sweep(nowMs, expirationMs, (metrics) => {
      for (const [name, list] of metrics) {
        const left = list.filter(({ seenMs }) => nowMs - seenMs <= expirationMs)
        if (left.length === 0) metrics.delete(name)
        else if (left.length < list.length) metrics.set(name, left)
        for (const { series } of left) for (const [wire, { isGone }] of series) if (isGone) series.delete(wire)
      }
    })
  }

  #enter(metric: Metric): boolean {
    const { type } = metric
    if (type === undefined) return false
    const known = this.#metricOf(metric, type)
    known.seenMs = this.#nowMs
    this.#metric = known
    this.#isDelta = false
    this.#refusal = known.family === undefined ? 'invalid_name' : undefined
    if (type === 'gauge' || type === 'summary') return true
    const { temporality } = metric
    this.#isDelta = temporality === 'delta'
    // Deltas of what goes up and down say nothing about where it stands.
    if (temporality === 'unspecified' || (this.#isDelta && type === 'sum' && !known.isMonotonic))
      this.#refusal ??= 'unsupported_temporality'
    return true
  }

  #metricOf(metric: Metric, type: MetricType): KnownMetric {
    const { metrics } = this.#scope
    const { name, unit, isMonotonic } = metric
    let list = metrics.get(name)
    if (list === undefined) metrics.set(name, (list = []))
    for (const known of list)
      if (known.type === type && known.isMonotonic === isMonotonic && known.unit === unit) return known
    const family = this.#options.naming.metric(name, unit, namedType(type, isMonotonic))
    const familyType = familyTypeOf(type, isMonotonic)
    const help = metric.description
    const made = { name, unit, type, isMonotonic, family, familyType, help, series: new Map(), seenMs: 0 }
    this.#resources.learned()
    list.push(made)
    return made
  }

  #count(loss: Loss | undefined): void {
    if (loss === undefined) {
      this.#tally.taken++
      return
    }
    const { lost } = this.#tally
    const entry = lost.get(loss)
    if (entry === undefined) lost.set(loss, { points: 1, metric: this.#metric.name })
    else entry.points++
  }

  #take(point: DataPoint): Loss | undefined {
    if (this.#refusal !== undefined) return this.#refusal
    if (point.hasNoRecordedValue) return this.#end(point)
    if (!hasValidTimes(point)) return 'invalid_time'
    switch (this.#metric.type) {
      case 'gauge':
      case 'sum':
        return this.#takeNumber(point)
      case 'histogram':
      case 'exponentialHistogram':
        return this.#takeHistogram(point)
      case 'summary':
        return this.#takeSummary(point)
    }
  }

  #takeNumber(point: DataPoint): Loss | undefined {
    const value = readNumber(point, this.#isDelta)
    if (typeof value === 'string') return value
    const series = this.#seriesOf(point)
    if (typeof series === 'string') return series
    const { state } = series
    if (state.kind !== 'number') return 'collision'
    if (!state.take(value, point.start, point.time, this.#isDelta)) return 'out_of_order'
    series.touch(this.#nowMs)
    if (this.#options.hasExemplars && this.#metric.isMonotonic) state.exemplar = exemplarsOf(point).at(-1)
    return undefined
  }

  #takeHistogram(point: DataPoint): Loss | undefined {
    const isExponential = this.#metric.type === 'exponentialHistogram'
    const buckets = isExponential ? readExponential(point) : readHistogram(point)
    if (typeof buckets === 'string') return buckets
    if (this.#isDelta && !Number.isFinite(point.sum ?? 0)) return 'invalid_value'
    const series = this.#seriesOf(point)
    if (typeof series === 'string') return series
    const { state } = series
    if (state.kind !== 'histogram') return 'collision'
    const isTaken =
      'scale' in buckets
        ? state.takeExponential(buckets, point, this.#isDelta)
        : state.takeExplicit(buckets, point, this.#isDelta)
    if (!isTaken) return 'out_of_order'
    series.touch(this.#nowMs)
    if (this.#options.hasExemplars) state.exemplars = exemplarsOf(point)
    return undefined
  }

  #takeSummary(point: DataPoint): Loss | undefined {
    const quantiles = readSummary(point)
    if (typeof quantiles === 'string') return quantiles
    const series = this.#seriesOf(point)
    if (typeof series === 'string') return series
    const { state } = series
    if (state.kind !== 'summary') return 'collision'
    if (!state.take(quantiles, point)) return 'out_of_order'
    series.touch(this.#nowMs)
    return undefined
  }

  /** The series is over: Prometheus sees it end at the next scrape. */
  #end(point: DataPoint): Loss {
    const name = this.#nameOf(point)
    const series = typeof name === 'string' ? undefined : this.#registry.find(name)
    if (series !== undefined) this.#registry.remove(series)
    return 'stale'
  }

  #seriesOf(point: DataPoint): Series | Loss {
    const { series } = this.#metric
    const wire = point.attributes.wireKey()
    const known = series.get(wire)
    if (known !== undefined && !known.isGone) return known
    const name = this.#nameOf(point)
    if (typeof name === 'string') return name
    const opened = this.#registry.open(name, this.#nowMs)
    if (typeof opened === 'string') return opened
    // Attributes may come in many orders, but nobody needs all of them at once.
    if (series.size > Math.max(64, 4 * opened.family.series.size)) series.clear()
    series.set(wire, opened)
    return opened
  }

  #nameOf(point: DataPoint): SeriesName | 'invalid_label' {
    const { name, family, familyType: type, help } = this.#metric
    const { name: scope, fixed, added } = this.#scope
    const attributes = new Map([...listOf(point.attributes), ...added])
    const labels = labelSet([...attributes], fixed, bucketLabels[type], this.#options.naming)
    return labels === undefined
      ? 'invalid_label'
      : { family: family!, type, help, owner: `${scope}\u0000${name}`, labels }
  }
}

/** The label that the samples of a type have among themselves. */
const bucketLabels: Readonly<Record<FamilyType, string | undefined>> = {
  counter: undefined,
  gauge: undefined,
  histogram: 'le',
  summary: 'quantile',
}
