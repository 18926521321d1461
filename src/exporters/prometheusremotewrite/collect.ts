// What one batch says about each series, points of the same series together and in order of time.
import {
  type Batch,
  type DataPoint,
  hasValidTimes,
  type Metric,
  type PointFault,
  readExponentialHistogram,
  readHistogram,
  readSummary,
  type Visitor,
} from '../../data/index.ts'
import { exemplarLabels } from '../../prometheus/exemplar-labels.ts'
import { bucketsLayout, type Layout, quantilesLayout, singleLayout } from './layout.ts'
import { CUSTOM_BOUNDS, customNativeOf, type NativeHistogram, nativeOf, staleHistogram } from './native.ts'
import { type ExemplarSample, Rows } from './rows.ts'
import { type KnownResource, type KnownSeries, SeriesMemory, type SeriesOptions } from './series.ts'

export interface CollectOptions extends SeriesOptions {
  /** Histograms with explicit bounds: as classic series, as native histograms, or both. */
  readonly histograms: 'classic' | 'native' | 'both'
}

/** Why a point was left out: the label of its drop. */
export type Loss = PointFault | 'invalid_label' | 'invalid_name' | 'unsupported_temporality'

/** Valid until the next batch is collected. */
export interface Collected {
  readonly rows: Rows
  readonly lost: ReadonlyMap<Loss, { points: number; readonly metric: string }>
}

/** OpenMetrics allows one an bucket; of a point no more than this are sent. */
const MAX_EXEMPLARS = 64

export class Collector {
  readonly #options: CollectOptions
  readonly memory: SeriesMemory
  readonly #rows = new Rows()
  readonly #visitor: Visitor<'metrics'>
  #nowMs = 0
  #lost = new Map<Loss, { points: number; metric: string }>()
  #resource!: KnownResource
  #scope!: ReturnType<SeriesMemory['scope']>
  #metric!: ReturnType<SeriesMemory['metric']>
  #metricName = ''
  #refusal: Loss | undefined

  constructor(options: CollectOptions) {
    this.#options = options
    this.memory = new SeriesMemory(options)
    this.#visitor = {
      onResource: (resource) => void (this.#resource = this.memory.resource(resource)),
      onScope: (scope) => void (this.#scope = this.memory.scope(this.#resource, scope)),
      onMetric: (metric) => this.#enter(metric),
      onPoint: (point) => this.#take(point),
    }
  }

  collect(batch: Batch<'metrics'>, nowMs: number): Collected {
    this.#nowMs = nowMs
    this.#rows.clear()
    this.#lost = new Map()
    this.memory.begin(nowMs)
    batch.visit(this.#visitor)
    return { rows: this.#rows, lost: this.#lost }
  }

  #enter(metric: Metric): boolean {
    const { type } = metric
    if (type === undefined) return false
    this.#metric = this.memory.metric(this.#scope, metric, type)
    this.#metricName = metric.name
    this.#refusal = this.#metric.family === undefined ? 'invalid_name' : undefined
    if (type !== 'gauge' && type !== 'summary' && metric.temporality !== 'cumulative')
      this.#refusal ??= 'unsupported_temporality'
    return true
  }

  #take(point: DataPoint): void {
    const loss = this.#refusal ?? this.#add(point)
    if (loss === undefined) return
    const entry = this.#lost.get(loss)
    if (entry === undefined) this.#lost.set(loss, { points: 1, metric: this.#metricName })
    else entry.points++
  }

  #add(point: DataPoint): Loss | undefined {
    if (!hasValidTimes(point)) return 'invalid_time'
    const timeMs = point.time.isZero ? this.#nowMs : point.time.millis
    const createdMs = this.#metric.family!.type === 'gauge' || point.start.isZero ? 0 : point.start.millis
    const known = this.memory.series(this.#scope, this.#metric, this.#metric.family!, point.attributes)
    if (known === undefined) return 'invalid_label'
    const loss = this.#read(point, { known, timeMs, createdMs, isStale: point.hasNoRecordedValue })
    if (loss === undefined) known.items++
    return loss
  }

  #read(point: DataPoint, at: At): Loss | undefined {
    switch (this.#metric.type) {
      case 'gauge':
      case 'sum':
        return this.#number(point, at)
      case 'histogram':
        return this.#histogram(point, at)
      case 'exponentialHistogram':
        return this.#exponential(point, at)
      case 'summary':
        return this.#summary(point, at)
    }
  }

  #number(point: DataPoint, at: At): Loss | undefined {
    if (!at.isStale && !point.hasValue) return 'invalid_value'
    const row = this.#open(singleLayout(at.known, this.memory.terms), at)
    this.#rows.push(at.isStale ? 0 : point.value)
    if (at.known.family.type === 'counter') {
      const exemplars = exemplarsOf(point, this.#nowMs)
      if (exemplars.length > 0) this.#rows.extras.set(row, { histogram: undefined, exemplars: [exemplars] })
    }
    return undefined
  }

  #histogram(point: DataPoint, at: At): Loss | undefined {
    const { histograms } = this.#options
    const { isStale } = at
    const buckets = readHistogram(point)
    if (typeof buckets === 'string' && !isStale) return buckets
    if (typeof buckets === 'string') this.#classic({ bounds: [], counts: [] }, point, at)
    else {
      if (histograms !== 'native') this.#classic(buckets, point, at)
      if (histograms !== 'classic') {
        const histogram = isStale ? staleHistogram(CUSTOM_BOUNDS) : customNativeOf(buckets, point.count, point.sum ?? 0)
        this.#native(histogram, point, at)
      }
    }
    return undefined
  }

  #classic({ bounds, counts }: Buckets, point: DataPoint, at: At): void {
    const { sum, count } = point
    const hasSum = sum !== undefined || at.isStale
    const row = this.#open(bucketsLayout(at.known, this.memory.terms, bounds, hasSum), at)
    const rows = this.#rows
    if (hasSum) rows.push(sum ?? 0)
    rows.push(count)
    let below = 0
    for (let i = 0; i < bounds.length; i++) rows.push((below += counts[i] ?? 0))
    rows.push(count)
    const exemplars = exemplarsOf(point, this.#nowMs)
    if (exemplars.length === 0) return
    const ends = [...bounds, Number.POSITIVE_INFINITY]
    const byBucket = ends.map((end, i) =>
      exemplars.filter(({ value }) => value > (ends[i - 1] ?? Number.NEGATIVE_INFINITY) && value <= end),
    )
    // Sum and count come before the buckets.
    const before = hasSum ? [undefined, undefined] : [undefined]
    rows.extras.set(row, { histogram: undefined, exemplars: [...before, ...byBucket] })
  }

  #exponential(point: DataPoint, at: At): Loss | undefined {
    const buckets = at.isStale ? undefined : readExponentialHistogram(point)
    if (typeof buckets === 'string') return buckets
    const histogram = buckets === undefined ? staleHistogram(0) : nativeOf(buckets, point.count, point.sum ?? 0)
    if (histogram === undefined) return 'invalid_scale'
    this.#native(histogram, point, at)
    return undefined
  }

  #summary(point: DataPoint, at: At): Loss | undefined {
    const quantiles = readSummary(point)
    if (typeof quantiles === 'string') return quantiles
    const parts = quantiles.map(({ quantile }) => quantile)
    this.#open(quantilesLayout(at.known, this.memory.terms, parts), at)
    this.#rows.push(point.sum ?? 0)
    this.#rows.push(point.count)
    for (const { value } of quantiles) this.#rows.push(value)
    return undefined
  }

  #native(histogram: NativeHistogram, point: DataPoint, at: At): void {
    const row = this.#open(singleLayout(at.known, this.memory.terms), at)
    this.#rows.extras.set(row, { histogram, exemplars: [exemplarsOf(point, this.#nowMs)] })
  }

  #open(layout: Layout, { timeMs, createdMs, isStale }: At): number {
    this.#showTarget(timeMs)
    return this.#rows.add(layout, timeMs, createdMs, isStale)
  }

  /** Once a batch, with the newest time of its points. */
  #showTarget(timeMs: number): void {
    const { target } = this.#resource
    if (target === undefined) return
    const rows = this.#rows
    if (target.first < 0) {
      rows.add(singleLayout(target, this.memory.terms), timeMs, 0, false)
      rows.push(1)
    } else if (target.lastMs < timeMs) target.lastMs = rows.times[target.first] = timeMs
  }
}

interface At {
  readonly known: KnownSeries
  readonly timeMs: number
  readonly createdMs: number
  readonly isStale: boolean
}
interface Buckets {
  readonly bounds: readonly number[]
  readonly counts: readonly number[]
}

function exemplarsOf(point: DataPoint, nowMs: number): ExemplarSample[] {
  const list: ExemplarSample[] = []
  point.eachExemplar((exemplar) => {
    if (list.length >= MAX_EXEMPLARS || Number.isNaN(exemplar.value)) return
    const labels = exemplarLabels(exemplar)
    if (labels.length === 0) return
    labels.sort(([a], [b]) => (a < b ? -1 : 1))
    list.push({ labels, value: exemplar.value, timeMs: exemplar.time.isZero ? nowMs : exemplar.time.millis })
  })
  return list.sort((a, b) => a.timeMs - b.timeMs)
}
