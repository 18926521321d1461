// The label set of a series: a point's attributes and what resource, scope and config add. Every name stands once.
import { type EscapingScheme, escapeLabelName, isPlainLabelName } from './escape.ts'
import type { Naming } from './names.ts'

/** Attributes in the order in which they stand; of a key given twice the first counts. */
export type AttributeList = readonly (readonly [key: string, value: string])[]

/**
 * Sorted by name. Attributes whose names become equal share a label, values joined by semicolons in the order of their
 * keys, as the specification says. A name that `fixed` has, `reserved` (`le`, `quantile`) and what begins with `__` belongs
 * to Prometheus or to us: an attribute of that name is called `exported_…`, as a Prometheus server would call it.
 * Undefined when an attribute's name cannot be a label's.
 */
export function labelSet(
  attributes: AttributeList,
  fixed: ReadonlyMap<string, string>,
  reserved: string | undefined,
  naming: Naming,
): [name: string, value: string][] | undefined {
  const labels = new Map<string, string>(fixed)
  let sources: Map<string, [key: string, value: string][]> | undefined
  const own = new Map<string, string>()
  for (const [key, value] of attributes) {
    const translated = naming.label(key)
    if (translated === undefined) return undefined
    let name = translated
    while (name === reserved || fixed.has(name) || name.startsWith('__')) name = `exported_${name}`
    const earlier = own.get(name)
    if (earlier === undefined) {
      own.set(name, key)
      labels.set(name, value)
      continue
    }
    sources ??= new Map()
    let list = sources.get(name)
    if (list === undefined) sources.set(name, (list = [[earlier, labels.get(name)!]]))
    list.push([key, value])
  }
  for (const [name, list] of sources ?? []) {
    list.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    labels.set(name, list.map(([, value]) => value).join(';'))
  }
  return [...labels].sort(([a], [b]) => (a < b ? -1 : 1))
}

/** `{a="b",c="d"` without the closing brace, nothing when there are no labels. `opener` is a comma after a quoted name. */
export function labelText(labels: readonly (readonly [string, string])[], opener: '{' | ','): string {
  let text = ''
  for (const [name, value] of labels) {
    const shown = isPlainLabelName(name) ? name : `"${escapeText(name)}"`
    text += `${text === '' ? opener : ','}${shown}="${escapeText(value)}"`
  }
  return text
}

/** A text between quotes. */
export const escapeText = (text: string): string =>
  /[\\"\n]/.test(text) ? text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n') : text

/**
 * What `labelText` has written, with the names that a scraper asked for. Names that become equal share a label; those that
 * Prometheus would take for its own begin with another word.
 */
export function escapeLabelText(text: string, scheme: EscapingScheme, opener: '{' | ','): string {
  const labels = new Map<string, string>()
  for (const [, quoted, plain, value] of text.matchAll(
    /(?:"((?:[^"\\]|\\.)*)"|([a-zA-Z0-9_]+))="((?:[^"\\]|\\.)*)"/gs,
  )) {
    const escaped = escapeLabelName(plain ?? unescapeText(quoted!), scheme)
    const name = escaped.startsWith('__') ? `key${escaped}` : escaped
    const earlier = labels.get(name)
    labels.set(name, earlier === undefined ? value! : `${earlier};${value}`)
  }
  return labelText(
    [...labels].map(([name, value]) => [name, unescapeText(value)]),
    opener,
  )
}

const unescapeText = (text: string): string => text.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char))
