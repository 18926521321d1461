// What the other rooms, and plugins, see of the data plane.
export { Instant, instantFromBigInt, nanosBetween } from '../wire/time.ts'
export { Attributes } from './attributes.ts'
export { Batch, type Chunk, concat, decodeOtlp, type Limit, poisonViews } from './batch.ts'
export { Builder, type ItemWriter } from './builder.ts'
export { DataPoint, type DataPointObject } from './datapoint.ts'
export { Id } from './id.ts'
export { type Key, keyOf } from './key.ts'
export { LogRecord, type LogRecordObject } from './logrecord.ts'
export { Metric, type MetricObject, type MetricType } from './metric.ts'
export { Resource, type ResourceObject, Scope, type ScopeObject } from './resource.ts'
export type { Signal } from './signal.ts'
export {
  Span,
  SpanEvent,
  type SpanEventObject,
  SpanLink,
  type SpanLinkObject,
  type SpanObject,
  type StatusCode,
} from './span.ts'
export { MalformedError } from './validate.ts'
export { type AnyValue, type Double, double } from './value.ts'
export type { AnyVisitor, Context, Visitor, Visitors } from './visitors.ts'
