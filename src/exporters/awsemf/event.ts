// One event: labels and values as members of an object, and what CloudWatch is to make of them.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
//
// version 1 = {"Version":"1","_aws":{"CloudWatchMetrics":[measurement*],"Timestamp":ms},"label":"text"*,"metric":value*}
// version 0 = {"Version":"0","CloudWatchMetrics":[measurement*],"Timestamp":"ms","label":"text"*,"metric":value*}
// measurement = {"Namespace":"…","Dimensions":[["label"*]*],"Metrics":[{"Name":"metric","Unit":"…"}*]}
// value = number | {"Max":…,"Min":…,"Count":…,"Sum":…} | {"Values":[…],"Counts":[…],"Max":…,"Min":…,"Count":…,"Sum":…}
import type { MetricType } from '../../data/index.ts'
import type { Format } from './format.ts'
import type { EventGroup, EventMetric, MetricValue } from './groups.ts'
import type { Labels, Measurement } from './labels.ts'
import type { KnownMetric } from './metrics.ts'

export type EmfVersion = '0' | '1'

const PROMETHEUS_TYPE = 'prom_metric_type'

/** Labels that would stand in the way of what an event needs. In version 1 a label Version takes the place of ours. */
export const reservedLabels = (version: EmfVersion): ReadonlySet<string> =>
  new Set(version === '1' ? ['_aws'] : [VERSION, 'CloudWatchMetrics', 'Timestamp'])

const VERSION = 'Version'
const reservedMetrics: readonly string[] = [VERSION, '_aws', 'CloudWatchMetrics', 'Timestamp', PROMETHEUS_TYPE]

/** Whether a metric with that name has room in an event of any labels. */
export const isFreeName = (name: string): boolean => !reservedMetrics.includes(name)

export class EventWriter {
  readonly #format: Format
  readonly #version: EmfVersion
  readonly #pieces: Pieces
  /** Of the event at hand: its metrics by what they have in common. */
  readonly #measurements: Measurement[] = []

  constructor(format: Format, version: EmfVersion) {
    this.#format = format
    this.#version = version
    this.#pieces = piecesOf(format, version)
  }

  /**
   * So many metrics of a group, from that one on, as one event, at the end of the format's writer. False, and nothing
   * written, when it is to have metrics and none of these is one for CloudWatch.
   */
  write(group: EventGroup, from: EventMetric, count: number, mustHaveMetrics: boolean): boolean {
    const { labels, type } = group
    const measurements = this.#measurements
    measurements.length = 0
    let one: EventMetric = from
    for (let i = 0; i < count; i++, one = one.next!) {
      const measurement = labels.measurementOf(one.metric.selection)
      if (measurement !== undefined && !measurements.includes(measurement)) measurements.push(measurement)
    }
    if (mustHaveMetrics && measurements.length === 0) return false
    const { out } = this.#format.json
    const start = out.length
    this.#writeHead(group, from, count)
    out.raw(labels.json)
    if (labels.isPrometheus && !labels.keys.has(PROMETHEUS_TYPE)) out.raw(this.#pieces.prometheusTypes[type])
    one = from
    for (let i = 0; i < count; i++, one = one.next!) {
      out.raw(one.metric.member)
      this.#writeValue(one.value)
    }
    out.byte(0x7d)
    // Every member has a comma before it: the first one gives way to the brace.
    out.bytes[start] = 0x7b
    return true
  }

  #writeHead(group: EventGroup, from: EventMetric, count: number): void {
    const { json } = this.#format
    const { out } = json
    const pieces = this.#pieces
    const [first, ...others] = this.#measurements
    if (first !== undefined) {
      out.raw(group.labels.keys.has(VERSION) ? pieces.bareHead : pieces.head)
      out.raw(first.head)
      this.#writeDefinitions(group.labels, first, from, count)
      for (const measurement of others) {
        out.raw(pieces.between)
        out.raw(measurement.head)
        this.#writeDefinitions(group.labels, measurement, from, count)
      }
    }
    if (this.#version === '0') {
      out.raw(first === undefined ? pieces.timestamp : pieces.endAndTimestamp)
      out.utf8(String(group.timeMs))
      out.raw(pieces.quote)
    } else if (first !== undefined) {
      out.raw(pieces.endAndTimestamp)
      json.number(group.timeMs)
      out.byte(0x7d)
    }
  }

  #writeDefinitions(labels: Labels, measurement: Measurement, from: EventMetric, count: number): void {
    const { out } = this.#format.json
    let isFirst = true
    let one = from
    for (let i = 0; i < count; i++, one = one.next!) {
      const { metric } = one
      if (labels.measurementOf(metric.selection) !== measurement) continue
      if (!isFirst) out.byte(COMMA)
      isFirst = false
      out.raw(definitionOf(metric, labels))
    }
  }

  #writeValue(value: MetricValue): void {
    const { json } = this.#format
    const { out } = json
    const pieces = this.#pieces
    if (typeof value === 'number') {
      json.number(value)
      return
    }
    if ('values' in value) {
      out.raw(pieces.values)
      this.#writeNumbers(value.values)
      out.raw(pieces.counts)
      this.#writeNumbers(value.counts)
      out.byte(COMMA)
    } else out.byte(0x7b)
    out.raw(pieces.max)
    json.number(value.max)
    out.raw(pieces.min)
    json.number(value.min)
    out.raw(pieces.count)
    json.number(value.count)
    out.raw(pieces.sum)
    json.number(value.sum)
    out.byte(0x7d)
  }

  #writeNumbers(numbers: readonly number[]): void {
    const { json } = this.#format
    json.out.byte(0x5b)
    for (const number of numbers) json.number(number)
    json.out.byte(0x5d)
  }
}

const COMMA = 0x2c

/** What the point says comes first. */
const definitionOf = (metric: KnownMetric, labels: Labels): Buffer =>
  (labels.storageResolution ?? metric.storageResolution) === 1 ? metric.highResolutionDefinition : metric.definition

const METRICS: Readonly<Record<EmfVersion, string>> = {
  '0': '"CloudWatchMetrics":[',
  '1': '"_aws":{"CloudWatchMetrics":[',
}
const TIMESTAMP: Readonly<Record<EmfVersion, string>> = { '0': '"Timestamp":"', '1': '"Timestamp":' }

type Pieces = ReturnType<typeof piecesOf>
const piecesOf = ({ literal }: Format, version: EmfVersion) => ({
  head: literal(`,"${VERSION}":"${version}",${METRICS[version]}`),
  bareHead: literal(`,${METRICS[version]}`),
  between: literal(']},'),
  endAndTimestamp: literal(`]}],${TIMESTAMP[version]}`),
  timestamp: literal(`,${TIMESTAMP[version]}`),
  quote: literal('"'),
  values: literal('{"Values":'),
  counts: literal(',"Counts":'),
  max: literal('"Max":'),
  min: literal(',"Min":'),
  count: literal(',"Count":'),
  sum: literal(',"Sum":'),
  prometheusTypes: {
    gauge: literal(`,"${PROMETHEUS_TYPE}":"gauge"`),
    sum: literal(`,"${PROMETHEUS_TYPE}":"counter"`),
    histogram: literal(`,"${PROMETHEUS_TYPE}":"histogram"`),
    exponentialHistogram: literal(`,"${PROMETHEUS_TYPE}":"histogram"`),
    summary: literal(`,"${PROMETHEUS_TYPE}":"summary"`),
  } satisfies Record<MetricType, Buffer>,
})
