// Items as lines of JSON: one flat object each, for archives and streams whose readers know nothing of OTLP (Athena, Glue, jq).
// Keys are in snake case, what is empty is left out, resource and scope stand in every line.
import type { AnyVisitor, Batch, LogRecord, Resource, Scope, Signal, Span } from '../../data/index.ts'
import { type JsonWriter, jsonLiteral } from '../../data/index.ts'
import { JsonWriter as Writer } from '../../wire/json.ts'
import { writeAttributes, writeCount, writeTextMember, writeTime } from './members.ts'
import { writePoint } from './point.ts'

/** Bytes [start, end) are one line without its newline; valid until the call returns. */
export type OnLine = (bytes: Buffer, start: number, end: number) => void

/** Writes the lines of batches, one after the other. */
export class LineWriter {
  readonly #json = new Writer(16_384)
  readonly #resource = new Writer(1024)
  readonly #scope = new Writer(1024)
  readonly #visitor: AnyVisitor
  #onLine: OnLine = () => {}

  constructor() {
    this.#visitor = {
      onResource: (resource) => this.#enterResource(resource),
      onScope: (scope) => this.#enterScope(scope),
      onLog: (record) => this.#line((json) => writeLog(json, record)),
      onSpan: (span) => this.#line((json) => writeSpan(json, span)),
      onPoint: (point, metric) => this.#line((json) => writePoint(json, point, metric)),
    }
  }

  write<S extends Signal>(batch: Batch<S>, onLine: OnLine): void {
    this.#onLine = onLine
    batch.visit(this.#visitor)
  }

  #line(write: (json: JsonWriter) => void): void {
    const json = this.#json
    json.clear()
    json.beginObject()
    write(json)
    for (const { out } of [this.#scope, this.#resource])
      if (out.length > 0) {
        // a comma first, where it is not the first key
        json.key(NOTHING)
        json.out.raw(out.bytes, 0, out.length)
      }
    json.endObject()
    this.#onLine(json.out.bytes, 0, json.out.length)
  }

  #enterResource({ attributes }: Resource): void {
    const json = this.#resource
    json.clear()
    if (attributes.size === 0) return
    json.key(RESOURCE)
    attributes.writeJson(json)
  }

  #enterScope({ name, version, attributes }: Scope): void {
    const json = this.#scope
    json.clear()
    if (name === '' && version === '' && attributes.size === 0) return
    json.key(SCOPE)
    json.beginObject()
    writeTextMember(json, NAME, name)
    writeTextMember(json, VERSION, version)
    writeAttributes(json, attributes)
    json.endObject()
  }
}

function writeLog(json: JsonWriter, record: LogRecord): void {
  writeTime(json, TIMESTAMP, record.time)
  writeTime(json, OBSERVED_TIMESTAMP, record.observedTime)
  writeTextMember(json, SEVERITY_TEXT, record.severityText)
  writeCount(json, SEVERITY_NUMBER, record.severityNumber)
  json.key(BODY)
  record.writeBody(json)
  writeTextMember(json, EVENT_NAME, record.eventName)
  writeIds(json, record)
  writeCount(json, FLAGS, record.flags)
  writeAttributes(json, record.attributes)
  writeCount(json, DROPPED_ATTRIBUTES_COUNT, record.droppedAttributesCount)
}

/** By the number of the kind; the specification's words. */
const KINDS = ['', 'internal', 'server', 'client', 'producer', 'consumer']
const STATUSES = ['', 'ok', 'error']

function writeSpan(json: JsonWriter, span: Span): void {
  writeTime(json, START_TIME, span.start)
  writeTime(json, END_TIME, span.end)
  json.key(DURATION_NANOS)
  json.number(span.durationNanos)
  json.key(NAME)
  span.writeName(json)
  writeTextMember(json, KIND, KINDS[span.kind] ?? String(span.kind))
  writeIds(json, span)
  if (!span.parentSpanId.isEmpty) {
    json.key(PARENT_SPAN_ID)
    span.parentSpanId.writeJson(json)
  }
  writeTextMember(json, TRACE_STATE, span.traceState)
  writeTextMember(json, STATUS_CODE, STATUSES[span.statusCode] ?? '')
  writeTextMember(json, STATUS_MESSAGE, span.statusMessage)
  writeCount(json, FLAGS, span.flags)
  writeAttributes(json, span.attributes)
  writeCount(json, DROPPED_ATTRIBUTES_COUNT, span.droppedAttributesCount)
  writeEvents(json, span)
  writeLinks(json, span)
}

function writeEvents(json: JsonWriter, span: Span): void {
  let isOpen = false
  span.eachEvent((event) => {
    if (!isOpen) {
      json.key(EVENTS)
      json.beginArray()
    }
    isOpen = true
    json.beginObject()
    writeTime(json, TIMESTAMP, event.time)
    json.key(NAME)
    event.writeName(json)
    writeAttributes(json, event.attributes)
    writeCount(json, DROPPED_ATTRIBUTES_COUNT, event.droppedAttributesCount)
    json.endObject()
  })
  if (isOpen) json.endArray()
  writeCount(json, DROPPED_EVENTS_COUNT, span.droppedEventsCount)
}

function writeLinks(json: JsonWriter, span: Span): void {
  let isOpen = false
  span.eachLink((link) => {
    if (!isOpen) {
      json.key(LINKS)
      json.beginArray()
    }
    isOpen = true
    json.beginObject()
    writeIds(json, link)
    writeTextMember(json, TRACE_STATE, link.traceState)
    writeCount(json, FLAGS, link.flags)
    writeAttributes(json, link.attributes)
    writeCount(json, DROPPED_ATTRIBUTES_COUNT, link.droppedAttributesCount)
    json.endObject()
  })
  if (isOpen) json.endArray()
  writeCount(json, DROPPED_LINKS_COUNT, span.droppedLinksCount)
}

function writeIds(json: JsonWriter, { traceId, spanId }: Pick<Span, 'traceId' | 'spanId'>): void {
  if (!traceId.isEmpty) {
    json.key(TRACE_ID)
    traceId.writeJson(json)
  }
  if (spanId.isEmpty) return
  json.key(SPAN_ID)
  spanId.writeJson(json)
}

const NOTHING = Buffer.alloc(0)
const TIMESTAMP = jsonLiteral('"timestamp":')
const OBSERVED_TIMESTAMP = jsonLiteral('"observed_timestamp":')
const SEVERITY_TEXT = jsonLiteral('"severity_text":')
const SEVERITY_NUMBER = jsonLiteral('"severity_number":')
const BODY = jsonLiteral('"body":')
const EVENT_NAME = jsonLiteral('"event_name":')
const TRACE_ID = jsonLiteral('"trace_id":')
const SPAN_ID = jsonLiteral('"span_id":')
const FLAGS = jsonLiteral('"flags":')
const DROPPED_ATTRIBUTES_COUNT = jsonLiteral('"dropped_attributes_count":')
const START_TIME = jsonLiteral('"start_time":')
const END_TIME = jsonLiteral('"end_time":')
const DURATION_NANOS = jsonLiteral('"duration_nanos":')
const NAME = jsonLiteral('"name":')
const KIND = jsonLiteral('"kind":')
const PARENT_SPAN_ID = jsonLiteral('"parent_span_id":')
const TRACE_STATE = jsonLiteral('"trace_state":')
const STATUS_CODE = jsonLiteral('"status_code":')
const STATUS_MESSAGE = jsonLiteral('"status_message":')
const EVENTS = jsonLiteral('"events":')
const DROPPED_EVENTS_COUNT = jsonLiteral('"dropped_events_count":')
const LINKS = jsonLiteral('"links":')
const DROPPED_LINKS_COUNT = jsonLiteral('"dropped_links_count":')
const RESOURCE = jsonLiteral('"resource":')
const SCOPE = jsonLiteral('"scope":')
const VERSION = jsonLiteral('"version":')
