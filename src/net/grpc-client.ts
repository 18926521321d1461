// Unary gRPC calls by hand on node:http2: what all calls of a method have in common, compression, and where a call goes.
import type { OutgoingHttpHeaders } from 'node:http2'
import {
  type GrpcAuthenticator,
  type Host,
  isGrpcAuthenticator,
  type Proof,
  RetryableError,
  type Sender,
  type Settings,
} from '../contract/index.ts'
import { type GrpcClientConfig, grpcCodecOf } from './client-config.ts'
import { type Compress, createCompress } from './compress.ts'
import { type GrpcReply, type GrpcRequest, REFUSED } from './grpc-call.ts'
import { GrpcConnections, type Surroundings } from './grpc-connections.ts'
import { type GrpcTarget, parseGrpcTarget } from './grpc-target.ts'
import { sharedLookup } from './lookup.ts'
import { GRPC, type Status } from './status.ts'
import { type ClientTlsOptions, keepFresh, loadClientTls, reloadIntervalOf } from './tls.ts'
import { userAgentOf } from './user-agent.ts'

/** A call that no server has looked at goes out again at once, this often; then it is delivery's to wait. */
const MAX_REFUSALS = 3

export class GrpcClient {
  readonly #config: GrpcClientConfig
  readonly #settings: Settings
  readonly #target: GrpcTarget
  readonly #timeoutMs: number
  readonly #surroundings: Surroundings
  readonly #compress: Compress | undefined
  #authenticator: GrpcAuthenticator | undefined
  #tls: ClientTlsOptions | undefined
  #connections: GrpcConnections | undefined
  #stopReload: (() => void) | undefined

  /** Does no I/O. `timeoutMs` is what servers are told about the time that a call has; 0 is no limit. */
  constructor(
    config: GrpcClientConfig,
    timeoutMs: number,
    settings: Settings,
    surroundings: Surroundings = { environment: process.env, lookup: sharedLookup(settings.clock) },
  ) {
    const target = parseGrpcTarget(config.endpoint)
    if (typeof target === 'string') throw new Error(`endpoint: ${target}`)
    this.#target = target
    this.#config = config
    this.#timeoutMs = timeoutMs
    this.#settings = settings
    this.#surroundings = surroundings
    const codec = grpcCodecOf(config.compression)
    if (codec !== undefined) this.#compress = createCompress(codec)
  }

  /** Finds the authenticator that the config names; throws when the extension is none. Before `open`. */
  start(host: Pick<Host, 'extension'>): void {
    const id = this.#config.auth?.authenticator
    if (id === undefined) return
    const extension = host.extension(id)
    if (!isGrpcAuthenticator(extension))
      throw new Error(`auth::authenticator: ${id} is no authenticator of gRPC clients`)
    this.#authenticator = extension
  }

  /** Reads certificates and begins to connect; that nobody is there yet is no failure. */
  async open(): Promise<void> {
    this.#tls = await this.#loadTls()
    const { tls, authority } = this.#config
    // As in Go's gRPC.
    if (this.#authenticator?.needsTls && this.#tls === undefined)
      throw new Error('auth::authenticator: what it sends is secret and needs TLS: remove tls::insecure')
    if (this.#target.scheme === 'http' && this.#tls !== undefined)
      this.#settings.log.warn('TLS is used although the endpoint begins with http://: see tls::insecure')
    this.#connections = new GrpcConnections({
      target: this.#target,
      config: this.#config,
      settings: this.#settings,
      ...this.#surroundings,
      serverName: authority === '' ? this.#target.host || 'localhost' : authority.replace(/:\d+$/, ''),
      tls: () => this.#tls,
    })
    this.#connections.begin()
    const intervalMs = reloadIntervalOf(tls)
    if (intervalMs === undefined) return
    const apply = (options: ClientTlsOptions | undefined): void => {
      this.#tls = options
    }
    this.#stopReload = keepFresh({ loaded: this.#tls, load: () => this.#loadTls(), apply, intervalMs }, this.#settings)
  }

  /** As in Go: `insecure` without a CA is plain text, but an https endpoint never is. */
  async #loadTls(): Promise<ClientTlsOptions | undefined> {
    const options = await loadClientTls(this.#config.tls)
    return options ?? (this.#target.scheme === 'https' ? { rejectUnauthorized: true } : undefined)
  }

  /** After `open`: the headers of every call of that method. */
  method(path: string): OutgoingHttpHeaders {
    const { authority, compression, headers: configured, user_agent } = this.#config
    const headers: OutgoingHttpHeaders = {
      ':method': 'POST',
      ':scheme': this.#tls === undefined ? 'http' : 'https',
      ':path': path,
      ':authority': authority === '' ? this.#target.authority : authority,
      'user-agent': user_agent === '' ? userAgentOf(this.#settings.agent) : user_agent,
    }
    for (const [name, value] of Object.entries(configured)) {
      const key = name.toLowerCase()
      headers[key] = metadataValue(key, value.reveal())
    }
    headers['content-type'] = 'application/grpc'
    headers.te = 'trailers'
    headers['grpc-accept-encoding'] = 'identity,gzip,zstd'
    if (this.#compress !== undefined) headers['grpc-encoding'] = compression
    if (this.#timeoutMs > 0) headers['grpc-timeout'] = timeoutText(this.#timeoutMs)
    return headers
  }

  /**
   * Resolves with whatever status the server answers. Rejects with a `RetryableError` when no answer came, with a
   * `PermanentError` when it is too large, with the reason of `abort`. The chunks are written as they are, never joined.
   * `context` is of the batch that goes out.
   */
  async unary(
    headers: OutgoingHttpHeaders,
    chunks: readonly Uint8Array[],
    sizeBytes: number,
    abort: AbortSignal,
    context?: Sender,
  ): Promise<GrpcReply> {
    const request = await this.#requestOf(headers, chunks, sizeBytes)
    return this.#authenticator === undefined
      ? this.#attempt(request, abort)
      : this.#attemptAs(this.#authenticator, request, abort, context)
  }

  async #requestOf(
    headers: OutgoingHttpHeaders,
    chunks: readonly Uint8Array[],
    sizeBytes: number,
  ): Promise<GrpcRequest> {
    if (this.#compress === undefined || sizeBytes === 0) return { headers, chunks, sizeBytes, isCompressed: false }
    const body = await this.#compress(chunks, sizeBytes)
    return { headers, chunks: [body], sizeBytes: body.length, isCompressed: true }
  }

  async #attemptAs(
    who: GrpcAuthenticator,
    request: GrpcRequest,
    abort: AbortSignal,
    context: Sender | undefined,
  ): Promise<GrpcReply> {
    const attempt = { path: String(request.headers[':path']), metadata: metadataOf(request.headers), context }
    for (let mended = false; ; mended = true) {
      const proof = await who.authenticateCall(attempt, abort)
      const reply = await this.#attempt({ ...request, headers: withProof(request.headers, proof) }, abort)
      if (reply.status.code !== GRPC.UNAUTHENTICATED) return reply
      if (!mended && (await who.mendCall?.(proof, abort))) continue
      if (who.renews) throw this.#refused(reply.status)
      return reply
    }
  }

  #refused({ retryDelayMs: waitMs }: Status): RetryableError {
    const { endpoint, auth } = this.#config
    const message = `UNAUTHENTICATED: ${endpoint} refuses what ${auth?.authenticator} proves, which may be renewed`
    return new RetryableError(message, { reason: 'grpc_unauthenticated', ...(waitMs !== undefined && { waitMs }) })
  }

  async #attempt(request: GrpcRequest, abort: AbortSignal): Promise<GrpcReply> {
    const connections = this.#connections!
    for (let refusals = 0; refusals < MAX_REFUSALS; refusals++) {
      const connection = connections.pick() ?? (await connections.wait(abort))
      const reply = await connection.call(request, abort)
      if (reply !== REFUSED) return reply
    }
    throw new RetryableError('the server refuses every stream', { reason: 'connection_error' })
  }

  close(): void {
    this.#stopReload?.()
    this.#connections?.close()
  }
}

/** Timeout = 1 to 8 digits and a unit: m is milliseconds, S seconds. */
const timeoutText = (ms: number): string =>
  ms < 1e8 ? `${Math.ceil(ms)}m` : `${Math.min(99_999_999, Math.ceil(ms / 1000))}S`

/** Without pseudo headers. */
function metadataOf(headers: OutgoingHttpHeaders): Record<string, string> {
  const metadata: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) if (!name.startsWith(':')) metadata[name] = String(value)
  return metadata
}

function withProof(headers: OutgoingHttpHeaders, proof: Proof): OutgoingHttpHeaders {
  const all = { ...headers }
  for (const [name, value] of Object.entries(proof)) {
    if (value === undefined) delete all[name]
    else all[name] = metadataValue(name, value)
  }
  return all
}

/** Metadata in bytes: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md */
const metadataValue = (name: string, value: string): string =>
  name.endsWith('-bin') ? Buffer.from(value).toString('base64') : value
