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
import { areWhole, Frame, SPAN_ID, TIME, TRACE_ID } from './frame.ts'
import { keysOf, type Mode, textsOf } from './mode.ts'
import { writeEvents, writeLinks } from './span-lists.ts'
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
      const { traceState } = span
      writeHead(json, span)
      if (traceState !== '') {
        json.key(KEY.traceState)
        json.string(traceState)
      }
      json.key(KEY.name)
      span.writeName(json)
      writeKindAndEnd(json, span, traceState === '')
      if (span.hasEvents) writeEvents(json, span, (event) => writeEvent(json, event, options))
      if (span.hasLinks) writeLinks(json, span, (link) => writeLinkAttributes(json, link))
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
      const { time } = record
      const observed = record.observedTime.isZero ? instantFromMillis(options.now()) : record.observedTime
      const from = LOG_HEAD.write(json.out)
      LOG_HEAD.putTime(json.out, from, 0, time.isZero ? observed : time)
      LOG_HEAD.putTime(json.out, from, 1, observed)
      writeBodyText(json, record)
      if (record.eventName !== '') {
        json.key(KEY.eventName)
        json.string(record.eventName)
      }
      writeSeverity(json, record)
      writeLogIds(json, record)
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
  'status',
  'code',
  'message',
  'eventName',
  'number',
  'attributes',
  'droppedAttributesCount',
  'droppedEventsCount',
  'droppedLinksCount',
  'instrumentationScope',
  'version',
  'schemaUrl',
  'serviceName',
  'resource',
)
const KIND_NAMES = ['Unspecified', 'Internal', 'Server', 'Client', 'Producer', 'Consumer']
const CODES = textsOf('Unset', 'Ok', 'Error')

const NOTHING_DROPPED = Buffer.from('"droppedAttributesCount":0,"droppedEventsCount":0,"droppedLinksCount":0')

const TIMES = ['{"@timestamp":"', TIME, '","startTime":"', TIME, '"'] as const
const IDS = [',"traceId":"', TRACE_ID, '","spanId":"', SPAN_ID, '","parentSpanId":"'] as const
const HEAD = new Frame(...TIMES, ...IDS, SPAN_ID, '"')
const ROOT_HEAD = new Frame(...TIMES, ...IDS, '"')
const HEAD_TIMES = new Frame(...TIMES)

function writeHead(json: JsonWriter, { start, traceId, spanId, parentSpanId }: Span): void {
  const { out } = json
  const isWhole = areWhole(traceId, spanId)
  const head = isWhole && parentSpanId.size === 8 ? HEAD : isWhole && parentSpanId.size === 0 ? ROOT_HEAD : HEAD_TIMES
  const from = head.write(out)
  head.putTime(out, from, 0, start)
  head.putTime(out, from, 1, start)
  if (head === HEAD_TIMES) {
    json.key(KEY.traceId)
    traceId.writeJson(json)
    json.key(KEY.spanId)
    spanId.writeJson(json)
    json.key(KEY.parentSpanId)
    parentSpanId.writeJson(json)
    return
  }
  head.putId(out, from, 2, traceId)
  head.putId(out, from, 3, spanId)
  if (head === HEAD) head.putId(out, from, 4, parentSpanId)
}

const NO_STATE = ',"traceState":""'
const ORDINARY_STATUS = ',"status":{"code":"Unset","message":""}'
const kindAndEnd = (before: string, behind: string): readonly Frame[] =>
  KIND_NAMES.map((name) => new Frame(`${before},"kind":"${name}","endTime":"`, TIME, `"${behind}`))
const ORDINARY_ENDS = kindAndEnd(NO_STATE, ORDINARY_STATUS)
const ENDS_WITHOUT_STATE = kindAndEnd(NO_STATE, '')
const ENDS = kindAndEnd('', '')

/** And the status. */
function writeKindAndEnd(json: JsonWriter, span: Span, hasNoState: boolean): void {
  const { kind, end, statusCode } = span
  const isOrdinary = hasNoState && statusCode === 0
  const frames = isOrdinary ? ORDINARY_ENDS : hasNoState ? ENDS_WITHOUT_STATE : ENDS
  const frame = frames[kind] ?? frames[0]!
  const from = frame.write(json.out)
  frame.putTime(json.out, from, 0, end)
  if (isOrdinary) return
  json.key(KEY.status)
  json.beginObject()
  json.key(KEY.code)
  json.json(CODES[statusCode] ?? CODES[0]!)
  json.key(KEY.message)
  if (statusCode === 0) json.string('')
  else span.writeStatusMessage(json)
  json.endObject()
}

const LOG_HEAD = new Frame('{"@timestamp":"', TIME, '","observedTimestamp":"', TIME, '","body":')
const LOG_IDS = new Frame(',"traceId":"', TRACE_ID, '","spanId":"', SPAN_ID, '"')

function writeLogIds(json: JsonWriter, { traceId, spanId }: LogRecord): void {
  if (areWhole(traceId, spanId)) {
    const from = LOG_IDS.write(json.out)
    LOG_IDS.putId(json.out, from, 0, traceId)
    LOG_IDS.putId(json.out, from, 1, spanId)
    return
  }
  if (traceId.size > 0) {
    json.key(KEY.traceId)
    traceId.writeJson(json)
  }
  if (spanId.size > 0) {
    json.key(KEY.spanId)
    spanId.writeJson(json)
  }
}

const SEVERITY_TEXT = Buffer.from(',"severity":{"text":')
const SEVERITY = Buffer.from(',"severity":{')

function writeSeverity(json: JsonWriter, record: LogRecord): void {
  const { severityNumber } = record
  if (record.hasSeverityText) {
    json.raw(SEVERITY_TEXT)
    record.writeSeverityText(json)
  } else json.raw(SEVERITY)
  if (severityNumber !== 0) writeCount(json, KEY.number, severityNumber)
  json.endObject()
}

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

function writeEvent(json: JsonWriter, event: SpanEvent, { now }: Ss4oOptions): void {
  const { time } = event
  json.key(time.isZero ? KEY.observedTimestamp : KEY['@timestamp'])
  json.iso(time.isZero ? instantFromMillis(now()) : time)
  json.key(KEY.name)
  event.writeName(json)
  json.key(KEY.attributes)
  writeAttributeFields(json, event.attributes, BASE64)
  writeCount(json, KEY.droppedAttributesCount, event.droppedAttributesCount)
}

function writeLinkAttributes(json: JsonWriter, { attributes, droppedAttributesCount }: SpanLink): void {
  if (attributes.size > 0) {
    json.key(KEY.attributes)
    writeAttributeFields(json, attributes, BASE64)
  }
  if (droppedAttributesCount > 0) writeCount(json, KEY.droppedAttributesCount, droppedAttributesCount)
}
