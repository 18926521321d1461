// Native histograms, in both versions of remote write.
// Histogram = { 1: count_int, 3: sum (double), 4: schema (sint32), 5: zero_threshold (double), 6: zero_count_int,
//               8: negative_spans*, 9: negative_deltas (sint64), 11: positive_spans*, 12: positive_deltas, 15: timestamp, 16: custom_values,
//               17: start_timestamp (second version) }
// BucketSpan = { 1: offset (sint32), 2: length }
import type { ByteWriter } from '../../wire/writer.ts'
import type { SeriesRows } from './merge.ts'
import type { NativeHistogram, NativeSide } from './native.ts'
import type { Rows } from './rows.ts'
import { STALE_BITS } from './sample.ts'

/** Those of a series. `hasStart`: with when their counts began. */
export function writeHistograms(
  out: ByteWriter,
  tag: number,
  rows: Rows,
  { list }: SeriesRows,
  hasStart: boolean,
): void {
  if (rows.extras.size === 0) return
  for (const row of list) {
    const histogram = rows.extras.get(row)?.histogram
    const createdMs = hasStart ? rows.created[row]! : 0
    if (histogram !== undefined) writeHistogram(out, tag, histogram, rows.stale[row]!, rows.times[row]!, createdMs)
  }
}

function writeHistogram(
  out: ByteWriter,
  tag: number,
  { count, sum, schema, zeroThreshold, zeroCount, negative, positive, bounds }: NativeHistogram,
  isStale: boolean,
  timeMs: number,
  createdMs: number,
): void {
  out.byte(tag)
  const from = out.beginLength(2)
  out.byte(0x08)
  out.int64(count)
  out.byte(0x19)
  if (isStale) out.fixed64(STALE_BITS)
  else out.double(sum)
  out.byte(0x20)
  out.int64(zigzag(schema))
  out.byte(0x29)
  out.double(zeroThreshold)
  out.byte(0x30)
  out.int64(zeroCount)
  writeSide(out, negative, 0x42, 0x4a)
  writeSide(out, positive, 0x5a, 0x62)
  out.byte(0x78)
  out.int64(timeMs)
  if (bounds.length > 0) {
    // Field 16.
    out.varint((16 << 3) | 2)
    const inside = out.beginLength()
    for (const bound of bounds) out.double(bound)
    out.endLength(inside)
  }
  if (createdMs > 0) {
    out.varint(17 << 3)
    out.int64(createdMs)
  }
  out.endLength(from, 2)
}

function writeSide(out: ByteWriter, { spans, deltas }: NativeSide, spanTag: number, deltaTag: number): void {
  for (const { offset, length } of spans) {
    out.byte(spanTag)
    const inside = out.beginLength()
    out.byte(0x08)
    out.int64(zigzag(offset))
    out.byte(0x10)
    out.varint(length)
    out.endLength(inside)
  }
  if (deltas.length === 0) return
  out.byte(deltaTag)
  const inside = out.beginLength()
  for (const delta of deltas) out.int64(zigzag(delta))
  out.endLength(inside)
}

/** The sign is the lowest bit; beyond 32 bits too. */
const zigzag = (value: number): number => (value < 0 ? -value * 2 - 1 : value * 2)
