// Telemetry from other formats: written as wire bytes straight away, no objects in between.

import { FIXED64, LEN, VARINT } from '../wire/reader.ts'
import type { Instant } from '../wire/time.ts'
import { ByteWriter } from '../wire/writer.ts'
import { writeAttribute } from './attributes.ts'
import { Batch, chunkOf } from './batch.ts'
import { type Key, keyOf } from './key.ts'
import { type AnyValue, type Double, writeAnyValue } from './value.ts'
import { attributesField } from './views.ts'

const ENTRY = 0x0a
const RESOURCE = 0x0a
const INSIDE = 0x12

/** Fields of the item at hand, by their number in the .proto; attributes by key. Only valid inside `item`. */
export class ItemWriter {
  readonly out: ByteWriter
  readonly #attributesTag: number
  constructor(out: ByteWriter, attributesTag: number) {
    this.out = out
    this.#attributesTag = attributesTag
  }

  text(field: number, text: string): void {
    this.out.varint((field << 3) | LEN)
    this.out.text(text)
  }
  bytes(field: number, bytes: Buffer): void {
    this.out.varint((field << 3) | LEN)
    this.out.varint(bytes.length)
    this.out.raw(bytes)
  }
  varint(field: number, value: number): void {
    this.out.varint((field << 3) | VARINT)
    this.out.int64(value)
  }
  time(field: number, instant: Instant): void {
    this.out.varint((field << 3) | FIXED64)
    this.out.fixed64(instant.toBigInt())
  }
  value(field: number, value: AnyValue | Double): void {
    this.out.varint((field << 3) | LEN)
    const from = this.out.beginLength()
    writeAnyValue(this.out, value)
    this.out.endLength(from)
  }
  attribute(key: Key | string, value: AnyValue | Double): void {
    writeAttribute(this.out, this.#attributesTag, typeof key === 'string' ? keyOf(key) : key, value)
  }
}

/** One chunk. `resource`, then `item` as often as wanted, then perhaps another `resource`; `build` ends it. */
export class Builder<S extends 'traces' | 'logs'> {
  readonly #signal: S
  readonly #out = new ByteWriter(4096)
  readonly #item: ItemWriter
  #entryAt = -1
  #scopeAt = -1
  #items = 0

  constructor(signal: S) {
    this.#signal = signal
    this.#item = new ItemWriter(this.#out, (attributesField[signal] << 3) | LEN)
  }

  resource(write: (resource: ItemWriter) => void): void {
    this.#endEntry()
    const out = this.#out
    out.byte(ENTRY)
    this.#entryAt = out.beginPaddedLength()
    out.byte(RESOURCE)
    const from = out.beginLength()
    write(new ItemWriter(out, (1 << 3) | LEN))
    out.endLength(from)
    out.byte(INSIDE)
    this.#scopeAt = out.beginPaddedLength()
  }

  item(write: (item: ItemWriter) => void): void {
    if (this.#entryAt < 0) throw new Error('item before resource')
    this.#out.byte(INSIDE)
    const from = this.#out.beginLength()
    write(this.#item)
    this.#out.endLength(from)
    this.#items++
  }

  build(): Batch<S> {
    this.#endEntry()
    const bytes = this.#out.take()
    const items = this.#items
    this.#out.clear()
    this.#items = 0
    return Batch.of(this.#signal, bytes.length > 0 ? [chunkOf(bytes, items)] : [])
  }

  #endEntry(): void {
    if (this.#entryAt < 0) return
    this.#out.endPaddedLength(this.#scopeAt)
    this.#out.endPaddedLength(this.#entryAt)
    this.#entryAt = -1
  }
}
