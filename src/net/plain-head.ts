// The head of the usual request, recognized without node:http: `POST path HTTP/1.1`, a content length, no encoding.
//
//   request-line = "POST" SP request-target SP "HTTP/1.1" CRLF        RFC 9112, section 3
//   field-line   = field-name ":" OWS field-value OWS CRLF            RFC 9112, section 5

const MAX_HEAD_BYTES = 16 * 1024

/** What `readHead` found; read at once. */
export const head = { path: '', contentType: '', length: 0 }

const POST = Buffer.from('POST ')
const VERSION = Buffer.from(' HTTP/1.1\r\n')
const CR = 0x0d
const LF = 0x0a
const SPACE = 0x20
const TAB = 0x09
const COLON = 0x3a

/** Where the body begins; -1 when the head is not all here, or not plain. */
export function readHead(bytes: Buffer): number {
  if (!startsWith(bytes, 0, POST)) return -1
  let at = POST.length
  while (at < bytes.length && bytes[at]! > SPACE && bytes[at]! < 0x7f) at++
  if (!startsWith(bytes, at, VERSION)) return -1
  head.path = bytes.latin1Slice(POST.length, at)
  head.contentType = ''
  head.length = -1
  at += VERSION.length
  let hasHost = false
  const end = Math.min(bytes.length, MAX_HEAD_BYTES)
  while (at < end) {
    if (bytes[at] === CR) return bytes[at + 1] === LF && hasHost && head.length >= 0 ? at + 2 : -1
    const nameAt = at
    while (at < end && isToken[bytes[at]!] === 1) at++
    if (at === nameAt || bytes[at] !== COLON) return -1
    const nameSize = at++ - nameAt
    while (bytes[at] === SPACE || bytes[at] === TAB) at++
    const valueAt = at
    while (at < end && isValue[bytes[at]!] === 1) at++
    let valueEnd = at
    while (valueEnd > valueAt && (bytes[valueEnd - 1] === SPACE || bytes[valueEnd - 1] === TAB)) valueEnd--
    if (bytes[at] !== CR || bytes[at + 1] !== LF) return -1
    at += 2
    switch (fieldOf(bytes, nameAt, nameSize)) {
      case OTHER:
        break
      case HOST:
        if (hasHost) return -1
        hasHost = true
        break
      case CONTENT_TYPE:
        if (head.contentType !== '') return -1
        head.contentType = bytes.latin1Slice(valueAt, valueEnd)
        break
      case CONTENT_LENGTH:
        if (head.length >= 0) return -1
        head.length = digits(bytes, valueAt, valueEnd)
        if (head.length < 0) return -1
        break
      case CONNECTION:
        if (!isSameWord(bytes, valueAt, valueEnd - valueAt, KEEP_ALIVE)) return -1
        break
      default:
        return -1
    }
  }
  return -1
}

/** Names and values in turn, as they came, of the head for which `readHead` said that the body begins at `bodyAt`. */
export function rawHeadersOf(bytes: Buffer, bodyAt: number): readonly string[] {
  const [, ...lines] = bytes.latin1Slice(0, bodyAt - END_SIZE).split('\r\n')
  return lines.flatMap((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).replace(OUTER_SPACE, '')]
  })
}

/** Of the last line and the empty one. */
const END_SIZE = 4
const OUTER_SPACE = /^[ \t]+|[ \t]+$/g

function startsWith(bytes: Buffer, at: number, expected: Buffer): boolean {
  if (at + expected.length > bytes.length) return false
  for (let i = 0; i < expected.length; i++) if (bytes[at + i] !== expected[i]) return false
  return true
}

/** RFC 9110, section 5.6.2. */
const isToken = new Uint8Array(256)
for (const char of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
  isToken[char.charCodeAt(0)] = 1
/** Visible ASCII, spaces and tabs; what else may stand in a value is for node to judge. */
const isValue = new Uint8Array(256)
isValue.fill(1, SPACE, 0x7f)
isValue[TAB] = 1

const OTHER = 0
const HOST = 1
const CONTENT_TYPE = 2
const CONTENT_LENGTH = 3
const CONNECTION = 4
/** Changes how the message is read, or what is to be answered. */
const NOT_PLAIN = 5

const fields: readonly (readonly [name: Buffer, field: number])[] = (
  [
    ['host', HOST],
    ['content-type', CONTENT_TYPE],
    ['content-length', CONTENT_LENGTH],
    ['connection', CONNECTION],
    ['transfer-encoding', NOT_PLAIN],
    ['content-encoding', NOT_PLAIN],
    ['expect', NOT_PLAIN],
    ['upgrade', NOT_PLAIN],
    ['trailer', NOT_PLAIN],
    ['te', NOT_PLAIN],
    ['http2-settings', NOT_PLAIN],
    ['proxy-connection', NOT_PLAIN],
    ['keep-alive', NOT_PLAIN],
  ] as const
).map(([name, field]) => [Buffer.from(name), field])
const KEEP_ALIVE = Buffer.from('keep-alive')

/** By the length of the name, so that most names cost one look. */
const fieldsBySize: (readonly (readonly [name: Buffer, field: number])[] | undefined)[] = []
for (const entry of fields) fieldsBySize[entry[0].length] = [...(fieldsBySize[entry[0].length] ?? []), entry]

function fieldOf(bytes: Buffer, at: number, size: number): number {
  const candidates = fieldsBySize[size]
  if (candidates !== undefined)
    for (const [name, field] of candidates) if (isSameWord(bytes, at, size, name)) return field
  return OTHER
}

/** Upper and lower case are the same; `word` is lower case. */
function isSameWord(bytes: Buffer, at: number, size: number, word: Buffer): boolean {
  if (size !== word.length) return false
  for (let i = 0; i < size; i++) {
    const byte = bytes[at + i]!
    if ((byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte) !== word[i]) return false
  }
  return true
}

/** -1 when it is no number of at most nine digits. */
function digits(bytes: Buffer, at: number, end: number): number {
  if (at === end || end - at > 9) return -1
  let value = 0
  for (; at < end; at++) {
    const digit = bytes[at]! - 0x30
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}
