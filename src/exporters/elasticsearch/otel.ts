// The mode `otel`: documents have OpenTelemetry's structure, as Elastic's own index templates (logs-otel, traces-otel) want it.
import {
  instantFromMillis,
  type LogRecord,
  nanosBetween,
  type Span,
  type SpanEvent,
  type SpanLink,
} from '../../data/index.ts'
import { ARRAY, contentAt, eachValue, kindOf, MAP } from '../../data/raw.ts'
import { type FieldOptions, writeAttributeFields } from '../../search/fields.ts'
import { keysOf, textsOf } from '../../search/mode.ts'
import { writeText, writeValue } from '../../search/value.ts'
import type { JsonWriter } from '../../wire/json.ts'
import type { Documents, SpanDocuments } from './documents.ts'
import {
  OtelAround,
  otelFields,
  KEY as SHARED,
  writeAttributes,
  writeCount,
  writeNonEmpty,
  writeTime,
} from './otel-fields.ts'
import type { DataStream } from './route.ts'

/** `isStream`: see `otelFields`. */
export interface OtelOptions {
  readonly isStream: boolean
  readonly now: () => number
}

export function createOtelLogs({ isStream, now }: OtelOptions): Documents<LogRecord> {
  const fields = otelFields(isStream)
  const around = new OtelAround(fields)
  return {
    resource: (resource) => around.resource(resource),
    scope: (scope) => around.scope(scope),
    write(json, record, stream) {
      const { severityNumber, traceId, spanId } = record
      const observed = record.observedTime.isZero ? instantFromMillis(now()) : record.observedTime
      json.beginObject()
      writeTime(json, KEY['@timestamp'], record.time.isZero ? observed : record.time)
      writeTime(json, KEY.observed_timestamp, observed)
      writeStream(json, stream)
      if (record.severityText !== '') {
        json.key(KEY.severity_text)
        record.writeSeverityText(json)
      }
      writeCount(json, KEY.severity_number, severityNumber)
      if (!traceId.isEmpty) {
        json.key(KEY.trace_id)
        traceId.writeJson(json)
      }
      if (!spanId.isEmpty) {
        json.key(KEY.span_id)
        spanId.writeJson(json)
      }
      writeNonEmpty(json, KEY.event_name, record.eventName || (record.attributes.getString('event.name') ?? ''))
      writeAttributes(json, record.attributes, fields)
      writeCount(json, SHARED.dropped_attributes_count, record.droppedAttributesCount)
      writeBody(json, record)
      around.writeEnd(json)
      return undefined
    },
  }
}

/** A text is searched as one; what has a structure stands apart. */
function writeBody(json: JsonWriter, record: LogRecord): void {
  record.rawBody((bytes, at, end) => {
    const kind = kindOf(bytes, at, end)
    if (kind === 0) return
    json.key(KEY.body)
    json.beginObject()
    if (kind === MAP || kind === ARRAY) {
      json.key(KEY.structured)
      const isObject = kind === MAP || isListOfMaps(bytes, contentAt)
      if (!isObject) {
        json.beginObject()
        json.key(KEY.value)
      }
      writeValue(json, bytes, at, end, 'hex')
      if (!isObject) json.endObject()
    } else {
      json.key(KEY.text)
      writeText(json, bytes, at, end)
    }
    json.endObject()
  })
}

/** An index takes a list of objects for an object, and nothing else. */
function isListOfMaps(bytes: Buffer, at: number): boolean {
  let isMaps = true
  eachValue(bytes, at, (start, end) => {
    if (kindOf(bytes, start, end) !== MAP) isMaps = false
  })
  return isMaps
}

export function createOtelSpans({ isStream }: OtelOptions): SpanDocuments {
  const fields = otelFields(isStream)
  const around = new OtelAround(fields)
  return {
    resource: (resource) => around.resource(resource),
    scope: (scope) => around.scope(scope),
    write(json, span, stream) {
      const { start, end } = span
      json.beginObject()
      writeTime(json, KEY['@timestamp'], start)
      writeStream(json, stream)
      writeIds(json, span)
      writeNonEmpty(json, KEY.trace_state, span.traceState)
      const { parentSpanId } = span
      if (!parentSpanId.isEmpty) {
        json.key(KEY.parent_span_id)
        parentSpanId.writeJson(json)
      }
      json.key(SHARED.name)
      span.writeName(json)
      json.key(KEY.kind)
      json.json(KINDS[span.kind] ?? KINDS[0]!)
      json.key(KEY.duration)
      json.number(Math.max(0, nanosBetween(start, end)))
      writeAttributes(json, span.attributes, fields)
      writeCount(json, SHARED.dropped_attributes_count, span.droppedAttributesCount)
      writeCount(json, KEY.dropped_events_count, span.droppedEventsCount)
      writeCount(json, KEY.dropped_links_count, span.droppedLinksCount)
      if (span.hasLinks) writeLinks(json, span, fields)
      writeStatus(json, span)
      around.writeEnd(json)
      return undefined
    },
    writeEvent(json, event, span, stream) {
      json.beginObject()
      writeTime(json, KEY['@timestamp'], event.time)
      writeStream(json, stream)
      writeIds(json, span)
      writeNonEmpty(json, KEY.event_name, event.name)
      writeEventAttributes(json, event, fields)
      writeCount(json, SHARED.dropped_attributes_count, event.droppedAttributesCount)
      around.writeEnd(json)
    },
  }
}

const KEY = keysOf(
  '@timestamp',
  'observed_timestamp',
  'severity_text',
  'severity_number',
  'trace_id',
  'span_id',
  'parent_span_id',
  'trace_state',
  'kind',
  'duration',
  'dropped_events_count',
  'dropped_links_count',
  'links',
  'status',
  'message',
  'code',
  'event_name',
  'event.name',
  'body',
  'text',
  'structured',
  'value',
)
const KINDS = textsOf('Unspecified', 'Internal', 'Server', 'Client', 'Producer', 'Consumer')
const STATUSES = textsOf('Unset', 'Ok', 'Error')

function writeStream(json: JsonWriter, stream: DataStream | undefined): void {
  if (stream !== undefined) json.key(stream.field)
}

function writeIds(json: JsonWriter, { traceId, spanId }: Span | SpanLink): void {
  json.key(KEY.trace_id)
  traceId.writeJson(json)
  json.key(KEY.span_id)
  spanId.writeJson(json)
}

function writeStatus(json: JsonWriter, span: Span): void {
  json.key(KEY.status)
  json.beginObject()
  if (span.statusMessage !== '') {
    json.key(KEY.message)
    span.writeStatusMessage(json)
  }
  json.key(KEY.code)
  json.json(STATUSES[span.statusCode] ?? STATUSES[0]!)
  json.endObject()
}

function writeLinks(json: JsonWriter, span: Span, fields: FieldOptions): void {
  json.key(KEY.links)
  json.beginArray()
  span.eachLink((link) => {
    json.beginObject()
    writeIds(json, link)
    writeNonEmpty(json, KEY.trace_state, link.traceState)
    writeAttributes(json, link.attributes, fields)
    writeCount(json, SHARED.dropped_attributes_count, link.droppedAttributesCount)
    json.endObject()
  })
  json.endArray()
}

/** The name stands among the attributes, too: that is where older conventions have it. */
function writeEventAttributes(json: JsonWriter, event: SpanEvent, fields: FieldOptions): void {
  const { name, attributes } = event
  if (name === '' || attributes.has('event.name')) return writeAttributes(json, attributes, fields)
  json.key(SHARED.attributes)
  writeAttributeFields(json, attributes, fields, Buffer.from(`"event.name":${JSON.stringify(name)}}`))
}
