// Data points as documents, one each, with the fields of OpenSearch's metric schemas: those of the Simple Schema for Observability,
// and those of Data Prepper (otel-v1), which differ in a few names.
// https://github.com/opensearch-project/opensearch-catalog/tree/main/schema/observability/metrics
import {
  type DataPoint,
  instantFromMillis,
  type Metric,
  type MetricType,
  type Resource,
  type Scope,
  type Temporality,
} from '../data/index.ts'
import type { JsonWriter } from '../wire/json.ts'
import { BASE64, writeAttributeFields } from './fields.ts'
import { keysOf, textsOf } from './mode.ts'
import { OtelV1Around } from './otel-v1.ts'
import { Around, type Ss4oOptions } from './ss4o.ts'
import { writeDouble } from './value.ts'

export interface PointMode {
  resource(resource: Resource): void
  scope(scope: Scope): void
  write(json: JsonWriter, point: DataPoint, metric: Metric): void
}

export function createSs4oPoints(options: Ss4oOptions): PointMode {
  const around = new Around('metric', options)
  return {
    resource: (resource) => around.resource(resource),
    scope: (scope) => around.scope(scope),
    write(json, point, metric) {
      json.beginObject()
      writeCommon(json, point, metric)
      if (point.isInt) {
        json.key(KEY['value@int'])
        writeWhole(json, point.intValue)
      } else writeOptional(json, KEY['value@double'], isNumber(point) ? point.value : undefined)
      json.key(KEY.observedTimestamp)
      json.iso(instantFromMillis(options.now()))
      around.writeEnd(json, point.attributes)
    },
  }
}

export function createOtelV1Points(): PointMode {
  const around = new OtelV1Around()
  return {
    resource: (resource) => around.resource(resource),
    scope: (scope) => around.scope(scope),
    write(json, point, metric) {
      json.beginObject()
      writeCommon(json, point, metric)
      json.key(KEY.time)
      json.iso(point.time)
      json.key(KEY.flags)
      json.number(point.flags)
      writeOptional(json, KEY.value, isNumber(point) ? point.value : undefined)
      if (point.attributes.size > 0) {
        json.key(KEY.attributes)
        writeAttributeFields(json, point.attributes, BASE64)
      }
      around.writeEnd(json)
    },
  }
}

const KEY = keysOf(
  '@timestamp',
  'observedTimestamp',
  'startTime',
  'time',
  'name',
  'description',
  'unit',
  'kind',
  'aggregationTemporality',
  'monotonic',
  'flags',
  'value',
  'value@int',
  'value@double',
  'count',
  'sum',
  'min',
  'max',
  'buckets',
  'bucketCount',
  'bucketCountsList',
  'explicitBoundsList',
  'explicitBoundsCount',
  'quantiles',
  'quantile',
  'quantileValuesCount',
  'positiveBuckets',
  'negativeBuckets',
  'positiveOffset',
  'negativeOffset',
  'zeroCount',
  'scale',
  'exemplars',
  'traceId',
  'spanId',
  'attributes',
)

const TYPES: readonly MetricType[] = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary']
const KINDS = textsOf('GAUGE', 'SUM', 'HISTOGRAM', 'EXPONENTIAL_HISTOGRAM', 'SUMMARY')
const TEMPORALITIES: readonly Temporality[] = ['unspecified', 'delta', 'cumulative']
const TEMPORALITY_TEXTS = textsOf(
  'AGGREGATION_TEMPORALITY_UNSPECIFIED',
  'AGGREGATION_TEMPORALITY_DELTA',
  'AGGREGATION_TEMPORALITY_CUMULATIVE',
)

const isNumber = ({ type }: DataPoint): boolean => type === 'gauge' || type === 'sum'

function writeCommon(json: JsonWriter, point: DataPoint, metric: Metric): void {
  const { type } = point
  json.key(KEY.name)
  metric.writeName(json)
  writeNonEmpty(json, KEY.description, metric.description)
  writeNonEmpty(json, KEY.unit, metric.unit)
  json.key(KEY.kind)
  json.json(KINDS[TYPES.indexOf(type)]!)
  if (type !== 'gauge' && type !== 'summary') {
    json.key(KEY.aggregationTemporality)
    json.json(TEMPORALITY_TEXTS[TEMPORALITIES.indexOf(metric.temporality)]!)
  }
  if (type === 'sum') {
    json.key(KEY.monotonic)
    json.boolean(metric.isMonotonic)
  }
  json.key(KEY.startTime)
  json.iso(point.start)
  json.key(KEY['@timestamp'])
  json.iso(point.time)
  if (!isNumber(point)) writeDistribution(json, point)
  writeExemplars(json, point)
}

function writeDistribution(json: JsonWriter, point: DataPoint): void {
  json.key(KEY.count)
  writeWhole(json, point.exactCount)
  writeOptional(json, KEY.sum, point.sum)
  writeOptional(json, KEY.min, point.min)
  writeOptional(json, KEY.max, point.max)
  if (point.type === 'histogram') writeHistogram(json, point)
  else if (point.type === 'exponentialHistogram') writeExponential(json, point)
  else writeQuantiles(json, point)
}

function writeHistogram(json: JsonWriter, point: DataPoint): void {
  const counts = point.exactBucketCounts
  const bounds = point.explicitBounds.map(asFloat32)
  writeNumber(json, KEY.bucketCount, counts.length)
  writeNumber(json, KEY.explicitBoundsCount, bounds.length)
  if (counts.length > 0) {
    json.key(KEY.bucketCountsList)
    writeList(json, counts, writeWhole)
    const buckets = counts.map((count, i) => bucket(count, bounds[i - 1] ?? -MAX_FLOAT32, bounds[i] ?? MAX_FLOAT32))
    writeBuckets(json, KEY.buckets, buckets)
  }
  if (bounds.length > 0) {
    json.key(KEY.explicitBoundsList)
    writeList(json, bounds, writeDouble)
  }
}

function writeExponential(json: JsonWriter, point: DataPoint): void {
  const { positive, negative, scale } = point
  writeNumber(json, KEY.scale, scale)
  json.key(KEY.zeroCount)
  writeWhole(json, point.exactZeroCount)
  writeNumber(json, KEY.positiveOffset, positive.offset)
  writeNumber(json, KEY.negativeOffset, negative.offset)
  // Bucket i covers (base^i, base^(i+1)], base = 2^(2^-scale); on the negative side the same around zero.
  const bound = (index: number): number => asFloat32(2 ** (index * 2 ** -scale))
  const above = positive.exactBucketCounts.map((count, i) =>
    bucket(count, bound(positive.offset + i), bound(positive.offset + i + 1)),
  )
  const below = negative.exactBucketCounts.map((count, i) =>
    bucket(count, -bound(negative.offset + i + 1), -bound(negative.offset + i)),
  )
  if (above.length > 0) writeBuckets(json, KEY.positiveBuckets, above)
  if (below.length > 0) writeBuckets(json, KEY.negativeBuckets, below)
}

function writeQuantiles(json: JsonWriter, point: DataPoint): void {
  // An empty summary has NaN for values, which JSON has not.
  const quantiles = point.quantileValues.filter(
    ({ quantile, value }) => !Number.isNaN(quantile) && !Number.isNaN(value),
  )
  writeNumber(json, KEY.quantileValuesCount, quantiles.length)
  if (quantiles.length === 0) return
  json.key(KEY.quantiles)
  writeList(json, quantiles, (_json, { quantile, value }) => {
    json.beginObject()
    writeOptional(json, KEY.quantile, quantile)
    writeOptional(json, KEY.value, value)
    json.endObject()
  })
}

interface Bucket {
  readonly count: bigint
  readonly min: number
  readonly max: number
}
const bucket = (count: bigint, min: number, max: number): Bucket => ({ count, min, max })

function writeBuckets(json: JsonWriter, key: Buffer, buckets: readonly Bucket[]): void {
  json.key(key)
  writeList(json, buckets, (_json, { count, min, max }) => {
    json.beginObject()
    json.key(KEY.count)
    writeWhole(json, count)
    json.key(KEY.min)
    writeDouble(json, min)
    json.key(KEY.max)
    writeDouble(json, max)
    json.endObject()
  })
}

function writeExemplars(json: JsonWriter, point: DataPoint): void {
  let isFirst = true
  point.eachExemplar((exemplar) => {
    if (isFirst) {
      json.key(KEY.exemplars)
      json.beginArray()
      isFirst = false
    }
    const { traceId, spanId, filteredAttributes } = exemplar
    json.beginObject()
    json.key(KEY.time)
    json.iso(exemplar.time)
    writeOptional(json, KEY.value, exemplar.value)
    if (!traceId.isEmpty) {
      json.key(KEY.traceId)
      traceId.writeJson(json)
    }
    if (!spanId.isEmpty) {
      json.key(KEY.spanId)
      spanId.writeJson(json)
    }
    if (filteredAttributes.size > 0) {
      json.key(KEY.attributes)
      writeAttributeFields(json, filteredAttributes, BASE64)
    }
    json.endObject()
  })
  if (!isFirst) json.endArray()
}

/** The templates of both schemas have bounds as 32-bit numbers, and refuse what is beyond. */
const MAX_FLOAT32 = 3.4028234663852886e38
const asFloat32 = (value: number): number =>
  Number.isNaN(value) ? 0 : Math.min(Math.max(value, -MAX_FLOAT32), MAX_FLOAT32)

/** Nothing for NaN, which says that there was nothing to record; what is infinite as far as a field without a template goes. */
function writeOptional(json: JsonWriter, key: Buffer, value: number | undefined): void {
  if (value === undefined || Number.isNaN(value)) return
  json.key(key)
  writeDouble(json, Number.isFinite(value) ? value : asFloat32(value))
}

function writeWhole(json: JsonWriter, value: number | bigint): void {
  if (typeof value === 'number') json.number(value)
  else json.bigint(value)
}

function writeNumber(json: JsonWriter, key: Buffer, value: number): void {
  json.key(key)
  json.number(value)
}

function writeNonEmpty(json: JsonWriter, key: Buffer, text: string): void {
  if (text === '') return
  json.key(key)
  json.string(text)
}

function writeList<T>(json: JsonWriter, values: readonly T[], write: (json: JsonWriter, value: T) => void): void {
  json.beginArray()
  for (const value of values) write(json, value)
  json.endArray()
}
