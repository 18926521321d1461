// Messages by hand: for what no encoder writes.

import { LEN, readVarint, skip, varintEnd } from '../../src/wire/reader.ts'

export type Piece = number | Uint8Array

export const bytesOf = (pieces: readonly Piece[]): Buffer =>
  Buffer.concat(pieces.map((piece) => (typeof piece === 'number' ? Buffer.from([piece]) : piece)))

export function varint(value: number): number[] {
  const bytes: number[] = []
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128)
  return [...bytes, value]
}

/** A length-delimited field. */
export function field(number: number, ...body: Piece[]): Buffer {
  const content = bytesOf(body)
  return bytesOf([Buffer.from([...varint((number << 3) | 2), ...varint(content.length)]), content])
}

/** The same spans, of their attributes and those of their events the value before the key: legal, and nobody does it. */
export function withValuesFirst(request: Buffer): Buffer {
  const bytes = Buffer.from(request)
  const swap = (start: number, end: number): void => {
    const [key, value] = fieldsOf(bytes, start, end)
    if (key === undefined || value === undefined) return
    const swapped = Buffer.concat([bytes.subarray(value.at, end), bytes.subarray(start, value.at)])
    swapped.copy(bytes, start)
  }
  for (const resource of fieldsOf(bytes, 0, bytes.length))
    for (const scope of fieldsOf(bytes, resource.start, resource.end))
      for (const span of scope.number === 2 ? fieldsOf(bytes, scope.start, scope.end) : [])
        for (const part of span.number === 2 ? fieldsOf(bytes, span.start, span.end) : []) {
          if (part.number === 9) swap(part.start, part.end)
          if (part.number !== 11) continue
          for (const { number, start, end } of fieldsOf(bytes, part.start, part.end)) if (number === 3) swap(start, end)
        }
  return bytes
}

interface Field {
  readonly number: number
  /** Of the tag, and of what is in it. */
  readonly at: number
  readonly start: number
  readonly end: number
}

function fieldsOf(bytes: Buffer, start: number, end: number): Field[] {
  const fields: Field[] = []
  for (let at = start; at < end; ) {
    const tag = readVarint(bytes, at)
    const content = varintEnd
    const next = skip(bytes, content, tag)
    const size = (tag & 7) === LEN ? readVarint(bytes, content) : next - content
    fields.push({ number: tag >>> 3, at, start: next - size, end: next })
    at = next
  }
  return fields
}

/** Spans, log records or metrics of those bodies, in one scope of one resource. */
export const itemMessage = (...items: Uint8Array[]): Buffer =>
  field(1, field(2, ...items.map((item) => field(2, item))))
