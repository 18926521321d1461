// Configs for one purpose each, against moto, read back with AWS's own clients.
import { gunzipSync } from 'node:zlib'
import { CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch'
import { CloudWatchLogsClient, DescribeLogGroupsCommand, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import { CreateDeliveryStreamCommand, FirehoseClient } from '@aws-sdk/client-firehose'
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { BatchGetTracesCommand, XRayClient } from '@aws-sdk/client-xray'
import { test } from 'tap'
import { findMoto, startMoto } from '../servers/moto.ts'
import { eventually } from '../servers/process.ts'
import {
  attributes,
  endpointOf,
  logsOf,
  metricsOf,
  nanos,
  postOtlp,
  sendUdp,
  startConfig,
  taskMetadata,
} from './kit.ts'

const found = await findMoto()
const skip = typeof found === 'string' && found
const now = Date.now()
const record = (text: string) => ({ timeUnixNano: nanos(now), severityText: 'INFO', body: { stringValue: text } })

test('configs for AWS do what they say', { skip, timeout: 110_000 }, async (t) => {
  if (typeof found === 'string') return
  const moto = await startMoto(found)
  t.teardown(() => moto.stop())
  const env = { AWS_REGION: moto.client.region, AWS_ENDPOINT_URL: moto.url }

  await t.test('cloudwatch-logs: a group for each service, a stream for each day, with its retention', async (t) => {
    const logs = new CloudWatchLogsClient(moto.client)
    t.teardown(() => logs.destroy())
    const agent = await startConfig(t, 'cloudwatch-logs', env)
    for (const name of ['user-service', 'order-service']) await postOtlp(agent, 'logs', logsOf(name, [record(name)]))
    const { code, stderr } = await agent.end()
    t.equal(code, 0, stderr)
    const { logGroups = [] } = await logs.send(new DescribeLogGroupsCommand({}))
    t.same(
      logGroups.map(({ logGroupName, retentionInDays }) => [logGroupName, retentionInDays]),
      [
        ['/ecs/order-service', 30],
        ['/ecs/user-service', 30],
      ],
    )
    const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: '/ecs/user-service' }))
    t.equal(events[0]?.logStreamName, `production-${new Date(now).toISOString().slice(0, 10)}`)
  })

  await t.test('xray-daemon: segments of an SDK reach X-Ray as they were', async (t) => {
    const xray = new XRayClient(moto.client)
    t.teardown(() => xray.destroy())
    const agent = await startConfig(t, 'xray-daemon', env)
    const segment = {
      name: 'order-service',
      id: '53995c3f42cd8ad8',
      trace_id: `1-${Math.floor(now / 1000).toString(16)}-0123456789abcdef01234567`,
      start_time: Math.floor(now / 1000) - 1,
      end_time: Math.floor(now / 1000),
      annotations: { orderId: 'o-1', amount: 5 },
      metadata: { default: { cart: [1, null, 'x'] } },
      subsegments: [
        {
          name: 'Saga::Step1',
          id: '53995c3f42cd8ad9',
          start_time: Math.floor(now / 1000) - 0.5,
          end_time: Math.floor(now / 1000),
        },
      ],
    }
    const port = endpointOf(agent, 'receiver awsxray', 'udp')
    await sendUdp(port, `{"format":"json","version":1}\n${JSON.stringify(segment)}`)
    const documents = await eventually('the trace', async () => {
      const { Traces = [] } = await xray.send(new BatchGetTracesCommand({ TraceIds: [segment.trace_id] }))
      const documents = Traces.flatMap(({ Segments = [] }) => Segments.map(({ Document }) => JSON.parse(Document!)))
      return documents.length > 0 ? documents : undefined
    })
    const { subsegments, ...whole } = segment
    t.match(
      documents.find(({ name }) => name === 'order-service'),
      whole,
    )
    const all = documents.flatMap((one) => [one, ...(one.subsegments ?? [])])
    t.match(
      all.find(({ name }) => name === 'Saga::Step1'),
      subsegments[0]!,
    )
    t.equal((await agent.end()).code, 0)
  })

  await t.test('log-archive: lines of JSON in Glacier, and in the stream', async (t) => {
    const s3 = new S3Client({ ...moto.client, forcePathStyle: true })
    const firehose = new FirehoseClient(moto.client)
    t.teardown(() => [s3, firehose].forEach((client) => void client.destroy()))
    for (const Bucket of ['log-archive', 'delivered']) await s3.send(new CreateBucketCommand({ Bucket }))
    await firehose.send(
      new CreateDeliveryStreamCommand({
        DeliveryStreamName: 'log-archive',
        S3DestinationConfiguration: {
          BucketARN: 'arn:aws:s3:::delivered',
          RoleARN: 'arn:aws:iam::123456789012:role/r',
        },
      }),
    )
    const agent = await startConfig(t, 'log-archive', { ...env, ARCHIVE_PATH_STYLE: 'true' })
    await postOtlp(agent, 'logs', logsOf('order-service', [record('kept'), record('for seven years')]))
    const { code, stderr } = await agent.end()
    t.equal(code, 0, stderr)
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'log-archive' }))
    t.equal(Contents.length, 1)
    t.match(Contents[0], {
      Key: /^logs\/year=\d{4}\/month=\d\d\/day=\d\d\/hour=\d\d\/.*\.jsonl\.gz$/,
      StorageClass: 'GLACIER',
    })
    const delivered = await s3.send(new ListObjectsV2Command({ Bucket: 'delivered' }))
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'delivered', Key: delivered.Contents![0]!.Key }))
    const lines = Buffer.from(await Body!.transformToByteArray())
    const text = lines[0] === 0x1f ? gunzipSync(lines).toString() : lines.toString()
    t.match(
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).body),
      ['kept', 'for seven years'],
    )
  })

  await t.test('ecs-container-insights: what the task uses, by cluster, service and family', async (t) => {
    const logs = new CloudWatchLogsClient(moto.client)
    t.teardown(() => logs.destroy())
    const metadata = await taskMetadata(t)
    const agent = await startConfig(t, 'ecs-container-insights', {
      ...env,
      ECS_CONTAINER_METADATA_URI_V4: metadata.url,
    })
    await eventually('a look at the task', async () => metadata.scrapes() > 0 || undefined)
    const { code, stderr } = await agent.end()
    t.equal(code, 0, stderr)
    const group = '/aws/ecs/containerinsights/doa-market-cluster/performance'
    const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: group }))
    const all = events.map(({ message }) => JSON.parse(message!))
    const named = (name: string) => all.find((one) => name in one)
    t.match(named('MemoryUtilized'), { ClusterName: 'doa-market-cluster', ServiceName: 'product-service' })
    t.match(named('MemoryUtilized')._aws.CloudWatchMetrics[0], {
      Namespace: 'ECS/ContainerInsights',
      Dimensions: [['ClusterName'], ['ClusterName', 'ServiceName'], ['ClusterName', 'TaskDefinitionFamily']],
    })
    const { MemoryUtilized, MemoryUtilization, MemoryReserved } = Object.assign({}, ...all)
    t.equal(MemoryReserved, 512)
    t.equal(
      Math.round(MemoryUtilization * 100),
      Math.round((MemoryUtilized / 512) * 10_000),
      'of the limit of the task',
    )
  })

  await t.test('business-metrics: the seed names, units and dimensions, by OTLP and by StatsD', async (t) => {
    const cloudwatch = new CloudWatchClient(moto.client)
    t.teardown(() => cloudwatch.destroy())
    const agent = await startConfig(t, 'business-metrics', { ...env, METRICS_FLUSH_INTERVAL: '1s' })
    const at = { startTimeUnixNano: nanos(now - 1000), timeUnixNano: nanos(now) }
    const sum = (name: string, unit: string, value: number, dimensions: Record<string, string>) => ({
      name,
      unit,
      sum: {
        aggregationTemporality: 1,
        isMonotonic: true,
        dataPoints: [{ ...at, asDouble: value, attributes: attributes(dimensions) }],
      },
    })
    await postOtlp(
      agent,
      'metrics',
      metricsOf('order-service', [
        sum('OrderCreated', '{count}', 1, { PaymentMethod: 'card', Environment: 'production' }),
        sum('OrderAmount', '1', 39_500, { PaymentMethod: 'card' }),
        sum('SagaCompensation', '{count}', 2, { SagaType: 'CreateOrder', Step: 'ProcessPayment' }),
        {
          name: 'PaymentDuration',
          unit: 'ms',
          gauge: {
            dataPoints: [{ timeUnixNano: nanos(now), asDouble: 120, attributes: attributes({ Status: 'Success' }) }],
          },
        },
        {
          name: 'CacheHitRate',
          unit: '%',
          gauge: {
            dataPoints: [{ timeUnixNano: nanos(now), asDouble: 92.5, attributes: attributes({ CacheType: 'redis' }) }],
          },
        },
      ]),
    )
    await sendUdp(endpointOf(agent, 'receiver statsd', 'udp'), 'UserRegistered:3|c|#Source:web')
    await eventually('statsd has it', async () => {
      const page = await (await fetch(agent.endpoints('own metrics')[0]!)).text()
      return /otelcol_receiver_received_statsd_metrics\S* [1-9]/.test(page) || undefined
    })
    const { code, stderr } = await agent.end()
    t.equal(code, 0, stderr)
    const wanted: readonly [
      namespace: string,
      name: string,
      dimensions: Record<string, string>,
      unit: string,
      sum: number,
    ][] = [
      ['DOAMarket/Application', 'OrderCreated', { Environment: 'production', PaymentMethod: 'card' }, 'Count', 1],
      // The roll-up.
      ['DOAMarket/Application', 'OrderCreated', { PaymentMethod: 'card' }, 'Count', 1],
      ['DOAMarket/Application', 'OrderAmount', { PaymentMethod: 'card' }, 'None', 39_500],
      ['DOAMarket/Application', 'SagaCompensation', { SagaType: 'CreateOrder', Step: 'ProcessPayment' }, 'Count', 2],
      ['DOAMarket/Application', 'PaymentDuration', { Status: 'Success' }, 'Milliseconds', 120],
      ['DOAMarket/Application', 'UserRegistered', { Source: 'web' }, 'None', 3],
      ['DOAMarket/Cache', 'CacheHitRate', { CacheType: 'redis' }, 'Percent', 92.5],
    ]
    const { MetricDataResults = [] } = await cloudwatch.send(
      new GetMetricDataCommand({
        StartTime: new Date(now - 600_000),
        EndTime: new Date(now + 600_000),
        MetricDataQueries: wanted.map(([Namespace, MetricName, dimensions, Unit], i) => ({
          Id: `q${i}`,
          MetricStat: {
            Metric: {
              Namespace,
              MetricName,
              Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
            },
            Period: 60,
            Stat: 'Sum',
            Unit: Unit as 'Count',
          },
        })),
      }),
    )
    for (const [i, [, name, dimensions, , sum]] of wanted.entries())
      t.same(MetricDataResults[i]?.Values, [sum], `${name} ${JSON.stringify(dimensions)}`)
  })
})
