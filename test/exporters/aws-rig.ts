// An exporter for AWS under test: on a client that the test brings, or the whole way, signed and over a socket, to an emulator.
import type { Test } from 'tap'
import { type AwsApi, AwsClient, type AwsConfig, type Credentials } from '../../src/aws/index.ts'
import type { Consume, Exporter } from '../../src/contract/index.ts'
import type { Batch, Signal } from '../../src/data/index.ts'
import { type TestSettings, testContext, testHost, testSettings } from '../../src/testing/index.ts'
import { AwsEmulator, TEST_KEY } from '../emulator/server.ts'

export interface AwsRig<S extends Signal, Client> {
  readonly exporter: Exporter
  readonly client: Client
  readonly settings: TestSettings
  /** Booked as the graph does. Resolves when it is taken and, without a queue, sent. */
  consume(batch: Batch<S>): Promise<void>
  drops(): Record<string, number>
  stop(): Promise<void>
}

/** Starts it. */
export async function rigOf<S extends Signal, Client>(
  signal: S,
  exporter: Exporter,
  client: Client,
  settings: TestSettings,
): Promise<AwsRig<S, Client>> {
  await exporter.start?.(testHost())
  const ledger = settings.ledger(signal)
  return {
    exporter,
    client,
    settings,
    consume(batch) {
      ledger.entered(batch.items)
      return (exporter.consumers[signal] as Consume)(batch, testContext())
    },
    drops: () => Object.fromEntries(ledger.droppedByReason),
    stop: async () => exporter.stop?.(new AbortController().signal),
  }
}

/** How a scene differs from the usual one. */
export interface SceneOptions {
  readonly config?: object
  /** One after the other, the last for ever. */
  readonly keys?: readonly Credentials[]
  /** Where the chain of credentials looks, instead of `keys`. */
  readonly environment?: Readonly<Record<string, string>>
}

export interface Scene<Service> {
  readonly service: Service
  readonly emulator: AwsEmulator
  /** Time goes on until nothing waits any more. */
  settled(): Promise<void>
}

/** With a queue, and retries within seconds, for ten minutes. */
export async function sceneOf<
  S extends Signal,
  Service extends { readonly options: Parameters<typeof AwsEmulator.start>[1] },
  Config extends AwsConfig,
>(
  t: Test,
  of: {
    readonly signal: S
    readonly api: AwsApi
    service(now: () => number): Service
    start(
      makeClient: (config: Config) => AwsClient,
      config: object,
      settings: TestSettings,
    ): Promise<AwsRig<S, AwsClient>>
  },
  { config = {}, keys = [TEST_KEY], environment }: SceneOptions,
): Promise<AwsRig<S, AwsClient> & Scene<Service>> {
  const settings = testSettings()
  const { clock } = settings
  const service = of.service(() => clock.now())
  const emulator = await AwsEmulator.start(t, service.options)
  const rest = [...keys]
  const load = async (): Promise<Credentials> => (rest.length > 1 ? rest.shift()! : rest[0]!)
  const surroundings = environment === undefined ? { environment: {}, load } : { environment }
  const rig = await of.start(
    (parsed) => new AwsClient(of.api, parsed, settings, surroundings),
    {
      ...emulator.config,
      sending_queue: {},
      retry_on_failure: { initial_interval: '1s', max_interval: '2s', max_elapsed_time: '10m' },
      ...config,
    },
    settings,
  )
  t.teardown(() => rig.stop())
  return {
    ...rig,
    service,
    emulator,
    async settled() {
      while (settings.ledger(of.signal).held > 0) await clock.advance(100)
    },
  }
}
