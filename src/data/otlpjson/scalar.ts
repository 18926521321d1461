// One value of a field that is no message, from JSON to the wire.
import { highHalf, lowHalf, parseDigits, parseUint64 } from '../../wire/decimal.ts'
import { equalBytes } from '../../wire/intern.ts'
import { hexValues, type JsonReader } from '../../wire/jsonreader.ts'
import type { ByteWriter } from '../../wire/writer.ts'
import { varintSize } from '../../wire/writer.ts'
import { SPAN_ID_SIZE, TRACE_ID_SIZE } from '../id.ts'
import * as kinds from '../schema.ts'
import { resolveEscapes } from './text.ts'

const QUOTE = 0x22
const MINUS = 0x2d

/** Reads the value and writes it; `withTag` unless it is part of a packed list. An empty id is not written at all. */
export function writeScalar(reader: JsonReader, out: ByteWriter, field: kinds.Field, withTag: boolean): void {
  switch (field.kind) {
    case kinds.STRING:
      return writeString(reader, out, field)
    case kinds.TRACE_ID:
      return writeId(reader, out, field, TRACE_ID_SIZE)
    case kinds.SPAN_ID:
      return writeId(reader, out, field, SPAN_ID_SIZE)
    case kinds.BYTES:
      return writeBase64(reader, out, field)
    default:
      if (withTag) out.varint(field.elementTag)
      return writeNumber(reader, out, field)
  }
}

function writeString(reader: JsonReader, out: ByteWriter, field: kinds.Field): void {
  reader.string()
  const size = reader.end - reader.start
  out.varint(field.elementTag)
  if (!reader.isComplex) {
    out.varint(size)
    return out.raw(reader.bytes, reader.start, reader.end)
  }
  const guess = varintSize(size)
  const from = out.beginLength(guess)
  reader.copyString(out)
  out.endLength(from, guess)
}

function writeId(reader: JsonReader, out: ByteWriter, field: kinds.Field, size: number): void {
  reader.string()
  const { bytes, start, end } = reader.isComplex ? resolveEscapes(reader) : reader
  if (end === start) return
  if (end - start !== size * 2)
    reader.fail(`an id of ${end - start} characters, must be ${size * 2} hexadecimal digits or none`, reader.start)
  out.varint(field.elementTag)
  out.byte(size)
  out.reserve(size)
  for (let at = start; at < end; at += 2) {
    const high = hexValues[bytes[at]!]!
    const low = hexValues[bytes[at + 1]!]!
    if (high < 0 || low < 0) reader.fail('an id that is not hexadecimal', reader.start)
    out.bytes[out.length++] = (high << 4) | low
  }
}

/** Both alphabets, with padding or without. (RFC 4648, 4 and 5) */
const isBase64 = /^[A-Za-z0-9+/_-]*={0,2}$/

function writeBase64(reader: JsonReader, out: ByteWriter, field: kinds.Field): void {
  reader.string()
  const { bytes, start, end } = reader.isComplex ? resolveEscapes(reader) : reader
  const text = bytes.latin1Slice(start, end)
  const digits = text.indexOf('=') < 0 ? text.length : text.indexOf('=')
  if (!isBase64.test(text) || digits % 4 === 1 || (digits < text.length && text.length % 4 !== 0))
    reader.fail('bytes that are not base64', reader.start)
  const content = Buffer.from(text, 'base64')
  out.varint(field.elementTag)
  out.varint(content.length)
  out.raw(content)
}

function writeNumber(reader: JsonReader, out: ByteWriter, field: kinds.Field): void {
  switch (field.kind) {
    case kinds.BOOL:
      return out.byte(reader.boolean() ? 1 : 0)
    case kinds.INT32: {
      const value = readInt32(reader)
      return value < 0 ? out.varint64(value >>> 0, 0xffffffff) : out.varint(value)
    }
    case kinds.SINT32: {
      const value = readInt32(reader)
      return out.varint(((value << 1) ^ (value >> 31)) >>> 0)
    }
    case kinds.UINT32:
      return out.varint(readUint32(reader))
    case kinds.UFIXED32:
      return out.fixed32(readUint32(reader))
    case kinds.INT64:
      readInt64(reader)
      return out.varint64(low, high)
    case kinds.UINT64:
      readUint64(reader)
      return out.varint64(low, high)
    case kinds.UFIXED64:
      readUint64(reader)
      return writeFixed64(out)
    case kinds.SFIXED64:
      readInt64(reader)
      return writeFixed64(out)
    case kinds.DOUBLE:
      return out.double(readDouble(reader))
    default:
      throw new TypeError(`${field.name} is no number`)
  }
}

function writeFixed64(out: ByteWriter): void {
  out.fixed32(low)
  out.fixed32(high)
}

/** What `readInteger` and those above it found: without a sign, then in two's complement. */
let low = 0
let high = 0
let isNegative = false

function readUint64(reader: JsonReader): void {
  readInteger(reader, 64)
  if (isNegative && (low !== 0 || high !== 0)) outOfRange(reader, 64, ' without a sign')
}

function readInt64(reader: JsonReader): void {
  readInteger(reader, 64)
  if (high >= 2 ** 31 && !(isNegative && high === 2 ** 31 && low === 0)) outOfRange(reader, 64)
  if (!isNegative) return
  high = (low === 0 ? -high : ~high) >>> 0
  low = -low >>> 0
}

function readUint32(reader: JsonReader): number {
  readInteger(reader, 32)
  if (high !== 0 || (isNegative && low !== 0)) outOfRange(reader, 32, ' without a sign')
  return low
}

function readInt32(reader: JsonReader): number {
  readInteger(reader, 32)
  if (high !== 0 || low > (isNegative ? 2 ** 31 : 2 ** 31 - 1)) outOfRange(reader, 32)
  return isNegative ? -low : low
}

/** A number, or a string of digits with perhaps a minus before them. */
function readInteger(reader: JsonReader, bits: number): void {
  if (reader.peek() === QUOTE) {
    reader.string()
    if (!reader.isNumberInString() || reader.isComplex) outOfRange(reader, bits)
  } else reader.number()
  isNegative = reader.bytes[reader.start] === MINUS
  if (reader.isComplex) return readScientific(reader, bits)
  if (!parseUint64(reader.bytes, isNegative ? reader.start + 1 : reader.start, reader.end)) outOfRange(reader, bits)
  low = lowHalf
  high = highHalf
}

/** More digits than any integer of 64 bits has, whatever the exponent says. */
const MAX_DIGITS = 40

/** `1.5e3` is a whole number too. Exact: the digits are moved, not multiplied. */
function readScientific(reader: JsonReader, bits: number): void {
  const text = reader.bytes.latin1Slice(isNegative ? reader.start + 1 : reader.start, reader.end)
  if (text.length > MAX_DIGITS) outOfRange(reader, bits)
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  const digits = (whole + fraction).replace(/0+$/, '')
  const zeros = whole.length + Number(exponent) - digits.length
  if (digits !== '' && (zeros < 0 || zeros > 20)) outOfRange(reader, bits)
  const number = digits === '' ? '0' : digits.replace(/^0+/, '') + '0'.repeat(zeros)
  if (!parseUint64(Buffer.from(number), 0, number.length)) outOfRange(reader, bits)
  low = lowHalf
  high = highHalf
}

function outOfRange(reader: JsonReader, bits: number, more = ''): never {
  const text = reader.bytes.utf8Slice(reader.start, Math.min(reader.end, reader.start + MAX_DIGITS))
  reader.fail(`${JSON.stringify(text)} is no whole number of ${bits} bits${more}`, reader.start)
}

const specials: readonly (readonly [Buffer, number])[] = [
  [Buffer.from('NaN'), Number.NaN],
  [Buffer.from('Infinity'), Infinity],
  [Buffer.from('-Infinity'), -Infinity],
]

function readDouble(reader: JsonReader): number {
  if (reader.peek() === QUOTE) {
    reader.string()
    const { bytes, start, end } = reader
    for (const [text, value] of specials)
      if (end - start === text.length && equalBytes(bytes, start, text)) return value
    if (!reader.isNumberInString()) reader.fail('a string that is no number', start)
  } else reader.number()
  const { bytes, start, end, isComplex } = reader
  if (!isComplex && end - start <= 15)
    return bytes[start] === MINUS ? -parseDigits(bytes, start + 1, end) : parseDigits(bytes, start, end)
  const value = Number(bytes.latin1Slice(start, end))
  if (!Number.isFinite(value)) reader.fail('a number that exceeds a double', start)
  return value
}
