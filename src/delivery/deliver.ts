// queue → merged to the configured size → encode → retry → time limit → send, for each signal of an exporter.
import {
  type Consumers,
  type Exporter,
  type Host,
  isGrpcAuthenticator,
  isHttpAuthenticator,
  type SenderKeys,
  type Settings,
} from '../contract/index.ts'
import type { Signal } from '../data/index.ts'
import type { Delivery } from './delivery.ts'
import { ExporterHealth } from './health.ts'
import { Lane } from './lane.ts'
import { observeLanes } from './metrics.ts'
import type { DeliveryConfig } from './settings.ts'

export type Deliveries<R> = { readonly [S in Signal]?: Delivery<S, R> }

/** An exporter of what `of` writes, with a queue, retries and a time limit as `config` says (see `deliverySettings`). */
export function deliver<R>(of: Deliveries<R>, config: DeliveryConfig, settings: Settings): Exporter {
  const health = new ExporterHealth()
  const lane = <S extends Signal>(signal: S, delivery: Delivery<S, R> | undefined): Lane<S, R> | undefined =>
    delivery && new Lane(signal, delivery, config, settings, health)
  const bySignal = {
    traces: lane('traces', of.traces),
    metrics: lane('metrics', of.metrics),
    logs: lane('logs', of.logs),
  }
  return new DeliveringExporter<R>(of, bySignal, { health, settings, auth: config.auth })
}

type Lanes<R> = { readonly [S in Signal]: Lane<S, R> | undefined }
interface Surroundings {
  readonly health: ExporterHealth
  readonly settings: Settings
  readonly auth: DeliveryConfig['auth']
}
const isThere = <T>(value: T | undefined): value is T => value !== undefined

class DeliveringExporter<R> implements Exporter {
  readonly consumers: Consumers
  readonly #deliveries: readonly Pick<Delivery<never, R>, 'open' | 'close'>[]
  readonly #lanes: readonly Pick<Lane<Signal, R>, 'signal' | 'start' | 'stop' | 'end' | 'tell' | 'shutdownItems'>[]
  readonly #health: ExporterHealth
  readonly #settings: Settings
  readonly #auth: DeliveryConfig['auth']
  readonly #opened: Pick<Delivery<never, R>, 'close'>[] = []
  #stopped: Promise<void> | undefined

  constructor(of: Deliveries<R>, { traces, metrics, logs }: Lanes<R>, { health, settings, auth }: Surroundings) {
    this.#deliveries = [of.traces, of.metrics, of.logs].filter(isThere)
    const lanes = [traces, metrics, logs].filter(isThere)
    this.#lanes = lanes
    this.#health = health
    this.#settings = settings
    this.#auth = auth
    this.consumers = {
      ...(traces && { traces: traces.consume }),
      ...(metrics && { metrics: metrics.consume }),
      ...(logs && { logs: logs.consume }),
    }
    observeLanes(settings.meter, settings.id, lanes)
  }

  async start(host: Host): Promise<void> {
    const seen = new Set<Delivery<never, R>['open']>()
    for (const delivery of this.#deliveries) {
      if (!seen.has(delivery.open)) await delivery.open?.(host)
      seen.add(delivery.open)
      this.#opened.push(delivery)
    }
    this.#health.start(host)
    const apart = this.#auth && senderKeysOf(host, this.#auth.authenticator)
    for (const lane of this.#lanes) lane.start(apart)
  }

  /** Sends what is there, each batch once more, for as long as `abort` lets it; counts and reports what is left. */
  async stop(abort: AbortSignal): Promise<void> {
    const end = (): void => {
      for (const lane of this.#lanes) lane.end()
    }
    if (abort.aborted) end()
    else abort.addEventListener('abort', end, { once: true })
    this.#stopped ??= this.#stop(abort)
    await this.#stopped
    abort.removeEventListener('abort', end)
  }

  async #stop(abort: AbortSignal): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.stop()))
    this.#report()
    const seen = new Set<Delivery<never, R>['close']>()
    for (const delivery of this.#opened.reverse()) {
      if (!seen.has(delivery.close)) await this.#close(delivery, abort)
      seen.add(delivery.close)
    }
  }

  #report(): void {
    for (const lane of this.#lanes) lane.tell()
    const lost = this.#lanes.filter(({ shutdownItems }) => shutdownItems > 0)
    if (lost.length === 0) return
    const items = lost.reduce((sum, { shutdownItems }) => sum + shutdownItems, 0)
    const bySignal = Object.fromEntries(lost.map(({ signal, shutdownItems }) => [signal, shutdownItems]))
    this.#settings.log.error('data lost: it was not delivered before the end', { items, ...bySignal })
  }

  /** One that never ends does not keep the agent alive. */
  async #close(delivery: Pick<Delivery<never, R>, 'close'>, abort: AbortSignal): Promise<void> {
    if (delivery.close === undefined) return
    const closed = delivery.close(abort)
    await Promise.race([closed, aborted(abort)]).catch((error: unknown) => {
      this.#settings.log.warn('exporter did not close cleanly', { error })
    })
  }
}

const aborted = (abort: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (abort.aborted) resolve()
    else abort.addEventListener('abort', () => resolve(), { once: true })
  })

/** What of senders the client authenticator with that id depends on. */
export function senderKeysOf(host: Host, id: string): SenderKeys | undefined {
  const who = host.extension(id)
  return isHttpAuthenticator(who) || isGrpcAuthenticator(who) ? who.dependsOn : undefined
}
