// Trace and span ids: bytes that are rarely wanted as text.
import { writeHex, writeHexPairs } from '../wire/hex.ts'
import type { JsonWriter } from '../wire/json.ts'
import type { ByteWriter } from '../wire/writer.ts'
import type { Message } from './message.ts'

/** 16 bytes (trace) or 8 (span); none at all when absent. Shares the chunk's memory. */
export class Id {
  readonly #bytes: Buffer
  readonly #at: number
  readonly #end: number

  constructor(bytes: Buffer, at: number, end: number) {
    this.#bytes = bytes
    this.#at = at
    this.#end = end
  }

  /** The absent id. */
  static readonly none: Id = new Id(Buffer.alloc(0), 0, 0)
  /** Either case. Throws when it is something else. */
  static fromHex(hex: string): Id {
    const bytes = Buffer.from(hex, 'hex')
    if (bytes.length * 2 !== hex.length) throw new RangeError(`an id is hexadecimal, got ${JSON.stringify(hex)}`)
    return new Id(bytes, 0, bytes.length)
  }
  /** Takes the bytes over. */
  static fromBytes(bytes: Uint8Array): Id {
    return new Id(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length)
  }

  get size(): number {
    return this.#end - this.#at
  }

  /** Absent or all zero: both mean "none". */
  get isEmpty(): boolean {
    for (let i = this.#at; i < this.#end; i++) if (this.#bytes[i] !== 0) return false
    return true
  }

  /** Lower case. */
  get hex(): string {
    return this.#bytes.hexSlice(this.#at, this.#end)
  }
  /** For a Map: half the length of `hex`, and a third of its cost. */
  get mapKey(): string {
    return this.#bytes.latin1Slice(this.#at, this.#end)
  }
  copyTo(target: Uint8Array, offset: number): void {
    for (let at = this.#at; at < this.#end; at++) target[offset++] = this.#bytes[at]! // a call of copy() costs more
  }
  toBytes(): Buffer {
    return Buffer.from(this.#bytes.subarray(this.#at, this.#end))
  }
  /** The digits of some of its bytes, nothing around them. The caller has made room. */
  writeHex(out: ByteWriter, start: number, end: number): void {
    out.length = writeHexPairs(this.#bytes, this.#at + start, this.#at + end, out.view(), out.length)
  }
  /** All of its digits, to a place that has room for them. */
  writeHexTo(target: Uint8Array, at: number): void {
    writeHex(this.#bytes, this.#at, this.#end, target, at)
  }
  /** As a hexadecimal string. */
  writeJson(json: JsonWriter): void {
    json.hex(this.#bytes, this.#at, this.#end)
  }

  equals(other: Id): boolean {
    if (this.size !== other.size) return false
    for (let i = 0; i < this.size; i++) if (this.#bytes[this.#at + i] !== other.#bytes[other.#at + i]) return false
    return true
  }
}

/** In bytes. */
export const TRACE_ID_SIZE = 16
export const SPAN_ID_SIZE = 8

/** An id that was set lives in scratch, which moves: those are copied. */
export function idOf(message: Message, field: number): Id {
  if (!message.has(field)) return Id.none
  const bytes = message.source(field)
  const at = message.contentAt(field)
  const end = message.contentEnd(field)
  return bytes === message.bytes ? new Id(bytes, at, end) : new Id(Buffer.from(bytes.subarray(at, end)), 0, end - at)
}

/** Throws when the id has another size, or none. */
export function setId(message: Message, field: number, id: Id, size: number): void {
  checkSize(id, size)
  message.setContent(field, (out) => out.raw(id.toBytes()))
}

/** Length and id. */
export function writeId(out: ByteWriter, id: Id, size: number): void {
  checkSize(id, size)
  out.byte(id.size)
  out.reserve(id.size)
  id.copyTo(out.bytes, out.length)
  out.length += id.size
}

/** OTLP knows no ids of other sizes, and receivers refuse the whole request for one. */
function checkSize(id: Id, size: number): void {
  if (id.size !== size && id.size !== 0) throw new RangeError(`the id has ${id.size} bytes, must have ${size} or none`)
}
