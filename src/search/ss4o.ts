// Documents after the Simple Schema for Observability, which OpenSearch Dashboards' own pages read: spans and log records. It
// is the default of the collector's OpenSearch exporter. https://opensearch.org/docs/latest/observing-your-data/ss4o/
import {
  type Attributes,
  instantFromMillis,
  type LogRecord,
  type Resource,
  type Scope,
  type Span,
  type SpanEvent,
  type SpanLink,
} from '../data/index.ts'
import { kindOf, STRING } from '../data/raw.ts'
import { JsonWriter } from '../wire/json.ts'
import { BASE64, LeftOut, withKnownNames, writeAttributeFields } from './fields.ts'
import { keysOf, type Mode, textsOf } from './mode.ts'
import { writeText } from './value.ts'

export interface Ss4oOptions {
  readonly dataset: string
  readonly namespace: string
  /** Milliseconds since the epoch, for what has no time of its own. */
  readonly now: () => number
}

export function createSs4oSpans(options: Ss4oOptions): Mode<Span> {
  const around = new Around('span', options)
  return {
    resource: (resource) => around.resource(resource),
    scope: (scope) => around.scope(scope),
    write(json, span) {
      const { start, traceState } = span
      json.beginObject()
      json.key(KEY['@timestamp'])
      json.iso(start)
      json.key(KEY.startTime)
      repeatTime(json)
      json.key(KEY.traceId)
      span.traceId.writeJson(json)
      json.key(KEY.spanId)
      span.spanId.writeJson(json)
      json.key(KEY.parentSpanId)
      span.parentSpanId.writeJson(json)
      if (traceState !== '') {
        json.key(KEY.traceState)
        json.string(traceState)
      }
      json.key(KEY.name)
      span.writeName(json)
      json.key((traceState === '' ? KINDS_WITHOUT_STATE : KINDS)[span.kind] ?? KINDS[0]!)
      json.key(KEY.endTime)
      json.iso(span.end)
      writeStatus(json, span)
      writeEvents(json, span, options)
      writeLinks(json, span)
      const isWhole = span.droppedAttributesCount + span.droppedEventsCount + span.droppedLinksCount === 0
      if (!isWhole) {
        writeCount(json, KEY.droppedAttributesCount, span.droppedAttributesCount)
        writeCount(json, KEY.droppedEventsCount, span.droppedEventsCount)
        writeCount(json, KEY.droppedLinksCount, span.droppedLinksCount)
      }
      around.writeEnd(json, span.attributes, isWhole)
    },
  }
}

export function createSs4oLogs(options: Ss4oOptions): Mode<LogRecord> {
  const around = new Around('record', options)
  return {
    resource: (resource) => around.resource(resource),
    scope: (scope) => around.scope(scope),
    write(json, record) {
      const { time, severityNumber, traceId, spanId } = record
      const observed = record.observedTime.isZero ? instantFromMillis(options.now()) : record.observedTime
      json.beginObject()
      json.key(KEY['@timestamp'])
      json.iso(time.isZero ? observed : time)
      json.key(KEY.observedTimestamp)
      json.iso(observed)
      json.key(KEY.body)
      writeBodyText(json, record)
      if (record.eventName !== '') {
        json.key(KEY.eventName)
        json.string(record.eventName)
      }
      json.key(KEY.severity)
      json.beginObject()
      if (record.severityText !== '') {
        json.key(KEY.text)
        record.writeSeverityText(json)
      }
      if (severityNumber !== 0) writeCount(json, KEY.number, severityNumber)
      json.endObject()
      if (traceId.size > 0) {
        json.key(KEY.traceId)
        traceId.writeJson(json)
      }
      if (spanId.size > 0) {
        json.key(KEY.spanId)
        spanId.writeJson(json)
      }
      around.writeEnd(json, record.attributes)
    },
  }
}

/** What surrounds an item. It is the same for all items of a scope, and written once. */
export class Around {
  readonly #type: 'span' | 'record' | 'metric'
  readonly #stream: Buffer
  /** Of data points: the schema has it at the top. */
  #service = ''
  #resource: Buffer = EMPTY
  #end: Buffer = EMPTY
  #endOfWhole: Buffer = EMPTY

  constructor(type: 'span' | 'record' | 'metric', { dataset, namespace }: Ss4oOptions) {
    this.#type = type
    this.#stream = Buffer.from(`"data_stream":${JSON.stringify({ dataset, namespace, type })}}`)
  }

  resource({ attributes }: Resource): void {
    this.#service = this.#type === 'metric' ? (attributes.getString('service.name') ?? '') : ''
    scratch.clear()
    scratch.key(KEY.resource)
    writeTexts(scratch, attributes)
    this.#resource = scratch.take()
  }

  scope(scope: Scope): void {
    this.#end = this.#endOf(scope, EMPTY)
    if (this.#type === 'span') this.#endOfWhole = this.#endOf(scope, NOTHING_DROPPED)
  }

  /**
   * The attributes, with data_stream, whose place in the collector's documents is among them, scope, resource and the end of the
   * document. `isWhole`: of a span that has lost nothing, and that is said here as well.
   */
  writeEnd(json: JsonWriter, attributes: Attributes, isWhole = false): void {
    json.key(KEY.attributes)
    writeAttributeFields(json, attributes, ITS_ATTRIBUTES, isWhole ? this.#endOfWhole : this.#end)
  }

  /** From data_stream on. */
  #endOf(scope: Scope, more: Buffer): Buffer {
    const isSpan = this.#type === 'span'
    scratch.clear()
    scratch.key(this.#stream)
    if (more.length > 0) scratch.key(more)
    scratch.key(KEY.instrumentationScope)
    scratch.beginObject()
    writeScopeText(scratch, KEY.name, scope.name, isSpan)
    writeScopeText(scratch, KEY.version, scope.version, isSpan)
    writeScopeText(scratch, KEY.schemaUrl, scope.schemaUrl, isSpan)
    if (isSpan) writeCount(scratch, KEY.droppedAttributesCount, scope.droppedAttributesCount)
    if (scope.attributes.size > 0) {
      scratch.key(KEY.attributes)
      writeAttributeFields(scratch, scope.attributes, BASE64)
    }
    scratch.endObject()
    if (this.#resource.length > NO_RESOURCE) scratch.json(this.#resource)
    if (!isSpan) writeScopeText(scratch, KEY.schemaUrl, scope.schemaUrl, false)
    writeScopeText(scratch, KEY.serviceName, this.#service, false)
    scratch.endObject()
    return scratch.take()
  }
}

const EMPTY = Buffer.alloc(0)
const NO_RESOURCE = '"resource":{}'.length
const ITS_ATTRIBUTES = withKnownNames({ bytesAs: 'base64', leftOut: new LeftOut(['data_stream']) })
const scratch = new JsonWriter(4096)

const KEY = keysOf(
  '@timestamp',
  'observedTimestamp',
  'traceId',
  'spanId',
  'parentSpanId',
  'traceState',
  'name',
  'kind',
  'startTime',
  'endTime',
  'status',
  'code',
  'message',
  'body',
  'eventName',
  'severity',
  'text',
  'number',
  'attributes',
  'droppedAttributesCount',
  'droppedEventsCount',
  'droppedLinksCount',
  'events',
  'links',
  'instrumentationScope',
  'version',
  'schemaUrl',
  'serviceName',
  'resource',
)
const KIND_NAMES = ['Unspecified', 'Internal', 'Server', 'Client', 'Producer', 'Consumer']
const KINDS = KIND_NAMES.map((name) => Buffer.from(`"kind":"${name}"`))
const KINDS_WITHOUT_STATE = KIND_NAMES.map((name) => Buffer.from(`"traceState":"","kind":"${name}"`))
const CODES = textsOf('Unset', 'Ok', 'Error')

const NOTHING_DROPPED = Buffer.from('"droppedAttributesCount":0,"droppedEventsCount":0,"droppedLinksCount":0')
const ORDINARY_STATUS = Buffer.from('"status":{"code":"Unset","message":""}')

function writeStatus(json: JsonWriter, span: Span): void {
  const { statusCode } = span
  if (statusCode === 0) return json.key(ORDINARY_STATUS)
  json.key(KEY.status)
  json.beginObject()
  json.key(KEY.code)
  json.json(CODES[statusCode]!)
  json.key(KEY.message)
  span.writeStatusMessage(json)
  json.endObject()
}

/** Behind a time and `,"startTime":`, the same time again. */
function repeatTime({ out }: JsonWriter): void {
  out.reserve(TIME_BYTES)
  const { bytes } = out
  const from = out.length - 1 - KEY.startTime.length - TIME_BYTES
  for (let i = 0; i < TIME_BYTES; i++) bytes[out.length + i] = bytes[from + i]!
  out.length += TIME_BYTES
}
/** "2026-01-02T03:04:05.123456789Z" with its quotes. */
const TIME_BYTES = 32

function writeCount(json: JsonWriter, key: Buffer, count: number): void {
  json.key(key)
  json.number(count)
}

function writeScopeText(json: JsonWriter, key: Buffer, text: string, always: boolean): void {
  if (text === '' && !always) return
  json.key(key)
  json.string(text)
}

/** The schema has texts only. */
function writeTexts(json: JsonWriter, attributes: Attributes): void {
  const seen = new Set<string>()
  json.beginObject()
  attributes.forEachRange((bytes, keyAt, keyEnd, valueAt, valueEnd) => {
    const key = bytes.latin1Slice(keyAt, keyEnd)
    if (seen.has(key)) return
    seen.add(key)
    json.keyBytes(bytes, keyAt, keyEnd)
    writeText(json, bytes, valueAt, valueEnd)
  })
  json.endObject()
}

function writeBodyText(json: JsonWriter, record: LogRecord): void {
  const { length } = json.out
  record.rawBody((bytes, at, end) => {
    if (kindOf(bytes, at, end) === STRING) record.writeBody(json)
    else writeText(json, bytes, at, end)
  })
  if (json.out.length === length) json.string('')
}

function writeEvents(json: JsonWriter, span: Span, { now }: Ss4oOptions): void {
  let isFirst = true
  span.eachEvent((event: SpanEvent) => {
    if (isFirst) {
      json.key(KEY.events)
      json.beginArray()
      isFirst = false
    }
    const { time } = event
    json.beginObject()
    json.key(time.isZero ? KEY.observedTimestamp : KEY['@timestamp'])
    json.iso(time.isZero ? instantFromMillis(now()) : time)
    json.key(KEY.name)
    event.writeName(json)
    json.key(KEY.attributes)
    writeAttributeFields(json, event.attributes, BASE64)
    writeCount(json, KEY.droppedAttributesCount, event.droppedAttributesCount)
    json.endObject()
  })
  if (!isFirst) json.endArray()
}

function writeLinks(json: JsonWriter, span: Span): void {
  let isFirst = true
  span.eachLink((link: SpanLink) => {
    if (isFirst) {
      json.key(KEY.links)
      json.beginArray()
      isFirst = false
    }
    json.beginObject()
    json.key(KEY.traceId)
    link.traceId.writeJson(json)
    json.key(KEY.spanId)
    link.spanId.writeJson(json)
    if (link.traceState !== '') {
      json.key(KEY.traceState)
      json.string(link.traceState)
    }
    if (link.attributes.size > 0) {
      json.key(KEY.attributes)
      writeAttributeFields(json, link.attributes, BASE64)
    }
    if (link.droppedAttributesCount > 0) writeCount(json, KEY.droppedAttributesCount, link.droppedAttributesCount)
    json.endObject()
  })
  if (!isFirst) json.endArray()
}
