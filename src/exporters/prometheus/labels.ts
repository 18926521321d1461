// Labels as text formats write them.
import { type EscapingScheme, escapeLabelName, isPlainLabelName } from './escape.ts'

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
