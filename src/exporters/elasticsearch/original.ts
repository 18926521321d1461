// The modes `none` and `raw`: flat documents with OpenTelemetry's names; `raw` has attributes at the top.
import { type Attributes, instantFromMillis, type LogRecord, nanosBetween, type Span } from '../../data/index.ts'
import { FlatDocument, FROM } from '../../search/flat.ts'
import { flatKeyOf, KeyTable } from '../../search/flat-key.ts'
import { freeName } from '../../search/reserved.ts'
import type { Documents, SpanDocuments } from './documents.ts'
import { HINT_NAMES } from './hints.ts'
import type { DataStream } from './route.ts'

export interface OriginalOptions {
  readonly isRaw: boolean
  readonly now: () => number
}

export function createOriginalLogs({ isRaw, now }: OriginalOptions): Documents<LogRecord> {
  const document = new OriginalDocument(isRaw)
  return {
    ...document.around,
    write(json, record, stream) {
      const { time, observedTime, traceId, spanId } = record
      const { fields } = document
      document.begin(stream)
      const seen = observedTime.isZero ? instantFromMillis(now()) : observedTime
      fields.add(KEY.time, time.isZero ? seen : time)
      fields.addId(KEY.traceId, traceId)
      fields.addId(KEY.spanId, spanId)
      fields.add(KEY.flags, record.flags)
      fields.addText(KEY.severityText, record.severityText)
      fields.add(KEY.severityNumber, record.severityNumber)
      record.rawBody((bytes, at, end) => fields.addValue(KEY.body, FROM.OURS, bytes, at, end))
      document.attributes(record.attributes)
      fields.write(json, false)
      return undefined
    },
  }
}

export function createOriginalSpans({ isRaw }: OriginalOptions): SpanDocuments {
  const document = new OriginalDocument(isRaw)
  return {
    ...document.around,
    write(json, span, stream) {
      const { fields } = document
      document.begin(stream)
      fields.add(KEY.time, span.start)
      fields.add(KEY.end, span.end)
      fields.addId(KEY.traceId, span.traceId)
      fields.addId(KEY.spanId, span.spanId)
      fields.addId(KEY.parentId, span.parentSpanId)
      fields.addText(KEY.name, span.name)
      fields.add(KEY.kind, KINDS[span.kind] ?? KINDS[0]!)
      fields.add(KEY.status, span.statusCode)
      fields.addText(KEY.statusMessage, span.statusMessage)
      fields.add(KEY.link, linksOf(span))
      fields.add(KEY.duration, Math.max(0, Math.floor(nanosBetween(span.start, span.end) / 1000)))
      document.attributes(span.attributes)
      if (span.hasEvents) document.events(span)
      fields.write(json, false)
      return undefined
    },
  }
}

const KEY = {
  time: flatKeyOf('@timestamp'),
  traceId: flatKeyOf('TraceId'),
  spanId: flatKeyOf('SpanId'),
  flags: flatKeyOf('TraceFlags'),
  severityText: flatKeyOf('SeverityText'),
  severityNumber: flatKeyOf('SeverityNumber'),
  body: flatKeyOf('Body'),
  end: flatKeyOf('EndTimestamp'),
  parentId: flatKeyOf('ParentSpanId'),
  name: flatKeyOf('Name'),
  kind: flatKeyOf('Kind'),
  status: flatKeyOf('TraceStatus'),
  statusMessage: flatKeyOf('TraceStatusDescription'),
  link: flatKeyOf('Link'),
  duration: flatKeyOf('Duration'),
  scopeName: flatKeyOf('Scope.name'),
  scopeVersion: flatKeyOf('Scope.version'),
}
const KINDS = [
  'SPAN_KIND_UNSPECIFIED',
  'SPAN_KIND_INTERNAL',
  'SPAN_KIND_SERVER',
  'SPAN_KIND_CLIENT',
  'SPAN_KIND_PRODUCER',
  'SPAN_KIND_CONSUMER',
]

const hintNames: ReadonlySet<string> = new Set(HINT_NAMES)
const taken: ReadonlySet<string> = new Set(Object.values(KEY).map(({ text }) => text))
/** Below a prefix nothing of ours is in the way. */
const tableBelow = (prefix: string): KeyTable =>
  new KeyTable((name) => (hintNames.has(name) ? [] : [prefix === '' ? freeName(name, taken) : `${prefix}.${name}`]))

/** What log records and spans have in common. */
class OriginalDocument {
  readonly fields = new FlatDocument('hex')
  readonly #isRaw: boolean
  readonly #resourceNames = tableBelow('Resource')
  readonly #scopeNames = tableBelow('Scope')
  readonly #names: KeyTable
  readonly #eventNames = new Map<string, KeyTable>()
  #resourceMark = 0
  #mark = 0

  constructor(isRaw: boolean) {
    this.#isRaw = isRaw
    this.#names = tableBelow(isRaw ? '' : 'Attributes')
  }

  readonly around: Pick<Documents<unknown>, 'resource' | 'scope'> = {
    resource: ({ attributes }) => {
      this.fields.reset()
      this.fields.addAttributes(attributes, FROM.RESOURCE, this.#resourceNames)
      this.#resourceMark = this.#mark = this.fields.mark()
    },
    scope: ({ name, version, attributes }) => {
      this.fields.reset(this.#resourceMark)
      this.fields.addText(KEY.scopeName, name)
      this.fields.addText(KEY.scopeVersion, version)
      this.fields.addAttributes(attributes, FROM.SCOPE, this.#scopeNames)
      this.#mark = this.fields.mark()
    },
  }

  begin(stream: DataStream | undefined): void {
    this.fields.reset(this.#mark)
    if (stream === undefined) return
    const prefix = this.#isRaw ? '' : 'Attributes.'
    for (const part of ['type', 'dataset', 'namespace'] as const)
      this.fields.add(flatKeyOf(`${prefix}data_stream.${part}`), stream[part])
  }

  attributes(attributes: Attributes): void {
    this.fields.addAttributes(attributes, FROM.ITEM, this.#names)
  }

  /** Below their names; the second of a name gets a number. */
  events(span: Span): void {
    const counts = new Map<string, number>()
    span.eachEvent(({ name, time, attributes }) => {
      const nth = (counts.get(name) ?? 0) + 1
      counts.set(name, nth)
      const own = nth === 1 ? name : `${name}_${nth}`
      const prefix = this.#isRaw ? own : `Events.${own}`
      this.fields.add(flatKeyOf(`${prefix}.time`), time, FROM.ITEM)
      this.fields.addAttributes(attributes, FROM.ITEM, this.#eventTable(prefix))
    })
  }

  #eventTable(prefix: string): KeyTable {
    let table = this.#eventNames.get(prefix)
    if (table === undefined) {
      if (this.#eventNames.size >= MAX_EVENT_NAMES) this.#eventNames.clear()
      table = tableBelow(prefix)
      this.#eventNames.set(prefix, table)
    }
    return table
  }
}

/** Names come from senders: there is no end to them. */
const MAX_EVENT_NAMES = 200

/** A text of JSON, as the collector has it. */
function linksOf(span: Span): string {
  const links: object[] = []
  span.eachLink(({ traceId, spanId, attributes }) =>
    links.push({ attribute: Object.fromEntries(attributes.toMap()), spanID: spanId.hex, traceID: traceId.hex }),
  )
  return JSON.stringify(links, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
}
