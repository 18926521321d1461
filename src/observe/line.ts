// What may stand in a line of the log: one line, no control characters, no passwords, of bounded length.
import { isFetchFailed, messageOf } from '../contract/index.ts'
import { NO_REDACTION, type Redaction } from './redaction.ts'

/** Longer texts in fields are cut. */
const MAX_CHARACTERS = 8192
/** What every line has; a field of that name gets an underscore. */
const RESERVED = new Set(['level', 'ts', 'msg', '__proto__'])

/**
 * Whatever can move a cursor, recolour a terminal, end a line or turn the direction of text, and is not escaped by JSON
 * already: DEL, the C1 controls, line and paragraph separators, bidirectional overrides and isolates.
 */
const HOSTILE = /[\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g
/** `scheme://user:password@`, in any text. */
const USER_INFO = /:\/\/[^\s/"'@:]*:[^\s/"'@]*@/g

/** A line of JSON with nothing in it that a terminal would obey, and no password of a URL. */
export const harmless = (json: string): string =>
  json.replace(USER_INFO, '://[REDACTED]@').replace(HOSTILE, escapeCharacter)

export const escapeCharacter = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/** Fields as they are written: errors as their messages, bytes as their number, long texts cut, secrets taken out. */
export function presentable(fields: object, redaction: Redaction = NO_REDACTION): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(fields))
    if (value !== undefined)
      result[RESERVED.has(key) ? `${key}_` : redaction.text(key)] = presentableValue(value, redaction)
  return result
}

function presentableValue(value: unknown, redaction: Redaction): unknown {
  if (typeof value === 'string') return cut(redaction.text(value))
  if (typeof value === 'bigint') return redaction.text(value.toString())
  if (typeof value === 'function' || typeof value === 'symbol') return redaction.text(String(value)).slice(0, 100)
  if (value instanceof Error) return cut(redaction.text(messagesOf(value)))
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`
  if (value instanceof Map || value instanceof Set) return redaction.value([...value])
  return redaction.value(value)
}

const cut = (text: string): string =>
  text.length <= MAX_CHARACTERS ? text : `${text.slice(0, MAX_CHARACTERS)}… (${text.length - MAX_CHARACTERS} more)`

/** The message of an error and of what caused it, as deep as people read. */
function messagesOf(error: Error): string {
  const messages: string[] = []
  let cause: unknown = error
  for (let depth = 0; depth < 5 && cause !== undefined && cause !== null; depth++) {
    const message = ownMessage(cause)
    if (!messages.some((earlier) => earlier.includes(message))) messages.push(message)
    cause = cause instanceof Error ? cause.cause : undefined
  }
  return messages.join(': ')
}

/** An AggregateError (a connection tried on two addresses) has an empty message of its own. */
const ownMessage = (error: unknown): string =>
  error instanceof AggregateError && error.message === ''
    ? error.errors.slice(0, 4).map(messageOf).join(', ')
    : messageOf(error)

/** Defects, as against what a network or a disk does to everyone: their stack is worth the space. */
export const isDefect = (error: unknown): error is Error =>
  (error instanceof TypeError && !isFetchFailed(error)) ||
  error instanceof RangeError ||
  error instanceof ReferenceError ||
  error instanceof SyntaxError
