// An HTTP/1.1 server with the collector's settings and limits of its own, for receivers.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import * as v from 'valibot'
import { coded } from '../config/coded.ts'
import { headers } from '../config/headers.ts'
import { list, optional, setting } from '../config/schema.ts'
import { duration, flag, integer, type Secret } from '../config/values.ts'
import type { Clock, Logger } from '../contract/index.ts'
import type { ActiveRequests } from './active-requests.ts'
import { httpServerAuth } from './authentication.ts'
import { limitConnections } from './connection-limit.ts'
import type { Sparable } from './connection-room.ts'
import { corsSettings } from './cors.ts'
import { type Address, addressEntries, listen, logAcceptErrors } from './listen.ts'
import { NodeConnections } from './node-connections.ts'
import { notYet } from './not-yet.ts'
import { PlainConnection, type PlainHandler, type PlainSettings } from './plain-http.ts'
import { Sweep } from './sweep.ts'
import { createSecureServer, serverTls } from './tls.ts'

export const ENCODINGS = ['', 'gzip', 'zstd', 'zlib', 'snappy', 'deflate', 'lz4', 'x-snappy-framed'] as const

/** Those that say where an answer ends are the server's own business. */
const responseHeaders = v.pipe(
  headers,
  v.check(
    (given) => !Object.keys(given).some((name) => FRAMING.test(name)),
    coded('unfit_header', 'Content-Length, Transfer-Encoding, Connection and the like are set by the server itself'),
  ),
  v.transform((given): readonly (readonly [name: string, value: Secret])[] => Object.entries(given)),
)
const FRAMING = /^(connection|content-length|keep-alive|trailer|transfer-encoding|upgrade)$/i

/** The collector's settings of an HTTP server; those of time limits have defaults that differ by component. */
export const httpServerEntries = (
  defaultEndpoint: string,
  defaults: { read_header_timeout: string; write_timeout: string; idle_timeout: string },
) => ({
  ...addressEntries(defaultEndpoint),
  tls: optional(serverTls, 'Certificate and limits of TLS; without it the connection is plain.'),
  cors: optional(corsSettings, 'Which pages of other origins may send.'),
  auth: httpServerAuth,
  middlewares: notYet('middlewares'),
  max_request_body_size: setting(
    integer(),
    0,
    'Bytes that a body may have, before and after decompression; 0 is 20 MiB.',
  ),
  include_metadata: setting(flag, false, "Hands the request's headers on, for processors that read client metadata."),
  response_headers: setting(responseHeaders, {}, 'Headers that every answer carries.'),
  compression_algorithms: setting(
    list(v.picklist(ENCODINGS, `must be one of ${ENCODINGS.map((one) => JSON.stringify(one)).join(', ')}`)),
    [...ENCODINGS],
    'Content encodings to accept; "" is none.',
  ),
  read_timeout: setting(
    duration,
    '0s',
    'How long a whole request may take to arrive; 0 is 30 seconds and one more for each KiB.',
  ),
  read_header_timeout: setting(
    duration,
    defaults.read_header_timeout,
    'How long the headers may take to arrive; 0 is read_timeout, or 10 seconds.',
  ),
  write_timeout: setting(
    duration,
    defaults.write_timeout,
    'How long an answer may take, from the request on; 0 is no limit.',
  ),
  idle_timeout: setting(
    duration,
    defaults.idle_timeout,
    'How long a connection may wait for its next request; 0 is read_timeout, or 110 seconds.',
  ),
  keep_alives_enabled: setting(flag, true, 'Whether a connection may carry more than one request.'),
})

export interface HttpServerConfig extends Address {
  readonly tls?: v.InferOutput<typeof serverTls> | undefined
  readonly read_timeout: number
  readonly read_header_timeout: number
  readonly idle_timeout: number
  readonly keep_alives_enabled: boolean
}

/** Limits that the collector does not have; `reference` numbers stand in the manual's list of differences. */
const MAX_HEADER_BYTES = 16 * 1024
const DEFAULT_HEADER_TIMEOUT_MS = 10_000
/** Not a multiple of the usual export intervals, lest a connection closes in the moment that the next request leaves. */
const DEFAULT_IDLE_TIMEOUT_MS = 110_000
const TLS_HANDSHAKE_MS = 10_000
const TCP_KEEPALIVE_MS = 15_000
/** How often node looks for connections that are late. */
const CHECK_MS = 2000

export interface HttpServerEvents {
  /** One request. What it throws becomes a 500 for that request alone. */
  handle(request: IncomingMessage, response: ServerResponse): void
  /** Who reads and answers plain requests, past node:http; not under TLS. */
  readonly plain?: PlainHandler | undefined
  /** Something was turned away before it was a request: `bad_request`, `headers_too_large`, `too_many_connections`. */
  onRefused(reason: string): void
}

export class HttpServer {
  readonly #config: HttpServerConfig
  readonly #settings: { readonly clock: Clock; readonly log: Logger }
  readonly #events: HttpServerEvents
  #server: Server | TlsServer | undefined
  #stopReload: (() => void) | undefined
  readonly #plain = new Set<PlainConnection>()
  readonly #atNode: NodeConnections
  readonly #sweep: Sweep

  constructor(
    config: HttpServerConfig,
    settings: { readonly clock: Clock; readonly log: Logger },
    events: HttpServerEvents,
  ) {
    this.#config = config
    this.#settings = settings
    this.#events = events
    this.#sweep = new Sweep(settings.clock)
    this.#atNode = new NodeConnections(this.#onTooMany)
  }

  /** Returns where it listens: `http://127.0.0.1:4318`. */
  async start(): Promise<string> {
    const { tls } = this.#config
    const server = tls === undefined ? createServer(this.#options()) : await this.#createTlsServer(tls)
    this.#server = server
    server.timeout = 0
    server.on('request', this.#atNode.onRequest)
    server.on('request', this.#events.handle)
    if (tls !== undefined) server.prependListener('secureConnection', this.#atNode.add)
    else if (this.#events.plain === undefined) server.prependListener('connection', this.#atNode.add)
    else this.#servePlain(server as Server, this.#events.plain)
    server.on('clientError', this.#onClientError)
    limitConnections(server, { sparable: () => this.#sparable(), onRefused: this.#onTooMany })
    const where = await listen(server, this.#config)
    logAcceptErrors(server, this.#settings)
    return `${tls === undefined ? 'http' : 'https'}://${where}`
  }

  *#sparable(): Iterable<Sparable> {
    yield* this.#plain
    yield* this.#atNode.sparable()
  }

  #options() {
    const { read_timeout, read_header_timeout, idle_timeout } = this.#config
    return {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: read_header_timeout || read_timeout || DEFAULT_HEADER_TIMEOUT_MS,
      // The time of a body is watched by whoever reads it.
      requestTimeout: 0,
      keepAliveTimeout: idle_timeout || read_timeout || DEFAULT_IDLE_TIMEOUT_MS,
      connectionsCheckingInterval: Math.min(CHECK_MS, read_header_timeout || CHECK_MS),
      keepAlive: true,
      keepAliveInitialDelay: TCP_KEEPALIVE_MS,
      noDelay: true,
    }
  }

  /** Connections begin as plain ones; node's own listener gets those that turn out to be more. */
  #servePlain(server: Server, handler: PlainHandler): void {
    const [toNode] = server.listeners('connection')
    if (toNode === undefined) throw new Error('node:http listens to connections')
    server.removeAllListeners('connection')
    const { headersTimeout, keepAliveTimeout } = this.#options()
    const settings: PlainSettings = {
      handler,
      sweep: this.#sweep,
      headerTimeoutMs: headersTimeout,
      idleTimeoutMs: keepAliveTimeout,
      isStopping: () => this.#server === undefined,
      handOver: (socket, bytes) => {
        this.#atNode.add(socket)
        toNode.call(server, socket)
        socket.unshift(bytes)
      },
      onRefused: this.#events.onRefused,
      onEnd: (connection) => void this.#plain.delete(connection),
    }
    server.on('connection', (socket: Socket) => void this.#plain.add(new PlainConnection(socket, settings)))
  }

  async #createTlsServer(tls: v.InferOutput<typeof serverTls>): Promise<TlsServer> {
    const { server, stop } = await createSecureServer(tls, this.#settings, {
      create: (loaded) => createTlsServer({ ...this.#options(), ...loaded, handshakeTimeout: TLS_HANDSHAKE_MS }),
      onRefused: (reason) => this.#events.onRefused(reason),
    })
    this.#stopReload = stop
    return server
  }

  readonly #onTooMany = (): void => this.#events.onRefused('too_many_connections')

  /** What is no request, or does not arrive: answered as far as possible, and the connection closed. */
  readonly #onClientError = (error: NodeJS.ErrnoException, socket: Socket): void => {
    const [status, reason] = clientErrors[error.code ?? ''] ?? BAD_REQUEST
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    this.#events.onRefused(reason)
    socket.write(
      `HTTP/1.1 ${status}\r\nContent-Type: text/plain\r\nContent-Length: ${status.length}\r\nConnection: close\r\n\r\n${status}`,
    )
    socket.destroySoon()
  }

  /**
   * Takes no more connections, lets what is under way finish, and closes the others; all of them when `abort` says so.
   * Answers must carry `Connection: close` from now on.
   */
  async stop(active: ActiveRequests, abort?: AbortSignal): Promise<void> {
    this.#stopReload?.()
    this.#stopReload = undefined
    const server = this.#server
    this.#server = undefined
    if (server === undefined) return
    const closeAll = (): void => {
      server.closeAllConnections()
      for (const connection of this.#plain) connection.destroy()
    }
    if (abort?.aborted) closeAll()
    abort?.addEventListener('abort', closeAll, { once: true })
    const closed = server.listening ? once(server, 'close') : undefined
    server.close()
    await active.drain(abort)
    // What is left never asked for anything, or not yet. The last answers leave first.
    await setImmediate()
    closeAll()
    await closed
    this.#sweep.stop()
    abort?.removeEventListener('abort', closeAll)
  }
}

const BAD_REQUEST = ['400 Bad Request', 'bad_request'] as const
const clientErrors: Readonly<Record<string, readonly [status: string, reason: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'headers_too_large'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['413 Content Too Large', 'too_large'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'header_timeout'],
}
