// A real Prometheus scrapes us.
import { type Test, test } from 'tap'
import * as v from 'valibot'
import prometheus from '../../../src/exporters/prometheus/index.ts'
import { testContext, testHost, testSettings } from '../../../src/testing/index.ts'
import { eventually } from '../../servers/process.ts'
import {
  checkMetrics,
  findPrometheus,
  type Prometheus,
  type Sample,
  startPrometheus,
} from '../../servers/prometheus.ts'
import { batchOfJson, cases } from './cases.ts'

const found = await findPrometheus()
const skip = typeof found === 'string' && found
const binaries = typeof found === 'string' ? undefined : found

interface Running {
  /** What a scraper is pointed at. */
  readonly target: string
  send(request: object): Promise<void>
}

async function running(t: Test, config: object, requests: readonly object[]): Promise<Running> {
  const exporter = prometheus.create(v.parse(prometheus.config, { endpoint: '127.0.0.1:0', ...config }), testSettings())
  await exporter.start!(testHost())
  t.teardown(() => exporter.stop!(AbortSignal.abort()))
  const send = (request: object): Promise<void> => exporter.consumers.metrics!(batchOfJson(request), testContext())
  for (const request of requests) await send(request)
  return { target: new URL(exporter.endpoints![0]!).host, send }
}

const requestsOf = (name: string): readonly object[] => cases.find((one) => one.name === name)!.requests
const values = (samples: readonly Sample[], label: string): Record<string, number> =>
  Object.fromEntries(samples.map(({ metric, value }) => [metric[label], value]))

// One server for all: it takes five seconds from its start to its first scrape, whatever it is told.
test('a Prometheus server scrapes the exporter', { skip, timeout: 120_000 }, async (t) => {
  const plain = await running(t, {}, requestsOf('every-type'))
  const open = await running(t, { enable_open_metrics: true }, [latencies()])
  const ending = await running(t, {}, [lone(0)])
  const named = { translation_strategy: 'NoTranslation', const_labels: { names: 'any' } }
  const utf8 = await running(t, named, requestsOf('utf8-as-it-is'))
  const targets = [plain, open, ending, utf8].map(({ target }) => target)
  const server = await startPrometheus(binaries!, targets)
  t.teardown(() => server.stop())
  const areUp = async () => ((await server.query('up == 1')).length === targets.length ? true : undefined)
  await eventually('a scrape of each', areUp)
  t.comment(`Prometheus ${server.version}`)

  await t.test('values, types and labels arrive', (t) => showsValues(t, server))
  await t.test('OpenMetrics brings exemplars', (t) => showsExemplars(t, server))
  await t.test('an exponential histogram gives quantiles', async (t) => {
    const [median] = await server.query('histogram_quantile(0.5, spread_bucket)')
    t.ok(median!.value > 3.5 && median!.value < 4.1, `median ${median!.value}`)
  })
  await t.test('a series that has ended is gone with the next scrape', async (t) => {
    t.equal((await server.query('lone')).length, 1)
    await ending.send(lone(1))
    await eventually('its end', async () => ((await server.query('lone')).length === 0 ? true : undefined))
  })
  await t.test('names with any character arrive as the server can take them', async (t) => {
    const takesAny = !/^[0-2]\./.test(server.version)
    const query = takesAny ? '{"http.requests", "http.method"="GET"}' : 'http_requests{http_method="GET",names="any"}'
    t.equal((await server.query(query))[0]?.value, 12)
  })
})

async function showsValues(t: Test, server: Prometheus): Promise<void> {
  t.same(values(await server.query('memory_usage_ratio'), 'state'), { used: 0.75, free: 0.25 })
  const [get] = await server.query('http_requests_total{http_method="GET"}')
  t.equal(get?.value, 12)
  t.match(get?.metric, { job: 'eu/shop', instance: 'shop-1', otel_scope_name: 'lib', code: '200', ok: 'true' })
  const buckets = await server.query('http_duration_seconds_bucket{http_method="GET"}')
  // Prometheus 3 calls the bound 1.0, whatever we call it.
  const byBound = buckets.map(({ metric, value }) => [String(Number.parseFloat(metric.le!)), value])
  t.same(Object.fromEntries(byBound), { '0.1': 1, '1': 3, '10': 6, NaN: 10 })
  const [median] = await server.query('histogram_quantile(0.5, http_duration_seconds_bucket{http_method="GET"})')
  t.equal(median?.value, 7, 'two thirds of the way from 1 to 10')
  t.equal((await server.query('gc_pause_milliseconds{quantile="0.99"}'))[0]?.value, 0.5)
  const joined = await server.query(
    'queue_length{names=""} * on (job, instance) group_left (host_name) target_info{host_name="a1"}',
  )
  t.equal(joined[0]?.metric.host_name, 'a1')
  const metadata = (await server.get('metadata')) as Record<string, { type: string; help: string }[]>
  t.match(metadata.http_requests_total, [{ type: 'counter', help: 'Requests.' }])
  t.equal(metadata.http_duration_seconds?.[0]?.type, 'histogram')
}

async function showsExemplars(t: Test, server: Prometheus): Promise<void> {
  const exemplars = await eventually('an exemplar', async () => {
    const seconds = Date.now() / 1000
    const range = { start: String(seconds - 3600), end: String(seconds + 60) }
    const list = await server.get('query_exemplars', { query: 'latency_seconds_bucket', ...range })
    return Array.isArray(list) && list.length > 0 ? list : undefined
  })
  t.match(exemplars[0].exemplars[0], { labels: { trace_id: TRACE_ID }, value: '1.5' })
}

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'

function latencies(): object {
  const now = `${Date.now()}000000`
  const times = { startTimeUnixNano: now, timeUnixNano: now }
  const exemplar = { traceId: TRACE_ID, spanId: 'b7ad6b7169203331', asDouble: 1.5, timeUnixNano: now }
  const latency = { ...times, count: '3', sum: 4, bucketCounts: ['1', '2'], explicitBounds: [1], exemplars: [exemplar] }
  // 100 values from 1 to 16, about as many between 1 and 2 as between 8 and 16.
  const positive = { offset: 0, bucketCounts: Array.from({ length: 16 }, (_, i) => (i < 4 ? 7 : 6)) }
  const spread = { ...times, count: '100', sum: 500, scale: 2, zeroCount: '0', positive }
  const metrics = [
    { name: 'spread', exponentialHistogram: { aggregationTemporality: 2, dataPoints: [spread] } },
    { name: 'latency', unit: 's', histogram: { aggregationTemporality: 2, dataPoints: [latency] } },
  ]
  return { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }
}

/** A gauge; with flags 1 its end. */
const lone = (flags: number): object => ({
  resourceMetrics: [
    { scopeMetrics: [{ metrics: [{ name: 'lone', gauge: { dataPoints: [{ asDouble: 1, flags }] } }] }] },
  ],
})

test('promtool finds nothing wrong with what any case shows', { skip, timeout: 120_000 }, async (t) => {
  let checked = 0
  for (const { name, expected } of cases) {
    const text = expected('text.txt')!
    // This promtool knows the older names only.
    if (text.includes('{"')) continue
    t.equal(await checkMetrics(binaries!, text), undefined, name)
    checked++
  }
  t.ok(checked > 30)
})
