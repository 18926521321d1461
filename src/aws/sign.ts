// AWS Signature Version 4, https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
import { createHash, createHmac } from 'node:crypto'

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
  /** Milliseconds since the epoch; undefined: they do not expire. */
  readonly expiresAt?: number | undefined
}

/** A request as it will go out. What stands between it and the service must not change any of this. */
export interface Signable {
  readonly method: string
  /** As on the wire, percent-encoded, without a query. */
  readonly path: string
  /** As on the wire, without the `?`. */
  readonly query: string
  /** Names in lower case, with `host`. */
  readonly headers: Readonly<Record<string, string>>
  /** Of `hashPayload`, or `UNSIGNED-PAYLOAD`. */
  readonly payloadHash: string
}

export interface Scope {
  readonly credentials: Credentials
  readonly region: string
  readonly service: string
  /** Milliseconds since the epoch, by AWS's clock. */
  readonly atMs: number
}

/**
 * The headers that a request must have besides its own: `authorization`, `x-amz-date`, and with temporary credentials
 * `x-amz-security-token`; for S3 also `x-amz-content-sha256`.
 */
export function sign(request: Signable, scope: Scope): Record<string, string> {
  const { credentials, region, service, atMs } = scope
  const time = new Date(atMs).toISOString().replace(/[:-]|\.\d{3}/g, '')
  const added: Record<string, string> = { 'x-amz-date': time }
  if (credentials.sessionToken !== undefined) added['x-amz-security-token'] = credentials.sessionToken
  if (service === 's3') added['x-amz-content-sha256'] = request.payloadHash
  const headers = Object.entries({ ...request.headers, ...added })
    .filter(([name]) => isSigned(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  const names = headers.map(([name]) => name).join(';')
  const canonical = [
    request.method,
    service === 's3' ? request.path : canonicalPath(request.path),
    canonicalQuery(request.query),
    ...headers.map(([name, value]) => `${name}:${value.trim().replace(/ +/g, ' ')}`),
    '',
    names,
    request.payloadHash,
  ].join('\n')
  const day = time.slice(0, 8)
  const place = `${day}/${region}/${service}/aws4_request`
  const text = `${ALGORITHM}\n${time}\n${place}\n${createHash('sha256').update(canonical).digest('hex')}`
  const signature = createHmac('sha256', keyOf(credentials, day, region, service))
    .update(text)
    .digest('hex')
  added.authorization = `${ALGORITHM} Credential=${credentials.accessKeyId}/${place}, SignedHeaders=${names}, Signature=${signature}`
  return added
}

/** Of a body as it goes out, compressed if it is. */
export function hashPayload(chunks: readonly Uint8Array[]): string {
  if (chunks.length === 0) return EMPTY_HASH
  const hash = createHash('sha256')
  for (const chunk of chunks) hash.update(chunk)
  return hash.digest('hex')
}

const ALGORITHM = 'AWS4-HMAC-SHA256'
const EMPTY_HASH = createHash('sha256').digest('hex')

/** What proxies change or connections own is not signed. */
const UNSIGNED: ReadonlySet<string> = new Set([
  'authorization',
  'cache-control',
  'connection',
  'expect',
  'from',
  'keep-alive',
  'max-forwards',
  'pragma',
  'referer',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
  'x-amzn-trace-id',
])
const isSigned = (name: string): boolean => !UNSIGNED.has(name) && !/^(proxy|sec)-/.test(name)

/** Dots resolved, slashes single, each segment encoded once more than it is. */
function canonicalPath(path: string): string {
  if (path === '/' || path === '') return '/'
  const segments: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop()
    else if (segment !== '' && segment !== '.') segments.push(encodeRfc3986(segment))
  }
  return `/${segments.join('/')}${segments.length > 0 && path.endsWith('/') ? '/' : ''}`
}

function canonicalQuery(query: string): string {
  if (query === '') return ''
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const at = pair.indexOf('=')
      const [name, value] = at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)]
      return [encodeRfc3986(decoded(name)), encodeRfc3986(decoded(value))] as const
    })
    .sort(([a, valueOfA], [b, valueOfB]) => (a === b ? (valueOfA < valueOfB ? -1 : 1) : a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Everything but letters, digits and `-._~`. */
export const encodeRfc3986 = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)

interface Key {
  readonly day: string
  readonly region: string
  readonly service: string
  readonly bytes: Buffer
}
/** A key lasts a day; who signs for several services has one each. */
const keys = new WeakMap<Credentials, Key[]>()
const MAX_KEYS = 8

function keyOf(credentials: Credentials, day: string, region: string, service: string): Buffer {
  let known = keys.get(credentials)
  if (known === undefined) keys.set(credentials, (known = []))
  for (const key of known) if (key.day === day && key.region === region && key.service === service) return key.bytes
  let bytes = createHmac('sha256', `AWS4${credentials.secretAccessKey}`).update(day).digest()
  for (const part of [region, service, 'aws4_request']) bytes = createHmac('sha256', bytes).update(part).digest()
  if (known.length >= MAX_KEYS) known.shift()
  known.push({ day, region, service, bytes })
  return bytes
}
