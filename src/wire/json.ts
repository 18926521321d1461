// JSON straight into bytes: a string from the wire is an escaped copy, no JavaScript string in between.

import { writeSafeInteger, writeUint64 } from './decimal.ts'
import { hexDigits, writeHex } from './hex.ts'
import { type Instant, writeIso } from './time.ts'
import { copiedTo, copyUtf8 } from './utf8.ts'
import { ByteWriter, copyBytes } from './writer.ts'

/**
 * Writes one value after another; commas come by themselves. NaN and infinities become strings, as OTLP/JSON says.
 *
 * A nested writer writes JSON that stands in a string of other JSON, as a segment document in a request does: its quotes
 * have backslashes already, the quotes around the whole are the caller's. Finished pieces come from `nestedJsonLiteral`.
 */
export class JsonWriter {
  readonly out: ByteWriter
  readonly #isNested: boolean

  constructor(capacity = 65536, { isNested = false }: { readonly isNested?: boolean } = {}) {
    this.out = new ByteWriter(capacity)
    this.#isNested = isNested
  }

  clear(): void {
    this.out.clear()
  }
  take(): Buffer {
    return this.out.take()
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
    else if (Number.isFinite(value)) out.utf8(String(value))
    else {
      out.reserve(16)
      this.#quote()
      out.utf8(String(value))
      this.#quote()
    }
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
    const target = out.bytes
    let at = out.length
    const isNested = this.#isNested
    if (isNested) target[at++] = 0x5c
    target[at++] = 0x22
    if (end - start > SCAN_ABOVE) {
      let clean = start
      while (clean < end && escapes[bytes[clean]!] === 0) clean = (clean + 1) | 0
      at = copyBytes(bytes, start, clean, target, at)
      start = clean
    }
    // `| 0` spares the check for more than 31 bits, which costs a fifth of the loop.
    const shift = (at - start) | 0
    for (; start < end; start = (start + 1) | 0) {
      const byte = bytes[start]!
      if (escapes[byte] !== 0) break
      target[(start + shift) | 0] = byte
    }
    at = start + shift
    if (start < end)
      at = isNested ? writeEscapedTwice(bytes, start, end, target, at) : writeEscaped(bytes, start, end, target, at)
    if (isNested) target[at++] = 0x5c
    target[at++] = 0x22
    out.length = at
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

/** A longer string is looked through first, then copied as one block. */
const SCAN_ABOVE = 32

/** JSON that is known beforehand, encoded once. */
export const jsonLiteral = (text: string): Buffer => Buffer.from(text)

/** The same for a nested writer. */
export const nestedJsonLiteral = (text: string): Buffer => Buffer.from(nested(text))

/** As it stands in a string of other JSON. */
const nested = (json: string): string => JSON.stringify(json).slice(1, -1)

const NULL = jsonLiteral('null')
const TRUE = jsonLiteral('true')
const FALSE = jsonLiteral('false')

/** Per byte: 0 as it is, 1 as \u00XX, 2 not ASCII, else the letter after the backslash. */
const escapes = new Uint8Array(256)
const CONTROL = 1
const BEYOND_ASCII = 2
escapes.fill(CONTROL, 0, 32)
escapes.fill(BEYOND_ASCII, 128)
for (const [byte, letter] of [
  ['"', '"'],
  ['\\', '\\'],
  ['\n', 'n'],
  ['\r', 'r'],
  ['\t', 't'],
] as const)
  escapes[byte.charCodeAt(0)] = letter.charCodeAt(0)

function writeEscaped(bytes: Buffer, start: number, end: number, target: Buffer, at: number): number {
  for (; start < end; start++) {
    const byte = bytes[start]!
    const letter = escapes[byte]!
    if (letter === 0) {
      target[at++] = byte
      continue
    }
    if (letter === BEYOND_ASCII) {
      at = copyUtf8(bytes, start, end, target, at)
      start = copiedTo - 1
      continue
    }
    target[at++] = 0x5c
    if (letter !== CONTROL) {
      target[at++] = letter
      continue
    }
    target[at++] = 0x75
    target[at++] = 0x30
    target[at++] = 0x30
    target[at++] = hexDigits[byte * 2]!
    target[at++] = hexDigits[byte * 2 + 1]!
  }
  return at
}

/** Likewise, for JSON in a string: each backslash and each quote of the above with one more backslash. */
function writeEscapedTwice(bytes: Buffer, start: number, end: number, target: Buffer, at: number): number {
  for (; start < end; start++) {
    const byte = bytes[start]!
    const letter = escapes[byte]!
    if (letter === 0) {
      target[at++] = byte
      continue
    }
    if (letter === BEYOND_ASCII) {
      at = copyUtf8(bytes, start, end, target, at)
      start = copiedTo - 1
      continue
    }
    target[at++] = 0x5c
    target[at++] = 0x5c
    if (letter === CONTROL) {
      target[at++] = 0x75
      target[at++] = 0x30
      target[at++] = 0x30
      target[at++] = hexDigits[byte * 2]!
      target[at++] = hexDigits[byte * 2 + 1]!
      continue
    }
    if (byte === 0x22 || byte === 0x5c) target[at++] = 0x5c
    target[at++] = letter
  }
  return at
}
