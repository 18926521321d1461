// Names from attributes, and attributes from names.
import { type AnyValue, type Attributes, type Key, keyOf, type Span } from '../../data/index.ts'
import { plainDecimal } from '../../match/decimal.ts'
import { compilePattern, type Pattern } from '../../match/regexp.ts'
import type { SpanConfig } from './config.ts'

export type Edit = (span: Span) => void

export function fromAttributes({ from_attributes, separator }: SpanConfig['name']): Edit | undefined {
  if (from_attributes.length === 0) return undefined
  const keys = from_attributes.map(keyOf)
  return (span) => {
    const name = nameFrom(span.attributes, keys, separator)
    if (name !== undefined && name !== span.name) span.name = name
  }
}

/** Undefined when an attribute is missing. */
function nameFrom(attributes: Attributes, keys: readonly Key[], separator: string): string | undefined {
  let name = ''
  for (const [i, key] of keys.entries()) {
    const value = attributes.get(key)
    if (value === undefined) return undefined
    name += i === 0 ? spelled(value) : separator + spelled(value)
  }
  return name
}

function spelled(value: AnyValue): string {
  switch (typeof value) {
    case 'string':
      return value
    case 'number':
      return plainDecimal(value)
    case 'boolean':
    case 'bigint':
      return String(value)
    default:
      return '<unknown-attribute-type>'
  }
}

export function toAttributes({ to_attributes }: SpanConfig['name']): Edit | undefined {
  if (to_attributes === undefined || to_attributes.rules.length === 0) return undefined
  const { break_after_match, keep_original_name } = to_attributes
  const rules = to_attributes.rules.map((source): Rule => {
    const pattern = compilePattern(source)
    return { pattern, keys: pattern.groupNames.map((name) => keyOf(name ?? '')) }
  })
  return (span) => {
    const original = span.name
    if (original === '') return
    let name = original
    for (const rule of rules) {
      const rest = extract(rule, name, span.attributes)
      if (rest === undefined) continue
      if (!keep_original_name) name = rest
      if (break_after_match) break
    }
    if (name !== original) span.name = name
  }
}

interface Rule {
  readonly pattern: Pattern
  readonly keys: readonly Key[]
}

/** The name with `{group}` where each group was found; undefined when nothing was. A group in another one is not put there. */
function extract({ pattern, keys }: Rule, name: string, attributes: Attributes): string | undefined {
  const ranges = pattern.test(name) ? pattern.ranges(name) : undefined
  if (ranges === undefined) return undefined
  let rest = ''
  let end = 0
  for (const [i, range] of ranges.entries()) {
    if (range === undefined) continue
    const key = keys[i]!
    attributes.set(key, name.slice(range[0], range[1]))
    if (range[0] < end) continue
    rest += `${name.slice(end, range[0])}{${key.text}}`
    end = range[1]
  }
  return rest + name.slice(end)
}
