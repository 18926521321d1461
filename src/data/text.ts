// Any value as a text, where only a text will do: labels, patterns, conversions. The collector's forms.
import type { AnyValue } from './value.ts'

/** Texts as they are, numbers as in JSON, bytes as base64, lists and maps as JSON with sorted keys, nothing as "". */
export function textOfValue(value: AnyValue): string {
  switch (typeof value) {
    case 'string':
      return value
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value)
    case 'bigint':
    case 'boolean':
      return String(value)
    default:
      if (value === null) return ''
      return value instanceof Uint8Array ? base64(value) : jsonOf(value)
  }
}

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')

/** JSON has no NaN and no infinities: what holds one has no text. */
function jsonOf(value: AnyValue): string {
  try {
    return json(value)
  } catch (error) {
    if (error instanceof RangeError) return ''
    throw error
  }
}

function json(value: AnyValue): string {
  switch (typeof value) {
    case 'string':
      return quote(value)
    case 'number':
      if (!Number.isFinite(value)) throw new RangeError('not a number of JSON')
      return Object.is(value, -0) ? '-0' : String(value)
    case 'bigint':
    case 'boolean':
      return String(value)
    default:
      if (value === null) return 'null'
      // no bytes are null inside a list or map, as the collector writes them
      if (value instanceof Uint8Array) return value.length === 0 ? 'null' : quote(base64(value))
      if (isList(value)) return `[${value.map(json).join(',')}]`
      return `{${[...value.keys()]
        .toSorted(byCodePoint)
        .map((key) => `${quote(key)}:${json(value.get(key)!)}`)
        .join(',')}}`
  }
}

const isList = (value: readonly AnyValue[] | ReadonlyMap<string, AnyValue>): value is readonly AnyValue[] =>
  Array.isArray(value)

/** As bytes of UTF-8 are ordered, which UTF-16 units are not. */
const byCodePoint = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** What ends a line in JavaScript is escaped too. */
const quote = (text: string): string =>
  JSON.stringify(text).replace(/[\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`)
