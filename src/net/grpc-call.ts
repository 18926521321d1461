// One unary call on an HTTP/2 session: a message out, a message and a status back.
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  constants,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
  type OutgoingHttpHeaders,
} from 'node:http2'
import { PermanentError } from '../contract/index.ts'
import { connectionError } from './connection-error.ts'
import { decompressReply, MAX_REPLY_BYTES } from './http-reply.ts'
import { codeOfHttpStatus, GRPC, type Status, statusOfTrailers } from './status.ts'

export interface GrpcRequest {
  /** Without pseudo headers but `:path`. */
  readonly headers: OutgoingHttpHeaders
  readonly isCompressed: boolean
  readonly chunks: readonly Uint8Array[]
  readonly sizeBytes: number
}

export interface GrpcReply {
  readonly status: Status
  /** Decompressed, at most 4 MiB; empty unless the status is OK. */
  readonly message: Buffer
}

/** The server has not looked at the call: it may go out again at once, elsewhere. */
export const REFUSED = Symbol('refused')

/** What the connection wants to know about its calls. */
export interface CallEvents {
  readonly where: string
  /** Something came from the server. */
  onHeard(): void
  /** The call was aborted; `wasSilent` when nothing came from the server all the time. */
  onAborted(wasSilent: boolean): void
}

/**
 * frame   = flag (1 byte: 1 is compressed) length (4 bytes, big endian) message
 * request = HEADERS frame END_STREAM;  reply = HEADERS frame? HEADERS (trailers) | HEADERS (trailers only)
 *
 * Rejects with a `RetryableError` when no status came, with a `PermanentError` when the reply is too large, with the
 * reason of `abort`.
 */
export function callUnary(
  session: ClientHttp2Session,
  request: GrpcRequest,
  abort: AbortSignal,
  events: CallEvents,
): Promise<GrpcReply | typeof REFUSED> {
  return new Promise((resolve, reject) => {
    if (abort.aborted) return reject(abort.reason)
    if (session.closed || session.destroyed) return resolve(REFUSED)
    const stream = session.request(request.headers)
    const reply = new ReplyReader()
    let isSettled = false
    let isSilent = true
    const settle = (): boolean => {
      if (isSettled) return false
      isSettled = true
      abort.removeEventListener('abort', stop)
      return true
    }
    const stop = (): void => {
      if (!settle()) return
      stream.close(constants.NGHTTP2_CANCEL)
      events.onAborted(isSilent)
      reject(abort.reason)
    }
    const heard = (): void => {
      isSilent = false
      events.onHeard()
    }
    abort.addEventListener('abort', stop, { once: true })
    let broken: Error | undefined
    stream.on('error', (error) => {
      broken = error
    })
    stream.on('response', (headers) => {
      heard()
      reply.begin(headers)
    })
    stream.on('trailers', (headers) => reply.end(headers))
    stream.on('data', (chunk: Buffer) => {
      heard()
      const problem = reply.add(chunk)
      if (problem === undefined) return
      if (settle()) reject(problem)
      stream.close(constants.NGHTTP2_CANCEL)
    })
    stream.on('close', () => {
      if (!settle()) return
      if (stream.rstCode === constants.NGHTTP2_REFUSED_STREAM || wasNeverSent(broken)) return resolve(REFUSED)
      const outcome = reply.outcome()
      if (outcome === undefined) return reject(connectionError(broken ?? brokenOff(stream), events.where))
      if (outcome instanceof Error) reject(outcome)
      else resolve(outcome)
    })
    write(stream, request)
  })
}

function write(stream: ClientHttp2Stream, { isCompressed, chunks, sizeBytes }: GrpcRequest): void {
  const prefix = Buffer.allocUnsafe(PREFIX_BYTES)
  prefix[0] = isCompressed ? 1 : 0
  prefix.writeUInt32BE(sizeBytes, 1)
  stream.cork()
  stream.write(prefix)
  for (const chunk of chunks) stream.write(chunk)
  stream.end()
}

/** The connection went away between the choice of it and the call, or has no stream numbers left. */
const wasNeverSent = (error: Error | undefined): boolean =>
  error !== undefined &&
  'code' in error &&
  (error.code === 'ERR_HTTP2_GOAWAY_SESSION' ||
    error.code === 'ERR_HTTP2_INVALID_SESSION' ||
    error.code === 'ERR_HTTP2_OUT_OF_STREAMS')

/** An end without an answer: no status of gRPC, so it says nothing about what was sent. */
const brokenOff = ({ rstCode }: ClientHttp2Stream): Error =>
  new Error(`the stream ended without a status (HTTP/2 code ${rstCode ?? 0})`)

/** Puts an answer together, within its bounds. */
class ReplyReader {
  #httpStatus = 0
  #headers: IncomingHttpHeaders = {}
  #trailers: IncomingHttpHeaders = {}
  readonly #chunks: Buffer[] = []
  #size = 0

  begin(headers: IncomingHttpHeaders & IncomingHttpStatusHeader): void {
    this.#httpStatus = headers[':status'] ?? 0
    this.#headers = headers
    // An answer without a message has its status right here.
    this.#trailers = headers
  }

  end(trailers: IncomingHttpHeaders): void {
    this.#trailers = trailers
  }

  /** A problem when there is too much. */
  add(chunk: Buffer): PermanentError | undefined {
    this.#size += chunk.length
    if (this.#size > MAX_REPLY_BYTES + PREFIX_BYTES)
      return new PermanentError(`the answer is larger than ${MAX_REPLY_BYTES} bytes`, { reason: 'response_too_large' })
    this.#chunks.push(chunk)
    return undefined
  }

  /** Undefined when no answer came, or half of one. */
  outcome(): GrpcReply | PermanentError | undefined {
    if (this.#trailers['grpc-status'] === undefined) {
      const status = this.#statusOfHttp()
      return status && { status, message: NOTHING }
    }
    const status = statusOfTrailers(this.#trailers)
    if (status.code !== GRPC.OK) return { status, message: NOTHING }
    const message = this.#message()
    return message instanceof PermanentError ? message : { status, message }
  }

  /** What is no gRPC: a proxy, a load balancer, a web server. */
  #statusOfHttp(): Status | undefined {
    if (this.#httpStatus === 0) return undefined
    if (this.#httpStatus === 413) return { code: GRPC.RESOURCE_EXHAUSTED, message: 'HTTP 413: too large' }
    if (this.#httpStatus !== 200)
      return { code: codeOfHttpStatus(this.#httpStatus), message: `HTTP ${this.#httpStatus}` }
    const contentType = this.#headers['content-type'] ?? 'nothing'
    if (contentType.startsWith('application/grpc')) return undefined
    return { code: GRPC.UNKNOWN, message: `the answer is ${contentType}, no gRPC` }
  }

  /** The data was taken, whatever stands here: what is no message is none. */
  #message(): Buffer | PermanentError {
    const body = Buffer.concat(this.#chunks)
    const message = body.subarray(PREFIX_BYTES)
    if (body.length < PREFIX_BYTES || body[0] !== 1) return message
    const encoding = this.#headers['grpc-encoding']
    const name = Array.isArray(encoding) ? encoding[0] : encoding
    // By the names of HTTP: in gRPC snappy is its stream format.
    return decompressReply(message, name === 'snappy' ? 'x-snappy-framed' : name)
  }
}

const PREFIX_BYTES = 5
const NOTHING = Buffer.alloc(0)
