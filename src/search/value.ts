// AnyValue as a field of a document, straight from the wire. Unlike OTLP/JSON: a document can hold no NaN and no name twice.
import { textOfValue } from '../data/index.ts'
import {
  ARRAY,
  BOOL,
  BYTES,
  contentAt,
  DOUBLE,
  eachValue,
  INT,
  kindOf,
  MAP,
  readAnyValue,
  STRING,
} from '../data/raw.ts'
import type { JsonWriter } from '../wire/json.ts'
import { readDouble, readInt64, readVarint, varintEnd } from '../wire/reader.ts'
import { writeMapFields } from './fields.ts'

/** How bytes stand in documents: the collector's OpenSearch exporter writes base64, its Elasticsearch exporter hexadecimal. */
export type BytesAs = 'base64' | 'hex'

/** What an index makes of a value: null is no value to it. */
export function writeValue(json: JsonWriter, bytes: Buffer, at: number, end: number, bytesAs: BytesAs): void {
  const size = bytes[at + 1]!
  // A short text and nothing else: nearly always.
  if (bytes[at] === STRING && size < 128 && at + 2 + size === end) return json.utf8(bytes, at + 2, end)
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
      return writeDouble(json, readDouble(bytes, contentAt))
    case BYTES: {
      const length = readVarint(bytes, contentAt)
      const start = varintEnd
      return bytesAs === 'hex' ? json.hex(bytes, start, start + length) : json.base64(bytes, start, start + length)
    }
    case ARRAY:
      json.beginArray()
      eachValue(bytes, contentAt, (start, stop) => writeValue(json, bytes, start, stop, bytesAs))
      return json.endArray()
    case MAP:
      return writeMapFields(json, bytes, contentAt, bytesAs)
    default:
      return json.null()
  }
}

/**
 * A whole number keeps a fraction, 1.0: an index that has not seen the field before guesses its type from the first value,
 * and a `long` would cut all later ones. NaN and the infinities are null.
 */
export function writeDouble(json: JsonWriter, value: number): void {
  if (!Number.isFinite(value)) return json.null()
  if (!Number.isInteger(value) || Math.abs(value) >= 1e21) return json.number(value)
  json.number(value)
  json.out.byte(0x2e)
  json.out.byte(0x30)
}

/** The value as a text: a string as it is, a number as its digits, a map as JSON in a text. */
export function writeText(json: JsonWriter, bytes: Buffer, at: number, end: number): void {
  if (kindOf(bytes, at, end) === STRING) writeValue(json, bytes, at, end, 'base64')
  else json.string(textOfValue(readAnyValue(bytes, at, end)))
}
