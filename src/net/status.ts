// The one table between errors, HTTP status codes and gRPC status codes, both ways; and google.rpc.Status on the wire.
import {
  isRetryable,
  messageOf,
  PermanentError,
  RetryableError,
  ShutdownError,
  TooLargeError,
} from '../contract/index.ts'
import { MalformedError } from '../data/index.ts'
import { ByteWriter } from '../wire/writer.ts'

/** https://grpc.io/docs/guides/status-codes */
export const GRPC = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const

const NAMES = Object.keys(GRPC)

/** `INVALID_ARGUMENT`; a number that gRPC does not know as `CODE_99`. */
export const nameOfGrpc = (code: number): string => NAMES[code] ?? `CODE_${code}`

/** What one side tells the other: a gRPC code, a text for people, and when to try again (from google.rpc.RetryInfo). */
export interface Status {
  readonly code: number
  readonly message: string
  readonly retryDelayMs?: number | undefined
}

/** A refusal that carries its own answer: raised where bytes from outside are read, before there is a batch. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
  readonly httpStatus: number
  readonly code: number
  /** For the counter's label: `too_large`, `bad_content_type`. */
  readonly reason: string
  /** Of the answer, besides those that every refusal has; names and values in turn. */
  readonly headers: readonly string[]

  constructor(httpStatus: number, code: number, reason: string, message: string, headers: readonly string[] = []) {
    super(message)
    this.httpStatus = httpStatus
    this.code = code
    this.reason = reason
    this.headers = headers
  }
}

/** What a sender is asked to wait when the refusal does not say. */
const DEFAULT_RETRY_DELAY_MS = 1000

/**
 * The answer to a sender whose request ended in that error. What is retryable always says when, as senders take
 * RESOURCE_EXHAUSTED without RetryInfo for final.
 */
export function statusOf(error: unknown): Status {
  const message = messageOf(error)
  if (error instanceof RefusedError) return { code: error.code, message }
  if (error instanceof MalformedError) return { code: GRPC.INVALID_ARGUMENT, message }
  if (error instanceof TooLargeError) return { code: GRPC.RESOURCE_EXHAUSTED, message }
  if (error instanceof PermanentError) return { code: codeOfReason(error.reason), message }
  const retryDelayMs = (error instanceof RetryableError ? error.waitMs : undefined) ?? DEFAULT_RETRY_DELAY_MS
  return { code: GRPC.UNAVAILABLE, message, retryDelayMs }
}

/** As `statusOf`, for HTTP: a refusal's own status, else by the gRPC code. What is final never gets a retryable one. */
export function httpStatusOf(error: unknown, { code, retryDelayMs }: Status): number {
  if (error instanceof RefusedError) return error.httpStatus
  return code === GRPC.RESOURCE_EXHAUSTED && retryDelayMs === undefined ? 413 : httpStatusOfCode(code)
}

/** A destination's final answer crosses back to a sender who waits for it; what is final here is this agent's fault. */
function codeOfReason(reason: string): number {
  const code = reason.startsWith('http_')
    ? codeOfHttpStatus(Number(reason.slice(5)))
    : reason.startsWith('grpc_')
      ? NAMES.indexOf(reason.slice(5).toUpperCase())
      : -1
  return code <= GRPC.OK || isRetryableCode({ code, message: '' }) ? GRPC.INTERNAL : code
}

/** Retryable codes become 503 and 429, https://opentelemetry.io/docs/specs/otlp/#failures-1 */
function httpStatusOfCode(code: number): number {
  switch (code) {
    case GRPC.OK:
      return 200
    case GRPC.CANCELLED:
    case GRPC.DEADLINE_EXCEEDED:
    case GRPC.ABORTED:
    case GRPC.OUT_OF_RANGE:
    case GRPC.UNAVAILABLE:
    case GRPC.DATA_LOSS:
      return 503
    case GRPC.RESOURCE_EXHAUSTED:
      return 429
    case GRPC.INVALID_ARGUMENT:
      return 400
    case GRPC.UNAUTHENTICATED:
      return 401
    case GRPC.PERMISSION_DENIED:
      return 403
    case GRPC.UNIMPLEMENTED:
      return 404
    default:
      return 500
  }
}

/** https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md, with 400 and 429 as the collector has them. */
export function codeOfHttpStatus(httpStatus: number): number {
  switch (httpStatus) {
    case 400:
      return GRPC.INVALID_ARGUMENT
    case 401:
      return GRPC.UNAUTHENTICATED
    case 403:
      return GRPC.PERMISSION_DENIED
    case 404:
      return GRPC.UNIMPLEMENTED
    case 413:
    case 429:
      return GRPC.RESOURCE_EXHAUSTED
    case 502:
    case 503:
    case 504:
      return GRPC.UNAVAILABLE
    default:
      return GRPC.UNKNOWN
  }
}

/** What a gRPC server's answer means for what was sent, https://opentelemetry.io/docs/specs/otlp/#failures */
export function errorOfStatus(status: Status): PermanentError | RetryableError {
  const name = nameOfGrpc(status.code)
  const message = status.message === '' ? name : `${name}: ${status.message}`
  const reason = `grpc_${name.toLowerCase()}`
  if (!isRetryableCode(status)) return new PermanentError(message, { reason })
  return retryable(message, reason, status.retryDelayMs)
}

function isRetryableCode({ code, retryDelayMs }: Status): boolean {
  switch (code) {
    case GRPC.CANCELLED:
    case GRPC.DEADLINE_EXCEEDED:
    case GRPC.ABORTED:
    case GRPC.OUT_OF_RANGE:
    case GRPC.UNAVAILABLE:
    case GRPC.DATA_LOSS:
      return true
    case GRPC.RESOURCE_EXHAUSTED:
      return retryDelayMs !== undefined
    default:
      return false
  }
}

/** What an HTTP server's answer means for what was sent. `waitMs`: see `parseRetryAfter`. */
export function errorOfHttp(httpStatus: number, text: string, waitMs?: number): PermanentError | RetryableError {
  const message = text === '' ? `HTTP ${httpStatus}` : `HTTP ${httpStatus}: ${text}`
  const reason = `http_${httpStatus}`
  return isRetryableHttp(httpStatus) ? retryable(message, reason, waitMs) : new PermanentError(message, { reason })
}

/** Every other answer is final, 500 and 408 included. */
export const isRetryableHttp = (httpStatus: number): boolean =>
  httpStatus === 429 || httpStatus === 502 || httpStatus === 503 || httpStatus === 504

const retryable = (message: string, reason: string, waitMs: number | undefined): RetryableError =>
  new RetryableError(message, waitMs === undefined ? { reason } : { reason, waitMs })

/** Retry-After is seconds or an HTTP date; undefined when it is neither. A date that has passed is 0. */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined
  const text = value.trim()
  if (/^\d{1,15}$/.test(text)) return Number(text) * 1000
  if (!/^[A-Za-z]{3,9},? /.test(text)) return undefined
  const atMs = Date.parse(text)
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs)
}

/** Whole seconds, at least one: 0 would invite a sender to come back at once. */
export const retryAfterOf = (waitMs: number): string => String(Math.max(1, Math.ceil(waitMs / 1000)))

/** The reason label of a request that was turned away at the door. */
export function refusalReasonOf(error: unknown): string {
  if (error instanceof RefusedError) return error.reason
  if (error instanceof MalformedError) return 'malformed'
  if (error instanceof ShutdownError) return 'shutdown'
  return isRetryable(error) ? 'unavailable' : 'permanent_error'
}

const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo'

/**
 * google.rpc.Status    = 1: code (varint), 2: message, 3: details (Any)*
 * google.protobuf.Any  = 1: type_url, 2: value
 * google.rpc.RetryInfo = 1: retry_delay (Duration)
 * Duration             = 1: seconds (varint), 2: nanos (varint)
 */
export function encodeStatus({ code, message, retryDelayMs }: Status): Buffer {
  const out = new ByteWriter(64 + message.length * 3)
  if (code !== 0) {
    out.byte(0x08)
    out.varint(code)
  }
  if (message !== '') {
    out.byte(0x12)
    out.text(message)
  }
  if (retryDelayMs !== undefined) {
    out.byte(0x1a)
    const any = out.beginLength()
    out.byte(0x0a)
    out.text(RETRY_INFO)
    out.byte(0x12)
    const retryInfo = out.beginLength()
    out.byte(0x0a)
    const delay = out.beginLength()
    writeDuration(out, retryDelayMs)
    out.endLength(delay)
    out.endLength(retryInfo)
    out.endLength(any)
  }
  return out.take()
}

function writeDuration(out: ByteWriter, ms: number): void {
  const seconds = Math.floor(ms / 1000)
  const nanos = Math.round((ms - seconds * 1000) * 1e6)
  if (seconds > 0) {
    out.byte(0x08)
    out.varint(seconds)
  }
  if (nanos > 0) {
    out.byte(0x10)
    out.varint(nanos)
  }
}

export function encodeStatusJson({ code, message, retryDelayMs }: Status): string {
  const details =
    retryDelayMs === undefined
      ? undefined
      : [{ '@type': RETRY_INFO, retryDelay: `${(retryDelayMs / 1000).toFixed(3)}s` }]
  return JSON.stringify({ code, message, details })
}

/** Undefined for anything that is no google.rpc.Status: whoever asked goes on without the details. Never throws. */
export function decodeStatus(bytes: Uint8Array): Status | undefined {
  let code = 0
  let message = ''
  let retryDelayMs: number | undefined
  const isWhole = eachField(bytes, (field, value) => {
    if (field === 1 && typeof value === 'number') code = value
    else if (field === 2 && typeof value === 'object') message = Buffer.from(value).toString('utf8')
    else if (field === 3 && typeof value === 'object') retryDelayMs ??= decodeRetryInfo(value)
  })
  return isWhole ? { code, message, retryDelayMs } : undefined
}

function decodeRetryInfo(any: Uint8Array): number | undefined {
  let typeUrl = ''
  let retryInfo: Uint8Array = new Uint8Array(0)
  eachField(any, (field, value) => {
    if (field === 1 && typeof value === 'object') typeUrl = Buffer.from(value).toString('latin1')
    else if (field === 2 && typeof value === 'object') retryInfo = value
  })
  if (!typeUrl.endsWith('/google.rpc.RetryInfo')) return undefined
  let seconds = 0
  let nanos = 0
  const isWhole = eachField(retryInfo, (field, delay) => {
    if (field === 1 && typeof delay === 'object')
      eachField(delay, (part, value) => {
        if (part === 1 && typeof value === 'number') seconds = value
        else if (part === 2 && typeof value === 'number') nanos = value
      })
  })
  // A negative number is a huge one here: what nobody can mean counts as "now".
  const ms = seconds * 1000 + nanos / 1e6
  return isWhole ? (ms < Number.MAX_SAFE_INTEGER ? ms : 0) : undefined
}

/** Bytes from outside, so everything is checked. False at the first thing that is wrong. */
export function eachField(bytes: Uint8Array, visit: (field: number, value: number | Uint8Array) => void): boolean {
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let scale = 1, count = 0; count < 10; scale *= 128, count++) {
      const byte = bytes[at++]
      if (byte === undefined) return Number.NaN
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
    return Number.NaN
  }
  while (at < bytes.length) {
    const tag = varint()
    const field = Math.floor(tag / 8)
    const type = tag % 8
    if (type === 0) {
      const value = varint()
      if (Number.isNaN(value)) return false
      visit(field, value)
    } else if (type === 2) {
      const end = varint() + at
      if (!(end <= bytes.length)) return false
      visit(field, bytes.subarray(at, end))
      at = end
    } else if (type === 1) at += 8
    else if (type === 5) at += 4
    else return false
  }
  return at === bytes.length
}

/** Trailers of a gRPC answer; an OK has the one line. */
export function trailersOf(status: Status): Record<string, string> {
  const trailers: Record<string, string> = { 'grpc-status': String(status.code) }
  if (status.message !== '') trailers['grpc-message'] = encodeGrpcMessage(status.message)
  if (status.retryDelayMs !== undefined)
    trailers['grpc-status-details-bin'] = encodeStatus(status).toString('base64').replace(/=+$/, '')
  return trailers
}

/** Details longer than this are not looked at: a header that large is no RetryInfo. */
const MAX_DETAILS_LENGTH = 16 * 1024

/** The status in what node:http2 gives for trailers (or headers, of an answer without a body). UNKNOWN when there is none. */
export function statusOfTrailers(headers: Readonly<Record<string, string | string[] | undefined>>): Status {
  const code = Number.parseInt(String(headers['grpc-status'] ?? ''), 10)
  const message = headers['grpc-message']
  const details = headers['grpc-status-details-bin']
  return {
    code: code >= 0 ? code : GRPC.UNKNOWN,
    message: typeof message === 'string' ? decodeGrpcMessage(message) : '',
    retryDelayMs:
      typeof details === 'string' && details.length <= MAX_DETAILS_LENGTH
        ? decodeStatus(Buffer.from(details, 'base64'))?.retryDelayMs
        : undefined,
  }
}

/** Percent-encodes what is not printable ASCII, and the percent sign. */
export function encodeGrpcMessage(text: string): string {
  if (/^[ -$&-~]*$/.test(text)) return text
  let out = ''
  for (const byte of Buffer.from(text, 'utf8'))
    out +=
      byte >= 0x20 && byte <= 0x7e && byte !== 0x25
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  return out
}

/** Wrong escapes stay as they are. */
export function decodeGrpcMessage(text: string): string {
  if (!text.includes('%')) return text
  const bytes = text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
