// Sample = { 1: value (double), 2: timestamp, 3: start_timestamp (second version) }
import type { ByteWriter } from '../../wire/writer.ts'
import type { SeriesRows } from './merge.ts'
import type { ExemplarSample, Rows } from './rows.ts'
import type { FamilyType, KnownSeries } from './series.ts'

/** https://prometheus.io/docs/specs/prw/remote_write_spec/#stale-markers */
export const STALE_BITS = 0x7ff0000000000002n

/** Both versions have the same numbers. */
export const TYPES: Readonly<Record<FamilyType, number>> = {
  unknown: 0,
  counter: 1,
  gauge: 2,
  histogram: 3,
  summary: 5,
  info: 6,
}

/** Times from 1971 to 2109 have six bytes, so that a sample has always as many. */
const MIN_TIME_MS = 2 ** 35
const MAX_TIME_MS = 2 ** 42
export const SAMPLE_BYTES = 18

/** Whether the series has one point, and that has a sample for each of its series, all of `SAMPLE_BYTES`. */
export function canFill(rows: Rows, { first }: KnownSeries): boolean {
  const timeMs = rows.times[first]!
  const isPlain = rows.next[first]! < 0 && !rows.stale[first]! && timeMs >= MIN_TIME_MS && timeMs < MAX_TIME_MS
  return isPlain && (rows.extras.size === 0 || !rows.extras.has(first))
}

/** All of a sample but its numbers. */
export function writeSampleTags(out: ByteWriter): void {
  out.byte(0x12)
  out.byte(SAMPLE_BYTES - 2)
  out.byte(0x09)
  out.fixed64(0)
  out.byte(0x10)
  for (let i = 0; i < 6; i++) out.byte(0)
}

/** The numbers of the sample that begins there. */
export function fillSample(view: DataView, at: number, value: number, timeMs: number): void {
  view.setFloat64(at + 3, value, true)
  const high = Math.floor(timeMs / 2 ** 28)
  const low = timeMs % 2 ** 28
  const first = (low & 127) | ((low << 1) & 0x7f00) | ((low << 2) & 0x7f0000) | ((low << 3) & 0x7f000000)
  view.setInt32(at + 12, first | 0x80808080, true)
  view.setInt16(at + 16, (high & 127) | 128 | ((high << 1) & 0x7f00), true)
}

/** What has a native histogram has no samples. */
export function writeSamples(out: ByteWriter, rows: Rows, { list, parts }: SeriesRows, hasStart: boolean): void {
  for (let i = 0; i < list.length; i++) {
    const row = list[i]!
    if (rows.extras.get(row)?.histogram !== undefined) continue
    const at = out.length
    out.byte(0x12)
    const from = out.beginLength()
    out.byte(0x09)
    if (rows.stale[row]) out.fixed64(STALE_BITS)
    else out.double(rows.values[rows.valuesAt[row]! + parts[i]!]!)
    out.byte(0x10)
    out.int64(rows.times[row]!)
    out.endLength(from)
    if (hasStart) writeStart(out, at, rows.created[row]!)
  }
}

/** When the count began, at the end of the sample that begins there. */
export function writeStart(out: ByteWriter, at: number, createdMs: number): void {
  if (createdMs === 0) return
  out.byte(0x18)
  out.int64(createdMs)
  out.bytes[at + 1] = out.length - at - 2
}

export function writeExemplarValue(out: ByteWriter, { value, timeMs }: ExemplarSample): void {
  out.byte(0x11)
  out.double(value)
  out.byte(0x18)
  out.int64(timeMs)
}
