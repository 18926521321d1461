// What an attribute becomes when another type is asked for; what cannot be converted stays as it is.
import { type Attributes, double, type Key, textOfValue } from '../data/index.ts'

export type ConvertedType = 'int' | 'double' | 'string' | 'bool'
type Convert = (attributes: Attributes, key: Key) => void

export function createConvert(to: ConvertedType): Convert {
  switch (to) {
    case 'string':
      return toText
    case 'int':
      return toInt
    case 'double':
      return toDouble
    case 'bool':
      return toBool
  }
}

function toText(attributes: Attributes, key: Key): void {
  const value = attributes.get(key)
  if (value !== undefined && typeof value !== 'string') attributes.set(key, textOfValue(value))
}

/** Doubles lose what is behind the point. */
function toInt(attributes: Attributes, key: Key): void {
  switch (attributes.typeOf(key)) {
    case 'double': {
      const value = Math.trunc(attributes.getNumber(key)!)
      if (isInt64(value)) attributes.set(key, BigInt(value))
      return
    }
    case 'bool':
      return attributes.set(key, attributes.get(key) ? 1 : 0)
    case 'string': {
      const value = parseInt64(attributes.getString(key)!)
      if (value !== undefined) attributes.set(key, value)
      return
    }
    default:
  }
}

function toDouble(attributes: Attributes, key: Key): void {
  switch (attributes.typeOf(key)) {
    case 'int':
      return attributes.set(key, double(attributes.getNumber(key)!))
    case 'bool':
      return attributes.set(key, double(attributes.get(key) ? 1 : 0))
    case 'string': {
      const value = parseDouble(attributes.getString(key)!)
      if (value !== undefined) attributes.set(key, double(value))
      return
    }
    default:
  }
}

const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'true', 'TRUE', 'True'])
const FALSE: ReadonlySet<string> = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False'])

function toBool(attributes: Attributes, key: Key): void {
  const value = attributes.get(key)
  switch (typeof value) {
    case 'number':
    case 'bigint':
      return attributes.set(key, value !== 0)
    case 'string':
      if (TRUE.has(value)) attributes.set(key, true)
      else if (FALSE.has(value)) attributes.set(key, false)
      return
    default:
  }
}

const MIN_INT64 = -(2 ** 63)
const MAX_INT64 = 2 ** 63
const isInt64 = (value: number): boolean => value >= MIN_INT64 && value < MAX_INT64

/** Decimal digits with or without a sign, nothing else. */
function parseInt64(text: string): bigint | undefined {
  if (!/^[+-]?\d{1,40}$/.test(text)) return undefined
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text)
  return BigInt.asIntN(64, value) === value ? value : undefined
}

/** As Go reads it: decimal or hexadecimal (`0x1.8p3`), `inf`, `infinity`, `nan`; undefined beyond a double's range. */
function parseDouble(text: string): number | undefined {
  const word = /^([+-]?)(?:(inf|infinity)|nan)$/i.exec(text)
  if (word !== null) return word[2] === undefined ? notANumber(word[1]!) : word[1] === '-' ? -Infinity : Infinity
  const digits = withoutUnderscores(text)
  const value = /^[+-]?0x/i.test(digits) ? parseHexadecimal(digits) : parseDecimal(digits)
  return value !== undefined && Number.isFinite(value) ? value : undefined
}

/** `1_000`: between two digits, or behind `0x`; anywhere else it makes the text no number. */
function withoutUnderscores(text: string): string {
  const between = /^[+-]?0x/i.test(text) ? /(?<=[0-9a-fx])_(?=[0-9a-f])/gi : /(?<=\d)_(?=\d)/g
  return text.replace(between, '')
}

const notANumber = (sign: string): number | undefined => (sign === '' ? Number.NaN : undefined)

const parseDecimal = (text: string): number | undefined =>
  /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined

function parseHexadecimal(text: string): number | undefined {
  const match = /^([+-]?)0x([0-9a-f]*)\.?([0-9a-f]*)p([+-]?\d+)$/i.exec(text)
  if (match === null) return undefined
  const [, sign, whole = '', fraction = '', exponent] = match
  const digits = whole + fraction
  if (digits === '' || digits.length > 100) return undefined
  const value = Number(BigInt(`0x${digits}`)) * 2 ** (Number(exponent) - 4 * fraction.length)
  return sign === '-' ? -value : value
}
