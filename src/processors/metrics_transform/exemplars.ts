// Exemplars as bytes: fields 8 of a histogram's point and 11 of an exponential one's, each { 3: as_double | 6: as_int, … }.
import type { DataPoint } from '../../data/index.ts'
import { FIXED64, LEN, readVarint, skip, varintEnd } from '../../wire/reader.ts'
import { ByteWriter } from '../../wire/writer.ts'
import { truncated } from './points.ts'

const fieldOf = (point: Pick<DataPoint, 'type'>): number => (point.type === 'histogram' ? 8 : 11)
const AS_DOUBLE = (3 << 3) | FIXED64
const AS_INT = (6 << 3) | FIXED64

/** Whole fields, tags included, to put behind those of another point of the type. */
export function exemplarsOf(point: DataPoint): Buffer[] {
  const fields: Buffer[] = []
  const tag = (fieldOf(point) << 3) | LEN
  point.eachExemplar((exemplar) => {
    const out = new ByteWriter(64)
    out.byte(tag)
    const from = out.beginLength()
    exemplar.writeTo(out)
    out.endLength(from)
    fields.push(out.take())
  })
  return fields
}

/** The serialized point with the values of its exemplars scaled: in place, since they are eight bytes before and after. */
export function withScaledExemplars(point: Buffer, type: 'histogram' | 'exponentialHistogram', scale: number): Buffer {
  const copy = Buffer.from(point)
  eachField(copy, 0, copy.length, (tag, at, end) => {
    if (tag !== ((fieldOf({ type }) << 3) | LEN)) return
    eachField(copy, at, end, (inner, from) => {
      if (inner === AS_DOUBLE) copy.writeDoubleLE(copy.readDoubleLE(from) * scale, from)
      if (inner === AS_INT) copy.writeBigInt64LE(BigInt(truncated(Number(copy.readBigInt64LE(from)) * scale)), from)
    })
  })
  return copy
}

function eachField(
  bytes: Buffer,
  at: number,
  end: number,
  visit: (tag: number, start: number, end: number) => void,
): void {
  while (at < end) {
    const tag = readVarint(bytes, at)
    let start = varintEnd
    at = skip(bytes, start, tag)
    if ((tag & 7) === LEN) {
      readVarint(bytes, start)
      start = varintEnd
    }
    visit(tag, start, at)
  }
}
