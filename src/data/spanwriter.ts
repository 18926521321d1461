// Building spans; the field numbers are those of the views (spanentries.ts, span.ts).
import type { Instant } from '../wire/time.ts'
import type { ByteWriter } from '../wire/writer.ts'
import { type AttributeSource, FieldWriter } from './fieldwriter.ts'
import { type Id, SPAN_ID_SIZE, TRACE_ID_SIZE } from './id.ts'
import type { Key } from './key.ts'
import type { StatusCode } from './span.ts'
import type { SpanEvent, SpanLink } from './spanentries.ts'
import type { AnyValue, Double } from './value.ts'

/** The span at hand, valid inside `add`: each field at most once, in any order; attribute keys are not compared. */
export class SpanWriter {
  readonly #fields: FieldWriter
  readonly #event: SpanEventWriter
  readonly #link: SpanLinkWriter
  constructor(out: ByteWriter) {
    this.#fields = new FieldWriter(out)
    this.#event = new SpanEventWriter(this.#fields)
    this.#link = new SpanLinkWriter(this.#fields)
  }

  traceId(id: Id): void {
    this.#fields.id(1, id, TRACE_ID_SIZE)
  }
  spanId(id: Id): void {
    this.#fields.id(2, id, SPAN_ID_SIZE)
  }
  parentSpanId(id: Id): void {
    this.#fields.id(4, id, SPAN_ID_SIZE)
  }
  traceState(state: string): void {
    this.#fields.text(3, state)
  }
  name(name: string): void {
    this.#fields.text(5, name)
  }
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  kind(kind: number): void {
    this.#fields.varint(6, kind)
  }
  start(start: Instant): void {
    this.#fields.instant(7, start)
  }
  end(end: Instant): void {
    this.#fields.instant(8, end)
  }
  attribute(key: Key | string, value: AnyValue | Double): void {
    this.#fields.attribute(9, key, value)
  }
  attributes(source: AttributeSource): void {
    this.#fields.attributes(9, source)
  }
  droppedAttributesCount(count: number): void {
    this.#fields.varint(10, count)
  }
  /** Written by `write`, or a copy of one that is there. */
  event(event: SpanEvent | ((event: SpanEventWriter) => void)): void {
    if (typeof event === 'function') this.#fields.message(11, () => event(this.#event))
    else this.#fields.serialized(11, event)
  }
  droppedEventsCount(count: number): void {
    this.#fields.varint(12, count)
  }
  link(link: SpanLink | ((link: SpanLinkWriter) => void)): void {
    if (typeof link === 'function') this.#fields.message(13, () => link(this.#link))
    else this.#fields.serialized(13, link)
  }
  droppedLinksCount(count: number): void {
    this.#fields.varint(14, count)
  }
  status(code: StatusCode, message = ''): void {
    this.#fields.message(15, () => {
      if (message !== '') this.#fields.text(2, message)
      if (code !== 0) this.#fields.varint(3, code)
    })
  }
  flags(flags: number): void {
    this.#fields.fixed32(16, flags)
  }
}

/** Valid inside `event`. */
export class SpanEventWriter {
  readonly #fields: FieldWriter
  constructor(fields: FieldWriter) {
    this.#fields = fields
  }

  time(time: Instant): void {
    this.#fields.instant(1, time)
  }
  name(name: string): void {
    this.#fields.text(2, name)
  }
  attribute(key: Key | string, value: AnyValue | Double): void {
    this.#fields.attribute(3, key, value)
  }
  attributes(source: AttributeSource): void {
    this.#fields.attributes(3, source)
  }
  droppedAttributesCount(count: number): void {
    this.#fields.varint(4, count)
  }
}

/** Valid inside `link`. */
export class SpanLinkWriter {
  readonly #fields: FieldWriter
  constructor(fields: FieldWriter) {
    this.#fields = fields
  }

  traceId(id: Id): void {
    this.#fields.id(1, id, TRACE_ID_SIZE)
  }
  spanId(id: Id): void {
    this.#fields.id(2, id, SPAN_ID_SIZE)
  }
  traceState(state: string): void {
    this.#fields.text(3, state)
  }
  attribute(key: Key | string, value: AnyValue | Double): void {
    this.#fields.attribute(4, key, value)
  }
  attributes(source: AttributeSource): void {
    this.#fields.attributes(4, source)
  }
  droppedAttributesCount(count: number): void {
    this.#fields.varint(5, count)
  }
  flags(flags: number): void {
    this.#fields.fixed32(6, flags)
  }
}
