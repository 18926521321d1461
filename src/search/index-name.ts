// Index names made from what an item says: `logs-%{service.name}`, and the date of the event behind it.
import { type Attributes, type Instant, type Resource, type Scope, textOfValue } from '../data/index.ts'
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
  const isFixed = pieces.length === 1
  const missing = fallback === '' ? 'unknown' : fallback
  const base: NameIndex = isFixed
    ? () => pattern
    : (_time, attributes, scope, resource) => {
        let name = ''
        for (let i = 0; i < pieces.length; i++) {
          if (i % 2 === 0) name += pieces[i]!
          else name += tidyIndexPart(lookUp(pieces[i]!, attributes, scope, resource) || missing)
        }
        return tidyIndexName(name)
      }
  if (date === undefined) return base
  return (time, attributes, scope, resource) =>
    base(time, attributes, scope, resource) + date.separator + date.format(time)
}

/** The attribute as a text; empty when there is none. */
export function lookUp(key: string, attributes: Attributes, scope: Scope, resource: Resource): string {
  const found = textOf(attributes, key) || textOf(scope.attributes, key)
  if (found !== '') return found
  if (key === 'scope.name' && scope.name !== '') return scope.name
  if (key === 'scope.version' && scope.version !== '') return scope.version
  return textOf(resource.attributes, key)
}

function textOf(attributes: Attributes, key: string): string {
  const text = attributes.getString(key)
  if (text !== undefined) return text
  const value = attributes.get(key)
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
