// Metrics to events of the embedded metric format. What is met again is known by its bytes on the wire: labels, dimensions
// and names are JSON already, so that a point is a number between pieces that are there.
import { NAMESPACE } from '../../aws/cloudwatch/attributes.ts'
import { KnownPoints, type KnownResource, type KnownScope } from '../../aws/cloudwatch/known-points.ts'
import { type PointLoss, PointReader, type SummaryReading, statisticsOfSummary } from '../../aws/cloudwatch/reader.ts'
import type { Clock } from '../../contract/index.ts'
import type { Attributes, Batch, DataPoint, Metric, MetricType, Resource, Scope, Visitor } from '../../data/index.ts'
import type { Drop } from '../../delivery/index.ts'
import { resourceAttributeFilter } from '../../match/resource-attributes.ts'
import type { AwsEmfConfig } from './config.ts'
import { Declarations } from './declarations.ts'
import { EventWriter, reservedLabels } from './event.ts'
import { createFormat, type Format } from './format.ts'
import { EventGroup, EventGroups, EventMetric, type MetricValue } from './groups.ts'
import { LabelNames, type LabelNote, type LabelOptions, LabelShapes, Labels, OTEL_LIB } from './labels.ts'
import { isFree, type KnownMetric, KnownMetrics } from './metrics.ts'

/** Why a point is in no event: the label of its drop. */
export type Loss = PointLoss | 'event_too_large' | 'invalid_name' | 'name_collision' | 'no_measurement'

/** Where events go. */
export interface EventSink {
  /** What follows comes from this resource. */
  enter(resource: Attributes): void
  /** Where an event of that time and namespace goes; `attributes` have what the resource has not. */
  streamOf(attributes: Attributes, timeMs: number, namespace: string): number
  /** The event is [start, end) of `json`; it tells of so many points. */
  add(stream: number, timeMs: number, json: Buffer, start: number, end: number, items: number): void
}

export interface TranslationOptions {
  /** Whether events stand in a string of other JSON. */
  readonly isNested: boolean
  readonly maxEventBytes: number
  /** An event of several metrics has no more, unless it is their labels that make it so large. */
  readonly wantedEventBytes: number
  readonly onLoss: (points: number, reason: Loss, metric: string) => void
  readonly onNote: (note: LabelNote, label: string) => void
}

/** CloudWatch takes no more values of one metric in an event. */
const MAX_VALUES = 100

export class Translation {
  readonly #config: AwsEmfConfig
  readonly #clock: Clock
  readonly #sink: EventSink
  readonly #options: TranslationOptions
  readonly #format: Format
  readonly #writer: EventWriter
  readonly #reader: PointReader
  readonly #declarations: Declarations
  readonly #metrics: KnownMetrics
  readonly #known: KnownPoints<Labels>
  readonly #groups = new EventGroups()
  readonly #names = new LabelNames()
  readonly #visitor: Visitor<'metrics'>
  #drop: Drop = () => {}
  #nowMs = 0
  #resource!: KnownResource<Labels>
  #scope!: KnownScope<Labels>
  #name = ''
  #unit = ''
  #metric!: KnownMetric
  #type: MetricType = 'gauge'

  constructor(config: AwsEmfConfig, clock: Clock, sink: EventSink, options: TranslationOptions) {
    this.#config = config
    this.#clock = clock
    this.#sink = sink
    this.#options = options
    const format = createFormat(options.isNested)
    const declarations = new Declarations(config)
    this.#declarations = declarations
    this.#format = format
    this.#writer = new EventWriter(format, config.version)
    this.#reader = new PointReader(clock, {
      maxStreams: config.max_series,
      maxStalenessMs: config.max_staleness,
      keepsInitial: config.retain_initial_value_of_delta_metric,
      maxValues: MAX_VALUES,
      hasValues: config.detailed_metrics,
      hasExponentialValues: true,
    })
    this.#metrics = new KnownMetrics(config, format, declarations)
    const labels: LabelOptions = {
      format,
      declarations,
      jsonLabels: new Set(config.parse_json_encoded_attr_values),
      hasKubernetes: config.eks_fargate_container_insights_enabled,
      reserved: reservedLabels(config.version),
      names: this.#names,
      shapes: new LabelShapes(format),
      onNote: options.onNote,
    }
    this.#known = new KnownPoints({
      namespace: config.namespace,
      namespaceAttribute: NAMESPACE,
      isLabel: resourceAttributeFilter(config.resource_to_telemetry_conversion),
      scopeLabel: OTEL_LIB,
      make: (texts, namespace, { isPrometheus }) => new Labels(texts, namespace, isPrometheus, labels),
      sizeOf: ({ json }) => 2 * json.length,
    })
    this.#visitor = {
      onResource: (resource) => this.#enterResource(resource),
      onScope: (scope) => this.#enterScope(scope),
      onMetric: (metric) => this.#enterMetric(metric),
      onPoint: (point, metric, scope, resource) => this.#add(point, metric, scope, resource),
    }
  }

  /** Cumulative streams that are remembered, and those forgotten for want of room. */
  get streams(): number {
    return this.#reader.streams
  }
  get evictedStreams(): number {
    return this.#reader.evictedStreams
  }

  /** The metric declarations that nothing has fitted yet. */
  get unfittedDeclarations(): readonly string[] {
    return this.#declarations.unfitted
  }

  /** Each point is in an event, which counts it, or dropped. */
  translate(batch: Batch<'metrics'>, drop: Drop): void {
    this.#drop = drop
    this.#nowMs = this.#clock.now()
    this.#known.begin(this.#nowMs)
    try {
      batch.visit(this.#visitor)
    } catch (error) {
      this.#groups.take()
      throw error
    }
    for (const group of this.#groups.take()) this.#write(group)
  }

  #enterResource(resource: Resource): void {
    this.#resource = this.#known.resource(resource)
    this.#sink.enter(resource.attributes)
    this.#reader.enterResource()
  }

  #enterScope(scope: Scope): void {
    this.#scope = this.#known.scope(this.#resource, scope)
    this.#reader.enterScope()
  }

  #enterMetric(metric: Metric): boolean {
    const { type } = metric
    if (type === undefined) return false
    this.#name = metric.name
    this.#unit = metric.unit
    this.#metric = this.#metrics.of(this.#name, this.#unit, type)
    this.#type = type
    this.#reader.enterMetric(metric, this.#resource.isPrometheus)
    return true
  }

  #add(point: DataPoint, metric: Metric, scope: Scope, resource: Resource): void {
    const known = this.#known.attributes(this.#resource, this.#scope, point.attributes)
    const slot = this.#reader.isCumulative ? this.#known.slot(known, this.#metric) : undefined
    const reading = this.#reader.read(point, metric, scope, resource, slot)
    if (typeof reading === 'string') this.#lose(1, reading)
    else if (typeof reading === 'number' || 'min' in reading)
      this.#addValue(this.#metric, point, known.made, reading, 1)
    else if ('quantiles' in reading) this.#addSummary(point, known.made, reading)
    else
      for (const [i, distribution] of reading.entries())
        this.#addValue(this.#metric, point, known.made, distribution, i === 0 ? 1 : 0)
  }

  #addSummary(point: DataPoint, labels: Labels, reading: SummaryReading): void {
    if (!this.#config.detailed_metrics) {
      const statistics = statisticsOfSummary(reading)
      if (statistics === undefined) this.#lose(1, 'no_observations')
      else this.#addValue(this.#metric, point, labels, statistics, 1)
      return
    }
    const part = (suffix: string): KnownMetric => this.#metrics.of(this.#name, this.#unit, 'summary', suffix)
    if (!this.#addValue(part('_sum'), point, labels, reading.sum, 1)) return
    this.#addValue(part('_count'), point, labels, reading.count, 0)
    for (const { quantile, value } of reading.quantiles) {
      const { attributes } = point
      const own = this.#known.with(this.#resource, this.#scope, attributes, 'quantile', String(quantile))
      this.#addValue(this.#metric, point, own, value, 0)
    }
  }

  /** Says whether it has a place; what has none is dropped. */
  #addValue(metric: KnownMetric, point: DataPoint, labels: Labels, value: MetricValue, items: number): boolean {
    if (metric.name === '' || !isFree(metric, labels, this.#names)) {
      this.#lose(items, metric.name === '' ? metric.loss : 'name_collision')
      return false
    }
    const { time } = point
    const timeMs = time.isZero ? this.#nowMs : time.millis
    const type = this.#type
    if (!this.#groups.add(labels, timeMs, type, metric, value, items)) {
      const stream = this.#sink.streamOf(point.attributes, timeMs, labels.namespace)
      // A metric that comes twice for the same labels and time is in two events, which CloudWatch adds up.
      this.#groups.open(new EventGroup(labels, timeMs, type, stream, new EventMetric(metric, value, items)))
    }
    return true
  }

  #write(group: EventGroup): void {
    this.#writeEvents(group, group.first, group.size)
  }

  /** So many metrics from that one on in one event, or in as many as it takes for none to be too large. */
  #writeEvents(group: EventGroup, from: EventMetric, count: number): void {
    const { json } = this.#format
    json.clear()
    if (!this.#writer.write(group, from, count, this.#config.enhanced_container_insights)) {
      this.#loseMetrics(from, count, 'no_measurement')
      return
    }
    const { bytes, length } = json.out
    const { maxEventBytes, wantedEventBytes } = this.#options
    // Every event has the labels: there must not be a hundred of them for want of a little room.
    const mostBytes = count > 1 && 2 * group.labels.json.length < wantedEventBytes ? wantedEventBytes : maxEventBytes
    if (length <= mostBytes || (count === 1 && this.#isSmaller(bytes, length))) {
      this.#sink.add(group.stream, group.timeMs, bytes, 0, length, itemsOf(from, count))
    } else if (count > 1) {
      const half = count >> 1
      this.#writeEvents(group, from, half)
      let middle = from
      for (let i = 0; i < half; i++) middle = middle.next!
      this.#writeEvents(group, middle, count - half)
    } else this.#loseMetrics(from, count, 'event_too_large')
  }

  /** Without the backslashes that nesting takes. */
  #isSmaller(bytes: Buffer, length: number): boolean {
    const { isNested, maxEventBytes } = this.#options
    return isNested && Buffer.byteLength(JSON.parse(`"${bytes.toString('utf8', 0, length)}"`)) <= maxEventBytes
  }

  #loseMetrics(from: EventMetric, count: number, reason: Loss): void {
    let one: EventMetric | undefined = from
    for (let i = 0; i < count && one !== undefined; i++, one = one.next) this.#lose(one.items, reason, one.metric.name)
  }

  #lose(points: number, reason: Loss, metric = this.#name): void {
    if (points === 0) return
    this.#drop(points, reason)
    this.#options.onLoss(points, reason, metric)
  }
}

function itemsOf(from: EventMetric, count: number): number {
  let sum = 0
  let one: EventMetric | undefined = from
  for (let i = 0; i < count && one !== undefined; i++, one = one.next) sum += one.items
  return sum
}
