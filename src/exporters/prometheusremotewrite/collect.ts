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
import { CUSTOM_BOUNDS, customNativeOf, type NativeHistogram, nativeOf, staleHistogram } from './native.ts'
import {
  boundText,
  bucketLabelsOf,
  type Family,
  type KnownResource,
  type KnownSeries,
  type Label,
  type Labels,
  labelsOf,
  SeriesMemory,
  type SeriesOptions,
} from './series.ts'

/** The value that says that a series has ended: a NaN of these bits. */
export const STALE = Symbol('stale')
export type Value = number | bigint | typeof STALE

export interface Sample {
  readonly value: Value
  /** Milliseconds since the epoch. */
  readonly timeMs: number
  /** When the count began; 0 when nobody said, or when there is no counting. */
  readonly createdMs: number
}
export interface HistogramSample {
  readonly histogram: NativeHistogram
  readonly isStale: boolean
  readonly timeMs: number
  readonly createdMs: number
}
export interface ExemplarSample {
  readonly labels: readonly Label[]
  readonly value: number
  readonly timeMs: number
}

export interface Series {
  readonly labels: Labels
  readonly samples: Sample[]
  histograms: HistogramSample[] | undefined
  exemplars: ExemplarSample[] | undefined
}

/** All series of one point, which stay together: of a histogram its buckets, sum and count. */
export interface Group {
  readonly family: Family
  readonly series: Series[]
  items: number
  lastMs: number
  isSorted: boolean
}

export interface CollectOptions extends SeriesOptions {
  /** Histograms with explicit bounds: as classic series, as native histograms, or both. */
  readonly histograms: 'classic' | 'native' | 'both'
}

/** Why a point was left out: the label of its drop. */
export type Loss = PointFault | 'invalid_label' | 'invalid_name' | 'unsupported_temporality'

export interface Collected {
  readonly groups: readonly Group[]
  readonly lost: ReadonlyMap<Loss, { points: number; readonly metric: string }>
}

/** OpenMetrics allows one an bucket; of a point no more than this are sent. */
const MAX_EXEMPLARS = 64

export class Collector {
  readonly #options: CollectOptions
  readonly #memory: SeriesMemory
  readonly #visitor: Visitor<'metrics'>
  #nowMs = 0
  #groups = new Map<KnownSeries, Group>()
  #lost = new Map<Loss, { points: number; metric: string }>()
  #resource!: KnownResource
  #scope!: ReturnType<SeriesMemory['scope']>
  #metric!: ReturnType<SeriesMemory['metric']>
  #metricName = ''
  #refusal: Loss | undefined

  constructor(options: CollectOptions) {
    this.#options = options
    this.#memory = new SeriesMemory(options)
    this.#visitor = {
      onResource: (resource) => void (this.#resource = this.#memory.resource(resource)),
      onScope: (scope) => void (this.#scope = this.#memory.scope(this.#resource, scope)),
      onMetric: (metric) => this.#enter(metric),
      onPoint: (point) => this.#take(point),
    }
  }

  collect(batch: Batch<'metrics'>, nowMs: number): Collected {
    this.#nowMs = nowMs
    this.#groups = new Map()
    this.#lost = new Map()
    batch.visit(this.#visitor)
    const groups = [...this.#groups.values()]
    for (const group of groups) if (!group.isSorted) sort(group)
    return { groups, lost: this.#lost }
  }

  #enter(metric: Metric): boolean {
    const { type } = metric
    if (type === undefined) return false
    this.#metric = this.#memory.metric(this.#scope, metric, type)
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
    const at = { timeMs, createdMs }
    const known = this.#memory.series(this.#scope, this.#metric, this.#metric.family!, point.attributes)
    if (known === undefined) return 'invalid_label'
    switch (this.#metric.type) {
      case 'gauge':
      case 'sum':
        return this.#number(known, point, at)
      case 'histogram':
        return this.#histogram(known, point, at)
      case 'exponentialHistogram':
        return this.#exponential(known, point, at)
      case 'summary':
        return this.#summary(known, point, at)
    }
  }

  #number(known: KnownSeries, point: DataPoint, at: At): Loss | undefined {
    const value = point.hasNoRecordedValue ? STALE : point.isInt ? point.intValue : point.value
    if (typeof value === 'number' && Number.isNaN(value) && !hasValue(point)) return 'invalid_value'
    const group = this.#groupOf(known, at.timeMs)
    const series = seriesIn(group, labelsOf(known, ''))
    series.samples.push({ value, ...at })
    if (known.family.type === 'counter') addExemplars(series, exemplarsOf(point, this.#nowMs))
    return undefined
  }

  #histogram(known: KnownSeries, point: DataPoint, at: At): Loss | undefined {
    const { histograms } = this.#options
    const buckets = readHistogram(point)
    const isStale = point.hasNoRecordedValue
    if (typeof buckets === 'string') {
      if (!isStale) return buckets
      return this.#classic(this.#groupOf(known, at.timeMs), known, { bounds: [], counts: [] }, point, at)
    }
    const group = this.#groupOf(known, at.timeMs)
    if (histograms !== 'native') this.#classic(group, known, buckets, point, at)
    if (histograms !== 'classic') {
      const histogram = isStale ? staleHistogram(CUSTOM_BOUNDS) : customNativeOf(buckets, point.count, point.sum ?? 0)
      const series = seriesIn(group, labelsOf(known, ''))
      addHistogram(series, { histogram, isStale, ...at })
      addExemplars(series, exemplarsOf(point, this.#nowMs))
    }
    return undefined
  }

  #classic(group: Group, known: KnownSeries, buckets: Buckets, point: DataPoint, at: At): undefined {
    const isStale = point.hasNoRecordedValue
    const push = (labels: Labels, value: Value): Series => {
      const series = seriesIn(group, labels)
      series.samples.push({ value: isStale ? STALE : value, ...at })
      return series
    }
    if (point.sum !== undefined || isStale) push(labelsOf(known, '_sum'), point.sum ?? 0)
    push(labelsOf(known, '_count'), point.count)
    const exemplars = exemplarsOf(point, this.#nowMs)
    const labels = bucketLabelsOf(known, buckets.bounds)
    let below = 0
    let previous = Number.NEGATIVE_INFINITY
    for (const [i, each] of labels.entries()) {
      const isLast = i === buckets.bounds.length
      const bound = isLast ? Number.POSITIVE_INFINITY : buckets.bounds[i]!
      below += buckets.counts[i] ?? 0
      const series = push(each, isLast ? point.count : below)
      if (exemplars.length > 0)
        addExemplars(
          series,
          exemplars.filter(({ value }) => value > previous && value <= bound),
        )
      previous = bound
    }
    return undefined
  }

  #exponential(known: KnownSeries, point: DataPoint, at: At): Loss | undefined {
    const isStale = point.hasNoRecordedValue
    const buckets = isStale ? undefined : readExponentialHistogram(point)
    if (typeof buckets === 'string') return buckets
    const histogram = buckets === undefined ? staleHistogram(0) : nativeOf(buckets, point.count, point.sum ?? 0)
    if (histogram === undefined) return 'invalid_scale'
    const series = seriesIn(this.#groupOf(known, at.timeMs), labelsOf(known, ''))
    addHistogram(series, { histogram, isStale, ...at })
    addExemplars(series, exemplarsOf(point, this.#nowMs))
    return undefined
  }

  #summary(known: KnownSeries, point: DataPoint, at: At): Loss | undefined {
    const quantiles = readSummary(point)
    if (typeof quantiles === 'string') return quantiles
    const isStale = point.hasNoRecordedValue
    const group = this.#groupOf(known, at.timeMs)
    const push = (labels: Labels, value: Value): void =>
      void seriesIn(group, labels).samples.push({ value: isStale ? STALE : value, ...at })
    push(labelsOf(known, '_sum'), point.sum ?? 0)
    push(labelsOf(known, '_count'), point.count)
    for (const { quantile, value } of quantiles) push(labelsOf(known, '', ['quantile', boundText(quantile)]), value)
    return undefined
  }

  #groupOf(known: KnownSeries, timeMs: number): Group {
    this.#showTarget(timeMs)
    const group = this.#open(known, timeMs)
    group.items++
    return group
  }

  #open(known: KnownSeries, timeMs: number): Group {
    let group = this.#groups.get(known)
    if (group === undefined) {
      group = { family: known.family, series: [], items: 0, lastMs: timeMs, isSorted: true }
      this.#groups.set(known, group)
    }
    if (timeMs < group.lastMs) group.isSorted = false
    group.lastMs = Math.max(group.lastMs, timeMs)
    return group
  }

  /** Once a batch, with the newest time of its points. */
  #showTarget(timeMs: number): void {
    const { target } = this.#resource
    if (target === undefined) return
    const known = this.#groups.get(target)
    if (known !== undefined && known.lastMs >= timeMs) return
    const { samples } = seriesIn(this.#open(target, timeMs), labelsOf(target, ''))
    samples.length = 0
    samples.push({ value: 1, timeMs, createdMs: 0 })
  }
}

interface At {
  readonly timeMs: number
  readonly createdMs: number
}
interface Buckets {
  readonly bounds: readonly number[]
  readonly counts: readonly number[]
}

function hasValue(point: DataPoint): boolean {
  const object = point.toObject()
  return 'value' in object && object.value !== undefined
}

function seriesIn({ series }: Group, labels: Labels): Series {
  for (const known of series) if (known.labels === labels) return known
  const made = { labels, samples: [], histograms: undefined, exemplars: undefined }
  series.push(made)
  return made
}

function addHistogram(series: Series, sample: HistogramSample): void {
  if (series.histograms === undefined) series.histograms = [sample]
  else series.histograms.push(sample)
}

function addExemplars(series: Series, exemplars: readonly ExemplarSample[]): void {
  if (exemplars.length === 0) return
  if (series.exemplars === undefined) series.exemplars = [...exemplars]
  else series.exemplars.push(...exemplars)
}

/** Samples of a series must be in order of time; of two with the same time the later one counts. */
function sort({ series }: Group): void {
  for (const { samples, histograms } of series) {
    inOrder(samples)
    if (histograms !== undefined) inOrder(histograms)
  }
}

function inOrder<T extends { readonly timeMs: number }>(list: T[]): void {
  list.sort((a, b) => a.timeMs - b.timeMs)
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
