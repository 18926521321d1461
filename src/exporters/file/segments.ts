// A path made from a value that anybody may have sent: it stays below the directory that the config names.
import { createHash } from 'node:crypto'
import { basename, dirname, join, normalize, sep } from 'node:path'

/** The path setting, cut at its `*`. */
export interface PathTemplate {
  /** Everything that is made from the template lies in here. */
  readonly root: string
  /** Stands before the value's first part, in the same name. */
  readonly before: string
  /** Follows the value's last part, in the same name; may go on with further directories. */
  readonly after: string
}

export function parseTemplate(path: string): PathTemplate {
  const [prefix, after] = path.split('*') as [string, string]
  const isDirectory = prefix.endsWith('/') || prefix.endsWith(sep)
  return {
    root: normalize(isDirectory ? prefix : dirname(prefix)),
    before: isDirectory ? '' : basename(prefix),
    after,
  }
}

/** Bytes that a name may have on nearly every file system… */
const MAX_NAME = 255
/** …less what rotation adds to it. */
const MAX_BACKUP_STAMP = 32
/** A value beyond these becomes one name. */
const MAX_PARTS = 16
const MAX_VALUE = 2048

/**
 * Slashes in the value make directories. What could lead elsewhere, or what a file system refuses, is percent-encoded;
 * a name that is too long ends in a hash of the whole value instead, so that different values stay different files.
 */
export function pathFor({ root, before, after }: PathTemplate, value: string): string {
  const parts = value.split('/').filter((part) => part !== '')
  const names =
    parts.length > MAX_PARTS || value.length > MAX_VALUE ? [encodePart(parts.join('/'))] : parts.map(encodePart)
  if (names.length === 0) names.push('')
  const last = names.length - 1
  const [ending, ...further] = after.split('/') as [string, ...string[]]
  const fitted = names.map((name, i) => {
    const head = i === 0 ? before : ''
    const tail = i === last ? ending : ''
    return head + shorten(name, MAX_NAME - MAX_BACKUP_STAMP - Buffer.byteLength(head + tail), value) + tail
  })
  if (/^\.{0,2}$/.test(fitted[last]!)) fitted[last] += '_'
  return join(root, ...fitted, ...further)
}

/** Controls, what separates or means something to a shell or another system, lone surrogates, and the escape itself. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSAFE = /[\u0000-\u001f\u007f-\u009f%/\\:*?"<>|\u2028\u2029]|\p{Surrogate}/gu

function encodePart(part: string): string {
  if (/^\.+$/.test(part)) return '%2E'.repeat(part.length)
  return part.replace(UNSAFE, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  )
}

function shorten(name: string, maxBytes: number, value: string): string {
  if (Buffer.byteLength(name) <= maxBytes) return name
  const hash = createHash('sha256').update(value).digest('hex').slice(0, 16)
  const kept = Buffer.from(name)
    .subarray(0, Math.max(0, maxBytes - hash.length - 1))
    .toString()
    .replace(/\ufffd+$|%[0-9A-F]?$/, '')
  return `${kept}~${hash}`
}
