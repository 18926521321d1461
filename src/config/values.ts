// Values as the collector spells them: durations, sizes, secrets.
import { inspect } from 'node:util'
import * as v from 'valibot'

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

/** A Go duration ("1m30s") in milliseconds; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0
  const match = /^([+-]?)((?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.exec(text)
  if (match === null) return undefined
  let ms = 0
  for (const [, amount, unit] of text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g))
    ms += Number(amount) * UNITS_MS[unit!]!
  return match[1] === '-' ? -ms : ms
}

/** In YAML "1m30s" or, as in Go, a number of nanoseconds; in the config milliseconds. Never negative. */
export const duration = v.pipe(
  v.union([v.string(), v.number()], 'must be a duration such as 200ms, 5s or 1m30s'),
  v.rawTransform<string | number, number>(({ dataset, addIssue, NEVER }) => {
    const { value } = dataset
    const ms = typeof value === 'number' ? value / 1e6 : parseDuration(value)
    if (ms === undefined || !Number.isFinite(ms) || ms < 0) {
      addIssue({ message: 'must be a duration such as 200ms, 5s or 1m30s' })
      return NEVER
    }
    return ms
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
  v.union([v.string(), v.number(), v.boolean()]),
  v.transform((value) => new Secret(String(value))),
  v.metadata({ kind: 'secret' }),
)

/** A whole number of at least `least`. */
export const integer = (least = 0) =>
  v.pipe(
    v.number(`must be a whole number`),
    v.integer('must be a whole number'),
    v.minValue(least, `must be at least ${least}`),
  )
