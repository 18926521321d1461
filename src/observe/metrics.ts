// The agent's own metrics: counted from the start, served or sent as `service::telemetry::metrics` says.
import type { Meter } from '@opentelemetry/api'
import type { MetricReader, TelemetrySettings } from '../config/index.ts'
import type { Logger, Measurement, PayloadMemory } from '../contract/index.ts'
import type { Accounts } from './accounts.ts'
import { Meters } from './meter.ts'
import { measureItself } from './own-metrics.ts'
import { type LimitConnections, servePage } from './page-server.ts'
import type { OwnResource } from './resource.ts'
import { measureRuntime } from './runtime-metrics.ts'
import type { PageSettings, Sdk } from './sdk.ts'

export interface OwnMetrics {
  /** For a component's own numbers. */
  meter(name: string): Meter
  /** What the observables of that name observe now. */
  measured(name: string): readonly Measurement[]
  /** Where they can be scraped. */
  readonly endpoints: readonly string[]
  stop(): Promise<void>
}

/** Rejects when an address cannot be listened on. Nothing is imported until somebody looks, or has to be sent something. */
export async function startMetrics(
  settings: TelemetrySettings['metrics'],
  of: {
    readonly accounts: Accounts
    readonly memory: PayloadMemory
    readonly resource: OwnResource
    readonly log: Logger
    readonly limitConnections?: LimitConnections | undefined
  },
): Promise<OwnMetrics> {
  const meters = new Meters(settings.level)
  const ofMeters = { meter: (name: string) => meters.meter(name), measured: (name: string) => meters.measured(name) }
  if (settings.level === 'none') return { ...ofMeters, endpoints: [], stop: async () => {} }
  measureItself(meters.meter('sluice'), of.accounts, of.memory)
  const pages = settings.readers.flatMap(({ pull }) => (pull?.exporter.prometheus ? [pull.exporter.prometheus] : []))
  const periodic = settings.readers.flatMap(({ periodic }) => (periodic ? [periodic] : []))
  const sdk = new LazySdk(meters, { resource: of.resource, log: of.log, pages, periodic, views: settings.views })
  // What is sent starts now; views shape instruments when they are made.
  if (periodic.length > 0 || settings.views.length > 0) await sdk.open()
  const servers = await serveAll(pages, sdk, of)
  const stopRuntime = measureRuntime(meters.meter('sluice'), settings.level)
  return {
    ...ofMeters,
    endpoints: servers.map(({ endpoint }) => endpoint),
    async stop() {
      await Promise.all(servers.map((server) => server.stop()))
      await sdk.stop()
      stopRuntime()
    },
  }
}

async function serveAll(pages: readonly PageSettings[], sdk: LazySdk, of: Parameters<typeof servePage>[2]) {
  const servers: Awaited<ReturnType<typeof servePage>>[] = []
  try {
    for (const [index, page] of pages.entries()) {
      const render = async (): Promise<string> => (await sdk.open()).pages[index]!.render()
      servers.push(await servePage(page, render, of))
    }
  } catch (error) {
    await Promise.all(servers.map((server) => server.stop()))
    await sdk.stop()
    throw error
  }
  return servers
}

interface SdkSettings {
  readonly resource: OwnResource
  readonly log: Logger
  readonly pages: readonly PageSettings[]
  readonly periodic: readonly NonNullable<MetricReader['periodic']>[]
  readonly views: TelemetrySettings['metrics']['views']
}

class LazySdk {
  readonly #meters: Meters
  readonly #settings: SdkSettings
  #sdk: Promise<Sdk> | undefined

  constructor(meters: Meters, settings: SdkSettings) {
    this.#meters = meters
    this.#settings = settings
  }

  open(): Promise<Sdk> {
    this.#sdk ??= import('./sdk.ts').then(({ openSdk }) => openSdk(this.#meters, this.#settings))
    return this.#sdk
  }

  async stop(): Promise<void> {
    await (await this.#sdk)?.stop()
  }
}
