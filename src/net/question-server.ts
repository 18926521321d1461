// A server that only answers questions, for pages about the agent itself: GET and HEAD, no bodies, with the collector's
// settings of an HTTP server.
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type * as v from 'valibot'
import type { section } from '../config/schema.ts'
import type { Host, Settings } from '../contract/index.ts'
import { ActiveRequests } from './active-requests.ts'
import { guarded, httpAuthentication } from './authentication.ts'
import { type Cors, createCors } from './cors.ts'
import { HttpServer, type httpServerEntries } from './http-server.ts'
import { noticeSettingsWithoutEffect } from './no-effect.ts'

export type QuestionServerConfig = v.InferOutput<ReturnType<typeof section<ReturnType<typeof httpServerEntries>>>>

export interface Question {
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  /** Aborted when nobody waits for the answer any more. */
  readonly abort: AbortSignal
}

export interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string | Uint8Array
  readonly headers?: readonly string[]
}

export const plainAnswer = (status: number, text: string): Answer => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: `${text}\n`,
})

const DEFAULT_MAX_BODY_BYTES = 20 * 1024 * 1024
/** A body that may follow is not read: the connection ends with the answer. */
const REFUSED = ['Allow', 'GET, HEAD', 'Connection', 'close']

export class QuestionServer {
  readonly #config: QuestionServerConfig
  readonly #settings: Settings
  readonly #answer: (question: Question) => Answer | Promise<Answer>
  readonly #active = new ActiveRequests()
  readonly #cors: Cors | undefined
  readonly #extraHeaders: readonly string[]
  readonly #stopping = new AbortController()
  #server: HttpServer | undefined

  constructor(
    config: QuestionServerConfig,
    settings: Settings,
    answer: (question: Question) => Answer | Promise<Answer>,
  ) {
    this.#config = config
    this.#settings = settings
    this.#answer = answer
    this.#cors = config.cors === undefined ? undefined : createCors(config.cors)
    this.#extraHeaders = config.response_headers.flatMap(([name, value]) => [name, value.reveal()])
  }

  /** Returns where it listens: `http://127.0.0.1:13133`. */
  async start(host: Pick<Host, 'extension'>): Promise<string> {
    const { log } = this.#settings
    noticeSettingsWithoutEffect(this.#config, '', log)
    if (this.#config.include_metadata)
      log.warn('setting does nothing: no pipeline sees a question', { setting: 'include_metadata' })
    const onRefused = (reason: string): void => log.debug('request turned away', { reason })
    const handle = guarded(
      httpAuthentication(host, this.#config.auth),
      (request, response) => this.#handle(request, response),
      { onRefused, headersOf: (request) => this.#commonHeaders(request) },
    )
    this.#server = new HttpServer(this.#config, this.#settings, { handle, onRefused })
    return this.#server.start()
  }

  async stop(abort?: AbortSignal): Promise<void> {
    this.#stopping.abort()
    await this.#server?.stop(this.#active, abort)
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    this.#active.enter()
    const gone = new AbortController()
    response.once('close', () => {
      this.#active.leave()
      gone.abort()
    })
    const { write_timeout, keep_alives_enabled } = this.#config
    if (write_timeout > 0) response.setTimeout(write_timeout, () => response.destroy())
    if (!keep_alives_enabled || this.#active.isStopping) response.shouldKeepAlive = false
    const { headers, method, url = '' } = request
    if (this.#cors !== undefined && method === 'OPTIONS' && headers['access-control-request-method'] !== undefined) {
      response.writeHead(204, [...this.#cors.preflight(headers), ...this.#extraHeaders])
      response.end()
      return
    }
    const refusal = this.#refusalOf(request)
    if (refusal !== undefined) return this.#send(request, response, { ...refusal, headers: REFUSED })
    const abort = AbortSignal.any([gone.signal, this.#stopping.signal])
    const question = { path: pathOf(url), query: queryOf(url), headers, abort }
    Promise.try(this.#answer, question).then(
      (answer) => this.#send(request, response, answer),
      (error) => {
        this.#settings.log.warn('a question could not be answered', { path: question.path, error })
        this.#send(request, response, plainAnswer(500, 'this could not be answered; see the log'))
      },
    )
  }

  /** Only GET and HEAD are questions, and a question has no body. */
  #refusalOf({ method, headers }: IncomingMessage): Answer | undefined {
    if (method !== 'GET' && method !== 'HEAD') return plainAnswer(405, 'use GET')
    const limit = this.#config.max_request_body_size || DEFAULT_MAX_BODY_BYTES
    if (Number(headers['content-length'] ?? 0) > limit) return plainAnswer(413, 'a question has no body')
    const encoding = headers['content-encoding'] ?? ''
    if (!this.#config.compression_algorithms.some((one) => one === encoding))
      return plainAnswer(415, `cannot read ${encoding}`)
    return undefined
  }

  #send(request: IncomingMessage, response: ServerResponse, { status, type, body, headers = [] }: Answer): void {
    if (response.destroyed) return
    const bytes = Buffer.from(body)
    response.writeHead(status, [
      'Content-Type',
      type,
      'Content-Length',
      String(bytes.length),
      ...this.#commonHeaders(request),
      ...headers,
    ])
    response.end(bytes)
  }

  #commonHeaders({ headers }: IncomingMessage): readonly string[] {
    return [...(this.#cors?.actual(headers) ?? []), ...this.#extraHeaders]
  }
}

/** The path of a request target, which may be anything. */
const pathOf = (target: string): string => target.replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '') || '/'
const queryOf = (target: string): URLSearchParams => new URLSearchParams(/\?([^#]*)/s.exec(target)?.[1] ?? '')
