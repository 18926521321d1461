// One unary call: its message in, its answer out.
import { type Clock, type Identity, type IncomingHead, messageOf } from '../contract/index.ts'
import { ByteWriter } from '../wire/writer.ts'
import type { Authenticate } from './authentication.ts'
import type { CutOff } from './cut-off-log.ts'
import { declaredSize, decompress, type Encoding, encodingOfGrpc, grpcEncodings } from './decompress.ts'
import { MessageReader } from './grpc-server-message.ts'
import { parseGrpcTimeout } from './grpc-timeout.ts'
import { isBodyLate } from './http-body.ts'
import type { Http2Connection } from './http2/connection.ts'
import { writeField } from './http2/hpack.ts'
import { STREAM_WINDOW } from './http2/receive-windows.ts'
import type { Answer } from './http2/sender.ts'
import type { Http2Stream, StreamHandler } from './http2/stream.ts'
import { type Cancellable, plainAddress } from './request-context.ts'
import { GRPC, RefusedError, refusalReasonOf, statusOf, trailersOf } from './status.ts'

/** Whoever serves a method. */
export interface GrpcTaker {
  /** Before as many bytes as that are kept. Throws what the call is then refused with. */
  admitUpTo(sizeBytes: number): void
  /** The message, decompressed, in memory of its own. */
  onMessage(message: Buffer): void
  /** The call has its answer, or nobody waits for one. Once, always. */
  onSettled(): void
}
export type GrpcMethod = (call: GrpcCall) => GrpcTaker

/** What all calls of a server share. */
export interface GrpcDesk {
  readonly methods: ReadonlyMap<string, GrpcMethod>
  readonly authenticate: Authenticate<IncomingHead> | undefined
  readonly maxMessageBytes: number
  readonly clock: Clock
  onRefused(reason: string): void
  /** A client broke a rule of HTTP/2. */
  onCutOff(cutOff: CutOff): void
  onFault(error: unknown): void
}

/** A shorter time limit gets a timer of its own; the others are looked at once a second. */
const TIMER_BELOW_MS = 5000

export class GrpcCall implements StreamHandler, Cancellable, IncomingHead {
  readonly transport = 'grpc'
  readonly #desk: GrpcDesk
  readonly #connection: Http2Connection
  readonly #stream: Http2Stream
  #taker: GrpcTaker | undefined
  #reader: MessageReader | undefined
  #encoding: Encoding | undefined
  #timeoutMs = Infinity
  #cancelTimer: (() => void) | undefined
  #onClose: (() => void) | undefined
  #onDeadline: (() => void) | undefined
  /** What comes while it is being found out who sends. */
  #early: EarlyBody | undefined
  /** Who sends, when the server wants to know. */
  identity: Identity | undefined
  isSettled = false

  constructor(desk: GrpcDesk, connection: Http2Connection, stream: Http2Stream) {
    this.#desk = desk
    this.#connection = connection
    this.#stream = stream
  }

  /** Names and values in turn, when the connection keeps them. */
  get headers(): readonly string[] {
    return this.#stream.head.all ?? []
  }

  header(name: string): string | undefined {
    const { headers } = this
    for (let i = 0; i + 1 < headers.length; i += 2) if (headers[i] === name) return headers[i + 1]
    return undefined
  }

  get clientAddress(): string | undefined {
    return plainAddress(this.remoteAddress)
  }

  begin(): void {
    try {
      this.#look()
    } catch (error) {
      this.#failed(error)
    }
  }

  /** What is no refusal is a mistake of this agent. */
  #failed(error: unknown): void {
    const isOurs = !(error instanceof RefusedError)
    this.fail(isOurs ? new RefusedError(500, GRPC.INTERNAL, 'internal_error', messageOf(error)) : error)
  }

  #look(): void {
    const { head } = this.#stream
    if (head.method !== 'POST') return this.#failHttp('405', GRPC.INTERNAL, 'method_not_allowed', 'gRPC calls are POST')
    if (!isGrpc(head.contentType))
      return this.#failHttp('415', GRPC.INVALID_ARGUMENT, 'bad_content_type', 'content-type is not application/grpc')
    if (this.#desk.authenticate === undefined) this.#accept()
    else this.#identify(this.#desk.authenticate)
  }

  /** Before a sender hears anything else about its call. */
  #identify(authenticate: Authenticate<IncomingHead>): void {
    let identity: Identity | Promise<Identity>
    try {
      identity = authenticate(this)
    } catch (error) {
      return this.fail(error)
    }
    if (!(identity instanceof Promise)) {
      this.identity = identity
      return this.#accept()
    }
    this.#early = new EarlyBody()
    this.#stream.isHeld = true
    identity
      .then(
        (who) => this.#onIdentity(who),
        (error: unknown) => this.fail(error),
      )
      .catch((error: unknown) => this.#failed(error))
  }

  #onIdentity(identity: Identity): void {
    if (this.isSettled) return
    const early = this.#early!
    this.#early = undefined
    this.identity = identity
    this.#accept()
    this.#connection.release(this.#stream)
    for (const piece of early.pieces) this.onData(piece, 0, piece.length)
    if (early.isWhole) this.onEnd()
  }

  #accept(): void {
    const { head } = this.#stream
    const method = this.#desk.methods.get(head.path)
    if (method === undefined) throw unknownMethod(head.path, this.#desk.methods)
    if (head.hasBadBinary)
      throw new RefusedError(400, GRPC.INVALID_ARGUMENT, 'bad_metadata', 'a value under a name with -bin is not base64')
    if (head.grpcTimeout !== '') this.#setTimeout(head.grpcTimeout)
    if (this.isSettled) return
    this.#encoding = encodingOfGrpc(head.grpcEncoding)
    if (this.#encoding === undefined && head.grpcEncoding !== '' && head.grpcEncoding !== 'identity')
      throw unknownEncoding(head.grpcEncoding)
    const taker = method(this)
    this.#taker = taker
    this.#reader = new MessageReader(this.#desk.maxMessageBytes, (sizeBytes) => taker.admitUpTo(sizeBytes))
  }

  #setTimeout(text: string): void {
    const timeoutMs = parseGrpcTimeout(text)
    if (timeoutMs === undefined)
      throw new RefusedError(400, GRPC.INVALID_ARGUMENT, 'bad_timeout', `grpc-timeout ${JSON.stringify(text)} is none`)
    this.#timeoutMs = timeoutMs
    if (timeoutMs === 0) this.#expire()
    else if (timeoutMs < TIMER_BELOW_MS) this.#cancelTimer = this.#desk.clock.after(timeoutMs, () => this.#expire())
  }

  onSecond(seconds: number): void {
    if (this.isSettled) return
    if (seconds * 1000 >= this.#timeoutMs) return this.#expire()
    const received = this.#reader?.receivedBytes ?? 0
    if (!this.#stream.isRemoteDone && isBodyLate(seconds, received))
      this.fail(new RefusedError(408, GRPC.DEADLINE_EXCEEDED, 'body_timeout', 'the message took too long to arrive'))
  }

  /** The sender has stopped waiting; so do we. */
  #expire(): void {
    if (this.isSettled) return
    const error = new RefusedError(504, GRPC.DEADLINE_EXCEEDED, 'deadline', 'the time that the sender set is over')
    this.#onDeadline?.()
    this.fail(error)
  }

  onData(bytes: Buffer, start: number, end: number): boolean {
    if (this.isSettled) return false
    try {
      if (this.#early !== undefined) return this.#early.add(bytes.subarray(start, end))
      return this.#reader!.add(bytes, start, end)
    } catch (error) {
      this.fail(error)
      return false
    }
  }

  onEnd(): void {
    if (this.isSettled) return
    if (this.#early !== undefined) {
      this.#early.isWhole = true
      return
    }
    try {
      const message = this.#reader!.end()
      if (this.#reader!.isCompressed) this.#unpack(message)
      else this.#taker!.onMessage(message)
    } catch (error) {
      this.fail(error)
    }
  }

  #unpack(message: Buffer): void {
    const encoding = this.#encoding
    if (encoding === undefined)
      throw new RefusedError(400, GRPC.INTERNAL, 'bad_frame', 'a compressed message without grpc-encoding')
    const limitBytes = this.#desk.maxMessageBytes
    const declared = declaredSize(encoding, message) ?? 0
    if (declared <= limitBytes) this.#taker!.admitUpTo(declared)
    const unpacked = decompress(encoding, message, limitBytes)
    if (Buffer.isBuffer(unpacked)) return this.#pass(unpacked)
    unpacked.then((bytes) => this.#pass(bytes)).catch((error: unknown) => this.fail(error))
  }

  #pass(message: Buffer): void {
    if (this.isSettled) return
    this.#taker!.admitUpTo(message.length)
    this.#taker!.onMessage(message)
  }

  onReset(): void {
    if (this.isSettled) return
    this.#desk.onRefused('aborted')
    this.#onClose?.()
    this.#settle()
  }

  get remoteAddress(): string | undefined {
    return this.#connection.remoteAddress
  }
  onClose(run: () => void): void {
    this.#onClose = run
  }

  /** Runs when the time is over that the sender has set. */
  onDeadline(run: () => void): void {
    this.#onDeadline = run
  }

  succeed(message: Buffer): void {
    if (this.isSettled) return
    this.#settle()
    this.#connection.answer(this.#stream, message.length === 0 ? EMPTY_MESSAGE : answerOf(message))
  }

  fail(error: unknown): void {
    if (this.isSettled) return
    const status = statusOf(error)
    this.#desk.onRefused(refusalReasonOf(error))
    const fields = Object.entries(trailersOf({ ...status, message: status.message.slice(0, MAX_MESSAGE_LENGTH) }))
    if (error instanceof RefusedError) fields.push(...pairs(error.headers))
    if (status.code === GRPC.UNIMPLEMENTED) fields.push(['grpc-accept-encoding', grpcEncodings.join(',')])
    this.#settle()
    this.#connection.answer(this.#stream, trailersOnly('200', fields))
  }

  /** Who does not speak gRPC gets an answer in HTTP. */
  #failHttp(httpStatus: string, code: number, reason: string, message: string): void {
    this.#desk.onRefused(reason)
    this.#settle()
    this.#connection.answer(this.#stream, trailersOnly(httpStatus, Object.entries(trailersOf({ code, message }))))
  }

  #settle(): void {
    this.isSettled = true
    this.#cancelTimer?.()
    this.#reader = undefined
    this.#early = undefined
    if (this.#stream.isHeld) this.#connection.release(this.#stream)
    this.#taker?.onSettled()
  }
}

/** Pieces of a body that nobody reads yet: at most what the window of a stream lets in. */
class EarlyBody {
  readonly pieces: Buffer[] = []
  #sizeBytes = 0
  isWhole = false

  add(piece: Buffer): boolean {
    this.#sizeBytes += piece.length
    if (this.#sizeBytes > STREAM_WINDOW)
      throw new RefusedError(413, GRPC.RESOURCE_EXHAUSTED, 'flood', 'more than the window of the stream was sent')
    this.pieces.push(piece)
    return true
  }
}

/** Of names and values in turn, as HTTP/2 has them. */
const pairs = (list: readonly string[]): [name: string, value: string][] =>
  list.flatMap((name, i) => (i % 2 === 0 ? [[name.toLowerCase(), list[i + 1]!] as [string, string]] : []))

/** Longer texts would not fit the headers that some clients accept. */
const MAX_MESSAGE_LENGTH = 1024

const isGrpc = (contentType: string): boolean =>
  contentType === 'application/grpc' || /^application\/grpc(\+proto)?($|;)/.test(contentType)

function unknownMethod(path: string, methods: ReadonlyMap<string, GrpcMethod>): RefusedError {
  const known = [...methods.keys()].join(', ')
  const text = `unknown method ${path.slice(0, 200)}; this receiver has pipelines for ${known}`
  return new RefusedError(404, GRPC.UNIMPLEMENTED, 'not_found', text)
}

const unknownEncoding = (encoding: string): RefusedError =>
  new RefusedError(
    415,
    GRPC.UNIMPLEMENTED,
    'bad_content_encoding',
    `unsupported grpc-encoding ${JSON.stringify(encoding.slice(0, 100))}, supported: [${grpcEncodings.join(', ')}]`,
  )

function blockOf(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  const out = new ByteWriter(64)
  for (const [name, value] of fields) writeField(out, name, value)
  return out.take()
}

const NOTHING = Buffer.alloc(0)
const HEAD = blockOf([
  [':status', '200'],
  ['content-type', 'application/grpc'],
])
const OK = blockOf([['grpc-status', '0']])
const EMPTY_MESSAGE: Answer = { head: HEAD, data: Buffer.alloc(5), trailers: OK }

function answerOf(message: Buffer): Answer {
  const data = Buffer.alloc(5 + message.length)
  data.writeUInt32BE(message.length, 1)
  message.copy(data, 5)
  return { head: HEAD, data, trailers: OK }
}

const trailersOnly = (httpStatus: string, fields: readonly (readonly [string, string])[]): Answer => ({
  head: blockOf([[':status', httpStatus], ['content-type', 'application/grpc'], ...fields]),
  data: NOTHING,
  trailers: NOTHING,
})
