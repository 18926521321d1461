// Attributes and values as OTLP/JSON: the two messages that a payload is mostly made of.
//
//   KeyValue = {"key":"…","value":{…}}
//   AnyValue = {"stringValue":"…"} | {"boolValue":true} | {"intValue":"5"} | {"doubleValue":1.5} |
//              {"arrayValue":{"values":[…]}} | {"kvlistValue":{"values":[…]}} | {"bytesValue":"base64"} | {}
import { type JsonWriter, jsonLiteral } from '../../wire/json.ts'
import { readDouble, readUint64Halves, readVarint, uint64High, uint64Low, varintEnd } from '../../wire/reader.ts'
import * as wire from '../value.ts'

const OPEN = jsonLiteral('{')
const OPEN_KEY = jsonLiteral('{"key":')
const NEXT_VALUE = jsonLiteral(',"value":')
const OPEN_VALUE = jsonLiteral('{"value":')
const STRING_VALUE = jsonLiteral('{"stringValue":')
const BOOL_VALUE = jsonLiteral('{"boolValue":')
const INT_VALUE = jsonLiteral('{"intValue":')
const DOUBLE_VALUE = jsonLiteral('{"doubleValue":')
const ARRAY_VALUE = jsonLiteral('{"arrayValue":{"values":[')
const KVLIST_VALUE = jsonLiteral('{"kvlistValue":{"values":[')
const BYTES_VALUE = jsonLiteral('{"bytesValue":')
const CLOSE_LIST = jsonLiteral(']}')

/** The KeyValue [start, end). */
export function writeOtlpKeyValue(json: JsonWriter, bytes: Buffer, start: number, end: number): void {
  const { keyAt, keyEnd, valueAt, valueEnd } = wire.keyValue.locate(bytes, start, end)
  if (keyAt !== 0) {
    json.json(OPEN_KEY)
    json.utf8(bytes, keyAt, keyEnd)
  }
  if (valueAt !== 0) {
    if (keyAt !== 0) json.raw(NEXT_VALUE)
    else json.json(OPEN_VALUE)
    writeOtlpValue(json, bytes, valueAt, valueEnd)
  } else if (keyAt === 0) json.json(OPEN)
  json.endObject()
}

/** The AnyValue [start, end). */
export function writeOtlpValue(json: JsonWriter, bytes: Buffer, start: number, end: number): void {
  const kind = wire.kindOf(bytes, start, end)
  writeContent(json, kind, bytes, wire.contentAt)
  json.endObject()
}

/** The object but for its end. */
function writeContent(json: JsonWriter, kind: number, bytes: Buffer, at: number): void {
  switch (kind) {
    case wire.STRING: {
      const length = readVarint(bytes, at)
      json.json(STRING_VALUE)
      return json.utf8(bytes, varintEnd, varintEnd + length)
    }
    case wire.BOOL:
      json.json(BOOL_VALUE)
      return json.boolean(readVarint(bytes, at) !== 0)
    case wire.INT:
      json.json(INT_VALUE)
      readUint64Halves(bytes, at)
      return json.quotedInt64(uint64Low, uint64High)
    case wire.DOUBLE:
      json.json(DOUBLE_VALUE)
      return json.number(readDouble(bytes, at))
    case wire.BYTES: {
      const length = readVarint(bytes, at)
      json.json(BYTES_VALUE)
      return json.base64(bytes, varintEnd, varintEnd + length)
    }
    case wire.ARRAY:
      return writeValues(json, ARRAY_VALUE, bytes, at, writeOtlpValue)
    case wire.MAP:
      return writeValues(json, KVLIST_VALUE, bytes, at, writeOtlpKeyValue)
    default:
      json.json(OPEN)
  }
}

function writeValues(
  json: JsonWriter,
  open: Buffer,
  bytes: Buffer,
  at: number,
  write: (json: JsonWriter, bytes: Buffer, start: number, end: number) => void,
): void {
  json.json(open)
  wire.eachValue(bytes, at, (start, end) => write(json, bytes, start, end))
  json.raw(CLOSE_LIST)
}
