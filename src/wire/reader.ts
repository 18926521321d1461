// Reading protobuf that has passed validation: every length is in bounds, every varint ends, every tag is minimal.
// Nothing here checks again; `src/data/validate.ts` is the only gate.

/**
 * Where the last `readVarint` stopped. One module-level number instead of a result object: it costs nothing, and
 * a caller reads it in the very next statement.
 */
export let varintEnd = 0

/**
 * varint = 1..10 bytes, 7 bits each, least significant first.
 *
 * Exact up to 2^53; for a 64-bit value use `readInt64`.
 */
export function readVarint(bytes: Uint8Array, at: number): number {
  let byte = bytes[at++]!
  if (byte < 128) {
    varintEnd = at
    return byte
  }
  let value = byte & 127
  byte = bytes[at++]!
  value |= (byte & 127) << 7
  if (byte < 128) {
    varintEnd = at
    return value
  }
  byte = bytes[at++]!
  value |= (byte & 127) << 14
  if (byte < 128) {
    varintEnd = at
    return value
  }
  byte = bytes[at++]!
  value |= (byte & 127) << 21
  let scale = 2 ** 28
  while (byte >= 128) {
    // beyond 28 bits: as a double
    byte = bytes[at++]!
    value += (byte & 127) * scale
    scale *= 128
  }
  varintEnd = at
  return value
}

/** The low 32 bits of a varint, signed: what int32, uint32 (`>>> 0`), enums and bool are, by protobuf's letter. */
export function readInt32(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!
  if (first < 128) {
    varintEnd = at + 1
    return first
  }
  let value = 0
  let shift = 0
  let byte: number
  do {
    byte = bytes[at++]!
    if (shift < 32) value |= (byte & 127) << shift
    shift += 7
  } while (byte >= 128)
  varintEnd = at
  return value
}

/** What the last `readUint64Halves` found. */
export let uint64Low = 0
export let uint64High = 0

/** A 64-bit varint as two halves, 0 to 2^32 - 1 each. */
export function readUint64Halves(bytes: Uint8Array, at: number): void {
  let low = 0
  let high = 0
  let byte = 128
  for (let shift = 0; byte >= 128; shift += 7) {
    byte = bytes[at++]!
    const bits = byte & 127
    if (shift < 28) low |= bits << shift
    else if (shift === 28) {
      low |= bits << 28
      high = bits >>> 4
    } else high |= bits << (shift - 32)
  }
  varintEnd = at
  uint64Low = low >>> 0
  uint64High = high >>> 0
}

/** A signed 64-bit varint: a number when safe, else a bigint. */
export function readInt64(bytes: Uint8Array, at: number): number | bigint {
  const first = bytes[at]!
  if (first < 128) {
    varintEnd = at + 1
    return first
  }
  const second = bytes[at + 1]!
  if (second < 128) {
    varintEnd = at + 2
    return (first & 127) | (second << 7)
  }
  const third = bytes[at + 2]!
  if (third < 128) {
    varintEnd = at + 3
    return (first & 127) | ((second & 127) << 7) | (third << 14)
  }
  readUint64Halves(bytes, at)
  return int64(uint64Low, uint64High)
}

/** Two 32-bit halves as a signed integer. */
export function int64(low: number, high: number): number | bigint {
  const value = (high | 0) * 2 ** 32 + (low >>> 0)
  return Number.isSafeInteger(value) ? value : (BigInt(high | 0) << 32n) | BigInt(low >>> 0)
}

/** 0 to 2^32 - 1. */
export const readFixed32 = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0

const float = new Float64Array(1)
const floatBytes = new Uint8Array(float.buffer)

/** Little endian, as on the wire and on every machine that Node runs on. */
export function readDouble(bytes: Uint8Array, at: number): number {
  for (let i = 0; i < 8; i++) floatBytes[i] = bytes[at + i]!
  return float[0]!
}

/** Wire types, the low three bits of a tag. */
export const VARINT = 0
export const FIXED64 = 1
export const LEN = 2
export const FIXED32 = 5

/** The end of the field whose value starts at `at`. */
export function skip(bytes: Uint8Array, at: number, tag: number): number {
  switch (tag & 7) {
    case LEN: {
      const length = readVarint(bytes, at)
      return varintEnd + length
    }
    case VARINT:
      while (bytes[at++]! >= 128);
      return at
    case FIXED64:
      return at + 8
    default:
      return at + 4
  }
}
