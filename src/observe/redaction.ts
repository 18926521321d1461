// Takes known secrets out of what is written for people, wherever in a text or a value they stand.

export interface Redaction {
  text(text: string): string
  /** Fields of a log line, and what is inside of them; the value itself when there is nothing to take out. */
  value(value: unknown): unknown
}

export const NO_REDACTION: Redaction = { text: (text) => text, value: (value) => value }

const REDACTED = '[REDACTED]'
/** What is nested deeper is no field of a log. */
const MAX_DEPTH = 8

/** As they are, as JSON writes them, and as URLs do. */
export function createRedaction(secrets: readonly string[]): Redaction {
  const forms = new Set(secrets.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), inUrl(secret)]))
  forms.delete('')
  if (forms.size === 0) return NO_REDACTION
  // A longer one first: one may begin with another.
  const longestFirst = [...forms].sort((a, b) => b.length - a.length)
  const pattern = new RegExp(longestFirst.map((form) => form.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|'), 'g')
  const text = (written: string): string => written.replace(pattern, REDACTED)
  const value = (given: unknown, depth = 0): unknown => {
    if (typeof given === 'string') return text(given)
    if (typeof given === 'number' || typeof given === 'bigint')
      return text(String(given)) === String(given) ? given : REDACTED
    if (typeof given !== 'object' || given === null) return given
    if (depth === MAX_DEPTH) return REDACTED
    if ('toJSON' in given && typeof given.toJSON === 'function') return value(given.toJSON(), depth + 1)
    if (Array.isArray(given)) return given.map((item) => value(item, depth + 1))
    return Object.fromEntries(Object.entries(given).map(([key, inner]) => [text(key), value(inner, depth + 1)]))
  }
  return { text, value: (given) => value(given) }
}

function inUrl(secret: string): string {
  try {
    return encodeURIComponent(secret)
  } catch {
    // Half of a character: there is no such URL.
    return secret
  }
}
