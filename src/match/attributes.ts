import { type AnyValue, type Attributes, type Key, keyOf, textOfValue } from '../data/index.ts'
import { plainDecimal } from './decimal.ts'
import { type Matches, matchTexts, type TextRules } from './texts.ts'

export interface WantedAttribute {
  readonly key: string
  readonly value?: AnyValue | undefined
}

/** Whether all of these are there; undefined when nothing is wanted. */
export function matchAttributes(
  wanted: readonly WantedAttribute[],
  rules: TextRules,
): ((attributes: Attributes) => boolean) | undefined {
  if (wanted.length === 0) return undefined
  const conditions = wanted.map(({ key, value }) => condition(keyOf(key), value, rules))
  return (attributes) => conditions.every((holds) => holds(attributes))
}

function condition(key: Key, value: AnyValue | undefined, rules: TextRules): (attributes: Attributes) => boolean {
  if (value === undefined || value === null) return (attributes) => attributes.has(key)
  if (rules.match_type === 'regexp') return likeOne(key, matchTexts([textOfValue(value)], rules))
  return sameAs(key, value)
}

/** Only numbers, booleans and texts have a text to search. */
function likeOne(key: Key, matches: Matches): (attributes: Attributes) => boolean {
  return (attributes) => {
    const value = attributes.get(key)
    switch (typeof value) {
      case 'string':
        return matches(value)
      case 'number':
        return matches(plainDecimal(value))
      case 'bigint':
      case 'boolean':
        return matches(String(value))
      default:
        return false
    }
  }
}

/** Of the same type and value: the int 1 is not the double 1. */
function sameAs(key: Key, value: AnyValue): (attributes: Attributes) => boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return (attributes) => attributes.equals(key, value)
    case 'bigint':
      return (attributes) => attributes.get(key) === value
    case 'number': {
      const type = Number.isSafeInteger(value) ? 'int' : 'double'
      return (attributes) => attributes.get(key) === value && attributes.typeOf(key) === type
    }
    default: {
      const type = Array.isArray(value) ? 'array' : 'map'
      const text = textOfValue(value)
      return (attributes) => attributes.typeOf(key) === type && textOfValue(attributes.get(key)!) === text
    }
  }
}
