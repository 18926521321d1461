// JSON straight into bytes: a string from the wire is an escaped copy, no JavaScript string in between.
import { hexDigits, writeHex } from './hex.ts'
import { type Instant, writeDigits, writeIso } from './time.ts'
import { ByteWriter, copyBytes } from './writer.ts'

/** Writes one value after another; commas come by themselves. NaN and infinities become strings, as OTLP/JSON says. */
export class JsonWriter {
  readonly out: ByteWriter

  constructor(capacity = 65536) {
    this.out = new ByteWriter(capacity)
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
    this.out.byte(0x3a)
  }

  /** A finished piece of JSON. */
  json(encoded: Buffer): void {
    this.#separate()
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
    if (value >= 0 && value <= Number.MAX_SAFE_INTEGER && Math.floor(value) === value) this.#digits(value)
    else if (Number.isFinite(value)) this.out.utf8(String(value))
    else this.out.utf8(`"${value}"`)
  }

  bigint(value: bigint): void {
    this.#separate()
    this.out.utf8(String(value))
  }

  hex(bytes: Buffer, start: number, end: number): void {
    this.#separate()
    const { out } = this
    out.reserve((end - start) * 2 + 2)
    out.bytes[out.length++] = 0x22
    out.length = writeHex(bytes, start, end, out.bytes, out.length)
    out.bytes[out.length++] = 0x22
  }

  iso(instant: Instant): void {
    this.#separate()
    const { out } = this
    out.reserve(32)
    out.bytes[out.length++] = 0x22
    out.length = writeIso(instant, out.bytes, out.length)
    out.bytes[out.length++] = 0x22
  }

  string(text: string): void {
    this.#separate()
    this.out.utf8(JSON.stringify(text))
  }

  /** A string that is UTF-8 already. */
  utf8(bytes: Buffer, start: number, end: number): void {
    this.#separate()
    const { out } = this
    out.reserve((end - start) * 6 + 2)
    const target = out.bytes
    let at = out.length
    target[at++] = 0x22
    if (end - start > SCAN_ABOVE) {
      let clean = start
      while (clean < end && escapes[bytes[clean]!] === 0) clean++
      at = copyBytes(bytes, start, clean, target, at)
      start = clean
    }
    for (; start < end; start++) {
      const byte = bytes[start]!
      if (escapes[byte] !== 0) break
      target[at++] = byte
    }
    if (start < end) at = writeEscaped(bytes, start, end, target, at)
    target[at++] = 0x22
    out.length = at
  }

  #digits(value: number): void {
    const { out } = this
    out.reserve(20)
    if (value < 10) out.bytes[out.length++] = 48 + value
    else if (value < 2 ** 32) out.length = writeDigits(value, digitCount(value), out.bytes, out.length)
    else {
      const billions = Math.floor(value / 1e9)
      out.length = writeDigits(billions, digitCount(billions), out.bytes, out.length)
      out.length = writeDigits(value - billions * 1e9, 9, out.bytes, out.length)
    }
  }

  /** A value that follows a value needs a comma; what stands before says whether it does. */
  #separate(): void {
    const { out } = this
    if (out.length === 0) return
    const before = out.bytes[out.length - 1]!
    if (before !== 0x7b && before !== 0x5b && before !== 0x3a && before !== 0x0a) out.byte(0x2c)
  }
}

/** A longer string is looked through first, then copied as one block. */
const SCAN_ABOVE = 32

/** JSON that is known beforehand, encoded once. */
export const jsonLiteral = (text: string): Buffer => Buffer.from(text)

const NULL = jsonLiteral('null')
const TRUE = jsonLiteral('true')
const FALSE = jsonLiteral('false')

const digitCount = (value: number): number =>
  value < 10
    ? 1
    : value < 100
      ? 2
      : value < 1e3
        ? 3
        : value < 1e4
          ? 4
          : value < 1e5
            ? 5
            : value < 1e6
              ? 6
              : value < 1e7
                ? 7
                : value < 1e8
                  ? 8
                  : value < 1e9
                    ? 9
                    : 10

/** Per byte: 0 as it is, 1 as \u00XX, else the letter after the backslash. */
const escapes = new Uint8Array(256)
escapes.fill(1, 0, 32)
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
    target[at++] = 0x5c
    if (letter > 1) {
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
