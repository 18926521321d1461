// Attributes and values as OTLP/JSON: the two messages that a payload is mostly made of.
//
//   KeyValue = {"key":"…","value":{…}}
//   AnyValue = {"stringValue":"…"} | {"boolValue":true} | {"intValue":"5"} | {"doubleValue":1.5} |
//              {"arrayValue":{"values":[…]}} | {"kvlistValue":{"values":[…]}} | {"bytesValue":"base64"} | {}
import { type JsonWriter, jsonLiteral } from '../../wire/json.ts'
import { readDouble, readUint64Halves, readVarint, uint64High, uint64Low, varintEnd } from '../../wire/reader.ts'
import * as wire from '../value.ts'

const KEY = jsonLiteral('"key":')
const VALUE = jsonLiteral('"value":')
const STRING_VALUE = jsonLiteral('"stringValue":')
const BOOL_VALUE = jsonLiteral('"boolValue":')
const INT_VALUE = jsonLiteral('"intValue":')
const DOUBLE_VALUE = jsonLiteral('"doubleValue":')
const ARRAY_VALUE = jsonLiteral('"arrayValue":')
const KVLIST_VALUE = jsonLiteral('"kvlistValue":')
const BYTES_VALUE = jsonLiteral('"bytesValue":')
const VALUES = jsonLiteral('"values":')

export function writeOtlpKeyValue(json: JsonWriter, bytes: Buffer, start: number, end: number): void {
  const { keyAt, keyEnd, valueAt, valueEnd } = wire.keyValue.locate(bytes, start, end)
  json.beginObject()
  if (keyAt !== 0) {
    json.key(KEY)
    json.utf8(bytes, keyAt, keyEnd)
  }
  if (valueAt !== 0) {
    json.key(VALUE)
    writeOtlpValue(json, bytes, valueAt, valueEnd)
  }
  json.endObject()
}

export function writeOtlpValue(json: JsonWriter, bytes: Buffer, start: number, end: number): void {
  json.beginObject()
  const kind = wire.kindOf(bytes, start, end)
  if (kind !== 0) writeContent(json, kind, bytes, wire.contentAt)
  json.endObject()
}

function writeContent(json: JsonWriter, kind: number, bytes: Buffer, at: number): void {
  switch (kind) {
    case wire.STRING: {
      const length = readVarint(bytes, at)
      json.key(STRING_VALUE)
      return json.utf8(bytes, varintEnd, varintEnd + length)
    }
    case wire.BOOL:
      json.key(BOOL_VALUE)
      return json.boolean(readVarint(bytes, at) !== 0)
    case wire.INT:
      json.key(INT_VALUE)
      readUint64Halves(bytes, at)
      return json.quotedInt64(uint64Low, uint64High)
    case wire.DOUBLE:
      json.key(DOUBLE_VALUE)
      return json.number(readDouble(bytes, at))
    case wire.BYTES: {
      const length = readVarint(bytes, at)
      json.key(BYTES_VALUE)
      return json.base64(bytes, varintEnd, varintEnd + length)
    }
    case wire.ARRAY:
      json.key(ARRAY_VALUE)
      return writeValues(json, bytes, at, writeOtlpValue)
    case wire.MAP:
      json.key(KVLIST_VALUE)
      return writeValues(json, bytes, at, writeOtlpKeyValue)
  }
}

function writeValues(
  json: JsonWriter,
  bytes: Buffer,
  at: number,
  write: (json: JsonWriter, bytes: Buffer, start: number, end: number) => void,
): void {
  json.beginObject()
  json.key(VALUES)
  json.beginArray()
  wire.eachValue(bytes, at, (start, end) => write(json, bytes, start, end))
  json.endArray()
  json.endObject()
}
