// An exporter on a stand-in for the client, or on one that the test brings.
import * as v from 'valibot'
import type { LogsClient } from '../../../src/aws/logs/index.ts'
import { type Batch, decodeOtlpJson } from '../../../src/data/index.ts'
import { type AwsCloudwatchLogsConfig, config } from '../../../src/exporters/awscloudwatchlogs/config.ts'
import { createAwsCloudwatchLogsExporter } from '../../../src/exporters/awscloudwatchlogs/exporter.ts'
import { type TestSettings, testSettings } from '../../../src/testing/index.ts'
import { FakeLogsClient } from '../../aws/logs/kit.ts'
import { type AwsRig, rigOf } from '../aws-rig.ts'

export type Rig<Client extends LogsClient = FakeLogsClient> = AwsRig<'logs', Client>

/** Without a queue unless the config says so: a test knows when something is sent. */
export const start = (of: object = {}, settings: TestSettings = testSettings()): Promise<Rig> =>
  startOn(() => new FakeLogsClient(), of, settings)

export async function startOn<Client extends LogsClient>(
  makeClient: (config: AwsCloudwatchLogsConfig) => Client,
  of: object,
  settings: TestSettings,
): Promise<Rig<Client>> {
  const parsed = v.parse(config, {
    log_group_name: '/ecs/shop',
    log_stream_name: 'stream',
    sending_queue: { enabled: false },
    retry_on_failure: { enabled: false },
    ...of,
  })
  const client = makeClient(parsed)
  return rigOf('logs', createAwsCloudwatchLogsExporter(parsed, settings, client), client, settings)
}

/** Log records as OTLP/JSON has them. */
export const logs = (...resourceLogs: readonly object[]): Batch<'logs'> =>
  decodeOtlpJson('logs', Buffer.from(JSON.stringify({ resourceLogs })))

export const nanos = (ms: number): string => `${ms}000000`
