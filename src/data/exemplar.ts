// Exemplar = { 2: time, 3: as_double | 6: as_int (sfixed64), 4: span_id, 5: trace_id, 7: filtered_attributes }
import { int64, readFixed32 } from '../wire/reader.ts'
import type { Instant } from '../wire/time.ts'
import type { ByteWriter } from '../wire/writer.ts'
import type { Attributes } from './attributes.ts'
import { type Entries, entriesOf } from './entries.ts'
import { type Id, idOf } from './id.ts'
import type { Message } from './message.ts'
import type { AnyValue } from './value.ts'

const TIME = 2
const AS_DOUBLE = 3
const SPAN_ID = 4
const TRACE_ID = 5
const AS_INT = 6
const FILTERED_ATTRIBUTES = 7

/** A measurement that a data point was made of; valid until the visit of the next one. */
export class Exemplar {
  readonly #message: Message
  constructor(message: Message) {
    this.#message = message
  }

  get time(): Instant {
    return this.#message.instant(TIME)
  }
  get traceId(): Id {
    return idOf(this.#message, TRACE_ID)
  }
  get spanId(): Id {
    return idOf(this.#message, SPAN_ID)
  }
  get isInt(): boolean {
    return this.#message.has(AS_INT)
  }
  /** Integers beyond 2^53 are rounded, `intValue` is exact. NaN where there is no value. */
  get value(): number {
    return this.isInt ? Number(this.intValue) : (this.#message.double(AS_DOUBLE) ?? Number.NaN)
  }
  /** 0 unless `isInt`. */
  get intValue(): number | bigint {
    return readSfixed64(this.#message, AS_INT)
  }
  /** What the view of the metric left out. */
  get filteredAttributes(): Attributes {
    return this.#message.attributes
  }

  /** The serialized message with its edits: for a `Builder`, which puts it elsewhere. */
  writeTo(out: ByteWriter): void {
    this.#message.writeTo(out)
  }
  /** A view that stays valid. */
  retain(): Exemplar {
    return new Exemplar(this.#message.retain())
  }
  toObject(): ExemplarObject {
    return {
      timeUnixNano: this.time.toBigInt(),
      value: exactValueOf(this.#message, AS_DOUBLE, AS_INT),
      traceId: this.traceId.hex,
      spanId: this.spanId.hex,
      filteredAttributes: this.filteredAttributes.toMap(),
    }
  }
}

/** An exemplar as plain data: ids in lower-case hexadecimal, empty when absent. */
export interface ExemplarObject {
  readonly timeUnixNano: bigint
  /** An integer on the wire is a number when safe, else a bigint; undefined where there is no value. */
  readonly value: number | bigint | undefined
  readonly traceId: string
  readonly spanId: string
  readonly filteredAttributes: ReadonlyMap<string, AnyValue>
}

/** The exemplars of data points of every type. */
export const exemplars: Entries<Exemplar> = entriesOf(FILTERED_ATTRIBUTES, (message) => new Exemplar(message))

/** 0 when absent. */
export function readSfixed64(message: Message, field: number): number | bigint {
  if (!message.has(field)) return 0
  const bytes = message.source(field)
  const at = message.contentAt(field)
  return int64(readFixed32(bytes, at), readFixed32(bytes, at + 4))
}

/** The oneof value of number points and exemplars. */
export const exactValueOf = (message: Message, asDouble: number, asInt: number): number | bigint | undefined =>
  message.has(asInt) ? readSfixed64(message, asInt) : message.double(asDouble)
