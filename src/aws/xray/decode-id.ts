// Ids of a segment document.
//
//   trace_id  = "1-" 8 hex digits (seconds) "-" 24 hex digits, or 32 hex digits as W3C has them
//   id        = 16 hex digits, of either case
import { Id } from '../../data/index.ts'
import { hexValues } from '../../wire/jsonreader.ts'
import type { JsonTape } from '../../wire/jsontape.ts'

const TRACE_ID_SIZE = 16
const SPAN_ID_SIZE = 8
const DASH = 0x2d

/** Where the last id was put: an `Id` made of it is good until the next one. */
const scratch = Buffer.alloc(TRACE_ID_SIZE)
const traceId = new Id(scratch, 0, TRACE_ID_SIZE)
const spanId = new Id(scratch, 0, SPAN_ID_SIZE)

/** Shared: to be written before the next id is read. Throws `MalformedError`. */
export function readTraceId(tape: JsonTape, node: number): Id {
  if (!parseTraceId(tape, node))
    tape.fail(
      `must look like 1-58406520-a006649127e371903a2de979, or be 32 hexadecimal digits; got ${shown(tape, node)}`,
      node,
    )
  return traceId
}

/** Shared likewise. */
export function readSpanId(tape: JsonTape, node: number): Id {
  if (!parseSpanId(tape, node)) tape.fail(`must be 16 hexadecimal digits, not all zero; got ${shown(tape, node)}`, node)
  return spanId
}

/** Whether it is one. */
export function parseTraceId(tape: JsonTape, node: number): boolean {
  if (!tape.isString(node)) return false
  const { bytes } = tape
  const start = tape.start(node)
  const size = tape.end(node) - start
  if (size === 32) return parseHex(bytes, start, 0, TRACE_ID_SIZE) && !traceId.isEmpty
  return (
    size === 35 &&
    bytes[start] === 0x31 &&
    bytes[start + 1] === DASH &&
    bytes[start + 10] === DASH &&
    parseHex(bytes, start + 2, 0, 4) &&
    parseHex(bytes, start + 11, 4, TRACE_ID_SIZE) &&
    !traceId.isEmpty
  )
}

export function parseSpanId(tape: JsonTape, node: number): boolean {
  const start = tape.start(node)
  return (
    tape.isString(node) &&
    tape.end(node) - start === 2 * SPAN_ID_SIZE &&
    parseHex(tape.bytes, start, 0, SPAN_ID_SIZE) &&
    !spanId.isEmpty
  )
}

/** Into the scratch, from `at` to `end`. */
function parseHex(bytes: Buffer, start: number, at: number, end: number): boolean {
  for (; at < end; at++, start += 2) {
    const high = hexValues[bytes[start]!]!
    const low = hexValues[bytes[start + 1]!]!
    if (high < 0 || low < 0) return false
    scratch[at] = high * 16 + low
  }
  return true
}

/** As much of it as tells the sender what was sent. */
function shown(tape: JsonTape, node: number): string {
  const start = tape.rawStart(node)
  const end = Math.min(tape.rawEnd(node), start + MAX_SHOWN)
  return tape.bytes.utf8Slice(start, end) + (end < tape.rawEnd(node) ? '…' : '')
}
const MAX_SHOWN = 60
