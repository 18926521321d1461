// OTLP over HTTP, https://opentelemetry.io/docs/specs/otlp/#otlphttp
import type { Consume, Consumers, Host, Settings } from '../../contract/index.ts'
import type { Signal } from '../../data/index.ts'
import { createDesk, type Desk, Exchange } from '../../net/exchange.ts'
import { HttpServer } from '../../net/http-server.ts'
import { Sweep } from '../../net/sweep.ts'
import { refusalAnswer } from './answers.ts'
import type { OtlpHttpConfig } from './config.ts'
import { plainHandler } from './plain.ts'
import { createRouter, type Destinations } from './routes.ts'
import { signalNames, signals } from './signals.ts'

export class OtlpHttp {
  readonly #server: HttpServer
  readonly #desk: Desk
  readonly #sweep: Sweep

  constructor(
    config: OtlpHttpConfig,
    settings: Settings,
    next: Consumers,
    host: Host,
    onRefused: (reason: string) => void,
  ) {
    this.#sweep = new Sweep(settings.clock)
    const destinations = destinationsOf(config, next)
    this.#desk = createDesk(config, {
      host,
      sweep: this.#sweep,
      onRefused,
      route: createRouter(destinations, onRefused),
      refusal: (error) => refusalAnswer(error, 'protobuf'),
    })
    this.#server = new HttpServer(config, settings, {
      handle: (request, response) => new Exchange(this.#desk, request, response).begin(),
      plain: plainHandler(this.#desk, destinations),
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

function destinationsOf(config: OtlpHttpConfig, next: Consumers): Destinations {
  const destinations = new Map<string, { signal: Signal; consume: Consume }>()
  for (const signal of signals) {
    const consume = next[signal] as Consume | undefined
    if (consume !== undefined) destinations.set(config[signalNames[signal].pathSetting], { signal, consume })
  }
  return destinations
}
