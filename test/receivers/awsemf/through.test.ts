// What came in as the embedded metric format, at the other end of the agent.
import { type Test, test } from 'tap'
import * as v from 'valibot'
import { AwsClient } from '../../../src/aws/index.ts'
import { LOGS_API } from '../../../src/aws/logs/index.ts'
import type { Exporter } from '../../../src/contract/index.ts'
import prometheus from '../../../src/exporters/prometheus/index.ts'
import { testContext, testHost, testSettings } from '../../../src/testing/index.ts'
import { LogsService } from '../../emulator/logs.ts'
import { AwsEmulator, TEST_KEY } from '../../emulator/server.ts'
import { startOn } from '../../exporters/awscloudwatchlogs/rig.ts'
import { samplesOf } from '../../exporters/prometheus/kit.ts'
import { until } from '../../kit/until.ts'
import { directive, emf, type Rig, start } from './rig.ts'

const line = (aws: object, members: object): string =>
  emf(
    { ...directive([{ Name: 'OrderAmount', Unit: 'None' }], [['Service']]), ...aws },
    { Service: 'order', ...members },
  )

test('CloudWatch Logs gets each line as it came, in the group and stream that it names', async (t) => {
  const { send, packet, arrived, logs, settings } = await start(t, { signals: ['logs'] })
  const { clock } = settings
  const service = new LogsService(() => clock.now())
  const emulator = await AwsEmulator.start(t, service.options)
  const { consume, drops, stop } = await startOn(
    (config) => new AwsClient(LOGS_API, config, settings, { environment: {}, load: async () => TEST_KEY }),
    {
      ...emulator.config,
      log_group_name: '/ecs/metrics',
      log_stream_name: '{cloudwatch.log.group.name}',
      raw_log: true,
      emf_only: true,
    },
    settings,
  )
  const named = line({ LogGroupName: '/ecs/order', LogStreamName: 'task-1' }, { OrderAmount: 5, note: 'größer "x"' })
  const unnamed = line({}, { OrderAmount: [1, 2] })
  await send(named, unnamed)
  await packet(named)
  await arrived(3)
  for (const batch of logs.batches) await consume(batch)
  await stop()
  const time = { timestamp: clock.now() }
  t.match(
    [...service.events()].toSorted((a, b) => (a.group < b.group ? -1 : 1)),
    [
      { group: '/ecs/metrics', stream: 'undefined', message: unnamed, ...time },
      { group: '/ecs/order', stream: 'task-1', message: named, ...time },
      { group: '/ecs/order', stream: 'task-1', message: named, ...time },
    ],
  )
  t.same(drops(), {})
})

async function scraped(t: Test, { metrics }: Rig): Promise<string[]> {
  const exporter: Exporter = prometheus.create(v.parse(prometheus.config, { endpoint: '127.0.0.1:0' }), testSettings())
  await exporter.start?.(testHost())
  t.teardown(() => exporter.stop?.(AbortSignal.abort()))
  for (const batch of metrics.batches) await exporter.consumers.metrics?.(batch, testContext())
  const response = await fetch(exporter.endpoints![0]!)
  return samplesOf(await response.text())
}

test('Prometheus shows counts and sums that add up, also of lines of one millisecond and of lines a little late', async (t) => {
  const rig = await start(t, { signals: ['metrics'] })
  const at = rig.settings.clock.now() + 5000
  const lines = [1, 1, [2, 3], 4, 10].map((OrderAmount, i) =>
    line({ Timestamp: at - (i === 4 ? 2000 : 0) }, { OrderAmount }),
  )
  await rig.send(...lines)
  await until(() => rig.metrics.items === 5)
  const samples = await scraped(t, rig)
  t.ok(samples.includes('OrderAmount_count{Service="order"} 6'), samples.join('\n'))
  t.ok(samples.includes('OrderAmount_sum{Service="order"} 21'))
  const buckets = samples.filter((sample) => sample.startsWith('OrderAmount_bucket'))
  t.ok(buckets.length > 3, 'and its quantiles can be told')
})
