// Posts lists of chunks to HTTP destinations: connections that stay open, bounded answers, no redirects.
import { type ClientRequest, Agent as HttpAgent, type RequestOptions, request as requestHttp } from 'node:http'
import type { AgentOptions, Agent as HttpsAgent } from 'node:https'
import type { LookupFunction } from 'node:net'
import { parseHttpUrl } from '../config/endpoint.ts'
import type { Secret } from '../config/values.ts'
import {
  type Host,
  type HttpAuthenticator,
  isHttpAuthenticator,
  isRetryable,
  type Proof,
  RetryableError,
  type Sender,
  type Settings,
} from '../contract/index.ts'
import { codecOf, type HttpClientConfig, keepaliveOf } from './client-config.ts'
import { type Compress, createCompress } from './compress.ts'
import { connectionError, isClosed } from './connection-error.ts'
import { CookieJar } from './cookies.ts'
import { type HttpReply, readReply } from './http-reply.ts'
import { sharedLookup } from './lookup.ts'
import { type Environment, proxyFor } from './proxy.ts'
import { parseRetryAfter } from './status.ts'
import { type ClientTlsOptions, keepFresh, loadClientTls, reloadIntervalOf } from './tls.ts'
import { basicOf, forwardThrough, type TunnelledRequest, tunnelThrough } from './tunnel.ts'

/** One URL with what every request to it has in common. */
export interface HttpTarget {
  readonly url: URL
  readonly request: (options: RequestOptions) => ClientRequest
  readonly options: RequestOptions
  /** Name, value, name, value…: the form that node:http writes without looking at it again. */
  readonly headers: readonly string[]
  /** Undefined: no TLS. */
  readonly secure: Secure | undefined
  readonly proxy: URL | undefined
  /** In front of each path: whom a request for http:// is for, when it goes to a proxy. Else empty. */
  readonly origin: string
}

/** What one request has instead of, or besides, what every request to its target has. */
export interface RequestDetails {
  /** `POST` unless it says otherwise. */
  readonly method?: string
  /** With its query; the target's own when not given. */
  readonly path?: string
  /** Name, value, name, value…; none that the target has. */
  readonly headers?: readonly string[]
  /** Of the batch that it carries, for authenticators that look at who sent it. */
  readonly context?: Sender
}
const NO_DETAILS: RequestDetails = {}

/** Without what is in the context: node would put all of it, whole certificates too, into the name of each connection. */
const connecting = ({ secureContext, rejectUnauthorized, servername }: ClientTlsOptions): AgentOptions => ({
  rejectUnauthorized,
  ...(secureContext !== undefined && { secureContext }),
  ...(servername !== undefined && { servername }),
})

/** A body as it goes out. */
interface Sent {
  readonly chunks: readonly Uint8Array[]
  readonly sizeBytes: number
  readonly details: RequestDetails
}

interface Secure {
  readonly https: typeof import('node:https')
  /** The latest. */
  tls: ClientTlsOptions | undefined
}

export class HttpClient {
  readonly #config: HttpClientConfig
  readonly #settings: Settings
  readonly #environment: Environment
  readonly #compress: Compress | undefined
  readonly #cookies: CookieJar | undefined
  readonly #lookup: LookupFunction
  readonly #agents = new Map<string, HttpAgent | HttpsAgent>()
  #authenticator: HttpAuthenticator | undefined
  #secure: Promise<Secure> | undefined
  #loaded: Secure | undefined
  #stopReload: (() => void) | undefined

  constructor(
    config: HttpClientConfig,
    settings: Settings,
    environment: Environment = process.env,
    lookup: LookupFunction = sharedLookup(settings.clock),
  ) {
    this.#config = config
    this.#settings = settings
    this.#environment = environment
    this.#lookup = lookup
    const codec = codecOf(config.compression)
    if (codec !== undefined) this.#compress = createCompress(codec, config.compression_params.level)
    if (config.cookies?.enabled) this.#cookies = new CookieJar(settings.clock)
  }

  /** Finds the authenticator that the config names; throws when the extension is none. */
  start(host: Pick<Host, 'extension'>): void {
    const id = this.#config.auth?.authenticator
    if (id === undefined) return
    const extension = host.extension(id)
    if (!isHttpAuthenticator(extension))
      throw new Error(`auth::authenticator: ${id} is no authenticator of HTTP clients`)
    this.#authenticator = extension
  }

  /**
   * What every request to a URL has in common. `contentType` and the like; a header of the config wins over one given here.
   * For https, and a proxy that has it, it reads certificates, for http it does not: the system's alone cost 100 ms and 5 MB.
   */
  async target(text: string, headers: Readonly<Record<string, string>>): Promise<HttpTarget> {
    const url = parseHttpUrl(text)
    const proxy = proxyFor(url, this.#config.proxy_url, this.#environment)
    const isSecure = url.protocol === 'https:'
    const loaded = isSecure || proxy?.protocol === 'https:' ? await (this.#secure ??= this.#loadTls()) : undefined
    const secure = isSecure ? loaded : undefined
    const origin = proxy === undefined || isSecure ? '' : url.origin
    const options = {
      protocol: url.protocol,
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port || (secure === undefined ? 80 : 443),
      path: origin + url.pathname + url.search,
      method: 'POST',
    }
    const request = secure?.https.request ?? requestHttp
    const all = headersOf(url, { ...headers, ...this.#contentEncoding() }, this.#config.headers)
    if (proxy !== undefined && secure === undefined) all.push(...proxyHeaders(proxy))
    return { url, request, options, headers: all, secure, proxy, origin }
  }

  /** Certificates in files are read again every `reload_interval`. */
  async #loadTls(): Promise<Secure> {
    const { tls } = this.#config
    const secure = { https: await import('node:https'), tls: await loadClientTls(tls) }
    this.#loaded = secure
    const intervalMs = reloadIntervalOf(tls)
    if (intervalMs === undefined) return secure
    const apply = (options: ClientTlsOptions | undefined): void => {
      secure.tls = options
      this.#retireAgents()
    }
    const load = () => loadClientTls(tls)
    this.#stopReload = keepFresh({ loaded: secure.tls, load, apply, intervalMs }, this.#settings)
    return secure
  }

  #contentEncoding(): Record<string, string> {
    return this.#compress === undefined ? {} : { 'content-encoding': this.#config.compression }
  }

  /**
   * Resolves with whatever the server answers. Rejects with a `RetryableError` when there is no whole answer, with a
   * `PermanentError` when it is too large, with the reason of `abort` (whose abort destroys the connection).
   * The chunks are written one after the other, never joined, and must not change until then.
   */
  async post(
    target: HttpTarget,
    chunks: readonly Uint8Array[],
    sizeBytes: number,
    abort: AbortSignal,
    details: RequestDetails = NO_DETAILS,
  ): Promise<HttpReply> {
    if (this.#compress === undefined) return this.#send(target, { chunks, sizeBytes, details }, abort)
    const compressed = this.#compress(chunks, sizeBytes)
    const body = Buffer.isBuffer(compressed) ? compressed : await compressed
    return this.#send(target, { chunks: [body], sizeBytes: body.length, details }, abort)
  }

  #send(target: HttpTarget, sent: Sent, abort: AbortSignal): Promise<HttpReply> {
    return this.#authenticator === undefined
      ? this.#attempt(target, sent, abort, true)
      : this.#sendAs(this.#authenticator, target, sent, abort)
  }

  async #sendAs(who: HttpAuthenticator, target: HttpTarget, sent: Sent, abort: AbortSignal): Promise<HttpReply> {
    const { details, chunks } = sent
    const url = details.path === undefined ? target.url : new URL(details.path, target.url)
    const method = details.method ?? 'POST'
    for (let mended = 0; ; mended++) {
      const headers = byName([...target.headers, ...(details.headers ?? [])])
      const proof = await who.authenticate({ method, url, headers, chunks, context: details.context }, abort)
      const proven = { ...target, headers: without(target.headers, proof) }
      const own = [...without(details.headers ?? [], proof), ...given(proof)]
      const reply = await this.#attempt(proven, { ...sent, details: { ...details, headers: own } }, abort, true)
      const { status, body } = reply
      if (status < 400 || status > 499) return reply
      const refusal = { url, status, headers: reply.headers, body, proof }
      if (mended < MAX_MENDED && (await who.mend?.(refusal, abort))) continue
      if (status === 401 && who.renews) throw this.#refused(url, reply)
      return reply
    }
  }

  #refused({ host }: URL, { retryAfter }: HttpReply): RetryableError {
    const waitMs = parseRetryAfter(retryAfter, this.#settings.clock.now())
    const message = `HTTP 401: ${host} refuses what ${this.#config.auth?.authenticator} proves, which may be renewed`
    return new RetryableError(message, { reason: 'http_401', ...(waitMs !== undefined && { waitMs }) })
  }

  #attempt(target: HttpTarget, sent: Sent, abort: AbortSignal, mayRepeat: boolean): Promise<HttpReply> {
    return new Promise<HttpReply>((resolve, reject) => {
      if (abort.aborted) return reject(abort.reason)
      const request = this.#open(target, sent, abort)
      const directly = target.secure === undefined ? target.proxy : undefined
      const stop = (): void => {
        settle(() => reject(abort.reason))
        request.destroy()
      }
      let isSettled = false
      const settle = (how: () => void): void => {
        if (isSettled) return
        isSettled = true
        abort.removeEventListener('abort', stop)
        how()
      }
      abort.addEventListener('abort', stop, { once: true })
      request.on('error', (error) => {
        settle(() => {
          // The server closed an idle connection while we wrote to it: that is no failure, a fresh one will do.
          if (mayRepeat && request.reusedSocket && isClosed(error))
            this.#attempt(target, sent, abort, false).then(resolve, reject)
          else reject(connectionError(error, target.url.host, directly))
        })
      })
      // Whatever else may end a request (an upgrade that nobody asked for): the promise never stays open.
      const onClose = (): void =>
        settle(() => reject(connectionError(new Error('no answer'), target.url.host, directly)))
      request.on('close', onClose)
      request.on('response', (response) => {
        request.off('close', onClose)
        this.#cookies?.take(target.url, response.headers['set-cookie'])
        readReply(request, response, (reply) =>
          settle(() => {
            if (!(reply instanceof Error)) resolve(reply)
            else reject(isRetryable(reply) ? connectionError(reply, target.url.host, directly) : reply)
          }),
        )
      })
      request.cork()
      for (const chunk of sent.chunks) request.write(chunk)
      request.end()
    })
  }

  #open(
    target: HttpTarget,
    { sizeBytes, details: { method, path, headers: own } }: Sent,
    abort: AbortSignal,
  ): ClientRequest {
    const headers = [...target.headers, 'content-length', String(sizeBytes)]
    if (own !== undefined) headers.push(...own)
    const cookie = this.#cookies?.headerFor(target.url)
    if (cookie !== undefined) headers.push('cookie', cookie)
    const options: TunnelledRequest = { ...target.options, agent: this.#agentOf(target), headers }
    if (target.proxy !== undefined && target.secure !== undefined) options.tunnelAbort = abort
    if (method !== undefined) options.method = method
    if (path !== undefined) options.path = target.origin + path
    return target.request(options)
  }

  /** Connections are shared by what goes to the same kind of place. */
  #agentOf({ secure, proxy }: HttpTarget): HttpAgent | HttpsAgent {
    const key = `${secure !== undefined} ${proxy?.href}`
    let agent = this.#agents.get(key)
    if (agent === undefined) this.#agents.set(key, (agent = this.#createAgent(secure, proxy)))
    return agent
  }

  #createAgent(secure: Secure | undefined, proxy: URL | undefined): HttpAgent | HttpsAgent {
    const keepalive = keepaliveOf(this.#config)
    const maxIdle = keepalive.maxIdle || Number.POSITIVE_INFINITY
    const options = {
      keepAlive: keepalive.isOn,
      // TCP keep-alive as in Go: a peer that vanished is found in 15 s and then some (F25).
      keepAliveMsecs: 15_000,
      maxSockets: this.#config.max_conns_per_host || Number.POSITIVE_INFINITY,
      maxFreeSockets: Math.min(keepalive.maxIdlePerHost || Number.POSITIVE_INFINITY, maxIdle),
      lookup: this.#lookup,
      ...(keepalive.idleTimeoutMs > 0 && { timeout: keepalive.idleTimeoutMs }),
    }
    const path = { lookup: this.#lookup, tls: this.#loaded?.tls }
    if (secure === undefined) {
      const agent = new HttpAgent(options)
      if (proxy !== undefined) forwardThrough(agent, proxy, path)
      return agent
    }
    const agent = new secure.https.Agent({ ...options, ...(secure.tls && connecting(secure.tls)) })
    if (proxy !== undefined) tunnelThrough(agent, () => proxy, path)
    return agent
  }

  close(): void {
    this.#stopReload?.()
    this.#closeAgents()
  }

  #closeAgents(): void {
    for (const agent of this.#agents.values()) agent.destroy()
    this.#agents.clear()
  }

  /** New connections begin with the new certificates; those in use end with their request. */
  #retireAgents(): void {
    for (const agent of this.#agents.values()) {
      agent.maxFreeSockets = 0
      for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy()
    }
    this.#agents.clear()
  }
}

/** Once for the clock, once for the token. */
const MAX_MENDED = 2

/** Of a list of names and values. */
function byName(list: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {}
  for (let i = 0; i < list.length; i += 2) headers[list[i]!.toLowerCase()] = list[i + 1]!
  return headers
}

/** Names and values in turn. */
const given = (proof: Proof): string[] =>
  Object.entries(proof).flatMap(([name, value]) => (value === undefined ? [] : [name, value]))

/** What the proof says nothing about. */
const without = (list: readonly string[], others: Proof): string[] =>
  list.filter((_, index) => !Object.hasOwn(others, list[index - (index % 2)]!.toLowerCase()))

/** `host` first; what the config says replaces what the caller says, and that what the URL says. */
function headersOf(
  url: URL,
  own: Readonly<Record<string, string>>,
  configured: Readonly<Record<string, Secret>>,
): string[] {
  const headers = new Map<string, readonly [name: string, value: string]>([['host', ['host', url.host]]])
  const add = (name: string, value: string): unknown => headers.set(name.toLowerCase(), [name, value])
  if (url.username !== '' || url.password !== '') add('authorization', basicOf(url))
  for (const [name, value] of Object.entries(own)) add(name, value)
  for (const [name, value] of Object.entries(configured)) add(name, value.reveal())
  return [...headers.values()].flat()
}

/** A request for an http URL goes to the proxy itself; for https the agent asks the proxy for a tunnel. */
const proxyHeaders = (proxy: URL): string[] =>
  proxy.username === '' && proxy.password === '' ? [] : ['proxy-authorization', basicOf(proxy)]
