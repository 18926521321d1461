import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { type Test, test } from 'tap'
import * as v from 'valibot'
import { config } from '../../../src/receivers/awsecscontainermetrics/config.ts'
import { EcsContainerMetricsReceiver } from '../../../src/receivers/awsecscontainermetrics/receiver.ts'
import { Sink, type TestHost, type TestSettings, testHost, testSettings } from '../../../src/testing/index.ts'
import { decodedSparse, type Plain } from '../../data/random.ts'
import { readableMeter } from '../../kit/readable-meter.ts'
import { until } from '../../kit/until.ts'
import { ec2Stats, ec2Task, fargateStats, fargateTask } from './answers.ts'

type Answers = Readonly<Record<string, string | RequestListener>>
const fargate: Answers = { '/task': JSON.stringify(fargateTask), '/task/stats': JSON.stringify(fargateStats) }

interface Running {
  readonly settings: TestSettings
  readonly host: TestHost
  readonly sink: Sink<'metrics'>
  /** Requests by path; what the endpoint says can be changed. */
  readonly asked: string[]
  answers: Answers
  counts(name: string): number
  /** Moves on, and waits until as many collections have ended. */
  collect(ms: number, collections?: number): Promise<void>
  stop(abort?: AbortSignal): Promise<void>
}

async function running(t: Test, settingsOf: object = {}, answers: Answers = fargate): Promise<Running> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url!)
    const answer = run.answers[request.url!.replace('/v4/abc', '')]
    if (typeof answer === 'function') answer(request, response)
    else response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' }).end(answer)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const { meter, observed } = readableMeter()
  const settings = testSettings({ meter })
  const host = testHost()
  const sink = new Sink<'metrics'>()
  const environment = { ECS_CONTAINER_METADATA_URI_V4: `http://127.0.0.1:${port}/v4/abc` }
  const receiver = new EcsContainerMetricsReceiver(
    v.parse(config, settingsOf),
    settings,
    { metrics: sink.consume },
    environment,
  )
  await receiver.start(host)
  const ended = (): number => sink.batches.length + observed('sluice_receiver_failed_scrapes')
  const stop = (abort = new AbortController().signal): Promise<void> => receiver.stop(abort)
  t.teardown(async () => {
    await stop(AbortSignal.abort())
    server.closeAllConnections()
    server.close()
  })
  const run: Running = {
    settings,
    host,
    sink,
    asked,
    answers,
    counts: observed,
    stop,
    async collect(ms, collections = 1) {
      const before = ended()
      await settings.clock.advance(ms)
      await until(() => ended() === before + collections)
    },
  }
  return run
}

interface Described {
  readonly attributes: Readonly<Record<string, unknown>>
  /** `value unit type`, by name. */
  readonly metrics: Readonly<Record<string, string>>
}

function described({ sink }: Running): Described[] {
  const { resourceMetrics } = decodedSparse('metrics', Buffer.concat(sink.batches.at(-1)!.chunks))
  return (resourceMetrics as Plain[]).map(({ resource, scopeMetrics }) => ({
    attributes: Object.fromEntries(
      ((resource as Plain).attributes as { key: string; value: Plain }[]).map(({ key, value }) => [
        key,
        value.stringValue ?? value.intValue,
      ]),
    ),
    metrics: Object.fromEntries(
      (scopeMetrics as Plain[]).flatMap(({ metrics }) =>
        (metrics as Plain[]).map(({ name, unit, gauge, sum }) => {
          const { dataPoints, aggregationTemporality, isMonotonic } = (gauge ?? sum) as Plain
          const [{ asInt, asDouble, ...times }] = dataPoints as [Plain]
          if ('startTimeUnixNano' in times) throw new Error('nobody knows when it began')
          const type = gauge ? 'gauge' : `sum ${aggregationTemporality} ${isMonotonic ?? false}`
          return [name, `${asInt === undefined ? `${asDouble} double` : `${asInt} int`} ${unit} ${type}`]
        }),
      ),
    ),
  }))
}

test('a task on Fargate: its containers, the ones that have ended among them, and itself', async (t) => {
  const run = await running(t)
  await run.collect(1000)
  t.same(run.asked.toSorted(), ['/v4/abc/task', '/v4/abc/task/stats'])
  const [app, agent, migrate, task, ...more] = described(run)
  t.same(more, [])
  const taskAttributes = {
    'aws.ecs.cluster.name': 'doa-market-cluster',
    'aws.ecs.task.arn':
      'arn:aws:ecs:ap-northeast-2:111122223333:task/doa-market-cluster/cd189a933e5849daa93386466019ab50',
    'aws.ecs.task.id': 'cd189a933e5849daa93386466019ab50',
    'aws.ecs.task.family': 'product-service',
    'aws.ecs.task.version': '7',
    'aws.ecs.task.revision': '7',
    'aws.ecs.service.name': 'product-service',
    'cloud.availability_zone': 'ap-northeast-2a',
    'aws.ecs.task.pull_started_at': '2026-01-01T00:00:00.1Z',
    'aws.ecs.task.pull_stopped_at': '2026-01-01T00:00:01Z',
    'aws.ecs.task.known_status': 'RUNNING',
    'aws.ecs.task.launch_type': 'FARGATE',
    'aws.ecs.launchtype': 'fargate',
    'cloud.region': 'ap-northeast-2',
    'cloud.account.id': '111122223333',
  }
  t.strictSame(app, {
    attributes: {
      'container.name': 'app',
      'container.id': 'cd189a933e5849daa93386466019ab50-2495160603',
      'aws.ecs.docker.name': 'app',
      'container.image.name': '111122223333.dkr.ecr.ap-northeast-2.amazonaws.com/product-service',
      'aws.ecs.container.image.id': 'sha256:25f3695bedfb454a50f12d127839a68ad3caf91e451c1da073db34c542c4d2cb',
      'container.image.tag': '1.4.2',
      'aws.ecs.container.created_at': '2026-01-01T00:00:01.123456789Z',
      'aws.ecs.container.started_at': '2026-01-01T00:00:02.5Z',
      'aws.ecs.container.know_status': 'RUNNING',
      ...taskAttributes,
    },
    metrics: {
      'container.memory.usage': '104857600 int Bytes gauge',
      'container.memory.usage.limit': '268435456 int Bytes gauge',
      'container.memory.utilized': '90 int MiB gauge',
      'container.memory.reserved': '256 int MiB gauge',
      'container.cpu.usage.total': '5000000000 int Nanoseconds sum 2 false',
      'container.cpu.usage.kernelmode': '1000000000 int Nanoseconds sum 2 false',
      'container.cpu.usage.usermode': '4000000000 int Nanoseconds sum 2 false',
      'container.cpu.cores': '2 int Count gauge',
      'container.cpu.onlines': '2 int Count gauge',
      'container.cpu.usage.system': '1000000000000 int Nanoseconds sum 2 false',
      'container.cpu.utilized': '0.078125 double None gauge',
      'container.cpu.reserved': '128 double None gauge',
      'container.cpu.usage.vcpu': '0.1 double vCPU gauge',
      'container.network.rate.rx': '1.5 double Bytes/Second gauge',
      'container.network.rate.tx': '10 double Bytes/Second gauge',
      'container.network.io.usage.rx_bytes': '84 int Bytes sum 2 false',
      'container.network.io.usage.rx_packets': '2 int Count sum 2 false',
      'container.network.io.usage.rx_errors': '0 int Count sum 2 false',
      'container.network.io.usage.rx_dropped': '0 int Count sum 2 false',
      'container.network.io.usage.tx_bytes': '42 int Bytes sum 2 false',
      'container.network.io.usage.tx_packets': '1 int Count sum 2 false',
      'container.network.io.usage.tx_errors': '0 int Count sum 2 false',
      'container.network.io.usage.tx_dropped': '3 int Count sum 2 false',
      'container.storage.read_bytes': '1024 int Bytes sum 2 false',
      'container.storage.write_bytes': '50 int Bytes sum 2 false',
    },
  })
  t.strictSame(
    Object.keys(agent!.metrics),
    [
      'container.memory.usage',
      'container.memory.utilized',
      'container.memory.reserved',
      'container.cpu.usage.total',
      'container.cpu.usage.kernelmode',
      'container.cpu.usage.usermode',
      'container.cpu.cores',
      'container.cpu.onlines',
      'container.cpu.reserved',
    ],
    'what was not measured is not zero',
  )
  t.equal(agent!.metrics['container.memory.utilized'], '0 int MiB gauge', 'never less than nothing')
  t.match(agent!.attributes, {
    'container.image.name': 'registry.example.com:5000/sluice',
    'container.image.tag': 'latest',
  })
  t.match(migrate, {
    attributes: {
      'container.name': 'migrate',
      'aws.ecs.container.know_status': 'STOPPED',
      'aws.ecs.container.finished_at': '2026-01-01T00:00:10.75Z',
      'aws.ecs.container.exit_code': '0',
      'container.image.name': 'busybox',
      'container.image.tag': 'latest',
      'aws.ecs.task.id': 'cd189a933e5849daa93386466019ab50',
    },
  })
  t.strictSame(migrate!.metrics, { 'container.duration': '8.25 double Seconds gauge' })
  t.strictSame(task!.attributes, taskAttributes)
  t.match(task!.metrics, {
    'ecs.task.memory.usage': '105906176 int Bytes gauge',
    'ecs.task.memory.utilized': '90 int MiB gauge',
    'ecs.task.memory.reserved': '512 int MiB gauge',
    'ecs.task.cpu.usage.total': '5000000100 int Nanoseconds sum 2 false',
    'ecs.task.cpu.reserved': '256 double None gauge',
    'ecs.task.cpu.utilized': '102.4 double None gauge',
    'ecs.task.cpu.usage.vcpu': '0.1 double vCPU gauge',
    'ecs.task.network.rate.rx': '1.5 double Bytes/Second gauge',
    'ecs.task.storage.read_bytes': '1024 int Bytes sum 2 false',
    'ecs.task.ephemeral_storage.utilized': '261 int MiB gauge',
    'ecs.task.ephemeral_storage.reserved': '20496 int MiB gauge',
  })
  t.notOk('ecs.task.duration' in task!.metrics)
})

test('a task on EC2: no limits of its own, bridge and host networks, numbers beyond 2^53', async (t) => {
  const run = await running(t, {}, { '/task': JSON.stringify(ec2Task), '/task/stats': ec2Stats })
  await run.collect(1000)
  const [pause, curl, task] = described(run)
  t.match(pause, {
    attributes: {
      'container.name': '~internal~ecs~pause',
      'container.image.tag': '0.1.0',
      'aws.ecs.launchtype': 'ec2',
    },
    metrics: {
      'container.memory.usage.max': '6299648 int Bytes gauge',
      'container.memory.utilized': '2 int MiB gauge',
      'container.cpu.cores': '4 int Count gauge',
      'container.cpu.onlines': '2 int Count gauge',
      'container.cpu.usage.system': '9223372036854775001 int Nanoseconds sum 2 false',
      'container.cpu.usage.vcpu': '0 double vCPU gauge',
      'container.network.io.usage.rx_bytes': '100 int Bytes sum 2 false',
      'container.network.io.usage.rx_dropped': '5 int Count sum 2 false',
      'container.storage.read_bytes': '638976 int Bytes sum 2 false',
      'container.storage.write_bytes': '0 int Bytes sum 2 false',
    },
  })
  t.match(curl!.metrics, {
    'container.cpu.usage.vcpu': '0.5 double vCPU gauge',
    'container.cpu.utilized': '5 double None gauge',
    'container.storage.read_bytes': '0 int Bytes sum 2 false',
  })
  t.notOk(
    Object.keys(curl!.metrics).some((name) => name.includes('network')),
    'the host’s network has no counts of its own',
  )
  t.match(task, {
    attributes: {
      'aws.ecs.cluster.name': 'default',
      'aws.ecs.task.id': '158d1c8083dd49d6b527399fd6414f5c',
      'cloud.region': 'cn-north-1',
      'cloud.account.id': '111122223333',
      'aws.ecs.service.name': '',
    },
    metrics: {
      'ecs.task.memory.reserved': '128 int MiB gauge',
      'ecs.task.cpu.reserved': '10 double None gauge',
      'ecs.task.cpu.utilized': '512 double None gauge',
      'ecs.task.cpu.usage.system': '9223372036854775807 int Nanoseconds sum 2 false',
    },
  })
  t.notOk(Object.keys(task!.metrics).some((name) => name.includes('ephemeral')))
})

test('it begins after initial_delay, goes on every collection_interval, and keeps the rhythm', async (t) => {
  const run = await running(t, { collection_interval: '7s', initial_delay: '3s' })
  await run.settings.clock.advance(2999)
  t.equal(run.asked.length, 0)
  await run.collect(1)
  await run.settings.clock.advance(6999)
  t.equal(run.sink.batches.length, 1)
  await run.collect(1)
  await run.collect(7000)
  t.equal(run.sink.batches.length, 3)
  t.same(run.host.states, [])
})

test('an endpoint that is down, slow, or talks nonsense costs that collection alone, and is told', async (t) => {
  const bad: readonly (readonly [string, Answers, RegExp])[] = [
    ['gone', { '/task': (request) => void request.socket.destroy() }, /127\.0\.0\.1:\d+: /],
    ['500', { ...fargate, '/task/stats': (_, response) => void response.writeHead(500).end('oops') }, /answers 500/],
    ['404', {}, /answers 404/],
    [
      'a redirect',
      { '/task': (_, response) => void response.writeHead(302, { location: 'http://x' }).end() },
      /answers 302/,
    ],
    ['no JSON', { ...fargate, '/task': '<html>' }, /\/task: the answer is no JSON/],
    ['half of it', { ...fargate, '/task/stats': '{"a":' }, /\/task\/stats: the answer is no JSON/],
    ['a list', { ...fargate, '/task': '[]' }, /\/task: the answer is no object/],
    ['too much', { ...fargate, '/task': `{"a":"${'x'.repeat(300_000)}"}` }, /more than 262144 bytes/],
  ]
  const run = await running(t, { collection_interval: '1s' })
  await run.collect(1000)
  for (const [name, answers, message] of bad) {
    const failed = run.counts('sluice_receiver_failed_scrapes')
    run.answers = answers
    await run.collect(1000)
    t.equal(run.counts('sluice_receiver_failed_scrapes'), failed + 1, name)
    const told = run.settings.lines.at(-1)!
    t.match(told, { level: 'error', message: /what the task uses is not known/, fields: { error: message } }, name)
    t.match(run.host.states.at(-1), { state: 'degraded', reason: message }, name)
    run.answers = fargate
    const taken = run.sink.batches.length
    await run.collect(1000)
    t.equal(run.sink.batches.length, taken + 1, `${name}: the next one is there`)
    t.match(run.host.states.at(-1), { state: 'ok' })
  }
})

test('answers with anything in them never break it', async (t) => {
  const run = await running(t, { collection_interval: '1s' })
  const strange: readonly (readonly [unknown, unknown])[] = [
    [{}, {}],
    [{ Containers: 'none', Limits: [], TaskARN: 7, Cluster: null }, { a: 1 }],
    [{ Containers: [null, 1, [], {}, { DockerId: 'a' }], Limits: { CPU: 'x', Memory: -1 } }, { a: { id: 'a' } }],
    [
      {
        Containers: [{ DockerId: '__proto__' }, { DockerId: 'a', Image: ':::', StartedAt: 'x', FinishedAt: 'y' }],
        TaskARN: 'arn:aws:ecs',
      },
      {
        a: {
          id: 'a',
          memory_stats: { usage: 1e300, stats: 1 },
          cpu_stats: { cpu_usage: { total_usage: 1.5 } },
          networks: [1],
        },
      },
    ],
    [
      { Containers: [{ DockerId: 'a', Limits: { CPU: -1 } }] },
      {
        a: {
          id: 'a',
          read: '9999-99-99',
          preread: 1,
          blkio_stats: { io_service_bytes_recursive: [null, { op: 'read', value: {} }] },
        },
      },
    ],
  ]
  for (const [task, stats] of strange) {
    run.answers = { '/task': JSON.stringify(task), '/task/stats': JSON.stringify(stats) }
    const asked = run.asked.length
    await run.settings.clock.advance(1000)
    await until(() => run.asked.length === asked + 2)
  }
  run.answers = fargate
  await run.collect(1000).catch(() => {})
  t.equal(run.counts('sluice_receiver_failed_scrapes'), 0)
})

test('a collection that takes too long is given up, and never overlaps the next', async (t) => {
  let waiting = 0
  let most = 0
  const silent: RequestListener = (request) => {
    most = Math.max(most, ++waiting)
    request.on('close', () => waiting--)
  }
  const run = await running(
    t,
    { collection_interval: '10s', timeout: '2s' },
    { '/task': silent, '/task/stats': silent },
  )
  await run.settings.clock.advance(1000)
  await until(() => waiting === 2)
  await run.collect(2000)
  t.match(run.settings.lines.at(-1), { fields: { error: /not done within 2000 ms/ } })
  await until(() => waiting === 0)
  await run.settings.clock.advance(8000)
  await until(() => waiting === 2)
  t.equal(most, 2)
  await run.stop()
  t.equal(run.counts('sluice_receiver_failed_scrapes'), 1, 'a stop is no failure')
})

test('without an endpoint it does not start, and says where it runs', async (t) => {
  for (const [value, message] of [
    [undefined, /ECS_CONTAINER_METADATA_URI_V4 is not set: this receiver runs in tasks of ECS/],
    ['', /is not set/],
    ['not a url', /is no URL/],
  ] as const) {
    const receiver = new EcsContainerMetricsReceiver(
      v.parse(config, {}),
      testSettings(),
      {},
      {
        ECS_CONTAINER_METADATA_URI_V4: value,
      },
    )
    await t.rejects(receiver.start(testHost()), { message })
  }
  t.match(v.parse(config, {}), { collection_interval: 20_000, initial_delay: 1000, timeout: 0 })
  t.notOk(v.safeParse(config, { collection_interval: '0s' }).success)
})
