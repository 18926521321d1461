// AnyValue = { 1: string | 2: bool | 3: int64 | 4: double | 5: { 1: AnyValue* } | 6: { 1: KeyValue* } | 7: bytes }, the last one counts
// KeyValue = { 1: key, 2: AnyValue }
import { textOf } from '../wire/intern.ts'
import type { JsonWriter } from '../wire/json.ts'
import { readDouble, readInt64, readVarint, skip, varintEnd } from '../wire/reader.ts'
import type { ByteWriter } from '../wire/writer.ts'

/** An integer is a number when safe, else a bigint. */
export type AnyValue =
  | string
  | boolean
  | number
  | bigint
  | Uint8Array
  | readonly AnyValue[]
  | ReadonlyMap<string, AnyValue>
  | null

/** A number that shall be a double even when whole: `double(1)`. */
export interface Double {
  readonly double: number
}
/** A double even when whole: `attributes.set(key, double(1))`. */
export const double = (value: number): Double => ({ double: value })

/** What an attribute can be; `empty` has no value at all. */
export type ValueType = 'empty' | 'string' | 'bool' | 'int' | 'double' | 'array' | 'map' | 'bytes'

/** The tags of the cases of AnyValue. */
export const STRING = 0x0a
export const BOOL = 0x10
export const INT = 0x18
export const DOUBLE = 0x21
export const ARRAY = 0x2a
export const MAP = 0x32
export const BYTES = 0x3a
const VALUES = 0x0a

/** Where the parts of a KeyValue are. One shared instance, filled by `locate`, read at once. */
class KeyValueRange {
  keyAt = 0
  keyEnd = 0
  valueAt = 0
  valueEnd = 0

  locate(bytes: Buffer, at: number, end: number): this {
    const keySize = bytes[at + 1]!
    const value = at + 2 + keySize
    // Key, then value, lengths of one byte each and nothing else: nearly always.
    if (
      bytes[at] === 0x0a &&
      keySize < 128 &&
      value + 2 <= end &&
      bytes[value] === 0x12 &&
      value + 2 + bytes[value + 1]! === end &&
      bytes[value + 1]! < 128
    ) {
      this.keyAt = at + 2
      this.keyEnd = value
      this.valueAt = value + 2
      this.valueEnd = end
      return this
    }
    return this.#locateAny(bytes, at, end)
  }

  #locateAny(bytes: Buffer, at: number, end: number): this {
    this.keyAt = this.keyEnd = this.valueAt = this.valueEnd = 0
    while (at < end) {
      const tag = bytes[at++]!
      if (tag === 0x0a) {
        const length = readVarint(bytes, at)
        this.keyAt = varintEnd
        at = this.keyEnd = varintEnd + length
      } else if (tag === 0x12) {
        const length = readVarint(bytes, at)
        this.valueAt = varintEnd
        at = this.valueEnd = varintEnd + length
      } else at = skipUnknown(bytes, at - 1)
    }
    return this
  }
}
/** Shared: the next `locate` overwrites it. */
export const keyValue = new KeyValueRange()

/** Skips a whole field, tag included. */
function skipUnknown(bytes: Buffer, at: number): number {
  const tag = readVarint(bytes, at)
  return skip(bytes, varintEnd, tag)
}

/** Where the content of the value that `kindOf` has looked at starts, after its tag. */
export let contentAt = 0
/** The tag of the case that counts; 0 for an empty value. */
export function kindOf(bytes: Buffer, at: number, end: number): number {
  const first = bytes[at]
  const size = bytes[at + 1]!
  // One field and nothing else: nearly always.
  if (
    (first === STRING && size < 128 && at + 2 + size === end) ||
    ((first === INT || first === BOOL) && isVarint(bytes, at + 1, end)) ||
    (first === DOUBLE && at + 9 === end)
  ) {
    contentAt = at + 1
    return first
  }
  return lastKindOf(bytes, at, end)
}

function isVarint(bytes: Buffer, at: number, end: number): boolean {
  while (at < end && bytes[at]! > 127) at++
  return at + 1 === end
}

function lastKindOf(bytes: Buffer, at: number, end: number): number {
  let kind = 0
  while (at < end) {
    const tag = bytes[at]!
    const next = skipUnknown(bytes, at)
    if (
      tag === STRING ||
      tag === BOOL ||
      tag === INT ||
      tag === DOUBLE ||
      tag === ARRAY ||
      tag === MAP ||
      tag === BYTES
    ) {
      kind = tag
      contentAt = at + 1
    }
    at = next
  }
  return kind
}

/** Tells an int from a double, which `readAnyValue` does not. */
export function readType(bytes: Buffer, at: number, end: number): ValueType {
  switch (kindOf(bytes, at, end)) {
    case STRING:
      return 'string'
    case BOOL:
      return 'bool'
    case INT:
      return 'int'
    case DOUBLE:
      return 'double'
    case ARRAY:
      return 'array'
    case MAP:
      return 'map'
    case BYTES:
      return 'bytes'
    default:
      return 'empty'
  }
}

/** The AnyValue [at, end) as a JavaScript value; null for an empty one. */
export function readAnyValue(bytes: Buffer, at: number, end: number): AnyValue {
  switch (kindOf(bytes, at, end)) {
    case STRING:
      return readText(bytes, contentAt)
    case BOOL:
      return readVarint(bytes, contentAt) !== 0
    case INT:
      return readInt64(bytes, contentAt)
    case DOUBLE:
      return readDouble(bytes, contentAt)
    case BYTES: {
      const length = readVarint(bytes, contentAt)
      return new Uint8Array(bytes.subarray(varintEnd, varintEnd + length))
    }
    case ARRAY: {
      const list: AnyValue[] = []
      eachValue(bytes, contentAt, (start, stop) => list.push(readAnyValue(bytes, start, stop)))
      return list
    }
    case MAP: {
      const map = new Map<string, AnyValue>()
      eachValue(bytes, contentAt, (start, stop) => {
        const { keyAt, keyEnd, valueAt, valueEnd } = keyValue.locate(bytes, start, stop)
        map.set(textOf(bytes, keyAt, keyEnd), readAnyValue(bytes, valueAt, valueEnd))
      })
      return map
    }
    default:
      return null
  }
}

/** The text of a string value, undefined for another kind. */
export function readString(bytes: Buffer, at: number, end: number): string | undefined {
  return kindOf(bytes, at, end) === STRING ? readText(bytes, contentAt) : undefined
}

/** An int or a double, rounded when beyond 2^53; undefined for another kind. */
export function readNumber(bytes: Buffer, at: number, end: number): number | undefined {
  const kind = kindOf(bytes, at, end)
  if (kind === INT) return Number(readInt64(bytes, contentAt))
  return kind === DOUBLE ? readDouble(bytes, contentAt) : undefined
}

function readText(bytes: Buffer, at: number): string {
  const length = readVarint(bytes, at)
  return textOf(bytes, varintEnd, varintEnd + length)
}

/** The entries of an ArrayValue or KeyValueList whose length stands at `at`. */
export function eachValue(bytes: Buffer, at: number, visit: (start: number, end: number) => void): void {
  const size = readVarint(bytes, at)
  at = varintEnd
  const end = at + size
  while (at < end) {
    if (bytes[at] !== VALUES) {
      at = skipUnknown(bytes, at)
      continue
    }
    const length = readVarint(bytes, at + 1)
    const start = varintEnd
    at = start + length
    visit(start, at)
  }
}

/** As JSON, straight from the wire: bytes as base64, integers as digits. */
export function writeJsonValue(json: JsonWriter, bytes: Buffer, at: number, end: number): void {
  switch (kindOf(bytes, at, end)) {
    case STRING: {
      const length = readVarint(bytes, contentAt)
      return json.utf8(bytes, varintEnd, varintEnd + length)
    }
    case BOOL:
      return json.boolean(readVarint(bytes, contentAt) !== 0)
    case INT: {
      const value = readInt64(bytes, contentAt)
      return typeof value === 'number' ? json.number(value) : json.bigint(value)
    }
    case DOUBLE:
      return json.number(readDouble(bytes, contentAt))
    case BYTES: {
      const length = readVarint(bytes, contentAt)
      return json.base64(bytes, varintEnd, varintEnd + length)
    }
    case ARRAY:
      json.beginArray()
      eachValue(bytes, contentAt, (start, stop) => writeJsonValue(json, bytes, start, stop))
      return json.endArray()
    case MAP:
      json.beginObject()
      eachValue(bytes, contentAt, (start, stop) => {
        keyValue.locate(bytes, start, stop)
        writeJsonKeyValue(json, bytes)
      })
      return json.endObject()
    default:
      return json.null()
  }
}

/** `"key":value` of the KeyValue that `keyValue` has located. */
export function writeJsonKeyValue(json: JsonWriter, bytes: Buffer): void {
  const { valueAt, valueEnd } = keyValue
  json.keyBytes(bytes, keyValue.keyAt, keyValue.keyEnd)
  writeJsonValue(json, bytes, valueAt, valueEnd)
}

/** The body of an AnyValue. A whole number becomes an int, `double(1)` a double. */
export function writeAnyValue(out: ByteWriter, value: AnyValue | Double, depth = 0): void {
  if (depth > 32) throw new RangeError('value nests deeper than 32')
  switch (typeof value) {
    case 'string':
      out.byte(STRING)
      return out.text(value)
    case 'boolean':
      out.byte(BOOL)
      return out.byte(value ? 1 : 0)
    case 'bigint':
      checkInt64(value)
      out.byte(INT)
      return out.int64(value)
    case 'number':
      if (!Number.isSafeInteger(value) || Object.is(value, -0)) return writeDouble(out, value)
      out.byte(INT)
      return out.int64(value)
    default:
      if (value === null) return
      if (value instanceof Uint8Array) {
        out.byte(BYTES)
        out.varint(value.length)
        return out.raw(Buffer.from(value.buffer, value.byteOffset, value.length))
      }
      if (isDouble(value)) return writeDouble(out, value.double)
      writeNested(out, value, depth)
  }
}

/** Throws for a bigint of more than 64 bits, and for a number that is no safe integer. */
export function checkInt64(value: number | bigint): void {
  if (typeof value === 'number' ? !Number.isSafeInteger(value) : BigInt.asIntN(64, value) !== value)
    throw new RangeError(`${value} is no whole number of 64 bits`)
}

/** Throws for what is no whole number of 64 bits without a sign, and for a number that is no safe integer. */
export function checkUint64(value: number | bigint): void {
  if (typeof value === 'number' ? !Number.isSafeInteger(value) || value < 0 : BigInt.asUintN(64, value) !== value)
    throw new RangeError(`${value} is no whole number of 64 bits without a sign`)
}

function writeNested(out: ByteWriter, value: readonly AnyValue[] | ReadonlyMap<string, AnyValue>, depth: number): void {
  out.byte(Array.isArray(value) ? ARRAY : MAP)
  const list = out.beginLength()
  for (const entry of value) {
    out.byte(VALUES)
    const from = out.beginLength()
    if (isList(value)) writeAnyValue(out, entry as AnyValue, depth + 1)
    else writeKeyValue(out, entry as readonly [string, AnyValue], depth + 1)
    out.endLength(from)
  }
  out.endLength(list)
}

function writeKeyValue(out: ByteWriter, [key, value]: readonly [string, AnyValue], depth: number): void {
  out.byte(0x0a)
  out.text(key)
  out.byte(0x12)
  const from = out.beginLength()
  writeAnyValue(out, value, depth)
  out.endLength(from)
}

function writeDouble(out: ByteWriter, value: number): void {
  out.byte(DOUBLE)
  out.double(value)
}

const isList = (value: readonly AnyValue[] | ReadonlyMap<string, AnyValue>): value is readonly AnyValue[] =>
  Array.isArray(value)
const isDouble = (value: object): value is Double => 'double' in value
