// The seed's business metrics, sent by OTLP, on a server that answers as AWS does; queried back with the AWS SDK.
import { CloudWatchClient, GetMetricDataCommand, ListMetricsCommand } from '@aws-sdk/client-cloudwatch'
import { test } from 'tap'
import { AwsClient } from '../../../src/aws/index.ts'
import { MONITORING_API } from '../../../src/exporters/awscloudwatch/client.ts'
import { testSettings } from '../../../src/testing/index.ts'
import { withTestKeys } from '../../emulator/server.ts'
import type { ShortMetric, ShortResource } from '../../kit/metrics.ts'
import { findMoto, startMoto } from '../../servers/moto.ts'
import { startOn } from './rig.ts'

const found = await findMoto()

const histogram = (name: string, labels: object, values: readonly number[]): ShortMetric => ({
  name,
  unit: 'ms',
  type: 'histogram',
  points: [
    {
      labels: { ...labels },
      count: values.length,
      sum: values.reduce((sum, value) => sum + value, 0),
      min: Math.min(...values),
      max: Math.max(...values),
      explicitBounds: [100, 500],
      bucketCounts: [
        values.filter((value) => value <= 100).length,
        values.filter((value) => value > 100 && value <= 500).length,
        values.filter((value) => value > 500).length,
      ],
    },
  ],
})
const counter = (name: string, labels: object, counts: readonly number[]): ShortMetric => ({
  name,
  unit: `{${name.toLowerCase()}}`,
  type: 'sum',
  points: counts.map((int) => ({ labels: { ...labels }, int })),
})

/** Of the order service, with the seed's names, units and dimensions; the cache has a namespace of its own. */
const APPLICATION: readonly ShortMetric[] = [
  counter('OrderCreated', { PaymentMethod: 'credit_card', Environment: 'production' }, [1, 1, 1]),
  { name: 'OrderAmount', points: [39_000, 1500].map((int) => ({ labels: { PaymentMethod: 'credit_card' }, int })) },
  histogram('PaymentDuration', { Status: 'Success' }, [80, 120, 900]),
  histogram('PaymentDuration', { Status: 'Failed' }, [5000]),
  histogram('APILatency', { Endpoint: '/api/v1/orders', Method: 'POST', StatusCode: 201 }, [40, 60]),
  counter('InventoryShortage', { ProductId: 'p-1' }, [1]),
  counter('SagaCompensation', { SagaType: 'order', Step: 'payment' }, [1]),
  counter('UserRegistered', {}, [1, 1]),
]
const CACHE: readonly ShortMetric[] = [
  { name: 'CacheHitRate', unit: '%', points: [{ labels: { Service: 'product-service' }, value: 87.5 }] },
]
const RESOURCES: readonly ShortResource[] = [
  { resource: { 'service.name': 'order-service' }, metrics: APPLICATION },
  { resource: { 'service.name': 'product-service', 'aws.emf.namespace': 'DOAMarket/Cache' }, metrics: CACHE },
]

/** Namespace, name, dimensions, unit, then sample count, sum, minimum, maximum. */
const EXPECTED: readonly (readonly [string, string, Readonly<Record<string, string>>, string, readonly number[]])[] = [
  [
    'DOAMarket/Application',
    'OrderCreated',
    { PaymentMethod: 'credit_card', Environment: 'production' },
    'Count',
    [3, 3, 1, 1],
  ],
  ['DOAMarket/Application', 'OrderAmount', { PaymentMethod: 'credit_card' }, 'None', [2, 40_500, 1500, 39_000]],
  ['DOAMarket/Application', 'PaymentDuration', { Status: 'Success' }, 'Milliseconds', [3, 1100, 80, 900]],
  ['DOAMarket/Application', 'PaymentDuration', { Status: 'Failed' }, 'Milliseconds', [1, 5000, 5000, 5000]],
  [
    'DOAMarket/Application',
    'APILatency',
    { Endpoint: '/api/v1/orders', Method: 'POST', StatusCode: '201' },
    'Milliseconds',
    [2, 100, 40, 60],
  ],
  ['DOAMarket/Application', 'InventoryShortage', { ProductId: 'p-1' }, 'Count', [1, 1, 1, 1]],
  ['DOAMarket/Application', 'SagaCompensation', { SagaType: 'order', Step: 'payment' }, 'Count', [1, 1, 1, 1]],
  ['DOAMarket/Application', 'UserRegistered', {}, 'Count', [2, 2, 1, 1]],
  ['DOAMarket/Cache', 'CacheHitRate', { Service: 'product-service' }, 'Percent', [1, 87.5, 87.5, 87.5]],
]

for (const [aggregation, compression] of [
  ['statistics', 'gzip'],
  ['values', 'none'],
] as const)
  test(`the seed's business metrics as ${aggregation}, queried back with the SDK`, {
    skip: typeof found === 'string' && found,
  }, async (t) => {
    if (typeof found === 'string') return
    withTestKeys(t)
    const moto = await startMoto(found)
    t.teardown(() => moto.stop())
    const sdk = new CloudWatchClient(moto.client)
    t.teardown(() => sdk.destroy())
    const settings = testSettings()
    settings.clock.jump(Date.now() - settings.clock.now())
    const of = { ...moto.config, namespace: 'DOAMarket/Application', aggregation, compression }
    const { consume, stop, drops, ledger } = await startOn(
      settings,
      of,
      (config) => new AwsClient(MONITORING_API, config, settings),
    )
    await consume(RESOURCES)
    await stop()
    t.same(drops(), {})
    t.equal(ledger.outItems, EXPECTED.length)
    const { Metrics = [] } = await sdk.send(new ListMetricsCommand({}))
    const distinct = new Set(Metrics.map((metric) => JSON.stringify(metric)))
    t.equal(distinct.size, EXPECTED.length, 'these metrics, and no others')
    for (const [Namespace, MetricName, dimensions, Unit, [count, sum, min, max]] of EXPECTED) {
      // In this order, since moto's comparison depends on it.
      const Dimensions = Object.entries(dimensions)
        .toSorted()
        .map(([Name, Value]) => ({ Name, Value }))
      const { MetricDataResults = [] } = await sdk.send(
        new GetMetricDataCommand({
          StartTime: new Date(settings.clock.now() - 3_600_000),
          EndTime: new Date(settings.clock.now() + 60_000),
          MetricDataQueries: ['SampleCount', 'Sum', 'Minimum', 'Maximum'].map((Stat) => ({
            Id: Stat.toLowerCase(),
            MetricStat: { Metric: { Namespace, MetricName, Dimensions }, Period: 7200, Stat, Unit: Unit as never },
          })),
        }),
      )
      const values = MetricDataResults.map(({ Values = [] }) => Values[0])
      if (aggregation === 'statistics')
        t.same(values, [count, sum, min, max], `${MetricName} ${JSON.stringify(dimensions)}`)
      // Of a histogram's bucket moto knows the values that stand for it.
      else t.equal(values[0], count, `${MetricName} ${JSON.stringify(dimensions)}`)
    }
  })
