// Reading JSON token by token (RFC 8259), strictly, without making objects of it.

import { equalBytes } from './intern.ts'
import { MalformedError } from './malformed.ts'
import type { ByteWriter } from './writer.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const MINUS = 0x2d
const POINT = 0x2e
const NULL = Buffer.from('null')
const TRUE = Buffer.from('true')
const FALSE = Buffer.from('false')

/** How deep a value may nest that nobody reads. */
const MAX_SKIPPED_DEPTH = 64

/** A cursor over the text of one document. `path` says where it is, for errors. */
export class JsonReader {
  readonly bytes: Buffer
  at = 0
  /** The range of the last string (without its quotes) or number. */
  start = 0
  end = 0
  /** Whether the last string has escapes, or the last number is not just digits with perhaps a minus before them. */
  isComplex = false
  readonly #path: () => string

  /** A byte order mark is passed over. */
  constructor(bytes: Buffer, path: () => string) {
    this.bytes = bytes
    this.#path = path
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) this.at = 3
  }

  fail(problem: string, offset: number = this.at): never {
    throw new MalformedError(problem, Math.min(offset, this.bytes.length), this.#path())
  }

  /** The first byte of the next token, which is not consumed; 0 at the end. */
  peek(): number {
    const byte = this.bytes[this.at]!
    return byte > 0x20 ? byte : this.#peekFurther()
  }

  #peekFurther(): number {
    const { bytes } = this
    let byte = bytes[this.at]
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = bytes[++this.at]
    return byte ?? 0
  }

  /** The next token must be this one: a bracket, colon or comma. */
  expect(byte: number): void {
    if (this.peek() !== byte) this.#unexpected(`"${String.fromCharCode(byte)}"`)
    this.at++
  }

  /** After an element: true when another one follows, false when the list or object ends with `close`. */
  hasMore(close: number): boolean {
    const byte = this.peek()
    if (byte !== 0x2c && byte !== close) this.#unexpected(`"," or "${String.fromCharCode(close)}"`)
    this.at++
    return byte === 0x2c
  }

  /** After an opening bracket: whether it closes at once. */
  isEmpty(close: number): boolean {
    if (this.peek() !== close) return false
    this.at++
    return true
  }

  /** Nothing but white space may follow. */
  expectEnd(): void {
    this.peek()
    if (this.at < this.bytes.length) this.fail('more text after the end of the document')
  }

  #unexpected(wanted: string): never {
    if (this.at >= this.bytes.length) this.fail(`ends where ${wanted} should be`)
    this.fail(`${describe(this.bytes[this.at]!)} where ${wanted} should be`)
  }

  /** Sets `start`, `end` and `isComplex`. */
  string(): void {
    if (this.peek() !== QUOTE) this.#unexpected('a string')
    const { bytes } = this
    let at = this.at + 1
    this.start = at
    while (endsPlainText[bytes[at]!] === 0) at++
    this.isComplex = bytes[at] !== QUOTE
    if (this.isComplex) at = this.#stringEnd(at)
    this.end = at
    this.at = at + 1
  }

  /** Where the string with escapes ends. */
  #stringEnd(at: number): number {
    const { bytes } = this
    for (let byte = bytes[at]; byte !== QUOTE; byte = bytes[++at]) {
      if (byte === BACKSLASH) at++
      else if (byte !== undefined && byte < 0x20) this.fail(`${describe(byte)} inside a string must be escaped`, at)
      if (at >= bytes.length) this.fail('a string without an end', this.start - 1)
    }
    return at
  }

  /** Sets `start`, `end` and `isComplex`. */
  number(): void {
    const first = this.peek()
    if (first !== MINUS && !isDigit(first)) this.#unexpected('a number')
    this.start = this.at
    this.end = this.at = this.#numberEnd(this.at, this.bytes.length)
    if (this.end < 0) this.at = this.start
    if (this.end < 0 || isWordByte(this.bytes[this.at])) this.fail('a number that is none', this.start)
  }

  /** The string just read as a number: `start`, `end` and `isComplex` fit. False when it is none. */
  isNumberInString(): boolean {
    return !this.isComplex && this.#numberEnd(this.start, this.end) === this.end
  }

  /** number = -? (0 | 1-9 0-9*) (. 0-9+)? (e [+-]? 0-9+)?; -1 when there is none. Sets `isComplex`. */
  #numberEnd(at: number, end: number): number {
    const { bytes } = this
    this.isComplex = false
    if (bytes[at] === MINUS) at++
    const digits = at
    at = digitsEnd(bytes, at, end)
    if (at === digits || (bytes[digits] === 0x30 && at > digits + 1)) return -1
    if (at < end && bytes[at] === POINT) {
      this.isComplex = true
      const fraction = at + 1
      at = digitsEnd(bytes, fraction, end)
      if (at === fraction) return -1
    }
    if (at < end && (bytes[at]! | 0x20) === 0x65) {
      this.isComplex = true
      at++
      if (bytes[at] === MINUS || bytes[at] === 0x2b) at++
      const exponent = at
      at = digitsEnd(bytes, exponent, end)
      if (at === exponent) return -1
    }
    return at
  }

  /** Consumes a `null` when it is next. */
  isNull(): boolean {
    if (this.peek() !== NULL[0]) return false
    this.#literal(NULL)
    return true
  }

  boolean(): boolean {
    const first = this.peek()
    if (first !== TRUE[0] && first !== FALSE[0]) this.#unexpected('true or false')
    this.#literal(first === TRUE[0] ? TRUE : FALSE)
    return first === TRUE[0]
  }

  #literal(literal: Buffer): void {
    if (!equalBytes(this.bytes, this.at, literal) || isWordByte(this.bytes[this.at + literal.length]))
      this.fail('a word that is none of true, false and null')
    this.at += literal.length
  }

  /** Appends the string just read, escapes resolved; a surrogate without its other half becomes U+FFFD. */
  copyString(out: ByteWriter): void {
    if (!this.isComplex) return out.raw(this.bytes, this.start, this.end)
    const { bytes, end } = this
    for (let at = this.start; at < end; ) {
      const run = at
      while (at < end && bytes[at] !== BACKSLASH) at++
      out.raw(bytes, run, at)
      if (at < end) at = this.#copyEscape(out, at)
    }
  }

  /** Returns where the escape ends. */
  #copyEscape(out: ByteWriter, at: number): number {
    const letter = this.bytes[at + 1]!
    if (letter !== 0x75) {
      const byte = escapes[letter]!
      if (byte === 0) this.fail(`unknown escape: \\ before ${describe(letter)}`, at)
      out.byte(byte)
      return at + 2
    }
    let unit = this.#hexUnit(at)
    at += 6
    if (unit >= 0xd800 && unit < 0xdc00 && this.bytes[at] === BACKSLASH && this.bytes[at + 1] === 0x75) {
      const next = this.#hexUnit(at)
      if (next >= 0xdc00 && next < 0xe000) {
        unit = 0x10000 + ((unit - 0xd800) << 10) + (next - 0xdc00)
        at += 6
      }
    }
    writeCodePoint(out, unit >= 0xd800 && unit < 0xe000 ? 0xfffd : unit)
    return at
  }

  #hexUnit(at: number): number {
    let unit = 0
    for (let i = at + 2; i < at + 6; i++) {
      const digit = i < this.end ? hexValues[this.bytes[i]!]! : -1
      if (digit < 0) this.fail('\\u needs four hexadecimal digits', at)
      unit = unit * 16 + digit
    }
    return unit
  }

  /** Checks the syntax of one value and passes over it. */
  skip(): void {
    const closing: number[] = []
    do {
      const byte = this.peek()
      if (byte === 0x7b || byte === 0x5b) {
        if (closing.length === MAX_SKIPPED_DEPTH) this.fail(`nests deeper than ${MAX_SKIPPED_DEPTH}`)
        this.at++
        const close = byte + 2
        if (!this.isEmpty(close)) {
          closing.push(close)
          if (close === 0x7d) this.#skipKey()
          continue
        }
      } else this.#skipScalar(byte)
      while (closing.length > 0 && !this.hasMore(closing.at(-1)!)) closing.pop()
      if (closing.at(-1) === 0x7d) this.#skipKey()
    } while (closing.length > 0)
  }

  #skipKey(): void {
    this.#skipString()
    this.expect(0x3a)
  }

  #skipScalar(byte: number): void {
    if (byte === QUOTE) this.#skipString()
    else if (byte === NULL[0]) this.#literal(NULL)
    else if (byte === TRUE[0] || byte === FALSE[0]) this.boolean()
    else if (byte === MINUS || isDigit(byte)) this.number()
    else this.#unexpected('a value')
  }

  #skipString(): void {
    this.string()
    if (!this.isComplex) return
    for (let at = this.start; at < this.end; at++) {
      if (this.bytes[at] !== BACKSLASH) continue
      at++
      if (this.bytes[at] === 0x75) this.#hexUnit(at - 1)
      else if (escapes[this.bytes[at]!] === 0)
        this.fail(`unknown escape: \\ before ${describe(this.bytes[at]!)}`, at - 1)
    }
  }
}

/** By byte: 1 where a string ends, an escape begins, or a control character stands that may not. */
export const endsPlainText: Uint8Array = new Uint8Array(256).fill(1, 0, 0x20)
endsPlainText[QUOTE] = 1
endsPlainText[BACKSLASH] = 1

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39

function digitsEnd(bytes: Buffer, at: number, end: number): number {
  while (at < end && isDigit(bytes[at]!)) at++
  return at
}

/** What may not follow a number or a word at once. */
const isWordByte = (byte: number | undefined): boolean =>
  byte !== undefined && (isDigit(byte) || (byte | 0x20) >= 0x61) && byte !== 0x7d && byte !== 0x5d && byte !== 0x5b

/** By the letter after the backslash: what it stands for, 0 when nothing. */
const escapes = new Uint8Array(256)
for (const [letter, text] of ['""', '\\\\', '//', 'b\b', 'f\f', 'n\n', 'r\r', 't\t']) {
  escapes[letter!.charCodeAt(0)] = text!.charCodeAt(0)
}

/** By byte: the value of a hexadecimal digit of either case, else -1. */
export const hexValues: Int8Array = new Int8Array(256).fill(-1)
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16)
  hexValues[digit.charCodeAt(0)] = value
  hexValues[digit.toUpperCase().charCodeAt(0)] = value
}

function writeCodePoint(out: ByteWriter, code: number): void {
  if (code < 0x80) return out.byte(code)
  if (code < 0x800) out.byte(0xc0 | (code >> 6))
  else {
    if (code < 0x10000) out.byte(0xe0 | (code >> 12))
    else {
      out.byte(0xf0 | (code >> 18))
      out.byte(0x80 | ((code >> 12) & 63))
    }
    out.byte(0x80 | ((code >> 6) & 63))
  }
  out.byte(0x80 | (code & 63))
}

const describe = (byte: number): string =>
  byte > 0x20 && byte < 0x7f ? `"${String.fromCharCode(byte)}"` : `byte 0x${byte.toString(16).padStart(2, '0')}`
