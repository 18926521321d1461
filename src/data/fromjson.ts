// A JSON text as a value of OTLP: for messages that may be JSON, and often are not.
import type { AnyValue } from './value.ts'

/** As deep as values from outside may nest (schema.ts). */
const MAX_DEPTH = 32

/**
 * The value of one JSON document (RFC 8259); undefined when the text is none, or nests deeper than 32. Integers are exact
 * to 64 bits, larger ones and fractions doubles. Of a key given twice the last one counts.
 */
export function parseJsonValue(text: string): AnyValue | undefined {
  try {
    // The reviver costs several times the parsing, and nearly no text needs it.
    const parsed: unknown = LONG_DIGITS.test(text) ? JSON.parse(text, exactly) : JSON.parse(text)
    return anyValueOf(parsed, 0)
  } catch {
    return undefined
  }
}

/** Doubles hold 15 digits exactly. */
const LONG_DIGITS = /\d{16}/
const INT64 = 1n << 63n

function exactly(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  const source = context?.source
  if (source === undefined || !/^-?\d+$/.test(source)) return value
  const whole = BigInt(source)
  return whole >= -INT64 && whole < INT64 ? whole : value
}

function anyValueOf(parsed: unknown, depth: number): AnyValue {
  if (typeof parsed !== 'object' || parsed === null) return parsed as string | number | bigint | boolean | null
  if (depth >= MAX_DEPTH) throw new RangeError(`nested deeper than ${MAX_DEPTH}`)
  if (Array.isArray(parsed)) return parsed.map((one) => anyValueOf(one, depth + 1))
  return new Map(Object.entries(parsed).map(([key, value]) => [key, anyValueOf(value, depth + 1)]))
}
