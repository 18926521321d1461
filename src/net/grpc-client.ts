// Unary gRPC calls by hand on node:http2: what all calls of a method have in common, compression, and where a call goes.
import { lookup } from 'node:dns/promises'
import type { OutgoingHttpHeaders } from 'node:http2'
import { RetryableError, type Settings } from '../contract/index.ts'
import { codecOf, type GrpcClientConfig } from './client-config.ts'
import { type Compress, createCompress } from './compress.ts'
import { type GrpcReply, REFUSED } from './grpc-call.ts'
import { GrpcConnections, type Surroundings } from './grpc-connections.ts'
import { type GrpcTarget, parseGrpcTarget } from './grpc-target.ts'
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
  #tls: ClientTlsOptions | undefined
  #connections: GrpcConnections | undefined
  #stopReload: (() => void) | undefined

  /** Does no I/O. `timeoutMs` is what servers are told about the time that a call has; 0 is no limit. */
  constructor(
    config: GrpcClientConfig,
    timeoutMs: number,
    settings: Settings,
    surroundings: Surroundings = { environment: process.env, lookup },
  ) {
    const target = parseGrpcTarget(config.endpoint)
    if (typeof target === 'string') throw new Error(`endpoint: ${target}`)
    this.#target = target
    this.#config = config
    this.#timeoutMs = timeoutMs
    this.#settings = settings
    this.#surroundings = surroundings
    const codec = codecOf(config.compression)
    if (codec !== undefined) this.#compress = createCompress(codec)
  }

  /** Reads certificates and begins to connect; that nobody is there yet is no failure. */
  async open(): Promise<void> {
    this.#tls = await this.#loadTls()
    const { tls, authority } = this.#config
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
      // Metadata in bytes: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
      headers[key] = key.endsWith('-bin') ? Buffer.from(value.reveal()).toString('base64') : value.reveal()
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
   */
  async unary(
    headers: OutgoingHttpHeaders,
    chunks: readonly Uint8Array[],
    sizeBytes: number,
    abort: AbortSignal,
  ): Promise<GrpcReply> {
    const connections = this.#connections!
    let request = { headers, chunks, sizeBytes, isCompressed: false }
    if (this.#compress !== undefined && sizeBytes > 0) {
      const compressed = this.#compress(chunks, sizeBytes)
      const body = Buffer.isBuffer(compressed) ? compressed : await compressed
      request = { headers, chunks: [body], sizeBytes: body.length, isCompressed: true }
    }
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
