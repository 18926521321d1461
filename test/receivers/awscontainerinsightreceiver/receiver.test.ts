import { test } from 'tap'
import * as v from 'valibot'
import { config } from '../../../src/receivers/awscontainerinsightreceiver/config.ts'
import { unitsOfWeight } from '../../../src/receivers/awscontainerinsightreceiver/reserved.ts'
import { until } from '../../kit/until.ts'
import { collecting } from './collecting.ts'
import { alone, CLUSTER, v1, v2 } from './trees.ts'

const MIB = 1024 * 1024
const whole = {
  instance_cpu_limit: '2000 int -',
  instance_memory_limit: `${4096 * MIB} int Bytes`,
  instance_number_of_running_tasks: '3 int Count',
  // 512 units of a quota, 256 of shares, and what nobody gave.
  instance_cpu_reserved_capacity: '37.5 double Percent',
  instance_memory_reserved_capacity: '25 double Percent',
  instance_memory_cache: `${500 * MIB} double Bytes`,
  instance_memory_rss: `${900 * MIB} double Bytes`,
  instance_memory_mapped_file: `${MIB} double Bytes`,
}
const rates = {
  instance_cpu_usage_total: '600 double -',
  instance_cpu_usage_user: '400 double -',
  instance_cpu_usage_system: '200 double -',
  instance_cpu_utilization: '30 double Percent',
  instance_memory_pgfault: '10 double Count/Second',
  instance_memory_pgmajfault: '1 double Count/Second',
  instance_memory_failures_total: '11 double Count/Second',
  instance_network_rx_bytes: '700 double Bytes/Second',
  instance_network_rx_packets: '6 double Count/Second',
  instance_network_rx_errors: '0 double Count/Second',
  instance_network_rx_dropped: '0 double Count/Second',
  instance_network_tx_bytes: '300 double Bytes/Second',
  instance_network_tx_packets: '3 double Count/Second',
  instance_network_tx_errors: '1 double Count/Second',
  instance_network_tx_dropped: '0 double Count/Second',
  instance_network_total_bytes: '1000 double Bytes/Second',
}
const disk = {
  instance_diskio_io_service_bytes_read: '1200 double Bytes/Second',
  instance_diskio_io_service_bytes_write: '600 double Bytes/Second',
  instance_diskio_io_service_bytes_total: '1800 double Bytes/Second',
  instance_diskio_io_serviced_read: '12 double Count/Second',
  instance_diskio_io_serviced_write: '6 double Count/Second',
  instance_diskio_io_serviced_total: '18 double Count/Second',
}

test('an instance with the first version of cgroups: what it uses, what its tasks reserve', async (t) => {
  const run = await collecting(t, v1)
  await run.collect(1000)
  const fixed = {
    ...whole,
    instance_memory_usage: `${2048 * MIB} double Bytes`,
    instance_memory_working_set: `${1024 * MIB} double Bytes`,
    instance_memory_utilization: '25 double Percent',
    instance_memory_max_usage: `${3000 * MIB} double Bytes`,
    instance_memory_failcnt: '3 double Count',
    instance_memory_swap: '0 double Bytes',
  }
  t.strictSame(run.metrics().Instance, fixed, 'rates take two looks')
  await run.collect()
  t.strictSame(run.metrics(), {
    Instance: {
      ...fixed,
      ...rates,
      instance_memory_hierarchical_pgfault: '100 double Count/Second',
      instance_memory_hierarchical_pgmajfault: '5 double Count/Second',
    },
    'InstanceNet eth0': {
      instance_interface_network_rx_bytes: '600 double Bytes/Second',
      instance_interface_network_rx_packets: '6 double Count/Second',
      instance_interface_network_rx_errors: '0 double Count/Second',
      instance_interface_network_rx_dropped: '0 double Count/Second',
      instance_interface_network_tx_bytes: '300 double Bytes/Second',
      instance_interface_network_tx_packets: '3 double Count/Second',
      instance_interface_network_tx_errors: '1 double Count/Second',
      instance_interface_network_tx_dropped: '0 double Count/Second',
      instance_interface_network_total_bytes: '900 double Bytes/Second',
    },
    'InstanceNet eth1': {
      instance_interface_network_rx_bytes: '100 double Bytes/Second',
      instance_interface_network_rx_packets: '0 double Count/Second',
      instance_interface_network_rx_errors: '0 double Count/Second',
      instance_interface_network_rx_dropped: '0 double Count/Second',
      instance_interface_network_tx_bytes: '0 double Bytes/Second',
      instance_interface_network_tx_packets: '0 double Count/Second',
      instance_interface_network_tx_errors: '0 double Count/Second',
      instance_interface_network_tx_dropped: '0 double Count/Second',
      instance_interface_network_total_bytes: '100 double Bytes/Second',
    },
    'InstanceDiskIO /dev/nvme0n1': {
      ...disk,
      instance_diskio_io_service_bytes_sync: '1200 double Bytes/Second',
      instance_diskio_io_service_bytes_async: '600 double Bytes/Second',
      instance_diskio_io_serviced_sync: '12 double Count/Second',
      instance_diskio_io_serviced_async: '6 double Count/Second',
    },
    'InstanceFS /dev/nvme0n1p1': {
      instance_filesystem_usage: `${600 * 4096} double Bytes`,
      instance_filesystem_capacity: `${1000 * 4096} double Bytes`,
      instance_filesystem_available: `${350 * 4096} double Bytes`,
      instance_filesystem_utilization: '60 double Percent',
      instance_filesystem_inodes: '100 double Count',
      instance_filesystem_inodes_free: '60 double Count',
    },
    'InstanceFS /dev/nvme1n1': {
      instance_filesystem_usage: `${250 * 4096} double Bytes`,
      instance_filesystem_capacity: `${1000 * 4096} double Bytes`,
      instance_filesystem_available: `${350 * 4096} double Bytes`,
      instance_filesystem_utilization: '25 double Percent',
    },
  })
  t.strictSame(run.settings.lines, [])
})

test('an instance with the second version of cgroups says the same', async (t) => {
  const run = await collecting(t, v2)
  await run.collect(1000)
  await run.collect()
  t.strictSame(run.metrics().Instance, {
    ...whole,
    ...rates,
    // All that is not free: its root counts no memory.
    instance_memory_usage: `${3072 * MIB} double Bytes`,
    instance_memory_working_set: `${2048 * MIB} double Bytes`,
    instance_memory_utilization: '50 double Percent',
    instance_memory_swap: `${60 * 1024} double Bytes`,
    instance_memory_hierarchical_pgfault: '10 double Count/Second',
    instance_memory_hierarchical_pgmajfault: '1 double Count/Second',
  })
  t.strictSame(run.metrics()['InstanceDiskIO /dev/nvme0n1'], disk)
})

test('every set of metrics says what it is about in attributes of its resource', async (t) => {
  const run = await collecting(t, v2)
  await run.collect(1000)
  // What the EC2 API says comes when it comes.
  const isWhole = (): boolean => {
    const { Instance, 'InstanceFS /dev/nvme0n1p1': filesystem } = run.attributes()
    return Instance?.AutoScalingGroupName !== undefined && filesystem?.EBSVolumeId !== undefined
  }
  for (await run.collect(); !isWhole(); await run.collect());
  const common = {
    ClusterName: CLUSTER,
    ContainerInstanceId: '4d2f',
    InstanceId: 'i-0abc',
    InstanceType: 'm5.large',
    AutoScalingGroupName: 'workers',
    Version: '0',
    Timestamp: String(run.settings.clock.now()),
  }
  const found = run.attributes()
  t.strictSame(found.Instance, {
    ...common,
    Type: 'Instance',
    Sources: '["cadvisor","/proc","ecsagent","calculated"]',
  })
  t.strictSame(found['InstanceNet eth0'], {
    ...common,
    Type: 'InstanceNet',
    interface: 'eth0',
    Sources: '["cadvisor","calculated"]',
  })
  t.strictSame(found['InstanceFS /dev/nvme0n1p1'], {
    ...common,
    Type: 'InstanceFS',
    device: '/dev/nvme0n1p1',
    EBSVolumeId: 'aws://eu-west-1a/vol-1',
    fstype: 'vfs',
    Sources: '["cadvisor","calculated"]',
  })
  t.strictSame(found['InstanceDiskIO /dev/nvme0n1'], {
    ...common,
    Type: 'InstanceDiskIO',
    device: '/dev/nvme0n1',
    EBSVolumeId: 'aws://eu-west-1a/vol-1',
    Sources: '["cadvisor"]',
  })
  t.equal(run.asked.filter((path) => path === '/v1/metadata').length, 1, 'what stays is asked for once')
})

test('a container that sees nothing of the host takes what /proc says of it', async (t) => {
  const run = await collecting(t, alone)
  await run.collect(1000)
  await run.collect()
  const { Instance, ...others } = run.metrics()
  t.match(Instance, {
    instance_cpu_usage_total: '500 double -',
    instance_cpu_usage_user: '300 double -',
    instance_cpu_usage_system: '200 double -',
    instance_memory_usage: `${3072 * MIB} double Bytes`,
    instance_memory_working_set: `${2816 * MIB} double Bytes`,
    instance_memory_rss: `${700 * MIB} double Bytes`,
    instance_network_total_bytes: '1000 double Bytes/Second',
  })
  t.notOk(Instance!.instance_cpu_reserved_capacity, 'which nobody knows is not zero')
  t.strictSame(
    Object.keys(others).filter((name) => name.startsWith('InstanceDiskIO')),
    [],
    'what this container reads is not what the instance reads',
  )
  t.match(run.host.states.at(-1), { state: 'degraded', reason: /cgroups of tasks: 3 of 3 tasks have none/ })
})

test('what is missing costs its own metrics, one line in the log, and comes back', async (t) => {
  const run = await collecting(t, v1)
  const { '/v1/tasks': tasks, '/v1/metadata': metadata } = run.answers
  run.answers['/v1/tasks'] = '{"Tasks": "many"}'
  run.answers['/v1/metadata'] = '{"Cluster": "shop"}'
  run.answers['/latest/dynamic/instance-identity/document'] = 'no JSON'
  delete run.answers['POST /']
  await run.collect(1000)
  await run.collect()
  t.match(run.metrics().Instance, { instance_cpu_utilization: '30 double Percent' })
  t.notOk(run.metrics().Instance!.instance_number_of_running_tasks)
  t.notOk(run.metrics().Instance!.instance_cpu_reserved_capacity)
  t.notOk(run.attributes().Instance!.ClusterName)
  const warnings = (): unknown[] =>
    run.settings.lines.map(({ level, fields }) => [level, (fields as { source: string }).source])
  t.strictSame(warnings(), [
    ['warn', 'EC2 metadata'],
    ['warn', 'ECS cluster'],
    ['warn', 'ECS tasks'],
  ])
  t.equal(run.host.states.at(-1)!.state, 'degraded')
  run.answers['/v1/tasks'] = tasks
  run.answers['/v1/metadata'] = metadata
  await run.collect()
  t.match(run.metrics().Instance, { instance_number_of_running_tasks: '3 int Count' })
  t.match(run.attributes().Instance, { ClusterName: CLUSTER })
  t.strictSame(warnings().slice(3), [
    ['info', 'ECS cluster'],
    ['info', 'ECS tasks'],
  ])
})

test('without permissions for the EC2 API its attributes are missing, and nobody is worried', async (t) => {
  const run = await collecting(t, v1)
  delete run.answers['POST /']
  await run.collect(1000)
  await until(() => run.settings.lines.length === 2)
  await run.collect()
  t.strictSame(
    run.settings.lines.map(({ level, fields }) => [level, (fields as { source: string }).source]).toSorted(),
    [
      ['warn', 'tags of the instance'],
      ['warn', 'volumes of the instance'],
    ],
  )
  t.strictSame(run.host.states, [])
  t.notOk(run.attributes().Instance!.AutoScalingGroupName)
})

test('an instance without tasks reserves nothing, and says so', async (t) => {
  const run = await collecting(t, v1)
  run.answers['/v1/tasks'] = '{"Tasks": []}'
  await run.collect(1000)
  t.match(run.metrics().Instance, {
    instance_number_of_running_tasks: '0 int Count',
    instance_cpu_reserved_capacity: '0 double Percent',
    instance_memory_reserved_capacity: '0 double Percent',
  })
})

test('a host of which nothing can be read: nothing but what others say is sent, and nothing breaks', async (t) => {
  const run = await collecting(t, () => ({
    proc: { cpuinfo: 'garbage', meminfo: '', stat: 'cpu x', net: { dev: 'a: 1 2' } },
  }))
  await run.collect(1000)
  t.strictSame(run.metrics(), { Instance: { instance_number_of_running_tasks: '3 int Count' } })
  const missing = run.settings.lines.map(({ fields }) => (fields as { source: string }).source)
  t.strictSame(missing, ['cgroups', 'size of the host', 'CPU', 'memory', 'filesystems'])
})

test('a counter that begins anew has no rate, the others go on', async (t) => {
  const run = await collecting(t, v1)
  await run.collect(1000)
  await run.collect()
  t.ok(run.metrics().Instance!.instance_cpu_usage_total)
  run.grow(() => v1(0))
  await run.settings.clock.advance(10_000)
  await until(() => run.sink.batches.length === 3)
  t.notOk(run.metrics().Instance!.instance_cpu_usage_total)
  t.strictSame(run.metrics()['InstanceNet eth0']!.instance_interface_network_total_bytes, undefined)
  t.equal(run.metrics()['InstanceNet eth0']!.instance_interface_network_rx_errors, '0 double Count/Second')
})

test('who answers never costs only what it would have said', async (t) => {
  const run = await collecting(t, v1)
  run.answers['/v1/tasks'] = () => {}
  await run.settings.clock.advance(1000)
  await until(() => run.asked.includes('/v1/tasks'))
  await run.settings.clock.advance(1000)
  await until(() => run.sink.batches.length === 1)
  t.ok(run.metrics().Instance!.instance_memory_usage)
  t.notOk(run.metrics().Instance!.instance_number_of_running_tasks)
  t.match(run.settings.lines, [{ level: 'warn', fields: { source: 'ECS tasks', error: /no answer within 1000 ms/ } }])
})

test('stopping ends a collection that is under way, and nothing is counted as missing', async (t) => {
  const run = await collecting(t, v1)
  run.answers['/v1/tasks'] = () => {}
  await run.settings.clock.advance(1000)
  await until(() => run.asked.includes('/v1/tasks'))
  await run.receiver.stop(new AbortController().signal)
  await run.receiver.stop(new AbortController().signal)
  t.equal(run.sink.batches.length, 0)
  t.strictSame(run.settings.lines, [])
})

test('CPU units are found again in a weight as round as people give them', async (t) => {
  // As the agent turns shares into weights.
  const weightOf = (shares: number): number => 1 + Math.floor(((shares - 2) * 9999) / 262_142)
  let cases = 0
  for (const shares of [128, 256, 512, 1024, 2048, 4096, 8192, 16_384, 262_144]) {
    t.equal(unitsOfWeight(weightOf(shares)), shares)
    cases++
  }
  for (let shares = 30; shares <= 262_144; shares += 977) {
    if (weightOf(unitsOfWeight(weightOf(shares))) !== weightOf(shares)) t.fail(`${shares}`)
    cases++
  }
  t.ok(cases > 0)
})

test('only ecs is taken, and it has to be said; settings of pods are taken and said to do nothing', async (t) => {
  for (const wrong of [{}, { container_orchestrator: 'eks' }])
    t.throws(() => v.parse(config, wrong), /needs the kubelet, cAdvisor and the Kubernetes API/)
  t.throws(() => v.parse(config, { container_orchestrator: 'nomad' }), /must be ecs/)
  t.throws(() => v.parse(config, { container_orchestrator: 'ecs', collection_interval: '0s' }), /more than 0/)
  const run = await collecting(t, v1, {
    prefer_full_pod_name: true,
    add_service_as_attribute: false,
    add_full_pod_name_metric_label: true,
  })
  t.match(run.settings.lines, [
    { level: 'info', fields: { setting: 'add_service_as_attribute' } },
    { level: 'info', fields: { setting: 'prefer_full_pod_name' } },
    { level: 'info', fields: { setting: 'add_full_pod_name_metric_label' } },
  ])
})
