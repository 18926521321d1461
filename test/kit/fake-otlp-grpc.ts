// A destination for OTLP/gRPC that notes everything that breaks the protocol, and answers as the test says.
import { once } from 'node:events'
import {
  createSecureServer,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import type { TlsOptions } from 'node:tls'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { decodeOtlp, type Signal } from '../../src/data/index.ts'

export interface ReceivedCall {
  readonly signal: Signal
  readonly headers: IncomingHttpHeaders
  /** Decompressed. */
  readonly message: Buffer
  readonly items: number
  readonly stream: ServerHttp2Stream
  readonly session: ServerHttp2Session
}

/** What to do with a call that has arrived whole. Default: OK with an empty message. */
export type GrpcAnswer =
  /** A status other than OK, in headers alone as servers do, or in trailers behind a message. */
  | { readonly code: number; readonly message?: string; readonly trailers?: OutgoingHttpHeaders }
  /** OK with that message; `isCompressed` is the flag in front of it. */
  | { readonly reply: Buffer; readonly isCompressed?: boolean; readonly encoding?: string }
  /** No gRPC at all. */
  | { readonly httpStatus: number; readonly contentType?: string; readonly body?: string }
  /** RST_STREAM with that code. */
  | { readonly rst: number }
  /** The connection is reset. */
  | 'reset'
  /** Nothing, for ever. */
  | 'hang'
  | ((call: ReceivedCall) => void)

const PATHS: Readonly<Record<string, Signal>> = {
  '/opentelemetry.proto.collector.trace.v1.TraceService/Export': 'traces',
  '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export': 'metrics',
  '/opentelemetry.proto.collector.logs.v1.LogsService/Export': 'logs',
}

export class FakeOtlpGrpc {
  readonly calls: ReceivedCall[] = []
  readonly violations: string[] = []
  readonly answers: GrpcAnswer[] = []
  readonly sessions = new Set<ServerHttp2Session>()
  /** Of all time. */
  connections = 0
  port = 0
  readonly #server: Http2Server
  readonly #sockets = new Set<Socket>()

  constructor(tls?: TlsOptions) {
    this.#server = tls === undefined ? createServer() : (createSecureServer(tls) as unknown as Http2Server)
    this.#server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      socket.on('error', () => {})
    })
    this.#server.on('tlsClientError', () => {})
    this.#server.on('sessionError', () => {})
    this.#server.on('session', (session) => {
      this.connections++
      this.sessions.add(session)
      session.on('close', () => this.sessions.delete(session))
    })
    this.#server.on('stream', (stream: ServerHttp2Stream, headers) => {
      // A call that the client gives up is none.
      this.#receive(stream, headers).catch(() => {})
    })
  }

  async start(port = 0, host = '127.0.0.1'): Promise<this> {
    this.#server.listen(port, host)
    await once(this.#server, 'listening')
    this.port = (this.#server.address() as AddressInfo).port
    return this
  }
  async listen(socketPath: string): Promise<this> {
    this.#server.listen(socketPath)
    await once(this.#server, 'listening')
    return this
  }
  get endpoint(): string {
    return `127.0.0.1:${this.port}`
  }
  get items(): number {
    return this.calls.reduce((sum, { items }) => sum + items, 0)
  }

  async stop(): Promise<void> {
    for (const session of this.sessions) session.destroy()
    for (const socket of this.#sockets) socket.destroy()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #receive(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    const session = stream.session as ServerHttp2Session
    stream.on('error', () => {})
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk)
    const signal = this.#check(headers)
    const message = this.#unframe(Buffer.concat(chunks), headers)
    const call = { signal, headers, message, items: this.#count(signal, message), stream, session }
    this.calls.push(call)
    this.#answer(call, this.answers.shift() ?? { reply: Buffer.alloc(0) })
  }

  #check(headers: IncomingHttpHeaders): Signal {
    const signal = PATHS[String(headers[':path'])]
    if (signal === undefined) this.violations.push(`path ${headers[':path']}`)
    if (headers[':method'] !== 'POST') this.violations.push(`method ${headers[':method']}`)
    if (headers['content-type'] !== 'application/grpc') this.violations.push(`type ${headers['content-type']}`)
    if (headers.te !== 'trailers') this.violations.push(`te ${headers.te}`)
    if (!headers['user-agent']) this.violations.push('no user-agent')
    if (!headers[':authority']) this.violations.push('no authority')
    const timeout = headers['grpc-timeout']
    if (timeout !== undefined && !/^\d{1,8}[HMSmun]$/.test(String(timeout))) this.violations.push(`timeout ${timeout}`)
    return signal ?? 'traces'
  }

  #unframe(body: Buffer, headers: IncomingHttpHeaders): Buffer {
    if (body.length < 5 || body.readUInt32BE(1) !== body.length - 5) {
      this.violations.push(`a frame of ${body.length} bytes`)
      return Buffer.alloc(0)
    }
    const message = body.subarray(5)
    if (body[0] === 0) return message
    switch (headers['grpc-encoding']) {
      case 'gzip':
        return gunzipSync(message)
      case 'zstd':
        return zstdDecompressSync(message)
      default:
        this.violations.push(`grpc-encoding ${headers['grpc-encoding']}`)
        return message
    }
  }

  #count(signal: Signal, message: Buffer): number {
    try {
      return decodeOtlp(signal, message).items
    } catch (error) {
      this.violations.push(String(error))
      return 0
    }
  }

  #answer(call: ReceivedCall, answer: GrpcAnswer): void {
    const { stream } = call
    if (answer === 'hang' || stream.destroyed) return
    if (answer === 'reset') {
      for (const socket of this.#sockets) socket.resetAndDestroy()
      return
    }
    if (typeof answer === 'function') return answer(call)
    if ('rst' in answer) return void stream.close(answer.rst)
    if ('httpStatus' in answer) {
      stream.respond({ ':status': answer.httpStatus, 'content-type': answer.contentType ?? 'text/plain' })
      stream.end(answer.body ?? '')
      return
    }
    if ('code' in answer) {
      const status = { 'grpc-status': answer.code, 'grpc-message': answer.message ?? '', ...answer.trailers }
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...status }, { endStream: true })
      return
    }
    replyTo(stream, answer)
  }
}

/** OK with a message. */
export function replyTo(
  stream: ServerHttp2Stream,
  { reply, isCompressed = false, encoding }: { reply: Buffer; isCompressed?: boolean; encoding?: string },
): void {
  const headers = { ':status': 200, 'content-type': 'application/grpc', ...(encoding && { 'grpc-encoding': encoding }) }
  stream.respond(headers, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  const prefix = Buffer.alloc(5)
  prefix[0] = isCompressed ? 1 : 0
  prefix.writeUInt32BE(reply.length, 1)
  stream.end(Buffer.concat([prefix, reply]))
}
