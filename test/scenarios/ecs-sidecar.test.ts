// The seed's main path: one agent beside an application, real servers behind it, everything read back with their own clients.
import { CloudWatchClient, GetMetricDataCommand, ListMetricsCommand } from '@aws-sdk/client-cloudwatch'
import { CloudWatchLogsClient, DescribeLogGroupsCommand, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import { BatchGetTracesCommand, XRayClient } from '@aws-sdk/client-xray'
import { test } from 'tap'
import { findMoto, startMoto } from '../servers/moto.ts'
import { startOpenSearch } from '../servers/opensearch.ts'
import { eventually } from '../servers/process.ts'
import {
  attributes,
  endpointOf,
  logsOf,
  metricsOf,
  nanos,
  postOtlp,
  sendTcp,
  sendUdp,
  spansOf,
  startConfig,
} from './kit.ts'

const found = await findMoto()
const search = typeof found === 'string' ? found : await startOpenSearch()
const skip = typeof search === 'string' && search

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const now = Date.now()

test('spans, metrics and log records of a task arrive everywhere that configs/ecs-sidecar.yaml says', {
  skip,
  timeout: 150_000,
}, async (t) => {
  if (typeof found === 'string' || typeof search === 'string') return
  t.teardown(() => search.stop())
  const moto = await startMoto(found)
  t.teardown(() => moto.stop())
  const agent = await startConfig(t, 'ecs-sidecar', {
    AWS_REGION: moto.client.region,
    AWS_ENDPOINT_URL: moto.url,
    OPENSEARCH_ENDPOINT: search.url,
    METRICS_FLUSH_INTERVAL: '2s',
  })

  await postOtlp(agent, 'traces', spansOf('order-service', spans()))
  await sendUdp(endpointOf(agent, 'receiver awsxray', 'udp'), segment())
  await postOtlp(agent, 'metrics', metricsOf('order-service', metrics()))
  await sendUdp(
    endpointOf(agent, 'receiver statsd', 'udp'),
    'UserRegistered:3|c|#Source:web\nCacheHitRate:98.5|g|#Service:product-service',
  )
  await sendTcp(endpointOf(agent, 'receiver awsemf', 'tcp'), embedded())
  for (const name of ['order-service', 'payment-service']) await postOtlp(agent, 'logs', logsOf(name, records(name)))

  await t.test('spans: X-Ray and OpenSearch', async (t) => {
    const xray = new XRayClient(moto.client)
    t.teardown(() => xray.destroy())
    const ids = [`1-${TRACE.slice(0, 8)}-${TRACE.slice(8)}`, SEGMENT_TRACE]
    const traces = await eventually('both traces', async () => {
      const { Traces = [] } = await xray.send(new BatchGetTracesCommand({ TraceIds: ids }))
      return Traces.length === 2 ? Traces : undefined
    })
    const documents = traces.flatMap(({ Segments = [] }) => Segments.map(({ Document }) => JSON.parse(Document!)))
    t.match(
      documents.find(({ name }) => name === 'order-service'),
      { http: { request: { method: 'POST' }, response: { status: 201 } }, annotations: { 'order.id': 'o-1' } },
    )
    t.match(
      documents.find(({ name }) => name === 'legacy-service'),
      {
        annotations: { orderId: 'o-2' },
        metadata: { default: { cart: [1, 2] } },
      },
    )
    const day = new Date(now).toISOString().slice(0, 10)
    const hits = await eventually('spans in OpenSearch', async () => {
      const hits = await search.search(`traces-order-service-${day}`).catch(() => [])
      return hits.length === 1 ? hits : undefined
    })
    t.match(hits[0]!._source, { traceId: TRACE, name: 'POST /orders' })
  })

  await t.test('metrics: business by PutMetricData, the others by EMF, all on the Prometheus page', async (t) => {
    const cloudwatch = new CloudWatchClient(moto.client)
    t.teardown(() => cloudwatch.destroy())
    const cached = await eventually(
      'what is of the cache',
      async () => {
        const { Metrics = [] } = await cloudwatch.send(new ListMetricsCommand({ Namespace: 'DOAMarket/Cache' }))
        return Metrics.length >= 2 ? Metrics : undefined
      },
      80_000,
    )
    t.same(
      cached.map(({ MetricName, Dimensions }) => [MetricName, Dimensions?.[0]?.Name]).toSorted(),
      [
        ['CacheHitRate', 'CacheType'],
        ['CacheHitRate', 'Service'],
      ],
      'by StatsD and by EMF',
    )
    const business = await eventually(
      'business metrics',
      async () => {
        const { Metrics = [] } = await cloudwatch.send(new ListMetricsCommand({ Namespace: 'DOAMarket/Application' }))
        const names = new Set(Metrics.map(({ MetricName }) => MetricName))
        return names.has('OrderCreated') && names.has('UserRegistered') ? names : undefined
      },
      80_000,
    )
    t.notOk(business.has('CacheHitRate'), 'each in its namespace')
    const { MetricDataResults = [] } = await cloudwatch.send(
      new GetMetricDataCommand({
        StartTime: new Date(now - 600_000),
        EndTime: new Date(now + 600_000),
        MetricDataQueries: [
          {
            Id: 'orders',
            MetricStat: {
              Metric: {
                Namespace: 'DOAMarket/Application',
                MetricName: 'OrderCreated',
                Dimensions: [
                  { Name: 'Environment', Value: 'production' },
                  { Name: 'PaymentMethod', Value: 'card' },
                ],
              },
              Period: 60,
              Stat: 'Sum',
              Unit: 'Count',
            },
          },
        ],
      }),
    )
    t.same(MetricDataResults[0]?.Values, [5])

    const logs = new CloudWatchLogsClient(moto.client)
    t.teardown(() => logs.destroy())
    const event = await eventually('the other metrics', async () => {
      const { events = [] } = await logs
        .send(new FilterLogEventsCommand({ logGroupName: '/metrics/order-service' }))
        .catch(() => ({ events: [] }))
      return events.map(({ message }) => JSON.parse(message!)).find((one) => 'queue.length' in one)
    })
    t.match(event, {
      'queue.length': 7,
      'service.name': 'order-service',
      _aws: { CloudWatchMetrics: [{ Namespace: 'ECS/Application', Metrics: [{ Name: 'queue.length' }] }] },
    })

    const page = endpointOf(agent, 'exporter prometheus', 'http')
    const text = await eventually('the page', async () => {
      const text = await (await fetch(page)).text()
      return ['OrderCreated_total', 'queue_length', 'UserRegistered', 'CacheHitRate'].every((name) =>
        text.includes(name),
      )
        ? text
        : undefined
    })
    t.match(text, /OrderCreated_total\{.*PaymentMethod="card".*\} 5\n/)
  })

  await t.test('log records: a group for each service, and an index for each service', async (t) => {
    const logs = new CloudWatchLogsClient(moto.client)
    t.teardown(() => logs.destroy())
    const groups = await eventually('both groups', async () => {
      const { logGroups = [] } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: '/ecs/' }))
      return logGroups.length === 2 ? logGroups : undefined
    })
    t.same(groups.map(({ logGroupName }) => logGroupName).sort(), ['/ecs/order-service', '/ecs/payment-service'])
    const day = new Date(now).toISOString().slice(0, 10)
    const { events = [] } = await logs.send(
      new FilterLogEventsCommand({ logGroupName: '/ecs/order-service', logStreamNames: [`production-${day}`] }),
    )
    t.match(JSON.parse(events[0]!.message!), {
      body: 'order created in order-service',
      severity_text: 'INFO',
      trace_id: TRACE,
    })
    const hits = await eventually(
      'log records in OpenSearch',
      async () => {
        const hits = await search.search(`logs-payment-service-${day}`)
        if (hits.length !== 1) throw new Error(`${hits.length} documents`)
        return hits
      },
      60_000,
    )
    t.match(hits[0]!._source, { body: 'order created in payment-service' })
  })

  const { code, stderr } = await agent.end()
  t.equal(code, 0, stderr)
  t.notMatch(stderr, / error /)
})

const spans = () => [
  {
    traceId: TRACE,
    spanId: 'b7ad6b7169203331',
    name: 'POST /orders',
    kind: 2,
    startTimeUnixNano: nanos(now - 50),
    endTimeUnixNano: nanos(now),
    attributes: attributes({
      'http.request.method': 'POST',
      'http.response.status_code': 201,
      'url.path': '/orders',
      'order.id': 'o-1',
    }),
  },
]

const SEGMENT_TRACE = `1-${Math.floor(now / 1000).toString(16)}-0123456789abcdef01234567`
const segment = (): string =>
  `{"format":"json","version":1}\n${JSON.stringify({
    name: 'legacy-service',
    id: '53995c3f42cd8ad8',
    trace_id: SEGMENT_TRACE,
    start_time: now / 1000 - 1,
    end_time: now / 1000,
    annotations: { orderId: 'o-2' },
    metadata: { default: { cart: [1, 2] } },
  })}`

const metrics = () => [
  {
    name: 'OrderCreated',
    unit: '{count}',
    sum: {
      aggregationTemporality: 1,
      isMonotonic: true,
      dataPoints: [
        {
          startTimeUnixNano: nanos(now - 1000),
          timeUnixNano: nanos(now),
          asInt: '5',
          attributes: attributes({ PaymentMethod: 'card', Environment: 'production' }),
        },
      ],
    },
  },
  { name: 'queue.length', gauge: { dataPoints: [{ timeUnixNano: nanos(now), asDouble: 7 }] } },
]

const embedded = (): string =>
  `${JSON.stringify({
    _aws: {
      Timestamp: now,
      CloudWatchMetrics: [
        {
          Namespace: 'DOAMarket/Cache',
          Dimensions: [['CacheType']],
          Metrics: [{ Name: 'CacheHitRate', Unit: 'Percent' }],
        },
      ],
    },
    CacheType: 'redis',
    CacheHitRate: 92.5,
  })}\n`

const records = (name: string) => [
  {
    timeUnixNano: nanos(now),
    severityNumber: 9,
    severityText: 'INFO',
    body: { stringValue: `order created in ${name}` },
    traceId: TRACE,
    spanId: 'b7ad6b7169203331',
  },
]
