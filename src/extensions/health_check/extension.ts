import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Extension, Health, Host, Settings } from '../../contract/index.ts'
import { ActiveRequests } from '../../net/active-requests.ts'
import { guarded, httpAuthentication } from '../../net/authentication.ts'
import { type Cors, createCors } from '../../net/cors.ts'
import { HttpServer } from '../../net/http-server.ts'
import { noticeSettingsWithoutEffect } from '../../net/no-effect.ts'
import { type Answer, answerTo, refusalOf } from './answers.ts'
import type { HealthCheckConfig } from './config.ts'
import { RecentFailures } from './failures.ts'
import type { Verdict } from './report.ts'

/** Starts first and stops last, so that it can tell of what is between. */
export class HealthCheck implements Extension {
  readonly #config: HealthCheckConfig
  readonly #settings: Settings
  #server: HttpServer | undefined
  readonly #active = new ActiveRequests()
  readonly #cors: Cors | undefined
  readonly #extraHeaders: readonly string[]
  #health: Health | undefined
  #failures: RecentFailures | undefined
  #endpoint: string | undefined

  constructor(config: HealthCheckConfig, settings: Settings) {
    this.#config = config
    this.#settings = settings
    this.#cors = config.cors === undefined ? undefined : createCors(config.cors)
    this.#extraHeaders = config.response_headers.flatMap(([name, value]) => [name, value.reveal()])
  }

  get endpoints(): readonly string[] {
    return this.#endpoint === undefined ? [] : [this.#endpoint]
  }

  async start(host: Host): Promise<void> {
    const { health } = host
    const { check_collector_pipeline: check, include_metadata, path } = this.#config
    const { clock, log } = this.#settings
    this.#health = health
    noticeSettingsWithoutEffect(this.#config, '', log)
    if (include_metadata) log.warn('setting does nothing: no pipeline sees a question', { setting: 'include_metadata' })
    const server = this.#createServer(host)
    this.#server = server
    this.#endpoint = `${await server.start()}${path}`
    if (check.enabled) this.#failures = new RecentFailures(health, clock, check.interval)
  }

  async stop(abort?: AbortSignal): Promise<void> {
    this.#failures?.stop()
    await this.#server?.stop(this.#active, abort)
  }

  #createServer(host: Host): HttpServer {
    const onRefused = (reason: string): void => this.#settings.log.debug('health request turned away', { reason })
    const handle = guarded(
      httpAuthentication(host, this.#config.auth),
      (request, response) => this.#handle(request, response),
      { onRefused, headersOf: (request) => this.#commonHeaders(request) },
    )
    return new HttpServer(this.#config, this.#settings, { handle, onRefused })
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    this.#active.enter()
    response.once('close', () => this.#active.leave())
    const { write_timeout, keep_alives_enabled } = this.#config
    if (write_timeout > 0) response.setTimeout(write_timeout, () => response.destroy())
    if (!keep_alives_enabled || this.#active.isStopping) response.shouldKeepAlive = false
    const { headers, method, url = '' } = request
    if (this.#cors !== undefined && method === 'OPTIONS' && headers['access-control-request-method'] !== undefined) {
      response.writeHead(204, [...this.#cors.preflight(headers), ...this.#extraHeaders])
      response.end()
      return
    }
    const refusal = refusalOf(request, this.#config)
    if (refusal !== undefined) {
      // A body that may follow is not read: the connection ends with the answer.
      this.#answer(request, response, refusal, ['Allow', 'GET, HEAD', 'Connection', 'close'])
      return
    }
    const of = { health: this.#health!, verdict: this.#verdict(), nowMs: this.#settings.clock.now() }
    this.#answer(request, response, answerTo(url, this.#config, of), [])
  }

  #verdict(): Verdict {
    if (!this.#health!.isReady) return { isHealthy: false, reason: undefined }
    const { exporter_failure_threshold: threshold, interval } = this.#config.check_collector_pipeline
    const failures = this.#failures?.count() ?? 0
    return failures > threshold
      ? { isHealthy: false, reason: `exporters have failed ${failures} times within ${interval / 1000} s` }
      : { isHealthy: true, reason: undefined }
  }

  #answer(request: IncomingMessage, response: ServerResponse, answer: Answer, more: readonly string[]): void {
    const bytes = Buffer.from(answer.text)
    response.writeHead(answer.status, [
      'Content-Type',
      answer.type,
      'Content-Length',
      String(bytes.length),
      ...this.#commonHeaders(request),
      ...more,
    ])
    response.end(bytes)
  }

  #commonHeaders({ headers }: IncomingMessage): readonly string[] {
    return [...(this.#cors?.actual(headers) ?? []), ...this.#extraHeaders]
  }
}
