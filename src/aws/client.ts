// Calls one AWS API. Bodies are the caller's bytes; retries are the caller's delivery, but for what only the client can mend.
import * as v from 'valibot'
import { section } from '../config/schema.ts'
import { messageOf, PermanentError, RetryableError, type Settings, ShutdownError } from '../contract/index.ts'
import { type HttpClientConfig, httpClientSettings } from '../net/client-config.ts'
import { HttpClient, type HttpTarget } from '../net/http-client.ts'
import type { HttpReply } from '../net/http-reply.ts'
import { userAgentOf } from '../net/user-agent.ts'
import { errorOfAnswer, parseAnswer } from './answer.ts'
import { type AwsApi, type AwsCall, AwsError, type AwsProtocol } from './api.ts'
import { type AwsConfig, noteAwsWithoutEffect } from './config.ts'
import { mayBeAboutTime } from './refusal.ts'
import { AwsSession, type SessionOptions } from './session.ts'
import { type Credentials, hashPayload } from './sign.ts'

export type AwsClientOptions = SessionOptions

export class AwsClient {
  readonly #api: AwsApi
  readonly #config: AwsConfig
  readonly #settings: Settings
  readonly #session: AwsSession
  readonly #http: HttpClient
  readonly #headers: Readonly<Record<string, string>>
  #endpoint: URL | undefined
  /** By origin and path. */
  readonly #targets = new Map<string, Promise<HttpTarget>>()

  constructor(api: AwsApi, config: AwsConfig, settings: Settings, options: AwsClientOptions = {}) {
    this.#api = api
    this.#config = config
    this.#settings = settings
    this.#session = new AwsSession(config, settings, options)
    this.#http = new HttpClient(httpConfigOf(config), settings, options.environment)
    this.#headers = { 'user-agent': userAgentOf(settings.agent), ...typeOf(api.protocol) }
  }

  /** Finds region and endpoint. Rejects when there is no region, or a file of certificates cannot be read. */
  async start(): Promise<void> {
    noteAwsWithoutEffect(this.#config, this.#api.signingName, this.#settings.log)
    await this.#session.start()
    this.#endpoint = this.#session.endpoint(this.#api)
    await this.#targetOf(this.#endpoint).catch((error: unknown) => {
      throw new Error(inOurWords(messageOf(error)), { cause: error })
    })
  }

  get region(): string {
    return this.#session.region
  }
  /** Where calls go, for logs. */
  get host(): string {
    return this.#endpoint?.host ?? ''
  }
  /** Who it calls as; started with the client. */
  get session(): AwsSession {
    return this.#session
  }

  /**
   * Resolves with the parsed answer of a 2xx; rejects with an `AwsError`, or with the reason of `abort`. It sends again by
   * itself only what it has mended: once with the right time, once with other credentials.
   */
  call(call: AwsCall, abort: AbortSignal): Promise<unknown> {
    return this.#limited(abort, async (signal) => parseAnswer(await this.#call(call, signal), this.#api.protocol))
  }

  /** As `call`, but resolves with the body as it is: objects of S3 are what their owner likes. */
  read(call: AwsCall, abort: AbortSignal): Promise<Buffer> {
    return this.#limited(abort, async (signal) => (await this.#call(call, signal)).body)
  }

  async #limited<T>(abort: AbortSignal, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal, end } = limited(abort, this.#config.request_timeout_seconds * 1000, this.#settings)
    try {
      return await run(signal)
    } catch (error) {
      throw asAwsError(error)
    } finally {
      end()
    }
  }

  async #call(call: AwsCall, abort: AbortSignal): Promise<HttpReply> {
    const session = this.#session
    const target = await this.#targetOf(call.endpoint ?? this.#endpoint!)
    const request = this.#requestOf(call, target.url)
    let credentials = await session.credentials(abort)
    let isClockMended = false
    let areCredentialsMended = false
    for (;;) {
      const reply = await this.#attempt(target, request, credentials, abort)
      if (reply.status >= 200 && reply.status <= 299) return reply
      const error = errorOfAnswer(reply, target.url.host, session.now())
      if (!isClockMended && mayBeAboutTime(error) && session.correctClock(reply.headers.date)) {
        isClockMended = true
        continue
      }
      if (error.refusal !== 'credentials' || areCredentialsMended) throw error
      areCredentialsMended = true
      const others = await session.renew(credentials, abort)
      if (others === credentials) throw error
      credentials = others
    }
  }

  #targetOf(endpoint: URL): Promise<HttpTarget> {
    const targets = this.#targets
    let target = targets.get(endpoint.href)
    if (target === undefined) {
      if (targets.size >= MAX_TARGETS) targets.clear()
      target = this.#http.target(endpoint.href, this.#headers)
      targets.set(endpoint.href, target)
      target.catch(() => targets.delete(endpoint.href))
    }
    return target
  }

  #requestOf(call: AwsCall, { pathname }: URL): Request {
    const { operation, method = 'POST', chunks, sizeBytes, headers: own, payloadHash } = call
    const { protocol } = this.#api
    const base = pathname.replace(/\/$/, '')
    const headers: Record<string, string> = { ...own }
    switch (protocol.type) {
      case 'json':
        headers['x-amz-target'] = `${protocol.targetPrefix}.${operation}`
        return { method, path: `${base}/`, headers, chunks, sizeBytes, hash: payloadHash ?? hashPayload(chunks) }
      case 'rest-json':
      case 'rest-xml':
        return { method, path: base + operation, headers, chunks, sizeBytes, hash: payloadHash ?? hashPayload(chunks) }
      case 'query': {
        const action = Buffer.from(`Action=${operation}&Version=${protocol.version}`)
        const body = sizeBytes === 0 ? [action] : [action, AMPERSAND, ...chunks]
        const size = body.reduce((sum, chunk) => sum + chunk.length, 0)
        return { method, path: `${base}/`, headers, chunks: body, sizeBytes: size, hash: hashPayload(body) }
      }
    }
  }

  #attempt(target: HttpTarget, request: Request, credentials: Credentials, abort: AbortSignal): Promise<HttpReply> {
    const { method, path, headers, chunks, sizeBytes, hash } = request
    const [pathname = '', query = ''] = path.split('?', 2)
    const signable = {
      method,
      path: pathname,
      query,
      headers: { ...this.#headers, ...headers, host: target.url.host },
      payloadHash: hash,
    }
    const signature = this.#session.sign(signable, credentials, this.#api.signingName)
    const added = Object.entries({ ...headers, ...signature }).flat()
    return this.#http.post(target, chunks, sizeBytes, abort, { method, path, headers: added })
  }

  close(): void {
    this.#session.close()
    this.#http.close()
  }
}

interface Request {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly chunks: readonly Uint8Array[]
  readonly sizeBytes: number
  readonly hash: string
}

/** Buckets whose names come from attributes may be many. */
const MAX_TARGETS = 1000

const AMPERSAND = Buffer.from('&')

function typeOf(protocol: AwsProtocol): Record<string, string> {
  switch (protocol.type) {
    case 'json':
      return { 'content-type': `application/x-amz-json-${protocol.version}` }
    case 'rest-json':
      return { 'content-type': 'application/json' }
    case 'query':
      return { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }
    case 'rest-xml':
      return {}
  }
}

const httpSection = section(httpClientSettings({ compression: '' }))

/** The settings of our HTTP client that those of AWS components stand for. */
export const httpConfigOf = (config: AwsConfig): HttpClientConfig =>
  v.parse(httpSection, {
    proxy_url: config.proxy_address,
    tls: {
      insecure_skip_verify: config.no_verify_ssl,
      ...(config.certificate_file_path !== '' && { ca_file: config.certificate_file_path }),
    },
    keepalive: { max_idle_conns_per_host: config.num_workers },
  })

/** The HTTP client names its own settings; AWS components have other names for them. */
const inOurWords = (message: string): string => message.replaceAll('tls::ca_file', 'certificate_file_path')

/** `abort`, or the time limit of one call; 0 is none. */
function limited(abort: AbortSignal, limitMs: number, { clock }: Pick<Settings, 'clock'>) {
  if (limitMs === 0) return { signal: abort, end: () => {} }
  const controller = new AbortController()
  const stop = (): void => controller.abort(abort.reason)
  if (abort.aborted) stop()
  abort.addEventListener('abort', stop, { once: true })
  const cancel = clock.after(limitMs, () => {
    controller.abort(new AwsError('transient', 'RequestTimeout', `no answer within ${limitMs / 1000} s`))
  })
  return {
    signal: controller.signal,
    end: (): void => {
      cancel()
      abort.removeEventListener('abort', stop)
    },
  }
}

/** What broke the connection is transient, an answer that is too large is final; an abort keeps its reason. */
function asAwsError(error: unknown): unknown {
  if (error instanceof AwsError || error instanceof ShutdownError) return error
  if (error instanceof RetryableError && error.reason === 'connection_error')
    return new AwsError('transient', 'ConnectionError', inOurWords(error.message))
  if (error instanceof PermanentError) return new AwsError('invalid', 'UnreadableAnswer', messageOf(error))
  return error
}
