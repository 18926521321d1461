// Values that are equal, whatever wrote them, as equal bytes.
import { ByteWriter } from '../wire/writer.ts'
import type { Message } from './message.ts'
import { ARRAY, contentAt, eachValue, keyValue, kindOf, MAP } from './value.ts'

/**
 * The AnyValue [at, end) with the entries of its maps in the order of their bytes. Values that nest nothing are copied: no
 * encoder has two ways of writing one.
 */
export function writeCanonicalValue(out: ByteWriter, bytes: Buffer, at: number, end: number): void {
  const kind = kindOf(bytes, at, end)
  if (kind !== ARRAY && kind !== MAP) return out.raw(bytes, at, end)
  const listAt = contentAt
  const entries = kind === ARRAY ? arrayEntries(bytes, listAt) : mapEntries(bytes, listAt).sort(Buffer.compare)
  out.byte(kind)
  out.varint(entries.length)
  for (const entry of entries) {
    out.varint(entry.length)
    out.raw(entry)
  }
}

function arrayEntries(bytes: Buffer, at: number): Buffer[] {
  const entries: Buffer[] = []
  eachValue(bytes, at, (start, end) => entries.push(written((out) => writeCanonicalValue(out, bytes, start, end))))
  return entries
}

function mapEntries(bytes: Buffer, at: number): Buffer[] {
  const entries: Buffer[] = []
  eachValue(bytes, at, (start, end) => {
    const { keyAt, keyEnd, valueAt, valueEnd } = keyValue.locate(bytes, start, end)
    const entry = written((out) => {
      out.varint(keyEnd - keyAt)
      out.raw(bytes, keyAt, keyEnd)
      writeCanonicalValue(out, bytes, valueAt, valueEnd)
    })
    entries.push(entry)
  })
  return entries
}

function written(write: (out: ByteWriter) => void): Buffer {
  const out = new ByteWriter(64)
  write(out)
  return out.take()
}

/** The content of a length-delimited field with its length before it; a length of 0 when it is absent. */
export function writeSized(out: ByteWriter, message: Message, field: number): void {
  if (!message.has(field)) return out.byte(0)
  const at = message.contentAt(field)
  const end = message.contentEnd(field)
  out.varint(end - at)
  out.raw(message.source(field), at, end)
}
