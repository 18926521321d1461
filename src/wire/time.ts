// Nanoseconds since the epoch without a BigInt on the way.
import { divideByBillion, highHalf, lowHalf, multiplyByBillion, quotient, remainder, writeDigits } from './decimal.ts'
import { readFixed32 } from './reader.ts'

/** A moment, exact to the nanosecond. Immutable. */
export class Instant {
  readonly seconds: number
  /** 0 to 999,999,999. */
  readonly nanos: number

  constructor(seconds: number, nanos: number) {
    this.seconds = seconds
    this.nanos = nanos
  }

  get isZero(): boolean {
    return this.seconds === 0 && this.nanos === 0
  }
  get millis(): number {
    return this.seconds * 1000 + Math.floor(this.nanos / 1e6)
  }
  toBigInt(): bigint {
    return BigInt(this.seconds) * 1_000_000_000n + BigInt(this.nanos)
  }
  toDate(): Date {
    return new Date(this.millis)
  }
}

/** Nanoseconds since the epoch. */
export const instantFromBigInt = (nanos: bigint): Instant =>
  new Instant(Number(nanos / 1_000_000_000n), Number(nanos % 1_000_000_000n))

/** time_unix_nano = fixed64 */
export function readInstant(bytes: Uint8Array, at: number): Instant {
  divideByBillion(readFixed32(bytes, at), readFixed32(bytes, at + 4))
  return new Instant(quotient, remainder)
}

/** Milliseconds since the epoch, fractions included. */
export function instantFromMillis(millis: number): Instant {
  const seconds = Math.floor(millis / 1000)
  return new Instant(seconds, Math.min(Math.round((millis - seconds * 1000) * 1e6), 999_999_999))
}

/** As fixed64; what lies before 1970 becomes 1970. Returns where it stopped. The caller has made room. */
export function writeInstant({ seconds, nanos }: Instant, target: Uint8Array, at: number): number {
  if (seconds < 0) seconds = nanos = 0
  multiplyByBillion(seconds, Math.max(nanos, 0))
  at = writeFixed32(lowHalf, target, at)
  return writeFixed32(highHalf, target, at)
}

/** The low 32 bits of a whole number. */
function writeFixed32(value: number, target: Uint8Array, at: number): number {
  const low = value % 2 ** 32
  target[at++] = low
  target[at++] = low >>> 8
  target[at++] = low >>> 16
  target[at++] = low >>> 24
  return at
}

/** `later - earlier` in nanoseconds; exact up to 104 days. */
export const nanosBetween = (earlier: Instant, later: Instant): number =>
  (later.seconds - earlier.seconds) * 1e9 + (later.nanos - earlier.nanos)

let knownDay = -1
let knownMinute = -1
/** What the last minute seen begins with. */
const knownStart = Buffer.from('1970-01-01T00:00:')
const DATE_BYTES = 11

/** ISO 8601 with nine digits and Z: 30 bytes. The caller has made room. */
export function writeIso({ seconds, nanos }: Instant, target: Buffer, at: number): number {
  const minute = Math.floor(seconds / 60)
  if (minute !== knownMinute) learnMinute(minute)
  target.set(knownStart, at)
  at = writeDigits(seconds - minute * 60, 2, target, at + knownStart.length)
  target[at++] = 0x2e // .
  at = writeDigits(nanos, 9, target, at)
  target[at++] = 0x5a // Z
  return at
}

function learnMinute(minute: number): void {
  const day = Math.floor(minute / 1440)
  if (day !== knownDay) {
    knownStart.write(new Date(day * 86_400_000).toISOString().slice(0, DATE_BYTES), 'latin1')
    knownDay = day
  }
  const hour = Math.floor(minute / 60)
  writeDigits(hour - day * 24, 2, knownStart, DATE_BYTES)
  writeDigits(minute - hour * 60, 2, knownStart, DATE_BYTES + 3)
  knownMinute = minute
}
