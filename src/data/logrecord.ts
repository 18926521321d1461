// LogRecord = { 1: time, 11: observed (fixed64), 2: severity_number, 3: severity_text, 5: body (AnyValue), 6: attributes,
//               7: dropped_attributes_count, 8: flags (fixed32), 9: trace_id, 10: span_id, 12: event_name }
import type { JsonWriter } from '../wire/json.ts'
import type { Instant } from '../wire/time.ts'
import type { ByteWriter } from '../wire/writer.ts'
import type { Attributes } from './attributes.ts'
import { type Id, idOf, SPAN_ID_SIZE, setId, TRACE_ID_SIZE } from './id.ts'
import type { Message } from './message.ts'
import { type AnyValue, type Double, readAnyValue, writeAnyValue, writeJsonValue } from './value.ts'

const TIME = 1
const SEVERITY_NUMBER = 2
const SEVERITY_TEXT = 3
const BODY = 5
/** The field number of the attributes. */
export const LOG_ATTRIBUTES = 6
const DROPPED_ATTRIBUTES_COUNT = 7
const FLAGS = 8
const TRACE_ID = 9
const SPAN_ID = 10
const OBSERVED_TIME = 11
const EVENT_NAME = 12

/** A log record under the visit (opentelemetry/proto/logs/v1). Setters work in `onLog` under `rewrite` only. */
export class LogRecord {
  readonly #message: Message
  constructor(message: Message) {
    this.#message = message
  }

  get time(): Instant {
    return this.#message.instant(TIME)
  }
  set time(time: Instant) {
    this.#message.setInstant(TIME, time)
  }
  get observedTime(): Instant {
    return this.#message.instant(OBSERVED_TIME)
  }
  set observedTime(time: Instant) {
    this.#message.setInstant(OBSERVED_TIME, time)
  }
  /** 1 trace, 5 debug, 9 info, 13 warn, 17 error, 21 fatal, each with three steps above it; 0 unspecified. */
  get severityNumber(): number {
    return this.#message.int32(SEVERITY_NUMBER)
  }
  set severityNumber(severity: number) {
    this.#message.setVarint(SEVERITY_NUMBER, severity)
  }
  get severityText(): string {
    return this.#message.text(SEVERITY_TEXT)
  }
  set severityText(text: string) {
    this.#message.setText(SEVERITY_TEXT, text)
  }
  get eventName(): string {
    return this.#message.text(EVENT_NAME)
  }
  set eventName(name: string) {
    this.#message.setText(EVENT_NAME, name)
  }
  get flags(): number {
    return this.#message.fixed32(FLAGS)
  }
  set flags(flags: number) {
    this.#message.setFixed32(FLAGS, flags)
  }
  get traceId(): Id {
    return idOf(this.#message, TRACE_ID)
  }
  set traceId(id: Id) {
    setId(this.#message, TRACE_ID, id, TRACE_ID_SIZE)
  }
  get spanId(): Id {
    return idOf(this.#message, SPAN_ID)
  }
  set spanId(id: Id) {
    setId(this.#message, SPAN_ID, id, SPAN_ID_SIZE)
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

  /** Null when absent. */
  get body(): AnyValue {
    const message = this.#message
    return message.has(BODY)
      ? readAnyValue(message.source(BODY), message.contentAt(BODY), message.contentEnd(BODY))
      : null
  }
  set body(body: AnyValue | Double) {
    this.#message.setContent(BODY, (out) => writeAnyValue(out, body))
  }

  /** The body as JSON: a string as a string, a map as an object. */
  writeBody(json: JsonWriter): void {
    const message = this.#message
    if (message.has(BODY)) writeJsonValue(json, message.source(BODY), message.contentAt(BODY), message.contentEnd(BODY))
    else json.null()
  }
  /** Where the body's AnyValue stands (see raw.ts), valid inside the call only; not called without one. */
  rawBody(visit: (bytes: Buffer, at: number, end: number) => void): void {
    const message = this.#message
    if (message.has(BODY)) visit(message.source(BODY), message.contentAt(BODY), message.contentEnd(BODY))
  }
  get hasSeverityText(): boolean {
    const message = this.#message
    return message.has(SEVERITY_TEXT) && message.contentEnd(SEVERITY_TEXT) > message.contentAt(SEVERITY_TEXT)
  }
  writeSeverityText(json: JsonWriter): void {
    this.#message.writeText(SEVERITY_TEXT, json)
  }

  /** The serialized message with its edits: for a `Builder`, which puts it elsewhere. */
  writeTo(out: ByteWriter): void {
    this.#message.writeTo(out)
  }
  /** A view that stays valid; read-only. */
  retain(): LogRecord {
    return new LogRecord(this.#message.retain())
  }
  /** Everything, as plain data that stays. */
  toObject(): LogRecordObject {
    return {
      timeUnixNano: this.time.toBigInt(),
      observedTimeUnixNano: this.observedTime.toBigInt(),
      severityNumber: this.severityNumber,
      severityText: this.severityText,
      eventName: this.eventName,
      body: this.body,
      flags: this.flags,
      traceId: this.traceId.hex,
      spanId: this.spanId.hex,
      attributes: this.attributes.toMap(),
      droppedAttributesCount: this.droppedAttributesCount,
    }
  }
}

/** A log record as plain data: ids in lower-case hexadecimal, empty when absent. */
export interface LogRecordObject {
  readonly timeUnixNano: bigint
  readonly observedTimeUnixNano: bigint
  readonly severityNumber: number
  readonly severityText: string
  readonly eventName: string
  readonly body: AnyValue
  readonly flags: number
  readonly traceId: string
  readonly spanId: string
  readonly attributes: ReadonlyMap<string, AnyValue>
  readonly droppedAttributesCount: number
}
