// A data point as the members of a line: that of its metric first, then its value in the form that its type has.
import type { Buckets, DataPoint, JsonWriter, Metric } from '../../data/index.ts'
import { jsonLiteral } from '../../data/index.ts'
import { writeAttributes, writeTextMember, writeTime } from './members.ts'

export function writePoint(json: JsonWriter, point: DataPoint, metric: Metric): void {
  writeTime(json, TIMESTAMP, point.time)
  writeTime(json, START_TIMESTAMP, point.start)
  json.key(NAME)
  metric.writeName(json)
  writeTextMember(json, UNIT, metric.unit)
  writeTextMember(json, TYPE, TYPES[point.type])
  if (metric.temporality !== 'unspecified') writeTextMember(json, TEMPORALITY, metric.temporality)
  if (point.type === 'sum') {
    json.key(IS_MONOTONIC)
    json.boolean(metric.isMonotonic)
  }
  if (point.hasNoRecordedValue) {
    json.key(NO_RECORDED_VALUE)
    json.boolean(true)
  } else writeValue(json, point)
  writeAttributes(json, point.attributes)
}

const TYPES = {
  gauge: 'gauge',
  sum: 'sum',
  histogram: 'histogram',
  exponentialHistogram: 'exponential_histogram',
  summary: 'summary',
} as const

function writeValue(json: JsonWriter, point: DataPoint): void {
  switch (point.type) {
    case 'gauge':
    case 'sum': {
      json.key(VALUE)
      const value = point.isInt ? point.intValue : point.value
      if (typeof value === 'bigint') json.bigint(value)
      else json.number(value)
      return
    }
    case 'histogram':
      writeTotals(json, point)
      writeNumbers(json, EXPLICIT_BOUNDS, point.explicitBounds)
      writeCounts(json, BUCKET_COUNTS, point.exactBucketCounts)
      return
    case 'exponentialHistogram':
      writeTotals(json, point)
      writeNumber(json, SCALE, point.scale)
      writeBig(json, ZERO_COUNT, point.exactZeroCount)
      if (point.zeroThreshold !== 0) writeNumber(json, ZERO_THRESHOLD, point.zeroThreshold)
      writeBuckets(json, POSITIVE, point.positive)
      writeBuckets(json, NEGATIVE, point.negative)
      return
    case 'summary':
      writeTotals(json, point)
      json.key(QUANTILES)
      json.beginArray()
      for (const { quantile, value } of point.quantileValues) {
        json.beginObject()
        writeNumber(json, QUANTILE, quantile)
        writeNumber(json, VALUE, value)
        json.endObject()
      }
      json.endArray()
  }
}

function writeTotals(json: JsonWriter, { exactCount, sum, min, max }: DataPoint): void {
  writeBig(json, COUNT, exactCount)
  if (sum !== undefined) writeNumber(json, SUM, sum)
  if (min !== undefined) writeNumber(json, MIN, min)
  if (max !== undefined) writeNumber(json, MAX, max)
}

function writeBuckets(json: JsonWriter, key: Buffer, { offset, exactBucketCounts }: Buckets): void {
  if (exactBucketCounts.length === 0) return
  json.key(key)
  json.beginObject()
  writeNumber(json, OFFSET, offset)
  writeCounts(json, BUCKET_COUNTS, exactBucketCounts)
  json.endObject()
}

function writeNumbers(json: JsonWriter, key: Buffer, numbers: readonly number[]): void {
  json.key(key)
  json.beginArray()
  for (const number of numbers) json.number(number)
  json.endArray()
}

function writeCounts(json: JsonWriter, key: Buffer, counts: readonly bigint[]): void {
  json.key(key)
  json.beginArray()
  for (const count of counts) json.bigint(count)
  json.endArray()
}

function writeNumber(json: JsonWriter, key: Buffer, number: number): void {
  json.key(key)
  json.number(number)
}

function writeBig(json: JsonWriter, key: Buffer, count: bigint): void {
  json.key(key)
  json.bigint(count)
}

const TIMESTAMP = jsonLiteral('"timestamp":')
const START_TIMESTAMP = jsonLiteral('"start_timestamp":')
const NAME = jsonLiteral('"name":')
const UNIT = jsonLiteral('"unit":')
const TYPE = jsonLiteral('"type":')
const TEMPORALITY = jsonLiteral('"temporality":')
const IS_MONOTONIC = jsonLiteral('"is_monotonic":')
const NO_RECORDED_VALUE = jsonLiteral('"no_recorded_value":')
const VALUE = jsonLiteral('"value":')
const COUNT = jsonLiteral('"count":')
const SUM = jsonLiteral('"sum":')
const MIN = jsonLiteral('"min":')
const MAX = jsonLiteral('"max":')
const EXPLICIT_BOUNDS = jsonLiteral('"explicit_bounds":')
const BUCKET_COUNTS = jsonLiteral('"bucket_counts":')
const SCALE = jsonLiteral('"scale":')
const ZERO_COUNT = jsonLiteral('"zero_count":')
const ZERO_THRESHOLD = jsonLiteral('"zero_threshold":')
const POSITIVE = jsonLiteral('"positive":')
const NEGATIVE = jsonLiteral('"negative":')
const OFFSET = jsonLiteral('"offset":')
const QUANTILES = jsonLiteral('"quantiles":')
const QUANTILE = jsonLiteral('"quantile":')
