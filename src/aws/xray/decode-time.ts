// Times of a segment document: seconds since the epoch as a JSON number, 1478293361.271 or 1.478293361271e9.
import { Instant } from '../../data/index.ts'
import { parseDigits } from '../../wire/decimal.ts'
import { DECIMAL, INTEGER, type JsonTape } from '../../wire/jsontape.ts'

const POINT = 0x2e
const NINE_DIGITS = 9
/** What OTLP's 64 bits of nanoseconds hold: until the year 2554. */
const MAX_SECONDS = 18_446_744_073

/**
 * Up to nine digits behind the point are nanoseconds, exactly. More are what printing a double adds: it is exact to a
 * quarter of a microsecond in this century, so those are rounded to microseconds. Throws `MalformedError`.
 */
export function readSeconds(tape: JsonTape, node: number): Instant {
  const kind = tape.kind(node)
  if (kind !== INTEGER && kind !== DECIMAL) tape.fail('must be a number of seconds since 1970', node)
  const instant = digitsOf(tape, node) ?? rounded(tape.number(node))
  if (!(instant.seconds >= 0 && instant.seconds < MAX_SECONDS))
    tape.fail(`must be a number of seconds between 1970 and 2554, got ${tape.number(node)}`, node)
  return instant
}

/** undefined for what is not just digits with perhaps a point among them, or has too many behind it. */
function digitsOf(tape: JsonTape, node: number): Instant | undefined {
  const { bytes } = tape
  const end = tape.end(node)
  const start = tape.start(node)
  const point = digitsEnd(bytes, start, end)
  if (point - start > MAX_WHOLE_DIGITS || point === start) return undefined
  const seconds = parseDigits(bytes, start, point)
  if (point === end) return new Instant(seconds, 0)
  const fraction = point + 1
  if (bytes[point] !== POINT || end - fraction > NINE_DIGITS || digitsEnd(bytes, fraction, end) !== end)
    return undefined
  return new Instant(seconds, parseDigits(bytes, fraction, end) * 10 ** (NINE_DIGITS - (end - fraction)))
}

/** A double holds so many. */
const MAX_WHOLE_DIGITS = 15

function digitsEnd(bytes: Buffer, at: number, end: number): number {
  while (at < end && bytes[at]! >= 0x30 && bytes[at]! <= 0x39) at++
  return at
}

function rounded(value: number): Instant {
  const seconds = Math.floor(value)
  const micros = Math.round((value - seconds) * 1e6)
  return micros === 1_000_000 ? new Instant(seconds + 1, 0) : new Instant(seconds, micros * 1000)
}
