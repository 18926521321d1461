// OTLP/JSON to wire bytes, token by token, no objects in between. (OTLP specification, "JSON Protobuf Encoding")
//
//   message  = { "field": value, … }   keys in lowerCamelCase; others are ignored, null counts as absent
//   repeated = [ value, … ]
//   ids are hexadecimal of either case, other bytes base64; integers are numbers or strings of digits, exact to 64 bits;
//   enums are integers; doubles are numbers, strings of such, or "NaN", "Infinity", "-Infinity"
//   of a key given twice, and of the cases of a oneof, the last one counts
import { JsonReader } from '../../wire/jsonreader.ts'
import { ByteWriter } from '../../wire/writer.ts'
import { Batch, chunkOf } from '../batch.ts'
import { type Field, keyValueType, MAX_DEPTH, MAX_VALUE_DEPTH, MESSAGE, type MessageType, roots } from '../schema.ts'
import type { Signal } from '../signal.ts'
import { fieldOf } from './names.ts'
import { writePlainKeyValue } from './plain.ts'
import { writeScalar } from './scalar.ts'

/**
 * The bytes of an OTLP/JSON document, checked to full depth: `{"resourceSpans":[…]}` and the like. Throws `MalformedError`
 * with the path and the byte. No bytes at all are an empty batch.
 */
export function decodeOtlpJson<S extends Signal>(signal: S, bytes: Uint8Array): Batch<S> {
  if (bytes.length === 0) return Batch.of(signal, [])
  const source = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const out = idle ?? new ByteWriter(65536)
  idle = undefined
  out.clear()
  const decoder = new Decoder(source, out)
  decoder.document(roots[signal])
  const chunk = out.take()
  if (out.bytes.length <= MAX_KEPT_BYTES) idle = out
  return Batch.of(signal, chunk.length === 0 ? [] : [chunkOf(chunk, decoder.items)])
}

/** The writer of the last document, unless that was large. */
let idle: ByteWriter | undefined
const MAX_KEPT_BYTES = 4 * 1024 * 1024

/** Per field of an open message: where it was written, from and to, and how many items are in it. */
const WIDTH = 3
/** More than any message has fields. */
const MAX_FIELDS = 32
/** By depth, `MAX_FIELDS * WIDTH` numbers each. */
const frames: Int32Array[] = []

class Decoder {
  readonly #reader: JsonReader
  readonly #out: ByteWriter
  /** By depth: the field that is being read, and its place in a list. */
  readonly #fields: (Field | undefined)[] = []
  readonly #positions: number[] = []
  #depth = -1
  items = 0

  constructor(source: Buffer, out: ByteWriter) {
    this.#reader = new JsonReader(source, () => this.#path())
    this.#out = out
  }

  document(root: MessageType): void {
    this.#message(root)
    this.#reader.expectEnd()
  }

  #message(type: MessageType): void {
    const reader = this.#reader
    const out = this.#out
    if (++this.#depth === MAX_DEPTH) reader.fail(`nests deeper than ${MAX_VALUE_DEPTH} values`)
    const depth = this.#depth
    this.#fields[depth] = undefined
    if (type.isItem) this.items++
    const written = (frames[depth] ??= new Int32Array(MAX_FIELDS * WIDTH))
    let seen = 0
    reader.expect(0x7b)
    let goesOn = !reader.isEmpty(0x7d)
    while (goesOn) {
      reader.string()
      const field = fieldOf(type, reader)
      reader.expect(0x3a)
      if (field === undefined) reader.skip()
      else {
        this.#fields[depth] = field
        if ((seen & field.bit) !== 0) this.#takeBack(written, field.bit, seen)
        seen |= field.bit
        const slot = (31 - Math.clz32(field.bit)) * WIDTH
        written[slot] = out.length
        written[slot + 2] = -this.items
        if (!reader.isNull()) this.#field(field, depth)
        written[slot + 1] = out.length
        written[slot + 2] = written[slot + 2]! + this.items
        this.#fields[depth] = undefined
      }
      goesOn = reader.hasMore(0x7d)
    }
    this.#depth--
  }

  #field(field: Field, depth: number): void {
    if (field.isRepeated) this.#list(field, depth)
    else if (field.kind === MESSAGE) this.#inside(field)
    else writeScalar(this.#reader, this.#out, field, true)
  }

  #inside(field: Field): void {
    const out = this.#out
    const { tag, type } = field
    out.byte(tag)
    const from = out.beginLength(type.lengthGuess)
    this.#message(type)
    out.endLength(from, type.lengthGuess)
  }

  #list(field: Field, depth: number): void {
    const reader = this.#reader
    const out = this.#out
    const isPacked = field.tag !== field.elementTag
    reader.expect(0x5b)
    if (reader.isEmpty(0x5d)) return
    if (isPacked) out.byte(field.tag)
    const from = isPacked ? out.beginLength() : 0
    let position = 0
    do {
      this.#positions[depth] = position++
      if (field.type === keyValueType) {
        const isPlain = depth + 2 < MAX_DEPTH && writePlainKeyValue(reader, out, field.tag)
        if (!isPlain) this.#inside(field)
      } else if (field.kind === MESSAGE) this.#inside(field)
      else writeScalar(reader, out, field, !isPacked)
    } while (reader.hasMore(0x5d))
    if (isPacked) out.endLength(from)
    this.#positions[depth] = -1
  }

  /**
   * A key given twice: what the first one wrote goes. Only what was written since moves, and the field stands behind that
   * now, so that every byte moves at most once for each field of its message.
   */
  #takeBack(written: Int32Array, bit: number, seen: number): void {
    const slot = (31 - Math.clz32(bit)) * WIDTH
    const start = written[slot]!
    const end = written[slot + 1]!
    this.#out.remove(start, end)
    this.items -= written[slot + 2]!
    for (let rest = seen & ~bit; rest !== 0; rest &= rest - 1) {
      const other = (31 - Math.clz32(rest & -rest)) * WIDTH
      if (written[other]! < end) continue
      written[other] = written[other]! - (end - start)
      written[other + 1] = written[other + 1]! - (end - start)
    }
  }

  #path(): string {
    let path = ''
    for (let depth = 0; depth <= Math.min(this.#depth, MAX_DEPTH - 1); depth++) {
      const field = this.#fields[depth]
      if (field === undefined) break
      path += path === '' ? field.name : `.${field.name}`
      if (field.isRepeated && (this.#positions[depth] ?? -1) >= 0) path += `[${this.#positions[depth]}]`
    }
    return path
  }
}
