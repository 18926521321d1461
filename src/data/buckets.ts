// Counts of histograms: lists of numbers, rounded or exact.
// bucket_counts of a histogram = repeated fixed64; Buckets = { 1: offset (sint32), 2: bucket_counts (repeated uint64) }
import { LEN, readFixed32, readInt64, readVarint, VARINT, varintEnd } from '../wire/reader.ts'
import type { ByteWriter } from '../wire/writer.ts'
import { eachPiece } from './entries.ts'
import type { Message } from './message.ts'
import { checkUint64 } from './value.ts'

const OFFSET = 1
const BUCKET_COUNTS = 2

/** fixed64, rounded beyond 2^53. */
export const readCount = (bytes: Buffer, at: number): number =>
  readFixed32(bytes, at + 4) * 2 ** 32 + readFixed32(bytes, at)

/** fixed64, exact. */
export const readExactCount = (bytes: Buffer, at: number): bigint => bytes.readBigUInt64LE(at)

/** A repeated field of eight bytes each. */
export function readFixedList<T>(message: Message, field: number, read: (bytes: Buffer, at: number) => T): T[] {
  const list: T[] = []
  eachPiece(message, field, (bytes, start, end) => {
    for (let at = start; at < end; at += 8) list.push(read(bytes, at))
  })
  return list
}

/** sint32: the sign is the lowest bit. */
export function readSint32(message: Message, field: number): number {
  const value = message.uint32(field)
  return (value >>> 1) ^ -(value & 1)
}

/**
 * The buckets on one side of an exponential histogram, those in a row that are not empty: the first has the index
 * `offset`, and bucket i covers (base^i, base^(i+1)], base = 2^(2^-scale). Stays valid after the visit.
 */
export class Buckets {
  readonly #message: Message
  constructor(message: Message) {
    this.#message = message
  }

  get offset(): number {
    return readSint32(this.#message, OFFSET)
  }
  /** Rounded beyond 2^53. */
  get bucketCounts(): number[] {
    return this.#counts(readVarint)
  }
  get exactBucketCounts(): bigint[] {
    return this.#counts((bytes, at) => BigInt.asUintN(64, BigInt(readInt64(bytes, at))))
  }
  #counts<T>(read: (bytes: Buffer, at: number) => T): T[] {
    const list: T[] = []
    eachPiece(this.#message, BUCKET_COUNTS, (bytes, start, end) => {
      for (let at = start; at < end; at = varintEnd) list.push(read(bytes, at))
    })
    return list
  }
}

/** A packed list of fixed64. */
export function writeCounts(out: ByteWriter, counts: readonly (number | bigint)[]): void {
  for (const count of counts) {
    checkUint64(count)
    out.fixed64(count)
  }
}

/** The body of Buckets; none of its fields when they say nothing. */
export function writeBuckets(out: ByteWriter, offset: number, counts: readonly (number | bigint)[]): void {
  if (offset !== 0) {
    out.byte((OFFSET << 3) | VARINT)
    out.varint(((offset << 1) ^ (offset >> 31)) >>> 0)
  }
  if (counts.length === 0) return
  out.byte((BUCKET_COUNTS << 3) | LEN)
  const from = out.beginLength()
  for (const count of counts) {
    checkUint64(count)
    out.int64(count)
  }
  out.endLength(from)
}
