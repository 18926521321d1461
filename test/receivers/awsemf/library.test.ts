// The embedded metric library of AWS as the client, set to its agent, and the seed's business metrics from it.

import { AgentSink, Configuration, MetricsLogger, StorageResolution, Unit } from 'aws-embedded-metrics'
import { type Test, test } from 'tap'
import type { AnyValue, ExponentialHistogramPointObject } from '../../../src/data/index.ts'
import { until } from '../../kit/until.ts'
import { type Rig, start } from './rig.ts'

/** What the library asks of where it runs. */
const environmentOf = (sink: AgentSink) => ({
  probe: async () => true,
  getName: () => 'order-service',
  getType: () => 'NodeJs',
  getLogGroupName: () => '/ecs/order-service',
  configureContext: () => {},
  getSink: () => sink,
})

async function loggers(t: Test, transport: 'tcp' | 'udp'): Promise<Rig & { readonly make: () => MetricsLogger }> {
  const rig = await start(t)
  const before = Configuration.agentEndpoint
  Configuration.agentEndpoint = `${transport}://127.0.0.1:${transport === 'tcp' ? rig.tcpPort : rig.udpPort}`
  const sink = new AgentSink('/ecs/order-service', 'production')
  Configuration.agentEndpoint = before
  return { ...rig, make: () => new MetricsLogger(async () => environmentOf(sink)) }
}

function points({ metrics }: Rig) {
  const seen: {
    namespace: AnyValue | undefined
    name: string
    unit: string
    attributes: Record<string, AnyValue>
    point: ExponentialHistogramPointObject
  }[] = []
  for (const batch of metrics.batches)
    batch.visit({
      onPoint(point, metric, _, resource) {
        seen.push({
          namespace: resource.attributes.get('aws.emf.namespace'),
          name: metric.name,
          unit: metric.unit,
          attributes: Object.fromEntries(point.attributes.toMap()),
          point: point.toObject() as ExponentialHistogramPointObject,
        })
      },
    })
  return seen
}

for (const transport of ['tcp', 'udp'] as const)
  test(`the library of AWS sends over ${transport}, and nothing is lost`, async (t) => {
    const rig = await loggers(t, transport)
    const logger = rig.make()
    logger.setNamespace('DOAMarket/Application')
    logger.setDimensions({ Service: 'order-service', Environment: 'production' })
    logger.setProperty('correlationId', 'größer-1')
    logger.putMetric('OrderCreated', 1, Unit.Count)
    logger.putMetric('OrderAmount', 99.5, Unit.None)
    logger.putMetric('PaymentDuration', 120, Unit.Milliseconds)
    logger.putMetric('PaymentDuration', 80.25, Unit.Milliseconds)
    logger.putMetric('APILatency', 5, Unit.Milliseconds, StorageResolution.High)
    await logger.flush()
    await rig.arrived(1)
    await until(() => rig.metrics.items === 4)
    t.same(rig.refused, [])
    const attributes = { Service: 'order-service', Environment: 'production' }
    const seen = points(rig).toSorted((a, b) => (a.name < b.name ? -1 : 1))
    t.match(seen, [
      { name: 'APILatency', unit: 'ms', attributes: { ...attributes, 'aws.emf.storage_resolution': 1 } },
      { name: 'OrderAmount', unit: '', attributes, point: { count: 1n, sum: 99.5 } },
      { name: 'OrderCreated', unit: '{count}', attributes, point: { count: 1n, sum: 1 } },
      { name: 'PaymentDuration', unit: 'ms', attributes, point: { count: 2n, sum: 200.25, min: 80.25, max: 120 } },
    ])
    t.same(
      seen.map(({ namespace }) => namespace),
      Array(4).fill('DOAMarket/Application'),
    )
    t.match(JSON.parse(rig.bodies()[0]!), {
      correlationId: 'größer-1',
      PaymentDuration: [120, 80.25],
      _aws: { LogGroupName: '/ecs/order-service', LogStreamName: 'production' },
    })
  })

test('more values and metrics than one line has arrive all the same', async (t) => {
  const rig = await loggers(t, 'tcp')
  const logger = rig.make()
  logger.setDimensions({ Service: 'order-service' })
  for (let i = 0; i < 250; i++) logger.putMetric('Latency', i, Unit.Milliseconds)
  for (let i = 0; i < 150; i++) logger.putMetric(`metric${i}`, i)
  await logger.flush()
  const total = () => points(rig).reduce((sum, { point }) => sum + Number(point.count), 0)
  await until(() => total() === 400)
  const latencies = points(rig).filter(({ name }) => name === 'Latency')
  t.same(
    latencies.flatMap(({ point }) => point.exemplars.map(({ value }) => Number(value))).toSorted((a, b) => a - b),
    Array.from({ length: 250 }, (_, i) => i),
  )
  t.same([...rig.refused, ...rig.refusedMetrics], [])
})
