// The attribute as nearly everyone writes it, without white space and escapes, in one go:
//
//   {"key":"…","value":{"stringValue":"…"}}   {"key":"…","value":{"intValue":"5"}}   {"key":"…","value":{"boolValue":true}}
import { parseDigits } from '../../wire/decimal.ts'
import { equalBytes } from '../../wire/intern.ts'
import { endsPlainText, type JsonReader } from '../../wire/jsonreader.ts'
import { type ByteWriter, varintSize } from '../../wire/writer.ts'
import { BOOL, INT, STRING } from '../value.ts'

const KEY = Buffer.from('{"key":"')
const VALUE = Buffer.from('","value":{"')
const STRING_VALUE = Buffer.from('stringValue":"')
const INT_VALUE = Buffer.from('intValue":')
const TRUE_VALUE = Buffer.from('boolValue":true}}')
const FALSE_VALUE = Buffer.from('boolValue":false}}')
const QUOTE = 0x22
const CLOSE = 0x7d

/** Writes the field with that tag; false, with nothing read or written, for an attribute that looks otherwise. */
export function writePlainKeyValue(reader: JsonReader, out: ByteWriter, tag: number): boolean {
  reader.peek()
  const { bytes, at } = reader
  if (!equalBytes(bytes, at, KEY)) return false
  const keyAt = at + KEY.length
  const keyEnd = plainTextEnd(bytes, keyAt)
  if (!equalBytes(bytes, keyEnd, VALUE)) return false
  const valueAt = keyEnd + VALUE.length
  const end = writeValue(bytes, valueAt, out, tag, keyAt, keyEnd)
  if (end < 0) return false
  reader.at = end
  return true
}

/** Returns where the attribute ends; -1, with nothing written, when it is none of the three. */
function writeValue(bytes: Buffer, at: number, out: ByteWriter, tag: number, keyAt: number, keyEnd: number): number {
  if (equalBytes(bytes, at, STRING_VALUE)) {
    const textAt = at + STRING_VALUE.length
    const textEnd = plainTextEnd(bytes, textAt)
    if (bytes[textEnd] !== QUOTE || !closes(bytes, textEnd + 1)) return -1
    const size = textEnd - textAt
    writeKey(bytes, out, tag, keyAt, keyEnd, 1 + varintSize(size) + size)
    out.byte(STRING)
    out.varint(size)
    out.raw(bytes, textAt, textEnd)
    return textEnd + 3
  }
  if (equalBytes(bytes, at, INT_VALUE)) {
    const isQuoted = bytes[at + INT_VALUE.length] === QUOTE ? 1 : 0
    const digitsAt = at + INT_VALUE.length + isQuoted
    const digitsEnd = smallDigitsEnd(bytes, digitsAt)
    if (digitsEnd < 0 || (isQuoted === 1 && bytes[digitsEnd] !== QUOTE)) return -1
    if (!closes(bytes, digitsEnd + isQuoted)) return -1
    const value = parseDigits(bytes, digitsAt, digitsEnd)
    writeKey(bytes, out, tag, keyAt, keyEnd, 1 + varintSize(value))
    out.byte(INT)
    out.varint(value)
    return digitsEnd + isQuoted + 2
  }
  const isTrue = equalBytes(bytes, at, TRUE_VALUE)
  if (!isTrue && !equalBytes(bytes, at, FALSE_VALUE)) return -1
  writeKey(bytes, out, tag, keyAt, keyEnd, 2)
  out.byte(BOOL)
  out.byte(isTrue ? 1 : 0)
  return at + (isTrue ? TRUE_VALUE.length : FALSE_VALUE.length)
}

const closes = (bytes: Buffer, at: number): boolean => bytes[at] === CLOSE && bytes[at + 1] === CLOSE

function plainTextEnd(bytes: Buffer, at: number): number {
  while (endsPlainText[bytes[at]!] === 0) at++
  return at
}

/** At most nine digits, so that the value and the length of its varint are plain; -1 for anything else. */
function smallDigitsEnd(bytes: Buffer, at: number): number {
  const start = at
  while (bytes[at]! >= 0x30 && bytes[at]! <= 0x39) at++
  const count = at - start
  return count === 0 || count > 9 || (count > 1 && bytes[start] === 0x30) ? -1 : at
}

/** All but the content of the value. */
function writeKey(bytes: Buffer, out: ByteWriter, tag: number, at: number, end: number, valueSize: number): void {
  const size = end - at
  out.byte(tag)
  out.varint(1 + varintSize(size) + size + 1 + varintSize(valueSize) + valueSize)
  out.byte(0x0a)
  out.varint(size)
  out.raw(bytes, at, end)
  out.byte(0x12)
  out.varint(valueSize)
}
