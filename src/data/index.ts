// What the other rooms, and plugins, see of the data plane.
export { type JsonWriter, jsonLiteral } from '../wire/json.ts'
export { MalformedError } from '../wire/malformed.ts'
export { Instant, instantFromBigInt, instantFromMillis, nanosBetween } from '../wire/time.ts'
export { type AttributeEdit, AttributeEdits } from './attributeedits.ts'
export { Attributes, type VisitAttribute } from './attributes.ts'
export { Batch, type Chunk, concat, decodeOtlp, type Limit } from './batch.ts'
export type { Buckets } from './buckets.ts'
export { Builder, type ResourceWriter, type ScopeWriter, type Writers } from './builder.ts'
export { joinTraces, TraceSplitter } from './bytrace.ts'
export { writeCanonicalValue } from './canonical.ts'
export { DataPoint, type QuantileValue } from './datapoint.ts'
export { Exemplar, type ExemplarObject } from './exemplar.ts'
export type { AttributeSource } from './fieldwriter.ts'
export { parseJsonValue } from './fromjson.ts'
export { Gatherer, SMALL_BYTES } from './gather.ts'
export { Id } from './id.ts'
export { type Key, keyOf } from './key.ts'
export { KnownAttributes } from './known.ts'
export { LogRecord, type LogRecordObject } from './logrecord.ts'
export type { LogWriter } from './logwriter.ts'
export { Metric, type MetricObject, type MetricType, type Temporality } from './metric.ts'
export { MetricPart, putTogether, type ResourcePart, type ScopePart, takeApart } from './metricparts.ts'
export type { MetricWriter, Points } from './metricwriter.ts'
export { decodeOtlpJson } from './otlpjson/decode.ts'
export { encodeOtlpJson } from './otlpjson/encode.ts'
export type {
  BucketsObject,
  DataPointObject,
  ExponentialHistogramPointObject,
  HistogramPointObject,
  NumberPointObject,
  SummaryPointObject,
} from './pointobject.ts'
export type {
  ExemplarWriter,
  ExponentialHistogramPointWriter,
  HistogramPointWriter,
  NumberPointWriter,
  SummaryPointWriter,
} from './pointwriter.ts'
export { poisonViews } from './poison.ts'
export {
  type ExplicitBuckets,
  type ExponentialBuckets,
  type ExponentialSide,
  hasValidTimes,
  type PointFault,
  type Quantile,
  readExponentialHistogram,
  readHistogram,
  readSummary,
} from './reading.ts'
export { Resource, type ResourceObject, Scope, type ScopeObject } from './resource.ts'
export type { Signal } from './signal.ts'
export { Span, type SpanObject, type StatusCode } from './span.ts'
export { SpanEvent, type SpanEventObject, SpanLink, type SpanLinkObject } from './spanentries.ts'
export type { SpanEventWriter, SpanLinkWriter, SpanWriter } from './spanwriter.ts'
export { textOfValue } from './text.ts'
export { type AnyValue, type Double, double, type ValueType } from './value.ts'
export type { AnyVisitor, Context, Visitor, Visitors } from './visitors.ts'
