// Span = { 1: trace_id, 2: span_id, 3: trace_state, 4: parent_span_id, 5: name, 6: kind, 7: start, 8: end (fixed64),
//          9: attributes, 11: events, 13: links, 15: status, 16: flags (fixed32) }
import type { JsonWriter } from '../wire/json.ts'
import { type Instant, nanosBetween } from '../wire/time.ts'
import type { Attributes } from './attributes.ts'
import { Id } from './id.ts'
import { Message } from './message.ts'
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
export const SPAN_ATTRIBUTES = 9
const EVENTS = 11
const LINKS = 13
const STATUS = 15
const FLAGS = 16

export type StatusCode = 0 | 1 | 2

export class Span {
  readonly #message: Message
  constructor(message: Message) {
    this.#message = message
  }

  get traceId(): Id {
    return idOf(this.#message, TRACE_ID)
  }
  get spanId(): Id {
    return idOf(this.#message, SPAN_ID)
  }
  get parentSpanId(): Id {
    return idOf(this.#message, PARENT_SPAN_ID)
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
    return this.#message.varint(KIND)
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
  get end(): Instant {
    return this.#message.instant(END)
  }
  /** Exact up to 104 days. */
  get durationNanos(): number {
    return nanosBetween(this.start, this.end)
  }
  get attributes(): Attributes {
    return this.#message.attributes
  }

  /** 0 unset, 1 ok, 2 error. */
  get statusCode(): StatusCode {
    return (statusOf(this.#message)?.varint(STATUS_CODE) ?? 0) as StatusCode
  }
  get statusMessage(): string {
    return statusOf(this.#message)?.text(STATUS_MESSAGE) ?? ''
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

  /** The event is a view too: valid until the next one. */
  eachEvent(visit: (event: SpanEvent) => void): void {
    eachInside(this.#message, EVENTS, events, visit)
  }
  eachLink(visit: (link: SpanLink) => void): void {
    eachInside(this.#message, LINKS, links, visit)
  }

  /** Without a string in between. */
  writeName(json: JsonWriter): void {
    writeText(json, this.#message, NAME)
  }
  writeStatusMessage(json: JsonWriter): void {
    const status = statusOf(this.#message)
    if (status) writeText(json, status, STATUS_MESSAGE)
    else json.string('')
  }

  /** A view that stays valid; read-only. */
  retain(): Span {
    return new Span(this.#message.retain())
  }

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
      events: eventObjects,
      links: linkObjects,
    }
  }
}

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
  readonly events: readonly SpanEventObject[]
  readonly links: readonly SpanLinkObject[]
}
export interface SpanEventObject {
  readonly timeUnixNano: bigint
  readonly name: string
  readonly attributes: ReadonlyMap<string, AnyValue>
}
export interface SpanLinkObject {
  readonly traceId: string
  readonly spanId: string
  readonly traceState: string
  readonly attributes: ReadonlyMap<string, AnyValue>
}

/** Event = { 1: time (fixed64), 2: name, 3: attributes } */
export class SpanEvent {
  readonly #message: Message
  constructor(message: Message) {
    this.#message = message
  }
  get time(): Instant {
    return this.#message.instant(1)
  }
  get name(): string {
    return this.#message.text(2)
  }
  get attributes(): Attributes {
    return this.#message.attributes
  }
  toObject(): SpanEventObject {
    return { timeUnixNano: this.time.toBigInt(), name: this.name, attributes: this.attributes.toMap() }
  }
}

/** Link = { 1: trace_id, 2: span_id, 3: trace_state, 4: attributes } */
export class SpanLink {
  readonly #message: Message
  constructor(message: Message) {
    this.#message = message
  }
  get traceId(): Id {
    return idOf(this.#message, 1)
  }
  get spanId(): Id {
    return idOf(this.#message, 2)
  }
  get traceState(): string {
    return this.#message.text(3)
  }
  get attributes(): Attributes {
    return this.#message.attributes
  }
  toObject(): SpanLinkObject {
    return {
      traceId: this.traceId.hex,
      spanId: this.spanId.hex,
      traceState: this.traceState,
      attributes: this.attributes.toMap(),
    }
  }
}

/** A flyweight for the entries of a repeated message; another one is made when a visit starts a visit. */
interface Inside<View> {
  idle: { readonly message: Message; readonly view: View } | undefined
  create(): { readonly message: Message; readonly view: View }
}
function insideOf<View>(attributesField: number, viewOf: (message: Message) => View): Inside<View> {
  return {
    idle: undefined,
    create() {
      const message = new Message(noSplices, attributesField)
      return { message, view: viewOf(message) }
    },
  }
}
const events = insideOf(3, (message) => new SpanEvent(message))
const links = insideOf(4, (message) => new SpanLink(message))

function eachInside<View>(span: Message, field: number, inside: Inside<View>, visit: (view: View) => void): void {
  if (!span.has(field)) return
  const flyweight = inside.idle ?? inside.create()
  inside.idle = undefined
  const { message, view } = flyweight
  try {
    span.eachMessage(field, (bytes, start, end) => {
      message.open(bytes, start, end)
      visit(view)
    })
  } finally {
    inside.idle = flyweight
  }
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

/** An id that was set lives in scratch, which moves: those are copied. */
export function idOf(message: Message, field: number): Id {
  if (!message.has(field)) return Id.none
  const bytes = message.source(field)
  const at = message.contentAt(field)
  const end = message.contentEnd(field)
  return bytes === message.bytes ? new Id(bytes, at, end) : new Id(Buffer.from(bytes.subarray(at, end)), 0, end - at)
}

export function writeText(json: JsonWriter, message: Message, field: number): void {
  if (message.has(field)) json.utf8(message.source(field), message.contentAt(field), message.contentEnd(field))
  else json.utf8(message.bytes, 0, 0)
}
