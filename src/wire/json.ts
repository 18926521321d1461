// JSON straight into bytes: a string from the wire is an escaped copy, no JavaScript string in between.

import { writeDecimal, writeSafeInteger, writeUint64 } from './decimal.ts'
import { writeHex } from './hex.ts'
import { TextCopier } from './jsontext.ts'
import { type Instant, writeIso } from './time.ts'
import { Words } from './words.ts'
import { ByteWriter, type SHARED } from './writer.ts'

/**
 * Writes one value after another; commas come by themselves. NaN and infinities become strings, as OTLP/JSON says.
 *
 * A nested writer writes JSON that stands in a string of other JSON, as a segment document in a request does: its quotes
 * have backslashes already, the quotes around the whole are the caller's. Finished pieces come from `nestedJsonLiteral`.
 */
export class JsonWriter {
  readonly out: ByteWriter
  readonly #isNested: boolean
  readonly #texts: TextCopier

  constructor(capacity: number | typeof SHARED = 65536, { isNested = false }: { readonly isNested?: boolean } = {}) {
    this.out = new ByteWriter(capacity)
    this.#isNested = isNested
    this.#texts = new TextCopier(isNested)
  }

  clear(): void {
    this.release()
    this.out.clear()
  }
  take(): Buffer {
    this.release()
    return this.out.take()
  }
  /** As `ByteWriter.giveBack`. */
  giveBack(): void {
    this.release()
    this.out.giveBack()
  }
  /** Lets go of what texts came from, and went to: after a batch nothing of it is to be held. */
  release(): void {
    this.#texts.release()
  }

  beginObject(): void {
    this.#separate()
    this.out.byte(0x7b)
  }
  endObject(): void {
    this.out.byte(0x7d)
  }
  beginArray(): void {
    this.#separate()
    this.out.byte(0x5b)
  }
  endArray(): void {
    this.out.byte(0x5d)
  }
  /** NDJSON: the next value stands alone. */
  newline(): void {
    this.out.byte(0x0a)
  }

  /** A key that is known beforehand: `jsonLiteral('"name":')`. Also whole fragments, bulk headers and the like. */
  key(encoded: Buffer): void {
    this.#separate()
    this.out.raw(encoded)
  }
  keyText(text: string): void {
    this.string(text)
    this.out.byte(0x3a)
  }
  keyBytes(bytes: Buffer, start: number, end: number): void {
    this.utf8(bytes, start, end)
    // there is room: a string reserves one more than it needs
    this.out.bytes[this.out.length++] = 0x3a
  }

  /** A finished piece of JSON. */
  json(encoded: Buffer): void {
    this.#separate()
    this.out.raw(encoded)
  }
  /** Likewise, with no comma before it. */
  raw(encoded: Buffer): void {
    this.out.raw(encoded)
  }
  /** Likewise; the fastest way for what comes often. */
  words(encoded: Words): void {
    const { out } = this
    out.reserve(encoded.size)
    out.length = encoded.copyTo(this.#texts.targetView(out.bytes), out.length)
  }
  /** The key of what comes next; its comma is left out where none is needed. */
  member({ key }: Member): void {
    this.#begin(key, 0)
  }
  /** A member whose value is text, as `utf8` takes it. */
  textMember({ quoted }: Member, bytes: Buffer, start: number, end: number): void {
    const { out } = this
    this.#begin(quoted, (end - start) * 7 + 2)
    out.length = this.#texts.copy(bytes, start, end, out.bytes, out.length)
    this.#quote()
  }
  #begin(encoded: Words, more: number): void {
    const { out } = this
    out.reserve(encoded.size + more)
    const { bytes, length } = out
    const last = bytes[length - 1]!
    const view = this.#texts.targetView(bytes)
    if (endsValue[last] !== 0) out.length = encoded.copyTo(view, length)
    else {
      out.length = encoded.copyTo(view, length - 1)
      bytes[length - 1] = last
    }
  }
  /** A view of bytes that texts are going to come from, for comparisons. */
  viewOf(bytes: Buffer): DataView {
    return this.#texts.sourceView(bytes)
  }
  null(): void {
    this.json(NULL)
  }
  boolean(value: boolean): void {
    this.json(value ? TRUE : FALSE)
  }

  number(value: number): void {
    this.#separate()
    const { out } = this
    if (value > 0 && value <= Number.MAX_SAFE_INTEGER && Math.floor(value) === value) {
      out.reserve(20)
      out.length = writeSafeInteger(value, out.bytes, out.length)
    } else if (value === 0) out.utf8(Object.is(value, -0) ? '-0' : '0')
    else if (Number.isFinite(value)) this.#decimal(value)
    else {
      out.reserve(16)
      this.#quote()
      out.utf8(String(value))
      this.#quote()
    }
  }

  #decimal(value: number): void {
    const { out } = this
    out.reserve(20)
    const end = writeDecimal(value, out.bytes, out.length)
    if (end < 0) out.utf8(String(value))
    else out.length = end
  }

  bigint(value: bigint): void {
    this.#separate()
    this.out.utf8(String(value))
  }

  /** A whole number of 64 bits without a sign, as two halves, in quotes: how OTLP/JSON writes them. */
  quotedUint64(low: number, high: number, isNegative = false): void {
    this.#separate()
    const { out } = this
    out.reserve(25)
    this.#quote()
    if (isNegative) out.bytes[out.length++] = 0x2d
    out.length = writeUint64(low, high, out.bytes, out.length)
    this.#quote()
  }
  /** Two halves of a number in two's complement, likewise. */
  quotedInt64(low: number, high: number): void {
    if (high < 2 ** 31) this.quotedUint64(low, high)
    else this.quotedUint64(-low >>> 0, (low === 0 ? -high : ~high) >>> 0, true)
  }

  /** Bytes as base64. */
  base64(bytes: Buffer, start: number, end: number): void {
    this.#separate()
    const { out } = this
    out.reserve(Math.ceil((end - start) / 3) * 4 + 4)
    this.#quote()
    out.length += out.bytes.latin1Write(bytes.toString('base64', start, end), out.length)
    this.#quote()
  }

  hex(bytes: Buffer, start: number, end: number): void {
    this.#separate()
    const { out } = this
    out.reserve((end - start) * 2 + 4)
    this.#quote()
    out.length = writeHex(bytes, start, end, out.bytes, out.length)
    this.#quote()
  }

  iso(instant: Instant): void {
    this.#separate()
    const { out } = this
    out.reserve(34)
    this.#quote()
    out.length = writeIso(instant, out.bytes, out.length)
    this.#quote()
  }

  string(text: string): void {
    this.#separate()
    const quoted = JSON.stringify(text)
    this.out.utf8(this.#isNested ? nested(quoted) : quoted)
  }

  /** A string that is UTF-8 already; what is not becomes U+FFFD. */
  utf8(bytes: Buffer, start: number, end: number): void {
    this.#separate()
    const { out } = this
    out.reserve((end - start) * 7 + 5)
    this.#quote()
    out.length = this.#texts.copy(bytes, start, end, out.bytes, out.length)
    this.#quote()
  }

  /** The caller has made room. */
  #quote(): void {
    const { out } = this
    if (this.#isNested) out.bytes[out.length++] = 0x5c
    out.bytes[out.length++] = 0x22
  }

  /** A value that follows a value needs a comma; what stands before says whether it does. */
  #separate(): void {
    const { out } = this
    if (out.length > 0 && endsValue[out.bytes[out.length - 1]!] !== 0) out.byte(0x2c)
  }
}

/** By byte: 0 where no value ends, { [ : , and the newline of NDJSON. */
const endsValue = new Uint8Array(256).fill(1)
for (const byte of Buffer.from('{[:,\n')) endsValue[byte] = 0

/** JSON that is known beforehand, encoded once. */
export const jsonLiteral = (text: string): Buffer => Buffer.from(text)

/** The same for a nested writer. */
export const nestedJsonLiteral = (text: string): Buffer => Buffer.from(nested(text))

/** At least four bytes. */
export const nestedWords = (text: string): Words => new Words(nestedJsonLiteral(text))

/** A key as it stands in an object, with the comma before it, encoded once. */
export interface Member {
  readonly key: Words
  /** With the quote of a text behind it. */
  readonly quoted: Words
}

/** `"name":`, for a nested writer. */
export const nestedMember = (text: string): Member => memberOf(nestedJsonLiteral(`,${text}`))

/** `,"name":` as it stands in the text. */
export const memberOf = (encoded: Buffer): Member => ({
  key: new Words(encoded),
  // The quote looks as the one before the name does.
  quoted: new Words(Buffer.concat([encoded, encoded.subarray(1, encoded.indexOf(0x22) + 1)])),
})

/** As it stands in a string of other JSON. */
const nested = (json: string): string => JSON.stringify(json).slice(1, -1)

const NULL = jsonLiteral('null')
const TRUE = jsonLiteral('true')
const FALSE = jsonLiteral('false')
