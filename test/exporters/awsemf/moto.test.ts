// Events on a server that answers as AWS does, read back with the AWS SDK.
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import { test } from 'tap'
import { AwsClient } from '../../../src/aws/index.ts'
import { LOGS_API } from '../../../src/aws/logs/index.ts'
import { testSettings } from '../../../src/testing/index.ts'
import { emfViolations } from '../../emulator/emf.ts'
import { withTestKeys } from '../../emulator/server.ts'
import { findMoto, startMoto } from '../../servers/moto.ts'
import { startOn } from './rig.ts'

const found = await findMoto()

test("the seed's business metrics as events, read back with the SDK", {
  skip: typeof found === 'string' && found,
}, async (t) => {
  if (typeof found === 'string') return
  withTestKeys(t)
  const moto = await startMoto(found)
  t.teardown(() => moto.stop())
  const sdk = new CloudWatchLogsClient(moto.client)
  t.teardown(() => sdk.destroy())
  const settings = testSettings()
  settings.clock.jump(Date.now() - settings.clock.now())
  const { consume, drops, stop } = await startOn(
    (config) => new AwsClient(LOGS_API, config, settings),
    {
      ...moto.config,
      namespace: 'DOAMarket/Application',
      log_group_name: '/metrics/{ServiceName}',
      log_stream_name: '{deployment.environment.name}',
      dimension_rollup_option: 'NoDimensionRollup',
      detailed_metrics: true,
    },
    settings,
  )
  const resource = { 'service.name': 'order-service', 'deployment.environment.name': 'production' }
  await consume([
    {
      resource,
      metrics: [
        {
          name: 'OrderCreated',
          unit: '{order}',
          type: 'sum',
          points: [{ labels: { PaymentMethod: 'credit_card', Environment: 'production' }, int: 1 }],
        },
        { name: 'OrderAmount', type: 'gauge', points: [{ labels: { PaymentMethod: 'credit_card' }, value: 39000.5 }] },
        {
          name: 'PaymentDuration',
          unit: 'ms',
          type: 'histogram',
          points: [
            {
              labels: { Status: 'Success' },
              count: 2,
              sum: 300,
              min: 100,
              max: 200,
              bucketCounts: [0, 2, 0],
              explicitBounds: [50, 250],
            },
          ],
        },
      ],
    },
  ])
  await stop()
  t.same(drops(), {})
  t.equal(settings.ledger('metrics').outItems, 3)
  const logGroupName = '/metrics/order-service'
  const { events = [] } = await sdk.send(new FilterLogEventsCommand({ logGroupName, logStreamNames: ['production'] }))
  const parsed = events.map(({ message }) => JSON.parse(message!))
  t.same(parsed.flatMap(emfViolations), [])
  t.same(
    parsed.map(({ _aws: { CloudWatchMetrics }, Version, ...members }) => [CloudWatchMetrics, members]),
    [
      [
        [
          {
            Namespace: 'DOAMarket/Application',
            Dimensions: [['Environment', 'PaymentMethod']],
            Metrics: [{ Name: 'OrderCreated', Unit: 'Count' }],
          },
        ],
        { PaymentMethod: 'credit_card', Environment: 'production', OrderCreated: 1 },
      ],
      [
        [{ Namespace: 'DOAMarket/Application', Dimensions: [['PaymentMethod']], Metrics: [{ Name: 'OrderAmount' }] }],
        { PaymentMethod: 'credit_card', OrderAmount: 39000.5 },
      ],
      [
        [
          {
            Namespace: 'DOAMarket/Application',
            Dimensions: [['Status']],
            Metrics: [{ Name: 'PaymentDuration', Unit: 'Milliseconds' }],
          },
        ],
        {
          Status: 'Success',
          PaymentDuration: { Values: [175, 125], Counts: [1, 1], Max: 200, Min: 100, Count: 2, Sum: 300 },
        },
      ],
    ],
  )
})
