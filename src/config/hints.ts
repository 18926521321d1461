// What probably went wrong with a value, and what would be right.
import { nearest } from './nearest.ts'
import { hidePasswords } from './redact.ts'
import type { Node } from './tree.ts'

const MAX_SHOWN = 60

/** A value in a message, with where it came from. */
export function shown(node: Node): string {
  const from = node.references.length > 0 ? ` (from ${node.references.map((uri) => `\${${uri}}`).join(', ')})` : ''
  if (node.kind === 'map') return `a mapping${from}`
  if (node.kind === 'list') return `a list${from}`
  if (typeof node.value !== 'string') return `${String(node.value)}${from}`
  const text = hidePasswords(node.value)
  return JSON.stringify(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text) + from
}

/** What is known of a value. */
interface About {
  /** What is wrong is which kind of value it is. */
  readonly isAboutKind: boolean
  readonly isSecret: boolean
  isUnset(reference: string): boolean
}

/** `message` is what the problem says. */
export function hintFor(message: string, node: Node | undefined, about: About): string | undefined {
  if (node === undefined) return undefined
  const { isAboutKind, isSecret, isUnset } = about
  if (node.kind === 'map' && isAboutKind) return mappingHint(node)
  // A rule about a section misses what is in it.
  const unset = [...new Set(referencesIn(node))].filter(isUnset)
  if (unset.length > 0) return unsetHint(unset)
  if (node.kind !== 'scalar') return undefined
  const reference = node.references.at(-1)
  if (reference !== undefined && (node.value === '' || node.value === null)) return `\${${reference}} is empty`
  if (reference !== undefined && /[\r\n]$/.test(node.original ?? String(node.value))) return lineEndHint(reference)
  if (typeof node.value === 'bigint') return `numbers go up to ${Number.MAX_SAFE_INTEGER}`
  if (/must be a list/.test(message) && !isSecret) return `write it as a list: [${node.original ?? ''}]`
  if (typeof node.value !== 'string' || isSecret) return undefined
  return textHint(message, node.value, node.isQuoted)
}

function* referencesIn(node: Node): Generator<string> {
  yield* node.references
  if (node.kind === 'list') for (const item of node.items) yield* referencesIn(item)
  if (node.kind === 'map') for (const entry of node.entries.values()) yield* referencesIn(entry.node)
}

function unsetHint(references: readonly string[]): string {
  const names = references.slice(0, 3).map((reference) => reference.replace(/^env:/, ''))
  return names.length === 1
    ? `the environment variable ${names[0]} is not set`
    : `the environment variables ${names.join(', ')} are not set`
}

function lineEndHint(reference: string): string {
  const [, file] = /^file:(.*)$/s.exec(reference) ?? []
  const cure = file === undefined ? 'take it out there' : `write the file without one: printf %s … > ${file}`
  return `\${${reference}} ends with a line break: ${cure}`
}

/** `{PodName}` without quotes. */
function mappingHint(node: Node & { kind: 'map' }): string | undefined {
  const [first, ...others] = node.entries
  if (!node.isFlow || first === undefined || others.length > 0) return undefined
  const [name, { node: value }] = first
  if (value.kind !== 'scalar' || value.value !== null) return undefined
  return `without quotes {${name}} is a mapping; write "{${name}}"`
}

function textHint(message: string, text: string, isQuoted: boolean): string | undefined {
  if (/must be (a mapping|an? object)/.test(message)) {
    const match = /^([A-Za-z_][\w./-]*):([^\s:/].*)$/.exec(text)
    return match === null ? undefined : `a space is missing after the colon: ${match[1]}: ${match[2]}`
  }
  if (/true or false/.test(message) && /^(true|false)$/i.test(text)) return `write ${text.toLowerCase()} without quotes`
  if (/true or false/.test(message) && /^(yes|on|y)$/i.test(text)) return 'write true'
  if (/true or false/.test(message) && /^(no|off|n)$/i.test(text)) return 'write false'
  if (/number/.test(message) && text.trim() !== '' && Number.isFinite(Number(text)))
    return isQuoted ? `write ${text} without quotes` : undefined
  if (/duration/.test(message) && /^\d+(\.\d+)?$/.test(text)) return `a unit is missing: ${text}s`
  if (/duration/.test(message) && /^\d+(\.\d+)?\s*(sec(ond)?s?|min(ute)?s?|hours?|d(ays?)?)$/i.test(text)) {
    const amount = Number.parseFloat(text)
    const letter = text.replace(/[\d.\s]/g, '')[0]!.toLowerCase()
    return letter === 'd' ? `days are written in hours: ${amount * 24}h` : `write ${amount}${letter}`
  }
  const allowed = /must be one of (.*)$/.exec(message)?.[1]?.split(', ')
  const meant = allowed && nearest(text, allowed)
  return meant === undefined ? undefined : `did you mean ${meant}?`
}
