// The fields of a message under construction, by their number in the .proto, straight into wire bytes.
import { FIXED32, FIXED64, LEN, VARINT } from '../wire/reader.ts'
import type { Instant } from '../wire/time.ts'
import type { ByteWriter } from '../wire/writer.ts'
import { writeAttribute } from './attributes.ts'
import { type Id, writeId } from './id.ts'
import { type Key, keyOf } from './key.ts'
import { type AnyValue, checkInt64, checkUint64, type Double, writeAnyValue } from './value.ts'

/** Attributes to write: as `Attributes.toMap` gives them, or a plain object. */
export type AttributeSource = ReadonlyMap<string, AnyValue | Double> | Readonly<Record<string, AnyValue | Double>>

/** Something that is serialized already, such as a view: its body is copied. */
export interface Serialized {
  /** The body, with the edits that wait. */
  writeTo(out: ByteWriter): void
}

/** Writes one field after another; the caller knows their numbers and types. What does not fit throws `RangeError`. */
export class FieldWriter {
  readonly out: ByteWriter
  constructor(out: ByteWriter) {
    this.out = out
  }

  text(field: number, text: string): void {
    this.out.varint((field << 3) | LEN)
    this.out.text(text)
  }
  /** Throws when the id has another size, or none. */
  id(field: number, id: Id, size: number): void {
    this.out.varint((field << 3) | LEN)
    writeId(this.out, id, size)
  }
  varint(field: number, value: number): void {
    this.out.varint((field << 3) | VARINT)
    this.out.int64(value)
  }
  /** The sign is the lowest bit. */
  sint32(field: number, value: number): void {
    this.out.varint((field << 3) | VARINT)
    this.out.varint(((value << 1) ^ (value >> 31)) >>> 0)
  }
  fixed32(field: number, value: number): void {
    this.out.varint((field << 3) | FIXED32)
    this.out.fixed32(value)
  }
  fixed64(field: number, value: number | bigint): void {
    checkUint64(value)
    this.out.varint((field << 3) | FIXED64)
    this.out.fixed64(value)
  }
  sfixed64(field: number, value: number | bigint): void {
    checkInt64(value)
    this.out.varint((field << 3) | FIXED64)
    this.out.fixed64(value)
  }
  /** fixed64 each, packed. */
  counts(field: number, counts: readonly (number | bigint)[]): void {
    this.message(field, () => {
      for (const count of counts) {
        checkUint64(count)
        this.out.fixed64(count)
      }
    })
  }
  double(field: number, value: number): void {
    this.out.varint((field << 3) | FIXED64)
    this.out.double(value)
  }
  instant(field: number, instant: Instant): void {
    this.out.varint((field << 3) | FIXED64)
    this.out.instant(instant)
  }
  value(field: number, value: AnyValue | Double): void {
    this.message(field, () => writeAnyValue(this.out, value))
  }
  attribute(field: number, key: Key | string, value: AnyValue | Double): void {
    writeAttribute(this.out, (field << 3) | LEN, typeof key === 'string' ? keyOf(key) : key, value)
  }
  attributes(field: number, source: AttributeSource): void {
    const entries = source instanceof Map ? source : Object.entries(source)
    for (const [key, value] of entries) this.attribute(field, key, value)
  }
  /** A message, or a packed list: whatever `write` writes. When that throws, nothing was written. */
  message(field: number, write: () => void): void {
    const { out } = this
    const start = out.length
    out.varint((field << 3) | LEN)
    const from = out.beginLength()
    try {
      write()
    } catch (error) {
      out.length = start
      throw error
    }
    out.endLength(from)
  }
  serialized(field: number, what: Serialized): void {
    this.message(field, () => what.writeTo(this.out))
  }
}
