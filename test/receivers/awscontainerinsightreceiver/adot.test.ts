import { readFileSync } from 'node:fs'
import { test } from 'tap'
import { parse } from 'yaml'
import { testContext } from '../../../src/testing/index.ts'
import { start } from '../../exporters/awsemf/rig.ts'
import { collecting } from './collecting.ts'
import { v1 } from './trees.ts'

const FILE = 'test/config/cases/adot/otel-instance-metrics-config.yaml'

interface Event {
  readonly [field: string]: unknown
  readonly _aws: { readonly CloudWatchMetrics: readonly Declared[]; readonly Timestamp: number }
}
interface Declared {
  readonly Namespace: string
  readonly Dimensions: readonly (readonly string[])[]
  readonly Metrics: readonly { readonly Name: string; readonly Unit?: string }[]
}

test('what ADOT says for instances ends as the events and metrics of Container Insights', async (t) => {
  const { receivers, exporters } = parse(readFileSync(FILE, 'utf8'))
  const run = await collecting(t, v1, receivers.awscontainerinsightreceiver)
  await run.collect(1000)
  await run.collect()
  const { exporter, client, stop } = await start({ ...exporters.awsemf, region: 'eu-west-1' })
  await exporter.consumers.metrics!(run.sink.batches.at(-1)!, testContext())
  await stop()
  t.same(
    [...new Set(client.events.map(({ group, stream }) => `${group} ${stream}`))],
    ['/aws/ecs/containerinsights/shop/performance instanceTelemetry/4d2f'],
  )
  const events = client.events.map(({ message }) => JSON.parse(message) as Event)
  const instance = events.find(({ Type }) => Type === 'Instance')!
  t.match(instance, {
    ClusterName: 'shop',
    InstanceId: 'i-0abc',
    InstanceType: 'm5.large',
    Sources: ['cadvisor', '/proc', 'ecsagent', 'calculated'],
    instance_cpu_utilization: 30,
    instance_network_total_bytes: 1000,
    instance_number_of_running_tasks: 3,
    instance_memory_max_usage: Number,
  })
  const declared = Object.fromEntries(
    events.flatMap(({ _aws }) =>
      (_aws?.CloudWatchMetrics ?? []).map(({ Namespace, Dimensions, Metrics }) => [
        `${Namespace} ${JSON.stringify(Dimensions)}`,
        Metrics.map(({ Name, Unit }) => `${Name} ${Unit ?? '-'}`).toSorted(),
      ]),
    ),
  )
  const dimensions = '["ClusterName","ContainerInstanceId","InstanceId"]'
  t.strictSame(declared, {
    'ECS/ContainerInsights [["ClusterName"]]': [
      'instance_cpu_limit -',
      'instance_cpu_usage_total -',
      'instance_memory_limit Bytes',
      'instance_memory_working_set Bytes',
    ],
    [`ECS/ContainerInsights [${dimensions},["ClusterName"]]`]: [
      'instance_cpu_reserved_capacity Percent',
      'instance_cpu_utilization Percent',
      'instance_memory_reserved_capacity Percent',
      'instance_memory_utilization Percent',
      'instance_network_total_bytes Bytes/Second',
      'instance_number_of_running_tasks Count',
    ],
    [`ECS/ContainerInsights [${dimensions}]`]: ['instance_filesystem_utilization Percent'],
  })
})
