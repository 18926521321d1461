// What stands inside a span: its events and its links, as read-only views.
// Event = { 1: time (fixed64), 2: name, 3: attributes, 4: dropped_attributes_count }
// Link  = { 1: trace_id, 2: span_id, 3: trace_state, 4: attributes, 5: dropped_attributes_count, 6: flags (fixed32) }
import type { JsonWriter } from '../wire/json.ts'
import type { Instant } from '../wire/time.ts'
import type { ByteWriter } from '../wire/writer.ts'
import type { Attributes } from './attributes.ts'
import { type Entries, entriesOf } from './entries.ts'
import { type Id, idOf } from './id.ts'
import type { Message } from './message.ts'
import type { AnyValue } from './value.ts'

const EVENT_TIME = 1
const EVENT_NAME = 2
const EVENT_ATTRIBUTES = 3
const EVENT_DROPPED_ATTRIBUTES_COUNT = 4

/** An event of a span; valid until the visit of the next one. */
export class SpanEvent {
  readonly #message: Message
  constructor(message: Message) {
    this.#message = message
  }

  get time(): Instant {
    return this.#message.instant(EVENT_TIME)
  }
  get name(): string {
    return this.#message.text(EVENT_NAME)
  }
  get attributes(): Attributes {
    return this.#message.attributes
  }
  get droppedAttributesCount(): number {
    return this.#message.uint32(EVENT_DROPPED_ATTRIBUTES_COUNT)
  }

  /** Without a string in between. */
  writeName(json: JsonWriter): void {
    this.#message.writeText(EVENT_NAME, json)
  }
  /** The serialized message: for a `Builder`, which puts it elsewhere. */
  writeTo(out: ByteWriter): void {
    this.#message.writeTo(out)
  }
  /** A view that stays valid. */
  retain(): SpanEvent {
    return new SpanEvent(this.#message.retain())
  }
  toObject(): SpanEventObject {
    return {
      timeUnixNano: this.time.toBigInt(),
      name: this.name,
      attributes: this.attributes.toMap(),
      droppedAttributesCount: this.droppedAttributesCount,
    }
  }
}

/** An event as plain data. */
export interface SpanEventObject {
  readonly timeUnixNano: bigint
  readonly name: string
  readonly attributes: ReadonlyMap<string, AnyValue>
  readonly droppedAttributesCount: number
}

const LINK_TRACE_ID = 1
const LINK_SPAN_ID = 2
const LINK_TRACE_STATE = 3
const LINK_ATTRIBUTES = 4
const LINK_DROPPED_ATTRIBUTES_COUNT = 5
const LINK_FLAGS = 6

/** A link of a span; valid until the visit of the next one. */
export class SpanLink {
  readonly #message: Message
  constructor(message: Message) {
    this.#message = message
  }

  get traceId(): Id {
    return idOf(this.#message, LINK_TRACE_ID)
  }
  get spanId(): Id {
    return idOf(this.#message, LINK_SPAN_ID)
  }
  get traceState(): string {
    return this.#message.text(LINK_TRACE_STATE)
  }
  get attributes(): Attributes {
    return this.#message.attributes
  }
  get droppedAttributesCount(): number {
    return this.#message.uint32(LINK_DROPPED_ATTRIBUTES_COUNT)
  }
  get flags(): number {
    return this.#message.fixed32(LINK_FLAGS)
  }

  /** The serialized message: for a `Builder`, which puts it elsewhere. */
  writeTo(out: ByteWriter): void {
    this.#message.writeTo(out)
  }
  /** A view that stays valid. */
  retain(): SpanLink {
    return new SpanLink(this.#message.retain())
  }
  toObject(): SpanLinkObject {
    return {
      traceId: this.traceId.hex,
      spanId: this.spanId.hex,
      traceState: this.traceState,
      attributes: this.attributes.toMap(),
      droppedAttributesCount: this.droppedAttributesCount,
      flags: this.flags,
    }
  }
}

/** A link as plain data: ids in lower-case hexadecimal, empty when absent. */
export interface SpanLinkObject {
  readonly traceId: string
  readonly spanId: string
  readonly traceState: string
  readonly attributes: ReadonlyMap<string, AnyValue>
  readonly droppedAttributesCount: number
  readonly flags: number
}

/** The events of spans, and their links. */
export const spanEvents: Entries<SpanEvent> = entriesOf(EVENT_ATTRIBUTES, (message) => new SpanEvent(message))
export const spanLinks: Entries<SpanLink> = entriesOf(LINK_ATTRIBUTES, (message) => new SpanLink(message))
