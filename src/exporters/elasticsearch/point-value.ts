// A data point as one value of a field: a number, Elasticsearch's `histogram` (values and how often each of them was), or its
// `aggregate_metric_double` (sum and count). https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/histogram
import {
  type DataPoint,
  type ExponentialSide,
  type Metric,
  readExponentialHistogram,
  readHistogram,
} from '../../data/index.ts'
import { writeDouble } from '../../search/value.ts'
import type { JsonWriter } from '../../wire/json.ts'

/** The template that says how the field is mapped; with `problem` there is no value, and nothing was written. */
export type PointValue = { readonly template: string; readonly problem?: undefined } | { readonly problem: string }

/** `isAggregate`: sum and count are enough of a histogram. */
export function writePointValue(json: JsonWriter, point: DataPoint, metric: Metric, isAggregate: boolean): PointValue {
  if (point.hasNoRecordedValue) return { problem: 'no_recorded_value' }
  switch (point.type) {
    case 'gauge':
    case 'sum':
      return writeNumber(json, point, metric)
    case 'summary':
      return writeAggregate(json, point)
    default:
      // Counts since the start cannot be added up over time, which is all that the server does with them.
      if (metric.temporality === 'cumulative') return { problem: 'unsupported_temporality' }
      if (isAggregate) return writeAggregate(json, point)
      return point.type === 'histogram' ? writeHistogram(json, point) : writeExponential(json, point)
  }
}

function writeNumber(json: JsonWriter, point: DataPoint, metric: Metric): PointValue {
  if (!point.hasValue || !Number.isFinite(point.value)) return { problem: 'invalid_value' }
  const isCounter = point.type === 'sum' && metric.isMonotonic && metric.temporality === 'cumulative'
  const { isInt } = point
  if (isInt) {
    const value = point.intValue
    if (typeof value === 'number') json.number(value)
    else json.bigint(value)
  } else writeDouble(json, point.value)
  return { template: `${isCounter ? 'counter' : 'gauge'}_${isInt ? 'long' : 'double'}` }
}

const SUM = Buffer.from('"sum":')
const VALUE_COUNT = Buffer.from('"value_count":')

function writeAggregate(json: JsonWriter, point: DataPoint): PointValue {
  const { sum = 0, exactCount } = point
  if (!Number.isFinite(sum)) return { problem: 'invalid_value' }
  json.beginObject()
  json.key(SUM)
  writeDouble(json, sum)
  json.key(VALUE_COUNT)
  json.bigint(exactCount)
  json.endObject()
  return { template: 'summary' }
}

/** The middle of each bucket that has something in it; of the outermost ones, which have no middle, their bound. */
function writeHistogram(json: JsonWriter, point: DataPoint): PointValue {
  const histogram = readHistogram(point)
  if (typeof histogram === 'string') return { problem: histogram }
  const { bounds, counts } = histogram
  const values: number[] = []
  const seen: number[] = []
  for (const [i, count] of counts.entries()) {
    if (count === 0) continue
    values.push(bounds.length === 0 ? (point.sum ?? 0) / count : middleOf(bounds[i - 1], bounds[i]))
    seen.push(count)
  }
  return writeCounts(json, values, seen)
}

function middleOf(lower: number | undefined, upper: number | undefined): number {
  if (upper === undefined) return lower!
  if (lower === undefined) return upper > 0 ? upper / 2 : upper
  return lower + (upper - lower) / 2
}

function writeExponential(json: JsonWriter, point: DataPoint): PointValue {
  const histogram = readExponentialHistogram(point)
  if (typeof histogram === 'string') return { problem: histogram }
  const { scale, zeroCount, positive, negative } = histogram
  const values: number[] = []
  const seen: number[] = []
  const add = (value: number, count: number): void => {
    if (count === 0) return
    values.push(value)
    seen.push(count)
  }
  // Values ascend: those furthest below zero come first.
  for (let i = negative.counts.length - 1; i >= 0; i--) add(-middle(negative, i, scale), negative.counts[i]!)
  add(0, zeroCount)
  for (const [i, count] of positive.counts.entries()) add(middle(positive, i, scale), count)
  return writeCounts(json, values, seen)
}

/** Bucket i covers (base^i, base^(i+1)], base = 2^(2^-scale). */
function middle({ offset }: ExponentialSide, i: number, scale: number): number {
  const lower = 2 ** ((offset + i) * 2 ** -scale)
  return lower + (2 ** ((offset + i + 1) * 2 ** -scale) - lower) / 2
}

const COUNTS = Buffer.from('"counts":')
const VALUES = Buffer.from('"values":')

function writeCounts(json: JsonWriter, values: readonly number[], counts: readonly number[]): PointValue {
  if (!values.every(Number.isFinite)) return { problem: 'invalid_value' }
  json.beginObject()
  json.key(COUNTS)
  json.beginArray()
  for (const count of counts) json.number(count)
  json.endArray()
  json.key(VALUES)
  json.beginArray()
  for (const value of values) writeDouble(json, value)
  json.endArray()
  json.endObject()
  return { template: 'histogram' }
}
