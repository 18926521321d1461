// Aggregates, as they come out of the queue, to the bodies of PutMetricData calls.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
//
// body  = {"Namespace":"…","MetricData":[datum*]}
// datum = {"MetricName":"…","Dimensions":[{"Name":"…","Value":"…"}*],"Timestamp":s,"Unit":"…","StorageResolution":1, what}
// what  = "Value":v | "Values":[…],"Counts":[…] | "StatisticValues":{"SampleCount":n,"Sum":s,"Minimum":v,"Maximum":v}
import { isCloudWatchValue } from '../../aws/cloudwatch/names.ts'
import type { Batch, DataPoint, Metric, Scope, Visitor } from '../../data/index.ts'
import type { Drop, Outgoing } from '../../delivery/index.ts'
import { JsonWriter, jsonLiteral } from '../../wire/json.ts'
import { SHARED } from '../../wire/writer.ts'
import { HIGH_RESOLUTION } from './batches.ts'
import { MAX_AGE_MS } from './intake.ts'

/** Some metrics of one namespace. Nothing of it changes. */
export interface MetricData {
  readonly namespace: string
  /** The data as JSON, a comma between each two. */
  readonly json: Buffer
  /** Where each begins in `json`, and behind the last one where the next would. */
  readonly starts: readonly number[]
}

export interface CallLimits {
  readonly maxDatums: number
  readonly maxBytes: number
}

/** Of a body, before it is compressed. */
export const MAX_CALL_BYTES = 1_000_000
/** Of namespace and brackets. */
const FRAME_BYTES = 1024

export class CallWriter {
  readonly #limits: CallLimits
  readonly #now: () => number
  readonly #json = new JsonWriter(SHARED)
  readonly #visitor: Visitor<'metrics'>
  #calls: Outgoing<MetricData>[] = []
  #namespace = ''
  #starts: number[] = [0]
  #drop: Drop = () => {}

  constructor(limits: CallLimits, now: () => number) {
    this.#limits = limits
    this.#now = now
    this.#visitor = {
      onScope: (scope: Scope) => {
        if (scope.name !== this.#namespace) this.#end()
        this.#namespace = scope.name
      },
      onPoint: (point, metric) => this.#add(point, metric),
    }
  }

  /** What has become too old in the queue is dropped. */
  encode(batch: Batch<'metrics'>, drop: Drop): Outgoing<MetricData>[] {
    this.#drop = drop
    this.#calls = []
    this.#json.clear()
    this.#starts = [0]
    batch.visit(this.#visitor)
    this.#end()
    this.#json.giveBack()
    const calls = this.#calls
    this.#calls = []
    return calls
  }

  #add(point: DataPoint, metric: Metric): void {
    const timeMs = point.time.millis
    const { sum = 0, min = 0, max = 0 } = point
    if (timeMs < this.#now() - MAX_AGE_MS) return this.#drop(1, 'too_old')
    if (![sum, min, max].every(isCloudWatchValue)) return this.#drop(1, 'invalid_value')
    const { out } = this.#json
    const start = out.length
    this.#writeDatum(point, metric)
    out.byte(COMMA)
    const { maxDatums, maxBytes } = this.#limits
    const count = this.#starts.length - 1
    if (count > 0 && (count === maxDatums || out.length > maxBytes - FRAME_BYTES)) {
      // This one begins the next call.
      const datum = Buffer.from(out.bytes.subarray(start, out.length))
      out.length = start
      this.#end()
      out.raw(datum)
    }
    this.#starts.push(out.length)
  }

  #end(): void {
    const items = this.#starts.length - 1
    if (items > 0) {
      const request = { namespace: this.#namespace, json: this.#json.take(), starts: this.#starts }
      this.#calls.push({ request, items })
    }
    this.#json.clear()
    this.#starts = [0]
  }

  #writeDatum(point: DataPoint, metric: Metric): void {
    const json = this.#json
    json.out.raw(NAME)
    metric.writeName(json)
    json.out.raw(DIMENSIONS)
    let isHigh = false
    point.attributes.forEach((name, value) => {
      if (name === HIGH_RESOLUTION) {
        isHigh = true
        return
      }
      json.key(DIMENSION_NAME)
      json.string(name)
      json.out.raw(DIMENSION_VALUE)
      json.string(String(value))
      json.endObject()
    })
    json.out.raw(TIMESTAMP)
    json.number(point.time.seconds)
    json.out.raw(UNIT)
    json.string(metric.unit)
    if (isHigh) json.out.raw(STORAGE_RESOLUTION)
    this.#writeValues(point)
    json.endObject()
  }

  #writeValues(point: DataPoint): void {
    const json = this.#json
    const { explicitBounds: values, bucketCounts: counts, count, sum = 0, min = 0, max = 0 } = point
    if (count === 1 && values.length === 1 && values[0] === sum) {
      json.out.raw(VALUE)
      json.number(sum)
      return
    }
    let sumOfValues = 0
    for (const [i, value] of values.entries()) sumOfValues += value * counts[i]!
    if (values.length > 0) {
      json.out.raw(VALUES)
      for (const value of values) json.number(value)
      json.out.raw(COUNTS)
      for (let i = 0; i < values.length; i++) json.number(counts[i]!)
      json.endArray()
    }
    // Values that stand for others do not say it all.
    const isExact = min === values[0] && max === values.at(-1) && Math.abs(sumOfValues - sum) <= Math.abs(sum) * 1e-12
    if (isExact) return
    json.out.raw(STATISTICS)
    json.number(count)
    json.out.raw(SUM)
    json.number(sum)
    json.out.raw(MINIMUM)
    json.number(min)
    json.out.raw(MAXIMUM)
    json.number(max)
    json.endObject()
  }
}

/** Undefined for one datum alone. */
export function halvesOf({ namespace, json, starts }: MetricData): Outgoing<MetricData>[] | undefined {
  const count = starts.length - 1
  if (count < 2) return undefined
  const middle = Math.ceil(count / 2)
  const part = (from: number, to: number): Outgoing<MetricData> => ({
    request: { namespace, json, starts: starts.slice(from, to + 1) },
    items: to - from,
  })
  return [part(0, middle), part(middle, count)]
}

/** The body, as chunks. */
export function bodyOf({ namespace, json, starts }: MetricData): readonly Buffer[] {
  const head = Buffer.from(`{"Namespace":${JSON.stringify(namespace)},"MetricData":[`)
  return [head, json.subarray(starts[0]!, starts.at(-1)! - 1), END]
}

const COMMA = 0x2c
const END = jsonLiteral(']}')
const NAME = jsonLiteral('{"MetricName":')
const DIMENSIONS = jsonLiteral(',"Dimensions":[')
const DIMENSION_NAME = jsonLiteral('{"Name":')
const DIMENSION_VALUE = jsonLiteral(',"Value":')
const TIMESTAMP = jsonLiteral('],"Timestamp":')
const UNIT = jsonLiteral(',"Unit":')
const STORAGE_RESOLUTION = jsonLiteral(',"StorageResolution":1')
const VALUE = jsonLiteral(',"Value":')
const VALUES = jsonLiteral(',"Values":[')
const COUNTS = jsonLiteral('],"Counts":[')
const STATISTICS = jsonLiteral(',"StatisticValues":{"SampleCount":')
const SUM = jsonLiteral(',"Sum":')
const MINIMUM = jsonLiteral(',"Minimum":')
const MAXIMUM = jsonLiteral(',"Maximum":')
