// Span = { 1: trace_id, 2: span_id, 3: trace_state, 4: parent_span_id, 5: name, 6: kind, 7: start, 8: end (fixed64),
//          9: attributes, 10: dropped_attributes_count, 11: events, 12: dropped_events_count, 13: links,
//          14: dropped_links_count, 15: status, 16: flags (fixed32) }
import type { JsonWriter } from '../wire/json.ts'
import { type Instant, nanosBetween } from '../wire/time.ts'
import type { ByteWriter } from '../wire/writer.ts'
import type { Attributes } from './attributes.ts'
import { eachEntry } from './entries.ts'
import { type Id, idOf, SPAN_ID_SIZE, setId, TRACE_ID_SIZE } from './id.ts'
import { Message } from './message.ts'
import {
  type SpanEvent,
  type SpanEventObject,
  type SpanLink,
  type SpanLinkObject,
  spanEvents,
  spanLinks,
} from './spanentries.ts'
import { noSplices } from './splices.ts'
import type { AnyValue } from './value.ts'

const TRACE_ID = 1
const SPAN_ID = 2
const TRACE_STATE = 3
const PARENT_SPAN_ID = 4
const NAME = 5
const KIND = 6
const START = 7
const END = 8
/** The field number of the attributes. */
export const SPAN_ATTRIBUTES = 9
const DROPPED_ATTRIBUTES_COUNT = 10
const EVENTS = 11
const DROPPED_EVENTS_COUNT = 12
const LINKS = 13
const DROPPED_LINKS_COUNT = 14
const STATUS = 15
const FLAGS = 16

/** 0 unset, 1 ok, 2 error. */
export type StatusCode = 0 | 1 | 2

/** A span under the visit (opentelemetry/proto/trace/v1). Setters work in `onSpan` under `rewrite` only. */
export class Span {
  readonly #message: Message
  constructor(message: Message) {
    this.#message = message
  }

  get traceId(): Id {
    return idOf(this.#message, TRACE_ID)
  }
  /** Setting an id of another size than 16 bytes (8 for the other two) or none throws. */
  set traceId(id: Id) {
    setId(this.#message, TRACE_ID, id, TRACE_ID_SIZE)
  }
  get spanId(): Id {
    return idOf(this.#message, SPAN_ID)
  }
  set spanId(id: Id) {
    setId(this.#message, SPAN_ID, id, SPAN_ID_SIZE)
  }
  get parentSpanId(): Id {
    return idOf(this.#message, PARENT_SPAN_ID)
  }
  set parentSpanId(id: Id) {
    setId(this.#message, PARENT_SPAN_ID, id, SPAN_ID_SIZE)
  }
  /** No parent, or one of zeros. */
  get isRoot(): boolean {
    return this.parentSpanId.isEmpty
  }
  get traceState(): string {
    return this.#message.text(TRACE_STATE)
  }
  set traceState(state: string) {
    this.#message.setText(TRACE_STATE, state)
  }
  get name(): string {
    return this.#message.text(NAME)
  }
  set name(name: string) {
    this.#message.setText(NAME, name)
  }
  /** 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  get kind(): number {
    return this.#message.int32(KIND)
  }
  set kind(kind: number) {
    this.#message.setVarint(KIND, kind)
  }
  get flags(): number {
    return this.#message.fixed32(FLAGS)
  }
  set flags(flags: number) {
    this.#message.setFixed32(FLAGS, flags)
  }
  get start(): Instant {
    return this.#message.instant(START)
  }
  set start(start: Instant) {
    this.#message.setInstant(START, start)
  }
  get end(): Instant {
    return this.#message.instant(END)
  }
  set end(end: Instant) {
    this.#message.setInstant(END, end)
  }
  /** Exact up to 104 days. */
  get durationNanos(): number {
    return nanosBetween(this.start, this.end)
  }
  get attributes(): Attributes {
    return this.#message.attributes
  }
  get droppedAttributesCount(): number {
    return this.#message.uint32(DROPPED_ATTRIBUTES_COUNT)
  }
  set droppedAttributesCount(count: number) {
    this.#message.setVarint(DROPPED_ATTRIBUTES_COUNT, count)
  }
  get droppedEventsCount(): number {
    return this.#message.uint32(DROPPED_EVENTS_COUNT)
  }
  set droppedEventsCount(count: number) {
    this.#message.setVarint(DROPPED_EVENTS_COUNT, count)
  }
  get droppedLinksCount(): number {
    return this.#message.uint32(DROPPED_LINKS_COUNT)
  }
  set droppedLinksCount(count: number) {
    this.#message.setVarint(DROPPED_LINKS_COUNT, count)
  }

  /** 0 unset, 1 ok, 2 error. */
  get statusCode(): StatusCode {
    return (statusOf(this.#message)?.int32(STATUS_CODE) ?? 0) as StatusCode
  }
  get statusMessage(): string {
    return statusOf(this.#message)?.text(STATUS_MESSAGE) ?? ''
  }
  /** And not an empty one. */
  get hasStatusMessage(): boolean {
    const status = statusOf(this.#message)
    return status?.has(STATUS_MESSAGE) === true && status.contentEnd(STATUS_MESSAGE) > status.contentAt(STATUS_MESSAGE)
  }
  setStatus(code: StatusCode, message = ''): void {
    this.#message.setContent(STATUS, (out) => {
      if (message !== '') {
        out.byte(0x12)
        out.text(message)
      }
      if (code !== 0) {
        out.byte(0x18)
        out.byte(code)
      }
    })
  }

  get hasEvents(): boolean {
    return this.#message.has(EVENTS)
  }
  get hasLinks(): boolean {
    return this.#message.has(LINKS)
  }
  /** The event is a view too: valid until the next one; `retain()` gives one that stays. */
  eachEvent(visit: (event: SpanEvent) => void): void {
    eachEntry(this.#message, EVENTS, spanEvents, visit)
  }
  eachLink(visit: (link: SpanLink) => void): void {
    eachEntry(this.#message, LINKS, spanLinks, visit)
  }

  /** Without a string in between. */
  writeName(json: JsonWriter): void {
    this.#message.writeText(NAME, json)
  }
  writeStatusMessage(json: JsonWriter): void {
    const status = statusOf(this.#message)
    if (status) status.writeText(STATUS_MESSAGE, json)
    else json.string('')
  }

  /** The serialized message with its edits: for a `Builder`, which puts it elsewhere. */
  writeTo(out: ByteWriter): void {
    this.#message.writeTo(out)
  }
  /** A view that stays valid; read-only. */
  retain(): Span {
    return new Span(this.#message.retain())
  }

  /** Everything, as plain data that stays. */
  toObject(): SpanObject {
    const eventObjects: SpanEventObject[] = []
    const linkObjects: SpanLinkObject[] = []
    this.eachEvent((event) => eventObjects.push(event.toObject()))
    this.eachLink((link) => linkObjects.push(link.toObject()))
    return {
      traceId: this.traceId.hex,
      spanId: this.spanId.hex,
      parentSpanId: this.parentSpanId.hex,
      traceState: this.traceState,
      flags: this.flags,
      name: this.name,
      kind: this.kind,
      startTimeUnixNano: this.start.toBigInt(),
      endTimeUnixNano: this.end.toBigInt(),
      status: { code: this.statusCode, message: this.statusMessage },
      attributes: this.attributes.toMap(),
      droppedAttributesCount: this.droppedAttributesCount,
      events: eventObjects,
      droppedEventsCount: this.droppedEventsCount,
      links: linkObjects,
      droppedLinksCount: this.droppedLinksCount,
    }
  }
}

/** A span as plain data: ids in lower-case hexadecimal, empty when absent. */
export interface SpanObject {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly traceState: string
  readonly flags: number
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: bigint
  readonly endTimeUnixNano: bigint
  readonly status: { readonly code: StatusCode; readonly message: string }
  readonly attributes: ReadonlyMap<string, AnyValue>
  readonly droppedAttributesCount: number
  readonly events: readonly SpanEventObject[]
  readonly droppedEventsCount: number
  readonly links: readonly SpanLinkObject[]
  readonly droppedLinksCount: number
}
// Status = { 2: message, 3: code }
const STATUS_MESSAGE = 2
const STATUS_CODE = 3
const status = new Message(noSplices, 0)

/** One shared view: read at once. */
function statusOf(span: Message): Message | undefined {
  if (!span.has(STATUS)) return undefined
  status.open(span.source(STATUS), span.contentAt(STATUS), span.contentEnd(STATUS))
  return status
}
