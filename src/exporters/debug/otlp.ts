// OTLP/JSON as it is read here: only what is written out. What a message does not have is not there.
import { type AnyValue, textOfValue } from '../../data/index.ts'

export interface ResourceEntry<Scoped> {
  readonly resource?: ResourceJson
  readonly schemaUrl?: string
  readonly scopeSpans?: readonly ScopeEntry<Scoped>[]
  readonly scopeMetrics?: readonly ScopeEntry<Scoped>[]
  readonly scopeLogs?: readonly ScopeEntry<Scoped>[]
}
export interface ScopeEntry<Scoped> {
  readonly scope?: { readonly name?: string; readonly version?: string; readonly attributes?: KeyValues }
  readonly schemaUrl?: string
  readonly spans?: readonly Scoped[]
  readonly metrics?: readonly Scoped[]
  readonly logRecords?: readonly Scoped[]
}
export interface ResourceJson {
  readonly attributes?: KeyValues
  readonly entityRefs?: readonly {
    readonly type?: string
    readonly schemaUrl?: string
    readonly idKeys?: readonly string[]
    readonly descriptionKeys?: readonly string[]
  }[]
}

export interface SpanJson {
  readonly traceId?: string
  readonly spanId?: string
  readonly traceState?: string
  readonly parentSpanId?: string
  readonly name?: string
  readonly kind?: number
  readonly startTimeUnixNano?: string
  readonly endTimeUnixNano?: string
  readonly attributes?: KeyValues
  readonly droppedAttributesCount?: number
  readonly events?: readonly {
    readonly timeUnixNano?: string
    readonly name?: string
    readonly attributes?: KeyValues
    readonly droppedAttributesCount?: number
  }[]
  readonly droppedEventsCount?: number
  readonly links?: readonly {
    readonly traceId?: string
    readonly spanId?: string
    readonly traceState?: string
    readonly attributes?: KeyValues
    readonly droppedAttributesCount?: number
  }[]
  readonly droppedLinksCount?: number
  readonly status?: { readonly message?: string; readonly code?: number }
}

export interface LogRecordJson {
  readonly timeUnixNano?: string
  readonly observedTimeUnixNano?: string
  readonly severityNumber?: number
  readonly severityText?: string
  readonly body?: ValueJson
  readonly attributes?: KeyValues
  readonly flags?: number
  readonly traceId?: string
  readonly spanId?: string
  readonly eventName?: string
}

export interface MetricJson {
  readonly name?: string
  readonly description?: string
  readonly unit?: string
  readonly metadata?: KeyValues
  readonly gauge?: { readonly dataPoints?: readonly NumberPointJson[] }
  readonly sum?: {
    readonly dataPoints?: readonly NumberPointJson[]
    readonly aggregationTemporality?: number
    readonly isMonotonic?: boolean
  }
  readonly histogram?: { readonly dataPoints?: readonly HistogramPointJson[]; readonly aggregationTemporality?: number }
  readonly exponentialHistogram?: {
    readonly dataPoints?: readonly ExponentialPointJson[]
    readonly aggregationTemporality?: number
  }
  readonly summary?: { readonly dataPoints?: readonly SummaryPointJson[] }
}
export interface PointJson {
  readonly attributes?: KeyValues
  readonly startTimeUnixNano?: string
  readonly timeUnixNano?: string
}
/** NaN and the infinities are texts. */
export type DoubleJson = number | string
export interface NumberJson {
  readonly asInt?: string
  readonly asDouble?: DoubleJson
}
export interface NumberPointJson extends PointJson, NumberJson {
  readonly exemplars?: readonly ExemplarJson[]
}
export interface DistributionJson extends PointJson {
  readonly count?: string
  readonly sum?: DoubleJson
  readonly min?: DoubleJson
  readonly max?: DoubleJson
}
export interface HistogramPointJson extends DistributionJson {
  readonly bucketCounts?: readonly string[]
  readonly explicitBounds?: readonly DoubleJson[]
  readonly exemplars?: readonly ExemplarJson[]
}
export interface ExponentialPointJson extends DistributionJson {
  readonly scale?: number
  readonly zeroCount?: string
  readonly positive?: BucketsJson
  readonly negative?: BucketsJson
  readonly exemplars?: readonly ExemplarJson[]
}
export interface BucketsJson {
  readonly offset?: number
  readonly bucketCounts?: readonly string[]
}
export interface SummaryPointJson extends DistributionJson {
  readonly quantileValues?: readonly { readonly quantile?: DoubleJson; readonly value?: DoubleJson }[]
}
export interface ExemplarJson extends NumberJson {
  readonly filteredAttributes?: KeyValues
  readonly timeUnixNano?: string
  readonly traceId?: string
  readonly spanId?: string
}

export type KeyValues = readonly { readonly key?: string; readonly value?: ValueJson }[]
export interface ValueJson {
  readonly stringValue?: string
  readonly boolValue?: boolean
  readonly intValue?: string
  readonly doubleValue?: DoubleJson
  readonly arrayValue?: { readonly values?: readonly ValueJson[] }
  readonly kvlistValue?: { readonly values?: KeyValues }
  readonly bytesValue?: string
}

/** Its text alone: `GET`. */
export const textOf = (value: ValueJson = {}): string => textOfValue(anyValueOf(value))

/** With its type: `Str(GET)`. */
export function typedTextOf(value: ValueJson = {}): string {
  const text = textOf(value)
  if (value.stringValue !== undefined) return `Str(${text})`
  if (value.boolValue !== undefined) return `Bool(${text})`
  if (value.intValue !== undefined) return `Int(${text})`
  if (value.doubleValue !== undefined) return `Double(${text})`
  if (value.arrayValue !== undefined) return `Slice(${text})`
  if (value.kvlistValue !== undefined) return `Map(${text})`
  if (value.bytesValue !== undefined) return `Bytes(${text})`
  return 'Empty()'
}

function anyValueOf(value: ValueJson): AnyValue {
  const { stringValue, boolValue, intValue, doubleValue, arrayValue, kvlistValue, bytesValue } = value
  if (intValue !== undefined) return BigInt(intValue)
  if (doubleValue !== undefined) return Number(doubleValue)
  if (arrayValue !== undefined) return (arrayValue.values ?? []).map(anyValueOf)
  if (kvlistValue !== undefined)
    return new Map((kvlistValue.values ?? []).map(({ key = '', value: inner = {} }) => [key, anyValueOf(inner)]))
  if (bytesValue !== undefined) return Buffer.from(bytesValue, 'base64')
  return stringValue ?? boolValue ?? null
}
