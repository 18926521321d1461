// Whole numbers of up to 64 bits as decimal text and back, without a BigInt on the way: a 64-bit number is two halves, `low`
// and `high`, each 0 to 2^32 - 1.

const BILLION = 1_000_000_000

/** What `divideByBillion` found, to be read at once. */
export let quotient = 0
export let remainder = 0

/** `high * 2^32 + low` by 1e9: the quotient has up to 35 bits. */
export function divideByBillion(low: number, high: number): void {
  // The quotient of doubles is off by at most one; the remainder, modulo 2^32, says which way.
  let seconds = Math.floor((high * 2 ** 32 + low) / BILLION)
  let nanos = remainderOf(low, seconds)
  if (nanos < 0) nanos = remainderOf(low, --seconds)
  else if (nanos >= BILLION) nanos = remainderOf(low, ++seconds)
  quotient = seconds
  remainder = nanos
}
const remainderOf = (low: number, seconds: number): number => (low - Math.imul(seconds | 0, BILLION)) | 0

/** What `multiplyByBillion` and `parseUint64` found, to be read at once. */
export let lowHalf = 0
export let highHalf = 0

/** `value * 1e9 + rest`; `value` below 2^39. False when it exceeds 64 bits. */
export function multiplyByBillion(value: number, rest: number): boolean {
  // in two parts that a double holds: the 16 low bits of the value, and what is above them
  const part = (value % 65536) * BILLION + rest
  const above = Math.floor(value / 65536) * BILLION
  const lower = (above % 65536) * 65536 + part
  lowHalf = lower % 2 ** 32
  highHalf = Math.floor(above / 65536) + Math.floor(lower / 2 ** 32)
  return highHalf < 2 ** 32
}

/** Digits and nothing else. False when they exceed 64 bits. */
export function parseUint64(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > 20) return false
  if (end - start <= 9) {
    lowHalf = parseDigits(bytes, start, end)
    highHalf = 0
    return true
  }
  const middle = Math.max(end - 9, start)
  return multiplyByBillion(parseDigits(bytes, start, middle), parseDigits(bytes, middle, end))
}

/** At most 15 digits. */
export function parseDigits(bytes: Uint8Array, start: number, end: number): number {
  let value = 0
  for (; start < end; start++) value = value * 10 + bytes[start]! - 48
  return value
}

/** At most 20 digits. Returns where it stopped. The caller has made room. */
export function writeUint64(low: number, high: number, target: Uint8Array, at: number): number {
  if (high === 0) return writeDigits(low, digitCount(low), target, at)
  divideByBillion(low, high)
  const nanos = remainder
  return writeDigits(nanos, 9, target, writeSafeInteger(quotient, target, at))
}

/** 0 <= value <= 2^53. */
export function writeSafeInteger(value: number, target: Uint8Array, at: number): number {
  if (value < 2 ** 32) return writeDigits(value, digitCount(value), target, at)
  const billions = Math.floor(value / BILLION)
  at = writeDigits(billions, digitCount(billions), target, at)
  return writeDigits(value - billions * BILLION, 9, target, at)
}

const MILLION = 1_000_000

/**
 * A number with up to six decimals, as `String` writes it, without a string. Returns where it stopped, or -1, having written
 * nothing, for any other number. At most 17 bytes; the caller has made room.
 *
 * Decimals of up to 15 digits are different numbers: the one that is found is the one that `String` finds.
 */
export function writeDecimal(value: number, target: Uint8Array, at: number): number {
  const size = Math.abs(value)
  const millionths = Math.floor(size * MILLION + 0.5)
  if (!(size < BILLION) || millionths / MILLION !== size || millionths === 0) return -1
  if (value < 0) target[at++] = 0x2d
  const whole = Math.floor(millionths / MILLION)
  at = writeSafeInteger(whole, target, at)
  const rest = millionths - whole * MILLION
  if (rest === 0) return at
  target[at] = 0x2e
  at = writeDigits(rest, 6, target, at + 1)
  while (target[at - 1] === 0x30) at--
  return at
}

/** 0 <= value < 2^32, padded with zeros to `width`. */
export function writeDigits(value: number, width: number, target: Uint8Array, at: number): number {
  const end = at + width
  let i = end
  // Four at a time: a division costs more than all else.
  while (i - at >= 4) {
    const rest = (value / 10_000) >>> 0
    const four = (value - rest * 10_000) | 0
    const high = ((four * 5243) >>> 19) * 2
    const low = four * 2 - high * 100
    i -= 4
    target[i] = pairs[high]!
    target[i + 1] = pairs[high + 1]!
    target[i + 2] = pairs[low]!
    target[i + 3] = pairs[low + 1]!
    value = rest
  }
  while (i > at) {
    const rest = (value / 10) >>> 0
    target[--i] = 48 + value - rest * 10
    value = rest
  }
  return end
}

/** 00 to 99. */
const pairs = Uint8Array.from(Array.from({ length: 100 }, (_, i) => String(i).padStart(2, '0')).join(''), (digit) =>
  digit.charCodeAt(0),
)

function digitCount(value: number): number {
  if (value < 1e4) return value < 100 ? (value < 10 ? 1 : 2) : value < 1e3 ? 3 : 4
  if (value < 1e7) return value < 1e5 ? 5 : value < 1e6 ? 6 : 7
  return value < 1e8 ? 8 : value < 1e9 ? 9 : 10
}
