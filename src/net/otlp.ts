// OTLP as a client sees it: where each signal goes, and what an answer to an export says.
import { type Logger, PermanentError, type RetryableError, TooLargeError } from '../contract/index.ts'
import type { Signal } from '../data/index.ts'
import type { HttpReply } from './http-reply.ts'
import { decodeStatus, eachField, errorOfHttp, errorOfStatus, GRPC, parseRetryAfter, type Status } from './status.ts'

export interface OtlpNames {
  /** Of OTLP/HTTP, behind the endpoint. */
  readonly path: string
  readonly grpcPath: string
  /** In the JSON form of a partial success. */
  readonly rejected: string
}

export const otlpNames: Readonly<Record<Signal, OtlpNames>> = {
  traces: {
    path: '/v1/traces',
    grpcPath: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    rejected: 'rejectedSpans',
  },
  metrics: {
    path: '/v1/metrics',
    grpcPath: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
    rejected: 'rejectedDataPoints',
  },
  logs: {
    path: '/v1/logs',
    grpcPath: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
    rejected: 'rejectedLogRecords',
  },
}

export const PROTOBUF = 'application/x-protobuf'
export const JSON_TYPE = 'application/json'

/** The destination took the rest. Nothing of it is sent again. */
export interface PartialSuccess {
  readonly rejectedItems: number
  /** Why; or, with no item rejected, a warning. */
  readonly message: string
}

/**
 * What a success says besides. Undefined when it says nothing, or nothing that can be read: the data was taken all the same.
 *
 * Export*ServiceResponse = 1: partial_success
 * Export*PartialSuccess  = 1: rejected_* (int64), 2: error_message
 */
export function decodePartialSuccess(signal: Signal, contentType: string, body: Buffer): PartialSuccess | undefined {
  if (body.length === 0) return undefined
  const found =
    contentType === JSON_TYPE ? fromJson(signal, body) : contentType === PROTOBUF ? fromProtobuf(body) : undefined
  return found === undefined || (found.rejectedItems === 0 && found.message === '') ? undefined : found
}

/** Says and counts what was not taken; `drop` is delivery's. */
export function bookPartialSuccess(
  { rejectedItems, message }: PartialSuccess,
  sent: { readonly signal: Signal; readonly items: number },
  drop: (items: number, reason: string) => void,
  log: Logger,
): void {
  log.warn('destination took the data in part', { ...sent, rejectedItems, reason: message })
  drop(Math.min(rejectedItems, sent.items), 'rejected_by_destination')
}

function fromProtobuf(body: Buffer): PartialSuccess | undefined {
  let rejectedItems = 0
  let message = ''
  const isWhole = eachField(body, (field, partial) => {
    if (field !== 1 || typeof partial === 'number') return
    eachField(partial, (inner, value) => {
      if (inner === 1 && typeof value === 'number') rejectedItems = count(value)
      else if (inner === 2 && typeof value === 'object') message = Buffer.from(value).toString('utf8')
    })
  })
  return isWhole ? { rejectedItems, message: printable(message) } : undefined
}

function fromJson(signal: Signal, body: Buffer): PartialSuccess | undefined {
  const partial = member(parseJson(body), 'partialSuccess')
  const message = member(partial, 'errorMessage')
  return {
    // A 64-bit number: a text, as the specification has it, or a number.
    rejectedItems: count(Number(member(partial, otlpNames[signal].rejected) ?? 0)),
    message: typeof message === 'string' ? printable(message) : '',
  }
}

/** A negative number arrives as a huge one. */
const count = (value: number): number => (Number.isSafeInteger(value) && value > 0 ? value : 0)

/** The error that an answer with another status than 2xx stands for. */
export function errorOfReply(reply: HttpReply, nowMs: number): PermanentError | RetryableError {
  const { status, retryAfter } = reply
  const said = saidBy(reply)
  const text = status >= 300 && status <= 399 ? 'redirects are not followed' : said.message
  if (status === 413) return new TooLargeError(`HTTP 413: ${text}`)
  return errorOfHttp(status, text, parseRetryAfter(retryAfter, nowMs) ?? said.retryDelayMs)
}

/** google.rpc.Status, in the type that the answer says it has; else whatever text it is. */
function saidBy({ contentType, body }: HttpReply): Pick<Status, 'message' | 'retryDelayMs'> {
  if (contentType === PROTOBUF) {
    const status = decodeStatus(body)
    return { message: printable(status?.message ?? ''), retryDelayMs: status?.retryDelayMs }
  }
  const text =
    contentType === JSON_TYPE ? member(parseJson(body), 'message') : body.toString('utf8', 0, MAX_TEXT_LENGTH)
  return { message: typeof text === 'string' ? printable(text) : '' }
}

/**
 * The error that a gRPC status other than OK stands for. Servers say that a message is too large by RESOURCE_EXHAUSTED and
 * no RetryInfo, but not only that: their words tell.
 */
export function errorOfGrpc(status: Status): PermanentError | RetryableError {
  const error = errorOfStatus({ ...status, message: printable(status.message) })
  const isTooLarge =
    status.code === GRPC.RESOURCE_EXHAUSTED &&
    error instanceof PermanentError &&
    /larger than|too large|too big|message size/i.test(status.message)
  return isTooLarge ? new TooLargeError(error.message) : error
}

const MAX_TEXT_LENGTH = 300

/** One line for a log: what comes from outside breaks no line and fills no disk. */
const printable = (text: string): string =>
  text
    .slice(0, MAX_TEXT_LENGTH)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
    .replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ')
    .trim()

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

const member = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? new Map(Object.entries(value)).get(key) : undefined
