// A real Prometheus takes what is written.
import { test } from 'tap'
import { eventually } from '../../servers/process.ts'
import { findPrometheus, startPrometheus } from '../../servers/prometheus.ts'
import { attributes, gauge, nanos, request, start, sum } from './kit.ts'

const found = await findPrometheus()
const skip = typeof found === 'string' && found

test('a Prometheus server takes every type, and answers queries with it', { skip, timeout: 120_000 }, async (t) => {
  const server = await startPrometheus(found as Exclude<typeof found, string>, [], {}, [
    '--web.enable-remote-write-receiver',
    '--enable-feature=exemplar-storage,native-histograms',
  ])
  t.teardown(() => server.stop())
  const isThird = Number(server.version.split('.')[0]) >= 3
  const versions = isThird ? ['prometheus.WriteRequest', 'io.prometheus.write.v2.Request'] : ['prometheus.WriteRequest']
  const now = Date.now()
  for (const [i, protobuf_message] of versions.entries()) {
    const { send, ledger } = await start(
      t,
      {
        endpoint: `${server.url}/api/v1/write`,
        remote_write_queue: { enabled: false },
        external_labels: { version: String(i) },
        send_metadata: true,
        protobuf_message,
      },
      now,
    )
    const point = (timeMs: number) => ({ timeUnixNano: nanos(timeMs), startTimeUnixNano: nanos(now - 60_000) })
    const exemplar = { timeUnixNano: nanos(now), asDouble: 3, traceId: '0af7651916cd43dd8448eb211c80319c', spanId: '' }
    await send(
      request(
        [
          gauge('temperature', 21.5, now, { room: 'a' }),
          sum('orders', [
            { ...point(now - 1000), asInt: '10' },
            { ...point(now), asInt: '12', exemplars: [exemplar] },
          ]),
          {
            name: 'latency',
            unit: 's',
            histogram: {
              aggregationTemporality: 2,
              dataPoints: [
                { ...point(now), count: '10', sum: 8, explicitBounds: [0.5, 1], bucketCounts: ['4', '4', '2'] },
              ],
            },
          },
          {
            name: 'spread',
            exponentialHistogram: {
              aggregationTemporality: 2,
              dataPoints: [
                { ...point(now), count: '10', sum: 30, scale: 0, positive: { offset: 0, bucketCounts: ['5', '5'] } },
              ],
            },
          },
          {
            name: 'size',
            summary: {
              dataPoints: [{ ...point(now), count: '2', sum: 4, quantileValues: [{ quantile: 0.9, value: 3 }] }],
            },
          },
        ],
        { 'service.name': 'shop', 'service.instance.id': 'one', 'host.name': 'h1' },
      ),
    )
    t.equal(ledger.outItems, 6)
    const value = async (query: string) => (await server.query(query))[0]?.value
    const own = `version="${i}"`
    await eventually('what was written', () => value(`temperature{${own}}`))
    t.equal(await value(`temperature{${own},room="a",job="shop",instance="one"}`), 21.5)
    t.equal(await value(`orders_total{${own}}`), 12)
    t.equal(await value(`histogram_quantile(0.5, latency_seconds_bucket{${own}})`), 0.625)
    t.equal(await value(`histogram_count(spread{${own}})`), 10)
    t.equal(await value(`histogram_sum(spread{${own}})`), 30)
    t.equal(await value(`size{${own},quantile="0.9"}`), 3)
    t.equal(
      await value(`temperature{${own}} * on(job, instance) group_left(host_name) target_info{${own},host_name="h1"}`),
      21.5,
    )
    const exemplars = (await server.get('query_exemplars', {
      query: `orders_total{${own}}`,
      start: String(now / 1000 - 60),
      end: String(now / 1000 + 60),
    })) as { exemplars: { labels: object; value: string }[] }[]
    t.match(exemplars[0]?.exemplars, [{ labels: { trace_id: '0af7651916cd43dd8448eb211c80319c' }, value: '3' }])

    // The end of a series, then a sample that comes too late beside one that does not.
    await send(
      request([
        {
          name: 'temperature',
          gauge: { dataPoints: [{ timeUnixNano: nanos(now + 10), flags: 1, attributes: attributes({ room: 'a' }) }] },
        },
      ]),
    )
    await send(request([gauge('temperature', 1, now - 3_600_000, { room: 'late' }), gauge('fresh', 1, now)]))
    await send(request([gauge('temperature', 1, now - 7_200_000, { room: 'late' }), gauge('fresh', 2, now + 1)]))
    await eventually('the second write', async () => (await value(`fresh{${own}}`)) === 2 || undefined)
    t.equal(await value(`fresh{${own}}`), 2, 'a late sample does not take the others with it')
    t.equal(ledger.droppedByReason.get('http_400'), 2)
  }
})
