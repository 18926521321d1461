// Documents as OpenSearch's Data Prepper writes them (otel-v1): spans for trace analytics, log records, data points.
// https://github.com/opensearch-project/data-prepper (index templates otel-v1-apm-span, logs-otel-v1, metrics-otel-v1)
import {
  type Attributes,
  type Instant,
  instantFromMillis,
  type LogRecord,
  nanosBetween,
  type Resource,
  type Scope,
  type Span,
  type SpanEvent,
  type SpanLink,
} from '../data/index.ts'
import { kindOf, STRING } from '../data/raw.ts'
import { JsonWriter } from '../wire/json.ts'
import { BASE64, writeAttributeFields } from './fields.ts'
import { areWhole, Frame, SPAN_ID, TIME, TRACE_ID } from './frame.ts'
import { keysOf, type Mode, textsOf } from './mode.ts'
import { writeEvents, writeLinks } from './span-lists.ts'
import { writeText } from './value.ts'

export function createOtelV1Spans(): Mode<Span> {
  const around = new OtelV1Around()
  return {
    resource: (resource) => around.resource(resource),
    scope: (scope) => around.scope(scope),
    write(json, span) {
      const { start, end, traceState } = span
      writeSpanIds(json, span)
      json.key(KEY.name)
      span.writeName(json)
      json.key(KEY.kind)
      json.json(KINDS[span.kind] ?? KINDS[0]!)
      if (traceState !== '') {
        json.key(KEY.traceState)
        json.string(traceState)
      }
      writeSpanTimes(json, start, end)
      const duration = Math.max(0, nanosBetween(start, end))
      writeNumber(json, KEY.durationInNanos, duration)
      json.key(KEY.status)
      json.beginObject()
      writeNumber(json, KEY.code, span.statusCode)
      if (span.statusMessage !== '') {
        json.key(KEY.message)
        span.writeStatusMessage(json)
      }
      json.endObject()
      if (span.isRoot) writeTraceGroup(json, span, duration)
      if (span.hasEvents) writeEvents(json, span, (event) => writeEvent(json, event))
      if (span.hasLinks) writeLinks(json, span, (link) => writeLinkAttributes(json, link))
      writeNumber(json, KEY.droppedAttributesCount, span.droppedAttributesCount)
      writeNumber(json, KEY.droppedEventsCount, span.droppedEventsCount)
      writeNumber(json, KEY.droppedLinksCount, span.droppedLinksCount)
      writeAttributes(json, span.attributes)
      around.writeEnd(json)
      return undefined
    },
  }
}

export function createOtelV1Logs({ now }: { readonly now: () => number }): Mode<LogRecord> {
  const around = new OtelV1Around()
  return {
    resource: (resource) => around.resource(resource),
    scope: (scope) => around.scope(scope),
    write(json, record) {
      const { traceId, spanId, eventName } = record
      const observed = record.observedTime.isZero ? instantFromMillis(now()) : record.observedTime
      const time = record.time.isZero ? observed : record.time
      writeLogTimes(json, time, observed)
      json.key(KEY.severity)
      json.beginObject()
      writeNumber(json, KEY.number, record.severityNumber)
      if (record.hasSeverityText) {
        json.key(KEY.text)
        record.writeSeverityText(json)
      }
      json.endObject()
      record.rawBody((bytes, at, end) => {
        json.key(KEY.body)
        if (kindOf(bytes, at, end) === STRING) record.writeBody(json)
        else writeText(json, bytes, at, end)
      })
      if (eventName !== '') {
        json.key(KEY.eventName)
        json.string(eventName)
      }
      if (!traceId.isEmpty) {
        json.key(KEY.traceId)
        traceId.writeJson(json)
      }
      if (!spanId.isEmpty) {
        json.key(KEY.spanId)
        spanId.writeJson(json)
      }
      writeNumber(json, KEY.flags, record.flags)
      writeNumber(json, KEY.droppedAttributesCount, record.droppedAttributesCount)
      writeAttributes(json, record.attributes)
      around.writeEnd(json)
      return undefined
    },
  }
}

/** serviceName, resource and scope, and the end of the document: the same for all items of a scope, and written once. */
export class OtelV1Around {
  #service = ''
  #resource: Resource | undefined
  #end: Buffer = Buffer.alloc(0)

  resource(resource: Resource): void {
    this.#service = resource.attributes.getString('service.name') ?? ''
    this.#resource = resource
  }

  /** Comes while the resource is being visited. */
  scope(scope: Scope): void {
    scratch.clear()
    if (this.#service !== '') {
      scratch.key(KEY.serviceName)
      scratch.string(this.#service)
    }
    scratch.key(KEY.resource)
    writeSource(scratch, this.#resource!)
    scratch.key(KEY.instrumentationScope)
    writeSource(scratch, scope, scope)
    scratch.endObject()
    this.#end = scratch.take()
  }

  writeEnd(json: JsonWriter): void {
    json.json(this.#end)
  }
}

const scratch = new JsonWriter(4096)

const KEY = keysOf(
  'time',
  'traceId',
  'spanId',
  'parentSpanId',
  'traceState',
  'name',
  'kind',
  'endTime',
  'durationInNanos',
  'serviceName',
  'status',
  'code',
  'message',
  'traceGroup',
  'traceGroupFields',
  'statusCode',
  'droppedAttributesCount',
  'droppedEventsCount',
  'droppedLinksCount',
  'resource',
  'instrumentationScope',
  'version',
  'schemaUrl',
  'attributes',
  'severity',
  'number',
  'text',
  'body',
  'eventName',
  'flags',
)
const KINDS = textsOf(
  'SPAN_KIND_UNSPECIFIED',
  'SPAN_KIND_INTERNAL',
  'SPAN_KIND_SERVER',
  'SPAN_KIND_CLIENT',
  'SPAN_KIND_PRODUCER',
  'SPAN_KIND_CONSUMER',
)

const SPAN_IDS = new Frame('{"traceId":"', TRACE_ID, '","spanId":"', SPAN_ID, '","parentSpanId":"', SPAN_ID, '"')

function writeSpanIds(json: JsonWriter, { traceId, spanId, parentSpanId }: Span): void {
  if (areWhole(traceId, spanId) && parentSpanId.size === 8) {
    const from = SPAN_IDS.write(json.out)
    SPAN_IDS.putId(json.out, from, 0, traceId)
    SPAN_IDS.putId(json.out, from, 1, spanId)
    SPAN_IDS.putId(json.out, from, 2, parentSpanId)
    return
  }
  json.beginObject()
  json.key(KEY.traceId)
  traceId.writeJson(json)
  json.key(KEY.spanId)
  spanId.writeJson(json)
  json.key(KEY.parentSpanId)
  parentSpanId.writeJson(json)
}

const START_AND_END = [',"startTime":"', TIME, '","endTime":"', TIME] as const
const SPAN_TIMES = new Frame(...START_AND_END, '","@timestamp":"', TIME, '","time":"', TIME, '"')

function writeSpanTimes({ out }: JsonWriter, start: Instant, end: Instant): void {
  const from = SPAN_TIMES.write(out)
  SPAN_TIMES.putTime(out, from, 0, start)
  SPAN_TIMES.putTime(out, from, 1, end)
  SPAN_TIMES.putTime(out, from, 2, start)
  SPAN_TIMES.putTime(out, from, 3, start)
}

const LOG_TIMES = new Frame('{"@timestamp":"', TIME, '","time":"', TIME, '","observedTime":"', TIME, '"')

function writeLogTimes({ out }: JsonWriter, time: Instant, observed: Instant): void {
  const from = LOG_TIMES.write(out)
  LOG_TIMES.putTime(out, from, 0, time)
  LOG_TIMES.putTime(out, from, 1, time)
  LOG_TIMES.putTime(out, from, 2, observed)
}

function writeNumber(json: JsonWriter, key: Buffer, value: number): void {
  json.key(key)
  json.number(value)
}

function writeTime(json: JsonWriter, key: Buffer, time: Instant): void {
  json.key(key)
  json.iso(time)
}

function writeAttributes(json: JsonWriter, attributes: Attributes): void {
  if (attributes.size === 0) return
  json.key(KEY.attributes)
  writeAttributeFields(json, attributes, BASE64)
}

interface Source {
  readonly attributes: Attributes
  readonly droppedAttributesCount: number
  readonly schemaUrl: string
}

function writeSource(
  json: JsonWriter,
  source: Source,
  named?: { readonly name: string; readonly version: string },
): void {
  const texts = [
    [KEY.name, named?.name],
    [KEY.version, named?.version],
    [KEY.schemaUrl, source.schemaUrl],
  ] as const
  json.beginObject()
  for (const [key, text] of texts) {
    if (text === undefined || text === '') continue
    json.key(key)
    json.string(text)
  }
  writeAttributes(json, source.attributes)
  writeNumber(json, KEY.droppedAttributesCount, source.droppedAttributesCount)
  json.endObject()
}

/** A trace is called after its root. */
function writeTraceGroup(json: JsonWriter, span: Span, duration: number): void {
  json.key(KEY.traceGroup)
  span.writeName(json)
  json.key(KEY.traceGroupFields)
  json.beginObject()
  writeTime(json, KEY.endTime, span.end)
  writeNumber(json, KEY.durationInNanos, duration)
  writeNumber(json, KEY.statusCode, span.statusCode)
  json.endObject()
}

function writeEvent(json: JsonWriter, event: SpanEvent): void {
  json.key(KEY.name)
  event.writeName(json)
  writeAttributes(json, event.attributes)
  writeNumber(json, KEY.droppedAttributesCount, event.droppedAttributesCount)
  writeTime(json, KEY.time, event.time)
}

function writeLinkAttributes(json: JsonWriter, link: SpanLink): void {
  writeAttributes(json, link.attributes)
  writeNumber(json, KEY.droppedAttributesCount, link.droppedAttributesCount)
}
