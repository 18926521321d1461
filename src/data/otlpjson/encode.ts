// Wire bytes to OTLP/JSON, straight into bytes, no objects in between. (OTLP specification, "JSON Protobuf Encoding")
//
//   message = { "field": value, … } in the order of the wire; unknown fields are left out
//   ids are lower-case hexadecimal, other bytes base64; 64-bit integers are strings, enums integers;
//   NaN and the infinities are strings
import { JsonWriter } from '../../wire/json.ts'
import {
  LEN,
  readDouble,
  readFixed32,
  readInt32,
  readUint64Halves,
  readVarint,
  skip,
  uint64High,
  uint64Low,
  varintEnd,
} from '../../wire/reader.ts'
import { Batch } from '../batch.ts'
import * as kinds from '../schema.ts'
import { writeOtlpKeyValue, writeOtlpValue } from './value.ts'

/** `{"resourceSpans":[…]}` and the like, for all chunks of the batch. */
export function encodeOtlpJson(batch: Batch): Buffer {
  const json = idle ?? new JsonWriter(Math.min(batch.sizeBytes * 3, MAX_KEPT_BYTES))
  idle = undefined
  json.clear()
  const [entries] = kinds.roots[batch.signal].fields
  json.beginObject()
  json.key(entries!.key)
  json.beginArray()
  for (const { bytes } of Batch.chunksOf(batch)) writeElements(json, entries!, bytes, 0, bytes.length)
  json.endArray()
  json.endObject()
  const text = json.take()
  if (json.out.bytes.length <= MAX_KEPT_BYTES) idle = json
  return text
}

/** The writer of the last batch, unless that was large. */
let idle: JsonWriter | undefined
const MAX_KEPT_BYTES = 4 * 1024 * 1024

function writeMessage(json: JsonWriter, type: kinds.MessageType, bytes: Buffer, start: number, end: number): void {
  const { out } = json
  const { byTag } = type
  json.beginObject()
  const from = out.length
  let seen = 0
  for (let at = start; at < end; ) {
    const fieldAt = at
    const tag = readVarint(bytes, at)
    const content = varintEnd
    at = skip(bytes, content, tag)
    const field = tag < 256 ? byTag[tag] : undefined
    if (field === undefined) continue
    if ((seen & field.bit) !== 0) {
      if (field.isRepeated) continue // the list has it
      out.length = from
      return writeLastOnly(json, type, bytes, start, end)
    }
    seen |= field.bit
    json.key(field.key)
    if (field.isRepeated) at = writeList(json, field, bytes, fieldAt, end)
    else writeValue(json, field, bytes, content)
  }
  json.endObject()
}

/** The rare message that has a field, or two cases of a oneof, more than once: the last one counts. */
function writeLastOnly(json: JsonWriter, type: kinds.MessageType, bytes: Buffer, start: number, end: number): void {
  const last = new Map<number, { field: kinds.Field; fieldAt: number; content: number }>()
  for (let at = start; at < end; ) {
    const fieldAt = at
    const tag = readVarint(bytes, at)
    const content = varintEnd
    at = skip(bytes, content, tag)
    const field = tag < 256 ? type.byTag[tag] : undefined
    if (field !== undefined && !(field.isRepeated && last.has(field.bit)))
      last.set(field.bit, { field, fieldAt, content })
  }
  for (const { field, fieldAt, content } of last.values()) {
    json.key(field.key)
    if (field.isRepeated) writeList(json, field, bytes, fieldAt, end)
    else writeValue(json, field, bytes, content)
  }
  json.endObject()
}

/** All entries from here to the end of the message; returns where the first run of them ends. */
function writeList(json: JsonWriter, field: kinds.Field, bytes: Buffer, at: number, end: number): number {
  json.beginArray()
  const next = writeElements(json, field, bytes, at, end)
  json.endArray()
  return next
}

function writeElements(json: JsonWriter, field: kinds.Field, bytes: Buffer, at: number, end: number): number {
  const { tag: wanted, elementTag } = field
  let next = -1
  while (at < end) {
    const tag = readVarint(bytes, at)
    const content = varintEnd
    if (tag !== wanted && tag !== elementTag && next < 0) next = at
    at = skip(bytes, content, tag)
    if (tag === elementTag) writeValue(json, field, bytes, content)
    else if (tag === wanted) writePacked(json, field, bytes, content, at)
  }
  return next < 0 ? end : next
}

function writePacked(json: JsonWriter, field: kinds.Field, bytes: Buffer, at: number, end: number): void {
  readVarint(bytes, at)
  for (at = varintEnd; at < end; ) {
    writeValue(json, field, bytes, at)
    at = skip(bytes, at, field.elementTag)
  }
}

/** The value whose length, or content, stands at `at`. */
function writeValue(json: JsonWriter, field: kinds.Field, bytes: Buffer, at: number): void {
  if ((field.elementTag & 7) === LEN) {
    const length = readVarint(bytes, at)
    return writeSized(json, field, bytes, varintEnd, varintEnd + length)
  }
  switch (field.kind) {
    case kinds.BOOL:
      return json.boolean(readVarint(bytes, at) !== 0)
    case kinds.INT32:
      return json.number(readInt32(bytes, at))
    case kinds.UINT32:
      return json.number(readInt32(bytes, at) >>> 0)
    case kinds.SINT32: {
      const value = readInt32(bytes, at)
      return json.number((value >>> 1) ^ -(value & 1))
    }
    case kinds.UINT64:
      readUint64Halves(bytes, at)
      return json.quotedUint64(uint64Low, uint64High)
    case kinds.UFIXED32:
      return json.number(readFixed32(bytes, at))
    case kinds.UFIXED64:
      return json.quotedUint64(readFixed32(bytes, at), readFixed32(bytes, at + 4))
    case kinds.SFIXED64:
      return json.quotedInt64(readFixed32(bytes, at), readFixed32(bytes, at + 4))
    case kinds.DOUBLE:
      return json.number(readDouble(bytes, at))
  }
}

function writeSized(json: JsonWriter, field: kinds.Field, bytes: Buffer, start: number, end: number): void {
  switch (field.kind) {
    case kinds.STRING:
      return json.utf8(bytes, start, end)
    case kinds.TRACE_ID:
    case kinds.SPAN_ID:
      return json.hex(bytes, start, end)
    case kinds.BYTES:
      return json.base64(bytes, start, end)
    default:
      if (field.type === kinds.keyValueType) writeOtlpKeyValue(json, bytes, start, end)
      else if (field.type === kinds.anyValueType) writeOtlpValue(json, bytes, start, end)
      else writeMessage(json, field.type, bytes, start, end)
  }
}
