// The messages of OTLP, once: what the gate checks and what OTLP/JSON writes and reads. A line is a field.
// Source: opentelemetry/proto/{common,resource,trace,metrics,logs}/v1/*.proto, names in lowerCamelCase as in OTLP/JSON.
import { FIXED32, FIXED64, LEN, VARINT } from '../wire/reader.ts'
import type { Signal } from './signal.ts'

/** The kinds of values. */
export const MESSAGE = 0
export const STRING = 1
export const BYTES = 2
export const TRACE_ID = 3
export const SPAN_ID = 4
export const BOOL = 5
/** Enums too. */
export const INT32 = 6
export const UINT32 = 7
export const SINT32 = 8
export const INT64 = 9
export const UINT64 = 10
export const UFIXED32 = 11
export const UFIXED64 = 12
export const SFIXED64 = 13
export const DOUBLE = 14
/** One of the above. */
export type Kind = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14

/** A field of a message. */
export interface Field {
  readonly name: string
  readonly number: number
  readonly kind: Kind
  /** What is in it, for `MESSAGE`; a leaf has `leaf`. */
  readonly type: MessageType
  /** A list; of numbers, packed. */
  readonly isRepeated: boolean
  /** The tag that is written, packed for a list of numbers. */
  readonly tag: number
  /** The tag of one value that stands alone. */
  readonly elementTag: number
  readonly nameBytes: Buffer
  /** `"name":`, for JSON. */
  readonly key: Buffer
  /** A bit that is its own among the fields of the message, or shared by the cases of a oneof. */
  readonly bit: number
  /**
   * A bit for what may stand once only, else 0: messages, since two of them would have to be merged, and the cases of a
   * metric's or a point's oneof. No encoder writes them twice. Of other fields the last one counts.
   */
  readonly once: number
}

/**
 * What the gate does with a field of that tag: nothing, look whether it stands once, look inside too, refuse it. Attributes
 * have a way of their own. Any other number is the size that an id has.
 */
export const LET_PASS = 0
export const LOOK = 1
export const LOOK_INSIDE = 2
export const REFUSE = 3
export const KEY_VALUE = 4

/** A message of OTLP. */
export interface MessageType {
  readonly name: string
  /** A span, a log record or a data point. */
  readonly isItem: boolean
  /** By tag, below 256: what the gate does. */
  readonly checks: Uint8Array
  /** By tag, below 256; a list of numbers stands under both of its tags. */
  readonly byTag: readonly (Field | undefined)[]
  readonly fields: readonly Field[]
  /** By the length of the name, for whoever looks one up by its bytes. */
  readonly byNameLength: readonly (readonly Field[] | undefined)[]
  /** How many bytes the length of a message will most likely take. */
  readonly lengthGuess: number
}

/** How deep values may nest. Go's protobuf stops at 10,000, which no backend takes. */
export const MAX_VALUE_DEPTH = 32
/** How deep messages may nest: the levels above the first value, plus two messages a value. */
export const MAX_DEPTH = 10 + 2 * MAX_VALUE_DEPTH

const wireTypes: readonly number[] = [
  LEN,
  LEN,
  LEN,
  LEN,
  LEN,
  VARINT,
  VARINT,
  VARINT,
  VARINT,
  VARINT,
  VARINT,
  FIXED32,
  FIXED64,
  FIXED64,
  FIXED64,
]
/** The wire type of one value. */
const wireTypeOf = (kind: Kind): number => wireTypes[kind]!

interface MutableType extends MessageType {
  readonly byTag: (Field | undefined)[]
  readonly fields: Field[]
  readonly byNameLength: Field[][]
}
const TAGS = 256
const message = (name: string, isItem = false, lengthGuess = isItem ? 2 : 1): MutableType => ({
  name,
  isItem,
  checks: new Uint8Array(TAGS).fill(REFUSE, 0, 8), // field 0
  byTag: new Array<Field | undefined>(TAGS).fill(undefined),
  fields: [],
  byNameLength: [],
  lengthGuess,
})
const leaf = message('')

/** A kind, a message, or a list of either; the fields of one line that ends in the same word are a oneof. */
type Content = Kind | MutableType | readonly [Kind | MutableType]
type Line = readonly [number: number, name: string, content: Content, oneof?: 'first' | 'next']

function define(type: MutableType, lines: readonly Line[]): MutableType {
  let bit = 0
  for (const [number, name, content, oneof] of lines) {
    const isRepeated = typeof content === 'object' && 'length' in content
    const inside = isRepeated ? content[0] : content
    const kind = typeof inside === 'number' ? inside : MESSAGE
    const wireType = wireTypeOf(kind)
    if (oneof !== 'next') bit++
    const field: Field = {
      name,
      number,
      kind,
      type: typeof inside === 'number' ? leaf : inside,
      isRepeated,
      tag: (number << 3) | (isRepeated ? LEN : wireType),
      elementTag: (number << 3) | wireType,
      nameBytes: Buffer.from(name),
      key: Buffer.from(`"${name}":`),
      bit: 1 << bit,
      once: !isRepeated && (kind === MESSAGE || (oneof !== undefined && type !== anyValue)) ? 1 << bit : 0,
    }
    type.fields.push(field)
    ;(type.byNameLength[name.length] ??= []).push(field)
    for (const tag of [field.tag, field.elementTag]) type.byTag[tag] = field
    for (let tag = number << 3; tag < (number + 1) << 3; tag++)
      type.checks[tag] = type.byTag[tag] === undefined ? REFUSE : checkOf(field, tag & 7)
  }
  return type
}

function checkOf({ kind, type, isRepeated, once }: Field, wireType: number): number {
  if (kind === MESSAGE) return type === keyValue ? KEY_VALUE : LOOK_INSIDE
  if (kind === TRACE_ID) return 16
  if (kind === SPAN_ID) return 8
  return once !== 0 || (isRepeated && wireType === LEN && kind !== STRING) ? LOOK : LET_PASS
}

const anyValue = message('AnyValue')
const keyValue = message('KeyValue')
define(keyValue, [
  [1, 'key', STRING],
  [2, 'value', anyValue],
])
define(anyValue, [
  [1, 'stringValue', STRING, 'first'],
  [2, 'boolValue', BOOL, 'next'],
  [3, 'intValue', INT64, 'next'],
  [4, 'doubleValue', DOUBLE, 'next'],
  [5, 'arrayValue', define(message('ArrayValue'), [[1, 'values', [anyValue]]]), 'next'],
  [6, 'kvlistValue', define(message('KeyValueList'), [[1, 'values', [keyValue]]]), 'next'],
  [7, 'bytesValue', BYTES, 'next'],
])

const entityRef = define(message('EntityRef'), [
  [1, 'schemaUrl', STRING],
  [2, 'type', STRING],
  [3, 'idKeys', [STRING]],
  [4, 'descriptionKeys', [STRING]],
])
const resource = define(message('Resource', false, 2), [
  [1, 'attributes', [keyValue]],
  [2, 'droppedAttributesCount', UINT32],
  [3, 'entityRefs', [entityRef]],
])
const scope = define(message('InstrumentationScope'), [
  [1, 'name', STRING],
  [2, 'version', STRING],
  [3, 'attributes', [keyValue]],
  [4, 'droppedAttributesCount', UINT32],
])

const event = define(message('Event'), [
  [1, 'timeUnixNano', UFIXED64],
  [2, 'name', STRING],
  [3, 'attributes', [keyValue]],
  [4, 'droppedAttributesCount', UINT32],
])
const link = define(message('Link'), [
  [1, 'traceId', TRACE_ID],
  [2, 'spanId', SPAN_ID],
  [3, 'traceState', STRING],
  [4, 'attributes', [keyValue]],
  [5, 'droppedAttributesCount', UINT32],
  [6, 'flags', UFIXED32],
])
const status = define(message('Status'), [
  [2, 'message', STRING],
  [3, 'code', INT32],
])
const span = define(message('Span', true), [
  [1, 'traceId', TRACE_ID],
  [2, 'spanId', SPAN_ID],
  [3, 'traceState', STRING],
  [4, 'parentSpanId', SPAN_ID],
  [5, 'name', STRING],
  [6, 'kind', INT32],
  [7, 'startTimeUnixNano', UFIXED64],
  [8, 'endTimeUnixNano', UFIXED64],
  [9, 'attributes', [keyValue]],
  [10, 'droppedAttributesCount', UINT32],
  [11, 'events', [event]],
  [12, 'droppedEventsCount', UINT32],
  [13, 'links', [link]],
  [14, 'droppedLinksCount', UINT32],
  [15, 'status', status],
  [16, 'flags', UFIXED32],
])

const logRecord = define(message('LogRecord', true), [
  [1, 'timeUnixNano', UFIXED64],
  [2, 'severityNumber', INT32],
  [3, 'severityText', STRING],
  [5, 'body', anyValue],
  [6, 'attributes', [keyValue]],
  [7, 'droppedAttributesCount', UINT32],
  [8, 'flags', UFIXED32],
  [9, 'traceId', TRACE_ID],
  [10, 'spanId', SPAN_ID],
  [11, 'observedTimeUnixNano', UFIXED64],
  [12, 'eventName', STRING],
])

const exemplar = define(message('Exemplar'), [
  [2, 'timeUnixNano', UFIXED64],
  [3, 'asDouble', DOUBLE, 'first'],
  [6, 'asInt', SFIXED64, 'next'],
  [4, 'spanId', SPAN_ID],
  [5, 'traceId', TRACE_ID],
  [7, 'filteredAttributes', [keyValue]],
])
const numberPoint = define(message('NumberDataPoint', true), [
  [2, 'startTimeUnixNano', UFIXED64],
  [3, 'timeUnixNano', UFIXED64],
  [4, 'asDouble', DOUBLE, 'first'],
  [6, 'asInt', SFIXED64, 'next'],
  [5, 'exemplars', [exemplar]],
  [7, 'attributes', [keyValue]],
  [8, 'flags', UINT32],
])
const histogramPoint = define(message('HistogramDataPoint', true), [
  [2, 'startTimeUnixNano', UFIXED64],
  [3, 'timeUnixNano', UFIXED64],
  [4, 'count', UFIXED64],
  [5, 'sum', DOUBLE],
  [6, 'bucketCounts', [UFIXED64]],
  [7, 'explicitBounds', [DOUBLE]],
  [8, 'exemplars', [exemplar]],
  [9, 'attributes', [keyValue]],
  [10, 'flags', UINT32],
  [11, 'min', DOUBLE],
  [12, 'max', DOUBLE],
])
const buckets = define(message('Buckets'), [
  [1, 'offset', SINT32],
  [2, 'bucketCounts', [UINT64]],
])
const exponentialHistogramPoint = define(message('ExponentialHistogramDataPoint', true), [
  [1, 'attributes', [keyValue]],
  [2, 'startTimeUnixNano', UFIXED64],
  [3, 'timeUnixNano', UFIXED64],
  [4, 'count', UFIXED64],
  [5, 'sum', DOUBLE],
  [6, 'scale', SINT32],
  [7, 'zeroCount', UFIXED64],
  [8, 'positive', buckets],
  [9, 'negative', buckets],
  [10, 'flags', UINT32],
  [11, 'exemplars', [exemplar]],
  [12, 'min', DOUBLE],
  [13, 'max', DOUBLE],
  [14, 'zeroThreshold', DOUBLE],
])
const valueAtQuantile = define(message('ValueAtQuantile'), [
  [1, 'quantile', DOUBLE],
  [2, 'value', DOUBLE],
])
const summaryPoint = define(message('SummaryDataPoint', true), [
  [2, 'startTimeUnixNano', UFIXED64],
  [3, 'timeUnixNano', UFIXED64],
  [4, 'count', UFIXED64],
  [5, 'sum', DOUBLE],
  [6, 'quantileValues', [valueAtQuantile]],
  [7, 'attributes', [keyValue]],
  [8, 'flags', UINT32],
])

const pointsOf = (name: string, point: MutableType, more: readonly Line[] = []): MutableType =>
  define(message(name, false, 2), [[1, 'dataPoints', [point]], ...more])
const temporality: Line = [2, 'aggregationTemporality', INT32]
const metric = define(message('Metric', false, 2), [
  [1, 'name', STRING],
  [2, 'description', STRING],
  [3, 'unit', STRING],
  [5, 'gauge', pointsOf('Gauge', numberPoint), 'first'],
  [7, 'sum', pointsOf('Sum', numberPoint, [temporality, [3, 'isMonotonic', BOOL]]), 'next'],
  [9, 'histogram', pointsOf('Histogram', histogramPoint, [temporality]), 'next'],
  [10, 'exponentialHistogram', pointsOf('ExponentialHistogram', exponentialHistogramPoint, [temporality]), 'next'],
  [11, 'summary', pointsOf('Summary', summaryPoint), 'next'],
  [12, 'metadata', [keyValue]],
])

function rootOf(suffix: string, items: string, item: MutableType): MutableType {
  const inScope = define(message(`Scope${suffix}`, false, 3), [
    [1, 'scope', scope],
    [2, items, [item]],
    [3, 'schemaUrl', STRING],
  ])
  const inResource = define(message(`Resource${suffix}`, false, 3), [
    [1, 'resource', resource],
    [2, `scope${suffix}`, [inScope]],
    [3, 'schemaUrl', STRING],
  ])
  return define(message(`${suffix}Data`), [[1, `resource${suffix}`, [inResource]]])
}

/** TracesData, MetricsData, LogsData. */
export const roots: Readonly<Record<Signal, MessageType>> = {
  traces: rootOf('Spans', 'spans', span),
  metrics: rootOf('Metrics', 'metrics', metric),
  logs: rootOf('Logs', 'logRecords', logRecord),
}
/** The two that a walk meets most, and knows by heart. */
export const keyValueType: MessageType = keyValue
export const anyValueType: MessageType = anyValue
