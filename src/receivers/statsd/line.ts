// One line of StatsD, as DogStatsD has extended it, read where it stands.
//
//   line  = name ":" value *(":" value) "|" type *("|" part)
//   type  = "c" / "g" / "ms" / "h" / "d" / "s"
//   part  = "@" rate / "#" tag *("," tag) / "c:" container / "T" seconds / "e:" origin / "card:" cardinality
//   tag   = key [":" text]
//
// https://docs.datadoghq.com/developers/dogstatsd/datagram_shell/

export type StatsdType = 'counter' | 'gauge' | 'timing' | 'histogram' | 'distribution' | 'set'
export const TYPES: readonly StatsdType[] = ['counter', 'gauge', 'timing', 'histogram', 'distribution', 'set']
const COUNTER = 0
const GAUGE = 1
const TIMING = 2
const HISTOGRAM = 3
const DISTRIBUTION = 4
export const SET = 5

/** Why a line is not taken: a label of the counter. */
export type Refusal =
  | 'no_type'
  | 'no_name'
  | 'no_value'
  | 'bad_value'
  | 'bad_type'
  | 'bad_sample_rate'
  | 'bad_timestamp'
  | 'bad_tag'
  | 'too_many_tags'
  | 'unknown_part'
  | 'event'
  | 'service_check'

const TAB = 0x09
const SPACE = 0x20
const HASH = 0x23
const PLUS = 0x2b
const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30
const COLON = 0x3a
const AT = 0x40
const PIPE = 0x7c
const UNDERSCORE = 0x5f

/** What `read` found: places in the bytes that it was given. */
export class Line {
  nameStart = 0
  nameEnd = 0
  /** All values of the line, colons between them. */
  valueStart = 0
  valueEnd = 0
  /** Of the first value; NaN for a set, whose values are texts. */
  value = 0
  hasMore = false
  /** The first value has a sign: of a gauge it is added. */
  isSigned = false
  /** Position in `TYPES`. */
  type = 0
  /** More than 0, at most 1. */
  rate = 1
  /** Tags, container and timestamp, parts that tell series apart, as they stand; `restEnd` is `restStart` when there are none. */
  restStart = 0
  restEnd = 0
  /** Parts that mean nothing here stand between them. */
  hasGaps = false
  /** Of the name, the type and the rest. */
  hash = 0

  /** One line, without its line break. Undefined when it is one. */
  read(bytes: Buffer, start: number, end: number): Refusal | undefined {
    while (end > start && isBlank(bytes[end - 1]!)) end--
    let hash = SEED
    let at = start
    for (; at < end; at++) {
      const byte = bytes[at]!
      if (byte === COLON || byte === PIPE) break
      hash = Math.imul(hash ^ byte, 0x01000193)
    }
    if (bytes[start] === UNDERSCORE) {
      const special = specialOf(bytes, start, end)
      if (special !== undefined) return special
    }
    if (at === end || bytes[at] === PIPE) return 'no_type'
    if (at === start) return 'no_name'
    this.nameStart = start
    this.nameEnd = at
    this.valueStart = ++at
    const pipe = this.#readValue(bytes, at, end)
    if (pipe === end) return 'no_type'
    if (pipe === at) return 'no_value'
    this.valueEnd = pipe
    return this.#readType(bytes, pipe + 1, end, hash)
  }

  /** The number that begins there, and where all values end. */
  #readValue(bytes: Buffer, start: number, end: number): number {
    let pipe = start
    const first = bytes[start]
    this.isSigned = first === MINUS || first === PLUS
    let at = this.isSigned ? start + 1 : start
    let digits = 0
    let point = -1
    const digitsFrom = at
    for (; at < end; at++) {
      const digit = bytes[at]! - ZERO
      if (digit >= 0 && digit <= 9) digits = digits * 10 + digit
      else if (bytes[at] === POINT && point < 0) point = at
      else break
    }
    this.hasMore = false
    const isShort = at - digitsFrom <= EXACT_DIGITS && at - digitsFrom > (point < 0 ? 0 : 1)
    if (isShort && at < end && bytes[at] === PIPE) {
      const value = point < 0 ? digits : digits / POWERS[at - point - 1]!
      this.value = first === MINUS ? -value : value
      return at
    }
    for (pipe = at; pipe < end && bytes[pipe] !== PIPE; pipe++) if (bytes[pipe] === COLON) this.hasMore = true
    const firstEnd = this.hasMore ? bytes.indexOf(COLON, start) : pipe
    this.value = numberIn(bytes, start, firstEnd)
    return pipe
  }

  #readType(bytes: Buffer, start: number, end: number, hash: number): Refusal | undefined {
    let at = start
    while (at < end && bytes[at] !== PIPE) at++
    const type = typeOf(bytes, start, at)
    if (type < 0) return 'bad_type'
    this.type = type
    this.rate = 1
    this.restStart = this.restEnd = end
    this.hasGaps = false
    hash = Math.imul(hash ^ (type + 1), 0x01000193)
    while (at < end) {
      const from = at + 1
      for (at = from; at < end && bytes[at] !== PIPE; ) at++
      // As in the collector nothing is read behind an empty part.
      if (at === from) break
      const problem = this.#readPart(bytes, from, at)
      if (problem !== undefined) return problem
    }
    for (at = this.restStart; at < this.restEnd; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
    this.hash = hash ^ (hash >>> 15)
    if (type !== SET && !Number.isFinite(this.value)) return 'bad_value'
    return undefined
  }

  #readPart(bytes: Buffer, from: number, to: number): Refusal | undefined {
    const first = bytes[from]
    const second = bytes[from + 1]
    if (first === HASH) this.#keep(from, to)
    else if (first === AT) {
      this.rate = numberIn(bytes, from + 1, to)
      if (!(this.rate > 0 && this.rate <= 1)) return 'bad_sample_rate'
    } else if (first === 0x63 && second === COLON) this.#keep(from, to)
    else if (first === 0x54) {
      if (this.type !== COUNTER && this.type !== GAUGE) return 'bad_timestamp'
      if (!isSeconds(bytes, from + 1, to)) return 'bad_timestamp'
      this.#keep(from, to)
    } else if (!(first === 0x65 && second === COLON) && bytes.latin1Slice(from, Math.min(to, from + 5)) !== 'card:')
      return 'unknown_part'
    return undefined
  }

  #keep(from: number, to: number): void {
    if (this.restStart === this.restEnd) this.restStart = from
    else if (from !== this.restEnd + 1) this.hasGaps = true
    this.restEnd = to
  }
}

/** Differs from one process to the next, so that nobody can aim at one slot of the table. */
const SEED = (Math.random() * 2 ** 32) | 0

const isBlank = (byte: number): boolean => byte === SPACE || byte === TAB || byte === 0x0d || byte === 0

/** Digits whose number a double holds exactly, and so does its quotient by a power of ten. */
const EXACT_DIGITS = 15
const POWERS = Array.from({ length: EXACT_DIGITS + 1 }, (_, i) => 10 ** i)

/** A decimal number as Go and JavaScript both read it; NaN for anything else, Infinity for what is too large. */
export function numberIn(bytes: Buffer, start: number, end: number): number {
  if (end - start > MAX_NUMBER_BYTES) return Number.NaN
  const text = bytes.latin1Slice(start, end)
  return DECIMAL.test(text) ? Number(text) : Number.NaN
}
const MAX_NUMBER_BYTES = 400
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

function typeOf(bytes: Buffer, start: number, end: number): number {
  const first = bytes[start]
  if (end - start === 2) return first === 0x6d && bytes[start + 1] === 0x73 ? TIMING : -1
  if (end - start !== 1) return -1
  switch (first) {
    case 0x63:
      return COUNTER
    case 0x67:
      return GAUGE
    case 0x68:
      return HISTOGRAM
    case 0x64:
      return DISTRIBUTION
    case 0x73:
      return SET
    default:
      return -1
  }
}

/** Seconds since the epoch; at most what nanoseconds of 64 bits hold. */
function isSeconds(bytes: Buffer, start: number, end: number): boolean {
  if (end === start || end - start > 10) return false
  for (let at = start; at < end; at++) if (bytes[at]! < ZERO || bytes[at]! > 0x39) return false
  return true
}

/** `_e{5,4}:title|text` and `_sc|name|0` are no metrics. */
function specialOf(bytes: Buffer, start: number, end: number): Refusal | undefined {
  const head = bytes.latin1Slice(start, Math.min(end, start + 4))
  return head.startsWith('_e{') ? 'event' : head.startsWith('_sc|') ? 'service_check' : undefined
}
