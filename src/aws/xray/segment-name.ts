// The name of a segment is that of a service: the one that runs, or the one that is called.
import type { JsonWriter } from '../../wire/json.ts'
import { CLIENT, CONSUMER, type Draft, INTERNAL, PRODUCER, SERVER } from './segment-draft.ts'
import * as at from './segment-keys.ts'
import { MAX_NAME_LENGTH } from './segment-limits.ts'

/** As the collector finds it; the first one that there is. */
export function writeSegmentName(draft: Draft): void {
  const { attributes, role, kind } = draft
  if ((draft.groups & at.NAMING) === 0 && role === 'whole') return writeUnnamed(draft)
  if (draft.isReturned) return writeAttribute(draft, draft.take(at.NAME))
  const local = attributes.at(at.LOCAL_SERVICE)
  if (role === 'service') {
    if (draft.isThere(local)) return writeAttribute(draft, local)
    if (draft.part.serviceName !== undefined) return draft.json.json(draft.part.serviceName)
  }
  const isLocal = kind === SERVER || (kind === INTERNAL && isLocalRoot(draft))
  if (isLocal && draft.isThere(local)) return writeAttribute(draft, local)
  const isCall = kind === CLIENT || kind === PRODUCER || kind === CONSUMER
  const remote = attributes.at(at.REMOTE_SERVICE)
  if ((isCall || role === 'dependency') && role !== 'service' && draft.isThere(remote))
    return writeName(draft.json, withoutPrefix(attributes.string(remote)!, draft.isAwsCall))
  const called = draft.firstText(calledNames)
  if (called >= 0) return writeAttribute(draft, called)
  const database = draft.firstText(databaseNames)
  if (database >= 0) return writeName(draft.json, databaseName(draft, database))
  const other = kind === SERVER && draft.part.serviceName !== undefined ? -1 : draft.firstText(otherNames)
  if (other >= 0) writeAttribute(draft, other)
  else writeUnnamed(draft)
}

/** After the service, or the span itself. */
function writeUnnamed(draft: Draft): void {
  const { serviceName } = draft.part
  if (draft.kind === SERVER && serviceName !== undefined) draft.json.json(serviceName)
  else writeSpanName(draft)
}

const calledNames = [at.PEER_SERVICE, at.AWS_SERVICE]
const databaseNames = [at.DB_NAME, at.DB_NAMESPACE]
const otherNames = [at.RPC_SERVICE, at.HTTP_HOST, at.NET_PEER_NAME]

/** The outermost span of its service, as Application Signals tell. */
export const isLocalRoot = ({ attributes }: Draft): boolean =>
  attributes.equals(attributes.at(at.SPAN_KIND), LOCAL_ROOT)
const LOCAL_ROOT = Buffer.from('LOCAL_ROOT')

/** `AWS.SDK.DynamoDB` and `AWS::DynamoDB` are DynamoDB, when it is AWS's own. */
function withoutPrefix(name: string, isAwsCall: boolean): string {
  if (!isAwsCall) return name
  if (name.startsWith('AWS.SDK.')) return name.slice('AWS.SDK.'.length)
  return name.startsWith('AWS::') ? name.slice('AWS::'.length) : name
}

/** `<database>@<host>` */
function databaseName(draft: Draft, database: number): string {
  const { attributes } = draft
  const name = attributes.string(database)!
  const connection = attributes.string(attributes.at(at.DB_CONNECTION_STRING))
  const isNewer = attributes.numberOf(database) === at.DB_NAMESPACE
  const host =
    connection !== undefined
      ? hostOf(connection)
      : isNewer
        ? (attributes.string(attributes.at(at.SERVER_ADDRESS)) ?? '')
        : ''
  return host === '' ? name : `${name}@${host}`
}

/** Of `jdbc:mysql://user@db.example.com:3306/shop`; "" when it is no URL. */
function hostOf(connection: string): string {
  const text = connection.startsWith('jdbc:') ? connection.slice('jdbc:'.length) : connection
  const from = text.indexOf('://')
  if (from < 0) return ''
  const [authority = ''] = text.slice(from + 3).split(/[/?#;]/, 1)
  const server = authority.slice(authority.lastIndexOf('@') + 1)
  if (server.startsWith('[')) return server.slice(1, Math.max(server.indexOf(']'), 1))
  return server.split(':', 1)[0]!
}

// ---- the characters that X-Ray takes
// https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html#api-segmentdocuments-fields

function writeAttribute({ attributes, json }: Draft, index: number): void {
  attributes.isText(index)
  const { bytes, start, end } = attributes
  if (isPlain(bytes, start, end)) json.utf8(bytes, start, end)
  else json.string(sanitized(attributes.string(index)!))
}

/** Written as it is, then cleaned on the spot: ASCII, and nothing that was escaped, is nearly all that comes. */
function writeSpanName({ json, span }: Draft): void {
  const { out } = json
  const from = out.length
  span.writeName(json)
  const { bytes, length } = out
  const start = from + QUOTE_BYTES
  const end = length - QUOTE_BYTES
  let kept = start
  let isSimple = true
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!
    if (plain[byte] !== 0) bytes[kept++] = byte
    else if (byte > 127 || byte === BACKSLASH) isSimple = false
  }
  if (isSimple && kept - start <= MAX_NAME_LENGTH && kept > start && bytes[start] !== 0x20) {
    bytes[kept] = BACKSLASH
    bytes[kept + 1] = 0x22
    out.length = kept + QUOTE_BYTES
    return
  }
  out.length = from
  writeName(json, span.name)
}
/** `\"` in a nested document. */
const QUOTE_BYTES = 2
const BACKSLASH = 0x5c

const writeName = (json: JsonWriter, name: string): void => json.string(sanitized(name))

/** Without what X-Ray refuses; `span` when nothing is left. */
export function sanitized(name: string): string {
  if (PLAIN.test(name)) return name
  const kept = cut(name.replace(REFUSED, ''))
  return kept.trim() === '' ? 'span' : kept
}

const PLAIN = /^[0-9A-Za-z_.:/%&#=+@-][ 0-9A-Za-z_.:/%&#=+@-]{0,199}$/
const REFUSED = /[^ 0-9\p{L}_.:/%&#=+\-@]/gu

function cut(name: string): string {
  if (name.length <= MAX_NAME_LENGTH) return name
  const isHalf = (name.charCodeAt(MAX_NAME_LENGTH - 1) & 0xfc00) === 0xd800
  return name.slice(0, isHalf ? MAX_NAME_LENGTH - 1 : MAX_NAME_LENGTH)
}

function isPlain(bytes: Buffer, start: number, end: number): boolean {
  if (start === end || end - start > MAX_NAME_LENGTH) return false
  // one of spaces alone is none
  if (bytes[start] === 0x20) return false
  for (let i = start; i < end; i++) if (plain[bytes[i]!] === 0) return false
  return true
}

const plain = new Uint8Array(256)
for (let code = 0; code < 128; code++) if (PLAIN.test(`x${String.fromCharCode(code)}`)) plain[code] = 1
