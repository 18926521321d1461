// An exporter on a stand-in for the client, or on one that the test brings.
import * as v from 'valibot'
import type { LogsClient } from '../../../src/aws/logs/index.ts'
import type { Exporter } from '../../../src/contract/index.ts'
import { type AwsEmfConfig, config } from '../../../src/exporters/awsemf/config.ts'
import { createAwsEmfExporter } from '../../../src/exporters/awsemf/exporter.ts'
import { type TestSettings, testContext, testHost, testSettings } from '../../../src/testing/index.ts'
import { FakeLogsClient } from '../../aws/logs/kit.ts'
import { metricsOf, type ShortResource } from '../../kit/metrics.ts'

export interface ExporterRig<Client extends LogsClient = FakeLogsClient> {
  readonly exporter: Exporter
  readonly client: Client
  readonly settings: TestSettings
  /** Resolves when it is taken and, without a queue, sent. */
  consume(resources: readonly ShortResource[]): Promise<void>
  drops(): Record<string, number>
  stop(): Promise<void>
}

/** Without a queue unless the config says so: a test knows when something is sent. */
export const start = (of: object = {}, settings: TestSettings = testSettings()): Promise<ExporterRig> =>
  startOn(() => new FakeLogsClient(), of, settings)

export async function startOn<Client extends LogsClient>(
  makeClient: (config: AwsEmfConfig) => Client,
  of: object,
  settings: TestSettings,
  stdout?: NodeJS.WritableStream,
): Promise<ExporterRig<Client>> {
  const parsed = v.parse(config, { sending_queue: { enabled: false }, retry_on_failure: { enabled: false }, ...of })
  const client = makeClient(parsed)
  const exporter = createAwsEmfExporter(parsed, settings, client, stdout)
  await exporter.start?.(testHost())
  return {
    exporter,
    client,
    settings,
    consume(resources) {
      const batch = metricsOf(resources)
      settings.ledger('metrics').entered(batch.items)
      return exporter.consumers.metrics!(batch, testContext())
    },
    drops: () => Object.fromEntries(settings.ledger('metrics').droppedByReason),
    stop: async () => exporter.stop?.(new AbortController().signal),
  }
}
