// Values as the collector spells them: durations, sizes, secrets.
import { inspect } from 'node:util'
import * as v from 'valibot'
import { coded } from './coded.ts'

const UNITS_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}
/** What Go's int64 of nanoseconds holds: 292 years. */
const MAX_DURATION_MS = 2 ** 63 / 1e6

/** A Go duration ("1m30s") in milliseconds; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  const sign = text.startsWith('-') ? -1 : 1
  const body = /^[+-]/.test(text) ? text.slice(1) : text
  if (body === '0') return 0
  const part = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y
  let ms = 0
  do {
    const match = part.exec(body)
    if (match === null) return undefined
    ms += Number(match[1]) * UNITS_MS[match[2]!]!
  } while (part.lastIndex < body.length)
  return ms > MAX_DURATION_MS ? undefined : sign * ms
}

const DURATION = coded('bad_duration', 'must be a duration such as 200ms, 5s or 1m30s')

/** In YAML "1m30s" or, as in Go, a number of nanoseconds; in the config milliseconds. Never negative. */
export const duration = v.pipe(
  v.union([v.string(), v.number()], DURATION),
  v.rawTransform<string | number, number>(({ dataset, addIssue, NEVER }) => {
    const { value } = dataset
    const ms = typeof value === 'number' ? value / 1e6 : parseDuration(value)
    if (ms === undefined || !Number.isFinite(ms) || ms > MAX_DURATION_MS) addIssue({ message: DURATION })
    else if (ms < 0) addIssue({ message: coded('bad_duration', 'must not be negative') })
    else return ms
    return NEVER
  }),
  v.metadata({ kind: 'duration' }),
)

/** Never printed: text forms of it say `[REDACTED]`. */
export class Secret {
  readonly #text: string
  constructor(text: string) {
    this.#text = text
  }
  reveal(): string {
    return this.#text
  }
  toString(): string {
    return '[REDACTED]'
  }
  toJSON(): string {
    return '[REDACTED]'
  }
  [inspect.custom](): string {
    return '[REDACTED]'
  }
}

/** A text that must not be shown: tokens, passwords, header values. */
export const secret = v.pipe(
  v.union([v.string(), v.number(), v.boolean()], 'must be a text'),
  v.transform((value) => new Secret(String(value))),
  v.metadata({ kind: 'secret' }),
)

/** Any text. */
export const text = v.pipe(v.string('must be a text'), v.metadata({ kind: 'text' }))

/** A text with something in it. */
export const nonEmptyText = v.pipe(
  v.string('must be a text'),
  v.nonEmpty('must not be empty'),
  v.metadata({ kind: 'text', least: 1 }),
)

/** true or false, without quotes. */
export const flag = v.pipe(v.boolean('must be true or false'), v.metadata({ kind: 'flag' }))

/** A whole number of at least `least`. */
export const integer = (least = 0, most = Number.MAX_SAFE_INTEGER) =>
  v.pipe(
    v.number(`must be a whole number`),
    v.integer('must be a whole number'),
    v.minValue(least, `must be at least ${least}`),
    v.maxValue(most, `must be at most ${most}`),
    v.metadata({ kind: 'integer', least, most }),
  )

/** Any number between the two, both included. */
export const number = (least = -Number.MAX_VALUE, most = Number.MAX_VALUE) =>
  v.pipe(
    v.number('must be a number'),
    v.finite('must be a finite number'),
    v.minValue(least, `must be at least ${least}`),
    v.maxValue(most, `must be at most ${most}`),
    v.metadata({ kind: 'number', least, most }),
  )

const UNITS_BYTES: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  kib: 2 ** 10,
  mb: 1e6,
  mib: 2 ** 20,
  gb: 1e9,
  gib: 2 ** 30,
  tb: 1e12,
  tib: 2 ** 40,
}

/** A size ("20MiB", "512kb", "1048576") in bytes; undefined when it is none. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d*)?|\.\d+)\s*([a-z]*)$/i.exec(text.trim())
  const unit = match === null ? undefined : UNITS_BYTES[match[2]!.toLowerCase()]
  if (match === null || unit === undefined) return undefined
  const bytes = Math.round(Number(match[1]) * unit)
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

const SIZE = coded('bad_size', 'must be a size such as 1048576, 512KiB or 20MiB')

/** In YAML "20MiB" or a number of bytes; in the config bytes. */
export const size = v.pipe(
  v.union([v.string(), v.number()], SIZE),
  v.rawTransform<string | number, number>(({ dataset, addIssue, NEVER }) => {
    const { value } = dataset
    const bytes = typeof value === 'number' ? value : parseSize(value)
    if (bytes !== undefined && Number.isSafeInteger(bytes) && bytes >= 0) return bytes
    addIssue({ message: SIZE })
    return NEVER
  }),
  v.metadata({ kind: 'size' }),
)
