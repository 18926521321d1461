// An exporter on a strict CloudWatch, over a socket and signed.
import type { Test } from 'tap'
import * as v from 'valibot'
import { AwsClient } from '../../../src/aws/index.ts'
import type { Exporter } from '../../../src/contract/index.ts'
import type { Batch } from '../../../src/data/index.ts'
import { MONITORING_API, type MonitoringClient } from '../../../src/exporters/awscloudwatch/client.ts'
import { type AwsCloudWatchConfig, config } from '../../../src/exporters/awscloudwatch/config.ts'
import { createAwsCloudWatchExporter } from '../../../src/exporters/awscloudwatch/exporter.ts'
import type { ItemLedger } from '../../../src/observe/ledger.ts'
import { type TestSettings, testContext, testHost, testSettings } from '../../../src/testing/index.ts'
import { MonitoringService } from '../../emulator/monitoring.ts'
import { AwsEmulator, TEST_KEY } from '../../emulator/server.ts'
import { metricsOf, type ShortResource } from '../../kit/metrics.ts'

export interface Rig {
  readonly exporter: Exporter
  readonly settings: TestSettings
  readonly ledger: ItemLedger
  readonly service: MonitoringService
  readonly emulator: AwsEmulator
  /** Resolves when it is collected. Who is refused keeps it. */
  consume(resources: readonly ShortResource[] | Batch<'metrics'>): Promise<void>
  /** Time goes on until nothing is held any more. */
  settled(): Promise<void>
  drops(): Record<string, number>
  stop(): Promise<void>
}

export async function start(t: Test, of: object = {}): Promise<Rig> {
  const settings = testSettings()
  const { clock } = settings
  const service = new MonitoringService(() => clock.now())
  const emulator = await AwsEmulator.start(t, service.options)
  const load = async () => TEST_KEY
  const rig = await startOn(
    settings,
    {
      ...emulator.config,
      retry_on_failure: { initial_interval: '1s', max_interval: '2s', max_elapsed_time: '10m' },
      ...of,
    },
    (parsed) => new AwsClient(MONITORING_API, parsed, settings, { environment: {}, load }),
  )
  t.teardown(() => rig.stop())
  return { ...rig, service, emulator }
}

export async function startOn(
  settings: TestSettings,
  of: object,
  makeClient: (config: AwsCloudWatchConfig) => MonitoringClient,
): Promise<Omit<Rig, 'service' | 'emulator'>> {
  const parsed = v.parse(config, of)
  const exporter = createAwsCloudWatchExporter(parsed, settings, makeClient(parsed))
  await exporter.start?.(testHost())
  const ledger = settings.ledger('metrics')
  let stopped: Promise<void> | undefined
  return {
    exporter,
    settings,
    ledger,
    async consume(resources) {
      const batch = Array.isArray(resources) ? metricsOf(resources) : (resources as Batch<'metrics'>)
      ledger.entered(batch.items)
      try {
        await exporter.consumers.metrics!(batch, testContext())
      } catch (error) {
        ledger.refused(batch.items)
        throw error
      }
    },
    async settled() {
      for (let i = 0; ledger.held > 0; i++) {
        if (i > 100_000) throw new Error(`${ledger.held} are held for ever`)
        await settings.clock.advance(100)
      }
    },
    drops: () => Object.fromEntries(ledger.droppedByReason),
    stop: () => (stopped ??= exporter.stop!(new AbortController().signal)),
  }
}
