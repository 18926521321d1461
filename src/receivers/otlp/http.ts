// OTLP over HTTP, https://opentelemetry.io/docs/specs/otlp/#otlphttp
import type { Consume, Consumers, Host, Settings } from '../../contract/index.ts'
import type { Signal } from '../../data/index.ts'
import { ActiveRequests } from '../../net/active-requests.ts'
import { createCors } from '../../net/cors.ts'
import { type Encoding, isEncoding } from '../../net/decompress.ts'
import { HttpServer } from '../../net/http-server.ts'
import { Sweep } from '../../net/sweep.ts'
import type { OtlpHttpConfig } from './config.ts'
import { type HttpDesk, HttpExchange } from './http-exchange.ts'
import { plainHandler } from './plain.ts'
import { signalNames, signals } from './signals.ts'

const DEFAULT_MAX_BODY_BYTES = 20 * 1024 * 1024

export class OtlpHttp {
  readonly #server: HttpServer
  readonly #desk: HttpDesk
  readonly #sweep: Sweep

  constructor(
    config: OtlpHttpConfig,
    settings: Settings,
    next: Consumers,
    host: Host,
    onRefused: (reason: string) => void,
  ) {
    this.#sweep = new Sweep(settings.clock)
    this.#desk = createDesk(config, next, host, this.#sweep, onRefused)
    this.#server = new HttpServer(config, settings, {
      handle: (request, response) => new HttpExchange(this.#desk, request, response).begin(),
      plain: plainHandler(this.#desk),
      onRefused,
    })
    if (config.cors !== undefined && this.#desk.cors === undefined && config.cors.allowed_headers.length > 0)
      settings.log.warn('cors names headers but no origins, so it does nothing', { setting: 'cors::allowed_origins' })
  }

  start(): Promise<string> {
    return this.#server.start()
  }

  /** What comes from now on is told to try elsewhere; what is under way finishes. */
  async stop(abort?: AbortSignal): Promise<void> {
    await this.#server.stop(this.#desk.active, abort)
    this.#sweep.stop()
  }
}

function createDesk(
  config: OtlpHttpConfig,
  next: Consumers,
  host: Host,
  sweep: Sweep,
  onRefused: (reason: string) => void,
): HttpDesk {
  const routes = new Map<string, { signal: Signal; consume: Consume }>()
  for (const signal of signals) {
    const consume = next[signal] as Consume | undefined
    if (consume !== undefined) routes.set(config[signalNames[signal].pathSetting], { signal, consume })
  }
  const accepted = config.compression_algorithms.filter(
    (name): name is '' | Encoding => name === '' || isEncoding(name),
  )
  return {
    host,
    sweep,
    onRefused,
    routes,
    cors: config.cors === undefined ? undefined : createCors(config.cors),
    extraHeaders: config.response_headers.flatMap(([name, value]) => [name, value.reveal()]),
    encodings: accepted.filter((name) => name !== ''),
    takesPlain: accepted.includes(''),
    maxBodyBytes: config.max_request_body_size || DEFAULT_MAX_BODY_BYTES,
    readTimeoutMs: config.read_timeout,
    writeTimeoutMs: config.write_timeout,
    includeMetadata: config.include_metadata,
    keepsAlive: config.keep_alives_enabled,
    active: new ActiveRequests(),
  }
}
