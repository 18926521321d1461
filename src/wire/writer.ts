// Writing bytes: protobuf fields, and the text formats that exporters speak.
import { giveBackScratch, takeScratch } from './scratch.ts'
import { type Instant, writeInstant } from './time.ts'

/**
 * A capacity: the memory is taken with the first byte, and given back by `giveBack` to whichever such writer is next. For what is written
 * in one go and copied: exporters that each kept the memory of their largest batch had 40 MB between them.
 */
export const SHARED = Symbol('shared')

/** Below this a loop beats the call into native code. */
const LOOP_BELOW = 40
/** All of a buffer, and nothing less, V8 copies for the price of a few bytes, without Node's part in it. */
const SET_FROM = 12

/** A growing buffer. `bytes` moves when it grows: never hold on to it across a write. */
export class ByteWriter {
  bytes: Buffer
  /** How much is written; what comes next goes here. */
  length = 0
  #view: DataView | undefined

  readonly #isShared: boolean

  /** `SHARED`: see there. */
  constructor(capacity: number | typeof SHARED) {
    this.#isShared = capacity === SHARED
    this.bytes = capacity === SHARED ? EMPTY : Buffer.allocUnsafeSlow(capacity)
  }

  clear(): void {
    this.length = 0
  }

  /** Begins anew, and leaves a shared memory to others: nobody looks at what was written any more. */
  giveBack(): void {
    this.length = 0
    if (!this.#isShared) return
    giveBackScratch(this.bytes)
    this.bytes = EMPTY
    this.#view = undefined
  }

  /** For numbers that are written over what stands there; moves with `bytes`. */
  view(): DataView {
    return (this.#view ??= new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length))
  }

  /** A copy of what is written, of exactly that size. */
  take(): Buffer {
    const taken = Buffer.allocUnsafeSlow(this.length)
    this.bytes.copy(taken, 0, 0, this.length)
    return taken
  }

  reserve(size: number): void {
    if (this.length + size > this.bytes.length) this.#grow(size)
  }

  #grow(size: number): void {
    const least = Math.max(this.bytes.length * 2, this.length + size)
    const grown = this.#isShared ? takeScratch(least) : Buffer.allocUnsafeSlow(least)
    this.bytes.copy(grown, 0, 0, this.length)
    this.bytes = grown
    this.#view = undefined
  }

  byte(value: number): void {
    this.reserve(1)
    this.bytes[this.length++] = value
  }

  raw(source: Buffer, start = 0, end: number = source.length): void {
    this.reserve(end - start)
    if (end - start === source.length && source.length >= SET_FROM) {
      this.bytes.set(source, this.length)
      this.length += source.length
    } else this.length = copyBytes(source, start, end, this.bytes, this.length)
  }

  /** 0 <= value < 2^53. */
  varint(value: number): void {
    this.reserve(10)
    this.length = writeVarint(this.bytes, this.length, value)
  }

  /** A signed 64-bit varint: ten bytes when negative. */
  int64(value: number | bigint): void {
    if (typeof value === 'number' && value >= 0) return this.varint(value)
    let rest = BigInt.asUintN(64, BigInt(value))
    this.reserve(10)
    for (; rest > 127n; rest >>= 7n) this.bytes[this.length++] = Number(rest & 127n) | 128
    this.bytes[this.length++] = Number(rest)
  }

  /** The same, from two halves. */
  varint64(low: number, high: number): void {
    this.reserve(10)
    const { bytes } = this
    while (high > 0) {
      bytes[this.length++] = (low & 127) | 128
      low = ((low >>> 7) | (high << 25)) >>> 0
      high >>>= 7
    }
    this.length = writeVarint(bytes, this.length, low)
  }

  fixed32(value: number): void {
    this.reserve(4)
    this.length = this.bytes.writeUInt32LE(value >>> 0, this.length)
  }

  /** The low 64 bits of a whole number. */
  fixed64(value: number | bigint): void {
    this.reserve(8)
    if (typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER) {
      this.length = this.bytes.writeUInt32LE(value >>> 0, this.length)
      this.length = this.bytes.writeUInt32LE(Math.floor(value / 2 ** 32), this.length)
    } else this.length = this.bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), this.length)
  }

  /** As fixed64. */
  instant(instant: Instant): void {
    this.reserve(8)
    this.length = writeInstant(instant, this.bytes, this.length)
  }

  double(value: number): void {
    this.reserve(8)
    this.length = this.bytes.writeDoubleLE(value, this.length)
  }

  /** The text as UTF-8, no length before it. Lone surrogates become U+FFFD. */
  utf8(text: string): void {
    const size = text.length
    this.reserve(size * 3)
    if (size > LOOP_BELOW) {
      this.length += this.bytes.write(text, this.length, 'utf8')
      return
    }
    const bytes = this.bytes
    const start = this.length
    for (let i = 0; i < size; i++) {
      const code = text.charCodeAt(i)
      if (code > 127) {
        this.length = start + bytes.write(text, start, 'utf8')
        return
      }
      bytes[start + i] = code
    }
    this.length = start + size
  }

  /** Length and text. */
  text(text: string): void {
    const size = text.length
    if (size <= LOOP_BELOW) {
      // at most 120 bytes: the length is one byte, known afterwards
      this.reserve(1)
      const at = this.length++
      this.utf8(text)
      this.bytes[at] = this.length - at - 1
      return
    }
    this.varint(Buffer.byteLength(text))
    this.utf8(text)
  }

  /**
   * Leaves room for a length that is known later; `endLength` writes it. `guess` is how many bytes it will take: when it is
   * right nothing moves. Returns where the content starts.
   */
  beginLength(guess = 1): number {
    this.reserve(guess)
    return (this.length += guess)
  }

  /** The same guess again. Returns where the content starts now. */
  endLength(from: number, guess = 1): number {
    const size = this.length - from
    const shift = varintSize(size) - guess
    if (shift !== 0) this.#shift(from, shift)
    return writeVarint(this.bytes, from - guess, size)
  }

  #shift(from: number, by: number): void {
    if (by > 0) this.reserve(by)
    this.bytes.copyWithin(from + by, from, this.length)
    this.length += by
  }

  /** Takes [from, to) out again. */
  remove(from: number, to: number): void {
    this.bytes.copyWithin(from, to, this.length)
    this.length -= to - from
  }

  /** Like `beginLength`, for content that is large: the length takes four bytes, and nothing moves. */
  beginPaddedLength(): number {
    this.reserve(PADDED)
    this.length += PADDED
    return this.length
  }

  endPaddedLength(from: number): void {
    writePaddedVarint(this.bytes, from - PADDED, this.length - from)
  }
}

const EMPTY = Buffer.alloc(0)

/** A length of four bytes, padded: legal, and it needs no second pass. Holds up to 2^28. */
const PADDED = 4

function writePaddedVarint(bytes: Uint8Array, at: number, value: number): void {
  if (value >= 2 ** 28) throw new RangeError(`a message of ${value} bytes: at most ${2 ** 28 - 1} fit`)
  bytes[at] = value | 128
  bytes[at + 1] = (value >>> 7) | 128
  bytes[at + 2] = (value >>> 14) | 128
  bytes[at + 3] = (value >>> 21) & 127
}

/** Returns where it stopped. */
function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  while (value > 127) {
    bytes[at++] = (value % 128) | 128
    value = value < 2 ** 31 ? value >>> 7 : Math.floor(value / 128)
  }
  bytes[at++] = value
  return at
}

/** In bytes; 0 <= value < 2^32. */
export const varintSize = (value: number): number =>
  value < 128 ? 1 : value < 16384 ? 2 : value < 2097152 ? 3 : value < 268435456 ? 4 : 5

/** Returns where the copy ends. The caller has made room. */
export function copyBytes(source: Buffer, start: number, end: number, target: Buffer, at: number): number {
  if (end - start < LOOP_BELOW) {
    // `| 0` spares the check for more than 31 bits.
    const shift = (at - start) | 0
    for (; start < end; start = (start + 1) | 0) target[(start + shift) | 0] = source[start]!
    return end + shift
  }
  source.copy(target, at, start, end)
  return at + end - start
}

/** Up to that a loop of words beats the call into native code. */
const WORDS_UP_TO = 400

/** For `copyWords`, and whoever compares words. */
export const viewOf = (bytes: Buffer): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)

/**
 * Like `copyBytes`, eight bytes at a time, for who copies many pieces between the same two buffers and has a view of each. As integers,
 * since a number with a fraction may lose bits.
 */
export function copyWords(
  source: Buffer,
  from: DataView,
  start: number,
  end: number,
  target: Buffer,
  to: DataView,
  at: number,
): number {
  const size = (end - start) | 0
  const shift = (at - start) | 0
  if (size < 8) for (; start < end; start = (start + 1) | 0) target[(start + shift) | 0] = source[start]!
  else if (size > WORDS_UP_TO) source.copy(target, at, start, end)
  else {
    // The last word may begin inside of the one before.
    const last = (end - 8) | 0
    for (; start < last; start = (start + 8) | 0)
      to.setBigInt64((start + shift) | 0, from.getBigInt64(start, true), true)
    to.setBigInt64((last + shift) | 0, from.getBigInt64(last, true), true)
  }
  return at + size
}
