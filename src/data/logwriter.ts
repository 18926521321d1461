// Building log records; the field numbers are those of the view (logrecord.ts).
import type { Instant } from '../wire/time.ts'
import type { ByteWriter } from '../wire/writer.ts'
import { type AttributeSource, FieldWriter } from './fieldwriter.ts'
import { type Id, SPAN_ID_SIZE, TRACE_ID_SIZE } from './id.ts'
import type { Key } from './key.ts'
import type { AnyValue, Double } from './value.ts'

/** The log record at hand, valid inside `add`: each field at most once, in any order; attribute keys are not compared. */
export class LogWriter {
  readonly #fields: FieldWriter
  constructor(out: ByteWriter) {
    this.#fields = new FieldWriter(out)
  }

  time(time: Instant): void {
    this.#fields.instant(1, time)
  }
  observedTime(time: Instant): void {
    this.#fields.instant(11, time)
  }
  /** 1 trace, 5 debug, 9 info, 13 warn, 17 error, 21 fatal, each with three steps above it. */
  severityNumber(severity: number): void {
    this.#fields.varint(2, severity)
  }
  severityText(text: string): void {
    this.#fields.text(3, text)
  }
  eventName(name: string): void {
    this.#fields.text(12, name)
  }
  body(body: AnyValue | Double): void {
    this.#fields.value(5, body)
  }
  attribute(key: Key | string, value: AnyValue | Double): void {
    this.#fields.attribute(6, key, value)
  }
  attributes(source: AttributeSource): void {
    this.#fields.attributes(6, source)
  }
  droppedAttributesCount(count: number): void {
    this.#fields.varint(7, count)
  }
  flags(flags: number): void {
    this.#fields.fixed32(8, flags)
  }
  traceId(id: Id): void {
    this.#fields.id(9, id, TRACE_ID_SIZE)
  }
  spanId(id: Id): void {
    this.#fields.id(10, id, SPAN_ID_SIZE)
  }
}
