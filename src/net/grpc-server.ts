// A server of unary gRPC calls with the collector's settings.
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type * as v from 'valibot'
import { optional, section, setting } from '../config/schema.ts'
import { duration, flag, integer } from '../config/values.ts'
import type { Clock, IncomingHead, Logger } from '../contract/index.ts'
import { type Authenticate, grpcServerAuth } from './authentication.ts'
import { limitConnections } from './connection-limit.ts'
import { cutOffLogger } from './cut-off-log.ts'
import type { GrpcDesk, GrpcMethod } from './grpc-server-call.ts'
import { GrpcConnection, type Keepalive } from './grpc-server-connection.ts'
import type { ConnectionLimits } from './http2/connection.ts'
import { type Address, addressEntries, listen, logAcceptErrors } from './listen.ts'
import { notYet } from './not-yet.ts'
import { Sweep } from './sweep.ts'
import { createSecureServer, serverTls } from './tls.ts'

const keepaliveSettings = section({
  server_parameters: optional(
    section({
      max_connection_idle: optional(duration, 'A connection without calls for that long is closed. Default: never.'),
      max_connection_age: optional(duration, 'A connection that old, give or take a tenth, is closed. Default: never.'),
      max_connection_age_grace: optional(duration, 'What the calls under way then still get. Default: no limit.'),
      time: setting(duration, '2h', 'After that long a silence the client is asked whether it is there.'),
      timeout: setting(duration, '20s', 'How long it then has to answer.'),
    }),
    'How long connections live, and how dead ones are found.',
  ),
  enforcement_policy: optional(
    section({
      min_time: setting(
        duration,
        '5m',
        'A client that asks more often than that whether we are there is disconnected.',
      ),
      permit_without_stream: setting(flag, false, 'Whether it may ask while it has no calls.'),
    }),
    'How often a client may ask whether the server is there.',
  ),
})

/** The collector's settings of a gRPC server. */
export const grpcServerEntries = (defaultEndpoint: string) => ({
  ...addressEntries(defaultEndpoint),
  tls: optional(serverTls, 'Certificate and limits of TLS; without it the connection is plain.'),
  keepalive: optional(keepaliveSettings, 'How long connections live.'),
  auth: grpcServerAuth,
  middlewares: notYet('middlewares'),
  max_recv_msg_size_mib: setting(
    integer(0, 1024),
    0,
    'MiB that a message may have, before and after decompression; 0 is 4.',
  ),
  max_concurrent_streams: setting(integer(0, 2 ** 32 - 1), 0, 'Calls that a connection may have at once; 0 is 100.'),
  read_buffer_size: optional(integer(), 'Accepted for files of the collector; reads are as large as what has come.'),
  write_buffer_size: optional(integer(), 'Accepted for files of the collector; answers leave at once, together.'),
  include_metadata: setting(flag, false, "Hands the call's metadata on, for processors that read client metadata."),
})

export interface GrpcServerConfig extends Address {
  readonly tls?: v.InferOutput<typeof serverTls> | undefined
  readonly keepalive?: v.InferOutput<typeof keepaliveSettings> | undefined
  readonly max_recv_msg_size_mib: number
  readonly max_concurrent_streams: number
  readonly include_metadata: boolean
}

const DEFAULT_MESSAGE_MIB = 4
const DEFAULT_STREAMS = 100
/** Limits that the collector does not have. */
const MAX_HEADER_BYTES = 16 * 1024
const TLS_HANDSHAKE_MS = 10_000
const TCP_KEEPALIVE_MS = 15_000

export class GrpcServer {
  readonly #config: GrpcServerConfig
  readonly #settings: { readonly clock: Clock; readonly log: Logger }
  readonly #desk: GrpcDesk
  readonly #limits: ConnectionLimits
  readonly #keepalive: Keepalive
  readonly #connections = new Set<GrpcConnection>()
  readonly #sweep: Sweep
  #server: Server | undefined
  #stopReload: (() => void) | undefined

  constructor(
    config: GrpcServerConfig,
    settings: { readonly clock: Clock; readonly log: Logger },
    of: {
      readonly methods: ReadonlyMap<string, GrpcMethod>
      /** Undefined: everybody may call. */
      readonly authenticate: Authenticate<IncomingHead> | undefined
      onRefused(reason: string): void
    },
  ) {
    this.#config = config
    this.#settings = settings
    this.#sweep = new Sweep(settings.clock)
    this.#keepalive = keepaliveOf(config.keepalive)
    const maxMessageBytes = (config.max_recv_msg_size_mib || DEFAULT_MESSAGE_MIB) * 2 ** 20
    this.#desk = {
      ...of,
      maxMessageBytes,
      clock: settings.clock,
      onCutOff: cutOffLogger('a client broke the rules of HTTP/2', settings),
      onFault: faultLogger(settings),
    }
    this.#limits = {
      maxStreams: config.max_concurrent_streams || DEFAULT_STREAMS,
      maxHeaderListBytes: MAX_HEADER_BYTES,
      keepsHeaders: config.include_metadata || of.authenticate !== undefined,
    }
  }

  /** Returns where it listens: `grpc://127.0.0.1:4317`, `grpcs:` under TLS. */
  async start(): Promise<string> {
    const { tls } = this.#config
    const server = tls === undefined ? createServer(TCP, this.#onConnection) : await this.#createTlsServer(tls)
    this.#server = server
    limitConnections(server, {
      sparable: () => this.#connections,
      onRefused: () => this.#desk.onRefused('too_many_connections'),
    })
    const where = await listen(server, this.#config)
    logAcceptErrors(server, this.#settings)
    return `${tls === undefined ? 'grpc' : 'grpcs'}://${where}`
  }

  async #createTlsServer(tls: v.InferOutput<typeof serverTls>): Promise<Server> {
    const options = { ...TCP, ALPNProtocols: ['h2'], handshakeTimeout: TLS_HANDSHAKE_MS }
    const { server, stop } = await createSecureServer(tls, this.#settings, {
      create: (loaded) => createTlsServer({ ...options, ...loaded }, this.#onConnection),
      onRefused: (reason) => this.#desk.onRefused(reason),
    })
    this.#stopReload = stop
    return server
  }

  readonly #onConnection = (socket: Socket): void => {
    const connection = new GrpcConnection(socket, this.#desk, this.#limits, this.#keepalive, this.#onClosed)
    this.#connections.add(connection)
    this.#sweep.add(connection)
  }

  readonly #onClosed = (connection: GrpcConnection): void => {
    this.#connections.delete(connection)
    this.#sweep.delete(connection)
  }

  /** Takes no more calls, lets those under way finish, and closes the connections; at once when `abort` says so. */
  async stop(abort?: AbortSignal): Promise<void> {
    this.#stopReload?.()
    this.#stopReload = undefined
    const server = this.#server
    this.#server = undefined
    if (server === undefined) return
    const closeAll = (): void => {
      for (const connection of this.#connections) connection.close()
    }
    const closed = server.listening ? once(server, 'close') : undefined
    server.close()
    for (const connection of this.#connections) connection.drain()
    if (abort?.aborted) closeAll()
    abort?.addEventListener('abort', closeAll, { once: true })
    await closed
    abort?.removeEventListener('abort', closeAll)
    this.#sweep.stop()
  }
}

const faultLogger =
  ({ log }: { readonly log: Logger }) =>
  (error: unknown): void =>
    log.error('a mistake in this agent ended a connection', {
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })

const TCP = { noDelay: true, keepAlive: true, keepAliveInitialDelay: TCP_KEEPALIVE_MS } as const

function keepaliveOf(config: GrpcServerConfig['keepalive']): Keepalive {
  const { server_parameters: server, enforcement_policy: policy } = config ?? {}
  return {
    maxIdleMs: server?.max_connection_idle || Infinity,
    maxAgeMs: server?.max_connection_age || Infinity,
    maxAgeGraceMs: server?.max_connection_age_grace || Infinity,
    timeMs: server?.time || 2 * 3_600_000,
    timeoutMs: server?.timeout || 20_000,
    minTimeMs: policy?.min_time || 5 * 60_000,
    permitsWithoutStream: policy?.permit_without_stream ?? false,
  }
}
