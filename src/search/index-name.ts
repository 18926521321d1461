// Index names made from what an item says: `logs-%{service.name}`, and the date of the event behind it.
import {
  type Attributes,
  type Instant,
  type Key,
  keyOf,
  type Resource,
  type Scope,
  textOfValue,
} from '../data/index.ts'
import type { FormatTime } from './time-format.ts'

export interface IndexPattern {
  /** `%{key}` is an attribute of the item, its scope (also `scope.name`, `scope.version`) or its resource, in this order. */
  readonly pattern: string
  /** Stands for an attribute that is missing or empty. */
  readonly fallback: string
  /** What separates the date, and the date; undefined for none. */
  readonly date?: { readonly separator: string; readonly format: FormatTime } | undefined
}

export type NameIndex = (time: Instant, attributes: Attributes, scope: Scope, resource: Resource) => string

/** The name for an item. A pattern without an attribute costs nothing but the date. */
export function compileIndexName({ pattern, fallback, date }: IndexPattern): NameIndex {
  const pieces = pattern.split(/%\{([^}]+)\}/)
  const literals = pieces.filter((_, i) => i % 2 === 0)
  const lookUps = pieces.filter((_, i) => i % 2 === 1).map(compileLookUp)
  const missing = fallback === '' ? 'unknown' : fallback
  const nameOf = (texts: readonly string[]): string =>
    tidyIndexName(literals.map((piece, i) => (i === 0 ? '' : tidyIndexPart(texts[i - 1] || missing)) + piece).join(''))
  // What it was made of before: nearly always the same again.
  const texts: (string | undefined)[] = lookUps.map(() => undefined)
  let day: string | undefined
  let name = ''
  return (time, attributes, scope, resource) => {
    let isSame = true
    for (let i = 0; i < lookUps.length; i++) {
      const text = lookUps[i]!(attributes, scope, resource)
      if (text === texts[i]) continue
      texts[i] = text
      isSame = false
    }
    const today = date === undefined ? '' : date.separator + date.format(time)
    if (!isSame || today !== day) {
      day = today
      name = (lookUps.length === 0 ? pattern : nameOf(texts as string[])) + today
    }
    return name
  }
}

/** An attribute of the item, its scope or its resource as a text; empty when there is none. */
export type LookUp = (attributes: Attributes, scope: Scope, resource: Resource) => string

export function compileLookUp(name: string): LookUp {
  const key = keyOf(name)
  return (attributes, scope, resource) => {
    const found = textOf(attributes, key) || textOf(scope.attributes, key)
    if (found !== '') return found
    if (name === 'scope.name' && scope.name !== '') return scope.name
    if (name === 'scope.version' && scope.version !== '') return scope.version
    return textOf(resource.attributes, key)
  }
}

function textOf(attributes: Attributes, key: Key): string {
  const value = attributes.get(key)
  if (typeof value === 'string') return value
  return value === undefined ? '' : textOfValue(value)
}

/** Upper case and these are refused: \ / * ? " < > | space , # : */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are refused as well
const REFUSED = /[\\/*?"<>| ,#:\x00-\x1f\x7f]/g

/** What an attribute says may be anything: `/aws/lambda/Checkout` becomes `-aws-lambda-checkout`. */
export const tidyIndexPart = (text: string): string => text.toLowerCase().replace(REFUSED, '-')

const MAX_BYTES = 255
/** Room for a date. */
const MAX_NAME_BYTES = MAX_BYTES - 32

/** No name begins with - _ or +, is . or .., or has more than 255 bytes. */
export function tidyIndexName(name: string): string {
  const first = name.charCodeAt(0)
  let tidy = first === 0x2d || first === 0x5f || first === 0x2b ? name.replace(/^[-_+]+/, '') : name
  if (tidy.length * 3 > MAX_NAME_BYTES && Buffer.byteLength(tidy) > MAX_NAME_BYTES)
    tidy = Buffer.from(tidy)
      .toString('utf8', 0, MAX_NAME_BYTES)
      .replace(/\ufffd+$/, '')
  return tidy === '' || tidy === '.' || tidy === '..' ? 'unknown' : tidy
}
