// The real client, with the business metrics of a shop as it would send them.
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire, Module } from 'node:module'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'tap'
import { kernel } from '../../../src/net/kernel.ts'
import { createSocket } from '../../kit/unix-dgram.ts'
import { until } from '../../kit/until.ts'
import { type Running, running } from './kit.ts'

const { StatsD } = createRequire(import.meta.url)('hot-shots') as typeof import('hot-shots')
type Client = InstanceType<typeof StatsD>

/** The package with which the client opens unix sockets is native, and built for one version of Node: ours stands in for it. */
function withUnixDgram(): boolean {
  const require = createRequire(import.meta.resolve('hot-shots'))
  try {
    const filename = require.resolve('unix-dgram')
    const stand = new Module(filename)
    stand.exports = { createSocket }
    stand.loaded = true
    require.cache[filename] = stand
    return true
  } catch {
    // Without a compiler npm leaves it out.
    return false
  }
}

async function sent(receiver: Running, lines: number, options: object, use: (client: Client) => void): Promise<void> {
  const client = new StatsD({ host: '127.0.0.1', port: receiver.port, ...options })
  use(client)
  await new Promise<void>((resolve, reject) => client.close((error) => (error ? reject(error) : resolve())))
  await until(() => receiver.lines().taken + receiver.lines().refused >= lines)
}

const shop = (client: Client): void => {
  client.increment('OrderCreated', 1, { PaymentMethod: 'card', Environment: 'production' })
  client.increment('OrderCreated', 2, { Environment: 'production', PaymentMethod: 'card' })
  client.distribution('OrderAmount', 59_000, { PaymentMethod: 'card' })
  client.timing('PaymentDuration', 812.5, { Status: 'Success' })
  client.timing('APILatency', 41, { Endpoint: '/api/v1/orders', Method: 'POST', StatusCode: '201' })
  client.increment('InventoryShortage', 1, { ProductId: 'prod-77' })
  client.increment('SagaCompensation', 1, { SagaType: 'ORDER', Step: 'payment' })
  client.increment('UserRegistered')
  client.gauge('CacheHitRate', 98.5, { Service: 'product-service' })
}

const shopPoints = [
  {
    name: 'APILatency',
    type: 'summary',
    attributes: { Endpoint: '/api/v1/orders', Method: 'POST', StatusCode: '201' },
    sum: 41,
  },
  { name: 'CacheHitRate', type: 'gauge', attributes: { Service: 'product-service' }, asDouble: 98.5 },
  { name: 'InventoryShortage', type: 'sum', attributes: { ProductId: 'prod-77' }, asInt: '1' },
  { name: 'OrderAmount', type: 'summary', attributes: { PaymentMethod: 'card' }, sum: 59_000 },
  { name: 'OrderCreated', type: 'sum', attributes: { PaymentMethod: 'card', Environment: 'production' }, asInt: '3' },
  { name: 'PaymentDuration', type: 'summary', attributes: { Status: 'Success' }, sum: 812.5 },
  { name: 'SagaCompensation', type: 'sum', attributes: { SagaType: 'ORDER', Step: 'payment' }, asInt: '1' },
  { name: 'UserRegistered', type: 'sum', attributes: {}, asInt: '1' },
]
const summaries = {
  timer_histogram_mapping: [
    { statsd_type: 'timer', observer_type: 'summary' },
    { statsd_type: 'distribution', observer_type: 'summary' },
  ],
}

test('the business metrics of a shop arrive with their names, values and dimensions', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'statsd-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'socket')
  const transports = [
    ['udp', 'udp', {}],
    ['tcp', 'tcp', {}],
    ...(kernel() === undefined || !withUnixDgram() ? [] : [['unixgram', 'uds', { endpoint: path }] as const]),
  ] as const
  for (const [transport, protocol, place] of transports)
    for (const maxBufferSize of [0, 1400]) {
      const receiver = await running(t, { transport, ...place, ...summaries })
      await sent(receiver, 9, { protocol, path, maxBufferSize, includeDatadogTelemetry: false }, shop)
      t.match(await receiver.flush(), shopPoints, `${protocol}, ${maxBufferSize}`)
      t.same(Object.fromEntries(receiver.refused), {})
      await receiver.stop()
    }
})

test('the client writes to a unix stream', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'statsd-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'socket')
  const receiver = await running(t, { transport: 'unix', endpoint: path, ...summaries })
  const stream = connect(path)
  await once(stream, 'connect')
  await sent(receiver, 9, { protocol: 'stream', stream, includeDatadogTelemetry: false }, shop)
  t.match(await receiver.flush(), shopPoints)
})

test('every call of the client is understood or counted', async (t) => {
  const receiver = await running(t, { ...summaries, ignore_host: true, enable_simple_tags: true })
  await sent(
    receiver,
    15,
    { prefix: 'app.', globalTags: { env: 'test' }, includeDatadogTelemetry: false },
    (client) => {
      client.increment('calls')
      client.decrement('calls')
      client.increment('many', 5, ['flag', 'k:v'])
      client.gauge('level', -3)
      client.gauge('level', 10)
      client.gaugeDelta('level', -4)
      client.histogram('size', 10)
      client.distribution('size', 20)
      client.timing('took', 5)
      client.timing(['took', 'took2'], 7)
      client.set('unique', 'a')
      client.unique('unique', 'b')
      client.event('title', 'text')
      client.check('service', 0)
    },
  )
  t.match(await receiver.flush(), [
    { name: 'app.calls', asInt: '0', attributes: { env: 'test' } },
    { name: 'app.level', asDouble: 6 },
    { name: 'app.many', asInt: '5', attributes: { env: 'test', flag: '', k: 'v' } },
    { name: 'app.size', type: 'summary' },
    { name: 'app.size', type: 'summary' },
    { name: 'app.took', count: '2', sum: 12 },
    { name: 'app.took2', count: '1' },
    { name: 'app.unique', asInt: '2' },
  ])
  t.same(Object.fromEntries(receiver.refused), { event: 1, service_check: 1 })
})

test('what the client samples is counted as often as it happened', async (t) => {
  const receiver = await running(t, { counter_type: 'float' })
  const lines = Array.from({ length: 4000 }, () => 0)
  const client = new StatsD({
    host: '127.0.0.1',
    port: receiver.port,
    sampleRate: 0.25,
    includeDatadogTelemetry: false,
  })
  for (const _ of lines) client.increment('calls')
  client.increment('all', 1, 1)
  await new Promise((resolve) => client.close(resolve))
  await until(() => receiver.lines().taken > 700)
  const points = await receiver.flush()
  const calls = Number(points.find(({ name }) => name === 'calls')!.asDouble)
  t.ok(calls > 3000 && calls < 5000, `${calls} of 4000`)
})
