import { test } from 'tap'
import { until } from '../../kit/until.ts'
import { attributes, type Destination, destination, gauge, nanos, request, start, sum } from './kit.ts'

const sync = (to: Destination, more: object = {}): object => ({
  endpoint: to.url,
  disable_scope_info: true,
  remote_write_queue: { enabled: false },
  ...more,
})
const written = (to: Destination): Record<string, readonly (readonly number[])[]> =>
  Object.fromEntries(to.writes.flatMap(({ series }) => series.map(({ name, samples }) => [name, samples] as const)))

test('gauges, counters, summaries and histograms become the series that the collector makes of them', async (t) => {
  const to = await destination(t)
  const { send, ledger } = await start(t, sync(to))
  const point = { timeUnixNano: nanos(5000), startTimeUnixNano: nanos(1000) }
  await send(
    request(
      [
        gauge('cpu.use', 0.5, 5000, { core: '1' }),
        sum('requests', [{ ...point, asInt: '7' }], {}),
        { ...sum('queue', [{ ...point, asDouble: 3 }], { isMonotonic: false }) },
        {
          name: 'latency',
          unit: 'ms',
          histogram: {
            aggregationTemporality: 2,
            dataPoints: [
              { ...point, count: '6', sum: 21.5, explicitBounds: [0.005, 1e9], bucketCounts: ['1', '2', '3'] },
            ],
          },
        },
        {
          name: 'size',
          summary: { dataPoints: [{ ...point, count: '4', sum: 8, quantileValues: [{ quantile: 0.5, value: 2 }] }] },
        },
      ],
      { 'service.name': 'shop', 'service.namespace': 'eu', 'service.instance.id': 'a-1', 'cloud.region': 'x' },
    ),
  )
  const id = 'instance="a-1",job="eu/shop"'
  t.same(written(to), {
    [`target_info{cloud_region="x",${id}}`]: [[1, 5000]],
    [`cpu_use{core="1",${id}}`]: [[0.5, 5000]],
    [`requests_total{${id}}`]: [[7, 5000]],
    [`queue{${id}}`]: [[3, 5000]],
    [`latency_milliseconds_sum{${id}}`]: [[21.5, 5000]],
    [`latency_milliseconds_count{${id}}`]: [[6, 5000]],
    [`latency_milliseconds_bucket{${id},le="0.005"}`]: [[1, 5000]],
    [`latency_milliseconds_bucket{${id},le="1000000000"}`]: [[3, 5000]],
    [`latency_milliseconds_bucket{${id},le="+Inf"}`]: [[6, 5000]],
    [`size_sum{${id}}`]: [[8, 5000]],
    [`size_count{${id}}`]: [[4, 5000]],
    [`size{${id},quantile="0.5"}`]: [[2, 5000]],
  })
  t.match(to.writes[0]!.headers, {
    'content-type': 'application/x-protobuf',
    'content-encoding': 'snappy',
    'x-prometheus-remote-write-version': '0.1.0',
    'user-agent': /^sluice\//,
  })
  t.same(to.violations, [])
  t.equal(ledger.outItems, 5)
  t.equal(ledger.held, 0)
})

test('points of one series in a batch go together, in order of time', async (t) => {
  const to = await destination(t)
  const { send } = await start(t, sync(to, { target_info: { enabled: false } }))
  const points = [3000, 1000, 2000].map((ms) => ({ timeUnixNano: nanos(ms), asDouble: ms }))
  await send(request([{ name: 'a', gauge: { dataPoints: points } }, gauge('a', 4, 4000)]))
  t.same(written(to), {
    'a{}': [
      [1000, 1000],
      [2000, 2000],
      [3000, 3000],
      [4, 4000],
    ],
  })
  t.same(to.violations, [])
})

test('points of a histogram whose bounds change back and forth in a batch share the series of the buckets that they share', async (t) => {
  for (const protobuf_message of ['prometheus.WriteRequest', 'io.prometheus.write.v2.Request']) {
    const to = await destination(t)
    const { send } = await start(t, sync(to, { protobuf_message }))
    const point = (seconds: number, explicitBounds: number[], bucketCounts: string[]) => ({
      timeUnixNano: nanos(seconds * 1000),
      count: String(bucketCounts.reduce((sum, count) => sum + Number(count), 0)),
      explicitBounds,
      bucketCounts,
    })
    const dataPoints = [
      { ...point(3, [1, 2], ['1', '2', '3']), sum: 10 },
      point(2, [1], ['4', '5']),
      { ...point(1, [1, 2], ['1', '1', '0']), sum: 2 },
    ]
    await send(request([{ name: 'latency', histogram: { aggregationTemporality: 2, dataPoints } }], {}))
    t.same(written(to), {
      'latency_sum{}': [
        [2, 1000],
        [10, 3000],
      ],
      'latency_count{}': [
        [2, 1000],
        [9, 2000],
        [6, 3000],
      ],
      'latency_bucket{le="1"}': [
        [1, 1000],
        [4, 2000],
        [1, 3000],
      ],
      'latency_bucket{le="2"}': [
        [2, 1000],
        [3, 3000],
      ],
      'latency_bucket{le="+Inf"}': [
        [2, 1000],
        [9, 2000],
        [6, 3000],
      ],
    })
    t.same(to.violations, [])
  }
})

test('the end of a series is a stale marker', async (t) => {
  const to = await destination(t)
  const { send } = await start(t, sync(to))
  const end = { timeUnixNano: nanos(1000), flags: 1 }
  await send(
    request([
      { name: 'g', gauge: { dataPoints: [end] } },
      { name: 'h', histogram: { aggregationTemporality: 2, dataPoints: [end] } },
      { name: 'e', exponentialHistogram: { aggregationTemporality: 2, dataPoints: [end] } },
    ]),
  )
  t.same(Object.keys(written(to)).sort(), ['e{}', 'g{}', 'h_bucket{le="+Inf"}', 'h_count{}', 'h_sum{}'])
  for (const [name, samples] of Object.entries(written(to)))
    for (const [value] of samples) t.ok(Number.isNaN(value), name)
})

test('external labels yield to attributes; scope and resource labels are there when asked for', async (t) => {
  const to = await destination(t)
  const { send } = await start(t, {
    endpoint: to.url,
    remote_write_queue: { enabled: false },
    external_labels: { cluster: 'c1', 'data center': 'd', __replica__: 'r' },
    resource_to_telemetry_conversion: { enabled: true },
    namespace: 'ns',
    translation_strategy: 'UnderscoreEscapingWithoutSuffixes',
    send_metadata: false,
  })
  const scope = { name: 'lib', version: '2', attributes: attributes({ x: 'y' }) }
  const metrics = [gauge('a.b', 1, 1000, { cluster: 'own' }), gauge('c', 2)]
  const resource = { attributes: attributes({ 'host.name': 'h' }) }
  await send({ resourceMetrics: [{ resource, scopeMetrics: [{ scope, metrics }] }] })
  const rest =
    '__replica__="r",cluster="%",data_center="d",host_name="h",otel_scope_name="lib",otel_scope_version="2",otel_scope_x="y"'
  t.same(Object.keys(written(to)), [`ns_a_b{${rest.replace('%', 'own')}}`, `ns_c{${rest.replace('%', 'c1')}}`])
})

test('exponential histograms are native histograms, fine ones as coarse as Prometheus takes them', async (t) => {
  const to = await destination(t)
  const { send, ledger } = await start(t, sync(to))
  const point = (scale: number, offset: number, bucketCounts: string[]) => ({
    timeUnixNano: nanos(1000),
    count: String(bucketCounts.reduce((sum, count) => sum + Number(count), 2)),
    sum: 5.5,
    scale,
    zeroCount: '2',
    positive: { offset, bucketCounts },
  })
  const of = (name: string, one: object) => ({
    name,
    exponentialHistogram: { aggregationTemporality: 2, dataPoints: [one] },
  })
  await send(
    request([
      of('plain', point(3, -2, ['1', '2', '0', '0', '4', '0', '0', '0', '5'])),
      of('fine', point(10, 5, ['1', '1', '1', '1', '1'])),
      of('coarse', point(-5, 0, ['1'])),
    ]),
  )
  const histogram = (name: string) =>
    to.writes.flatMap(({ series }) => series).find((one) => one.name === `${name}{}`)?.histograms[0]
  t.match(histogram('plain'), {
    schema: 3,
    count_int: 14,
    sum: 5.5,
    zero_count_int: 2,
    zero_threshold: 1e-128,
    // Index -2 covers (base^-2, base^-1], which is Prometheus's -1.
    positive_spans: [
      { offset: -1, length: 5 },
      { offset: 3, length: 1 },
    ],
    positive_deltas: [1, 1, -2, 0, 4, 1],
    timestamp: 1000,
  })
  t.match(histogram('fine'), { schema: 8, positive_spans: [{ offset: 2, length: 2 }], positive_deltas: [3, -1] })
  t.equal(ledger.droppedByReason.get('invalid_scale'), 1)
})

test('explicit bounds may become custom buckets, beside the classic series or in their place', async (t) => {
  const metric = {
    name: 'h',
    histogram: {
      aggregationTemporality: 2,
      dataPoints: [
        { timeUnixNano: nanos(1), count: '3', sum: 4, explicitBounds: [1, 2], bucketCounts: ['1', '0', '2'] },
      ],
    },
  }
  for (const isBoth of [false, true]) {
    const to = await destination(t)
    const more = { convert_explicit_histograms_to_nhcb: true, keep_classic_histograms: isBoth }
    const { send } = await start(t, sync(to, more))
    await send(request([metric]))
    const { series } = to.writes[0]!
    t.equal(series.length, isBoth ? 6 : 1)
    t.match(series.find(({ name }) => name === 'h{}')!.histograms[0], {
      schema: -53,
      count_int: 3,
      custom_values: [1, 2],
      positive_spans: [{ length: 3 }],
      positive_deltas: [1, -1, 2],
    })
    t.same(to.violations, [])
  }
})

test('exemplars go with counters and with the bucket that they belong to', async (t) => {
  const to = await destination(t)
  const { send } = await start(t, sync(to))
  const exemplar = {
    timeUnixNano: nanos(900),
    asDouble: 1.5,
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
  }
  await send(
    request([
      sum('c', [{ timeUnixNano: nanos(1000), asInt: '1', exemplars: [exemplar] }]),
      {
        name: 'h',
        histogram: {
          aggregationTemporality: 2,
          dataPoints: [
            {
              timeUnixNano: nanos(1000),
              count: '1',
              sum: 1.5,
              explicitBounds: [1, 2],
              bucketCounts: ['0', '1', '0'],
              exemplars: [exemplar],
            },
          ],
        },
      },
    ]),
  )
  const found = to.writes[0]!.series.filter(({ exemplars }) => exemplars.length > 0)
  t.same(
    found.map(({ name }) => name),
    ['c_total{}', 'h_bucket{le="2"}'],
  )
  t.same(found[0]!.exemplars, [
    {
      labels: '{span_id="b7ad6b7169203331",trace_id="0af7651916cd43dd8448eb211c80319c"}',
      value: 1.5,
      timeMs: 900,
    },
  ])
})

test('the second version has symbols, metadata and times of creation', async (t) => {
  const to = await destination(t)
  const { send, ledger } = await start(t, sync(to, { protobuf_message: 'io.prometheus.write.v2.Request' }))
  const points = [{ timeUnixNano: nanos(5000), startTimeUnixNano: nanos(2000), asInt: '7' }]
  const native = { ...points[0]!, count: '1', sum: 1, scale: 0, positive: { bucketCounts: ['1'] } }
  await send(
    request([
      { ...sum('requests', points), description: 'All of them.', unit: 'By' },
      { ...gauge('g', 1), unit: 'By/s' },
      { ...sum('open', points, { isMonotonic: false }), unit: '{connection}' },
      { name: 'took', exponentialHistogram: { aggregationTemporality: 2, dataPoints: [native] } },
    ]),
  )
  t.match(to.writes[0]!.headers, {
    'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
    'x-prometheus-remote-write-version': '2.0.0',
  })
  t.match(to.writes[0]!.series, [
    {
      name: 'requests_bytes_total{}',
      samples: [[7, 5000]],
      type: 1,
      help: 'All of them.',
      unit: 'bytes',
      createdMs: 2000,
      startsMs: [2000],
    },
    { name: 'g_bytes_per_second{}', samples: [[1, 1000]], type: 2, help: '', unit: 'bytes_per_second' },
    { name: 'open{}', samples: [[7, 5000]], type: 2, unit: '' },
    { name: 'took{}', histograms: [{ timestamp: 5000, start_timestamp: 2000 }], type: 3, createdMs: 2000 },
  ])
  const { startsMs, createdMs } = to.writes[0]!.series[2]!
  t.same([startsMs, createdMs], [undefined, undefined], 'what goes up and down has no start')
  t.same(to.violations, [])

  to.answer = (_write, response) => {
    response.writeHead(204).end()
    return true
  }
  await send(request([gauge('g', 1)])).catch(() => {})
  t.equal(ledger.droppedByReason.get('not_written'), 1, 'a receiver that understood nothing has taken nothing')
})

test('metadata goes along in the first version when asked for', async (t) => {
  const to = await destination(t)
  const { send } = await start(t, sync(to, { send_metadata: true }))
  await send(request([{ ...gauge('g', 1), description: 'What it is', unit: 's' }]))
  t.same(
    to.writes.flatMap(({ metadata }) => metadata),
    [{ type: 2, metric_family_name: 'g_seconds', help: 'What it is', unit: 'seconds' }],
  )
})

test('what cannot be written is counted and told, and the rest goes', async (t) => {
  const to = await destination(t)
  const { send, ledger, settings } = await start(t, sync(to))
  const at = { timeUnixNano: nanos(1000) }
  await send(
    request([
      sum('delta', [{ ...at, asInt: '1' }], { aggregationTemporality: 1 }),
      sum('unspecified', [{ ...at, asInt: '1' }], { aggregationTemporality: 0 }),
      { name: '...', gauge: { dataPoints: [{ ...at, asInt: '1' }] } },
      { name: 'empty', gauge: { dataPoints: [at] } },
      { name: 'key', gauge: { dataPoints: [{ ...at, asInt: '1', attributes: attributes({ '': 'x' }) }] } },
      { name: 'backwards', gauge: { dataPoints: [{ ...at, startTimeUnixNano: nanos(2000), asInt: '1' }] } },
      {
        name: 'h',
        histogram: {
          aggregationTemporality: 2,
          dataPoints: [{ ...at, count: '5', explicitBounds: [1], bucketCounts: ['1', '1'] }],
        },
      },
      gauge('good', 1),
    ]),
  )
  t.same(Object.fromEntries(ledger.droppedByReason), {
    unsupported_temporality: 2,
    invalid_name: 1,
    invalid_value: 1,
    invalid_label: 1,
    invalid_time: 1,
    invalid_count: 1,
  })
  t.same(written(to), { 'good{}': [[1, 1000]] })
  t.equal(ledger.held, 0)
  t.ok(
    settings.lines.some(
      ({ level, fields }) => level === 'error' && JSON.stringify(fields).includes('deltatocumulative'),
    ),
  )
})

test('large batches are cut at max_batch_size_bytes, and so many requests are under way at once', async (t) => {
  for (const version of ['prometheus.WriteRequest', 'io.prometheus.write.v2.Request']) {
    const to = await destination(t)
    let under = 0
    let most = 0
    const held: (() => void)[] = []
    to.answer = (write, response) => {
      most = Math.max(most, ++under)
      held.push(() => {
        under--
        to.writes.push(write)
        const samples = write.series.length
        response.writeHead(204, { 'x-prometheus-remote-write-samples-written': samples }).end()
      })
      return true
    }
    const { send, ledger } = await start(
      t,
      sync(to, { max_batch_size_bytes: 2000, max_batch_request_parallelism: 3, protobuf_message: version }),
    )
    const metrics = Array.from({ length: 200 }, (_, i) => gauge('m', i, 1000, { n: String(i) }))
    const sent = send(request(metrics))
    let isDone = false
    void sent.then(() => (isDone = true))
    while (!isDone) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      if (held.length === 3 || ledger.held < 200) for (const go of held.splice(0)) go()
      else if (held.length > 0) for (const go of held.splice(0)) go()
    }
    await sent
    t.ok(most > 1 && most <= 3, `at most 3 at once: ${most}`)
    t.ok(to.writes.every(({ sizeBytes }) => sizeBytes <= 2000))
    t.equal(new Set(to.writes.flatMap(({ series }) => series.map(({ name }) => name))).size, 200)
    t.equal(ledger.outItems, 200)
  }
})

test('headers of the sender become headers of the request', async (t) => {
  const to = await destination(t)
  const { send } = await start(t, sync(to, { include_metadata_keys: ['X-Scope-OrgID'], headers: { 'x-own': 'o' } }))
  await send(request([gauge('a', 1)]), { 'x-scope-orgid': ['tenant'], authorization: ['secret'] })
  t.match(to.writes[0]!.headers, { 'x-scope-orgid': 'tenant', 'x-own': 'o' })
  t.equal(to.writes[0]!.headers.authorization, undefined)
})

test('a bad series is looked for, and costs its own items only', async (t) => {
  const to = await destination(t)
  to.answer = (write, response) => {
    if (!write.series.some(({ name }) => name.includes('bad'))) return false
    response.writeHead(400).end('out of order sample')
    return true
  }
  const { send, ledger, settings } = await start(t, sync(to))
  const metrics = Array.from({ length: 100 }, (_, i) => gauge(i === 33 ? 'bad' : `m${i}`, i))
  await send(request(metrics))
  t.equal(ledger.outItems, 99)
  t.same(Object.fromEntries(ledger.droppedByReason), { http_400: 1 })
  t.ok(settings.lines.some(({ fields }) => JSON.stringify(fields).includes('out of order sample')))

  to.answer = (_write, response) => {
    response.writeHead(400).end('everything is bad')
    return true
  }
  await send(request(metrics))
  t.equal(ledger.droppedByReason.get('http_400'), 101, 'the search ends, and nothing is held')
  t.equal(ledger.held, 0)
})

test('a page in place of an answer is no delivery, whatever its status: it is tried again, and told', async (t) => {
  for (const protobuf_message of ['prometheus.WriteRequest', 'io.prometheus.write.v2.Request'])
    for (const status of [200, 202]) {
      const to = await destination(t)
      let pages = 0
      to.answer = (_write, response) => {
        if (pages === 2) return false
        pages++
        response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' }).end('<html>Please  log in')
        return true
      }
      const retry_on_failure = { initial_interval: '1s', randomization_factor: 0 }
      const { send, ledger, settings } = await start(t, sync(to, { protobuf_message, retry_on_failure }))
      let isDone = false
      const sent = send(request([gauge('a', 1)])).finally(() => (isDone = true))
      while (!isDone) {
        await new Promise((resolve) => setImmediate(resolve))
        await settings.clock.advance(500)
        t.equal(ledger.outItems, to.writes.length, 'only what was taken is a delivery')
      }
      await sent
      t.equal(pages, 2)
      t.same(Object.keys(written(to)), ['a{}'])
      t.equal(ledger.droppedItems + ledger.held, 0)

      to.answer = (_write, response) => {
        response.writeHead(status, { 'content-type': 'text/html' }).end('<html>Please  log in')
        return true
      }
      const last = await start(t, sync(to, { protobuf_message, retry_on_failure: { enabled: false } }))
      await t.rejects(last.send(request([gauge('b', 1)])), /no answer of remote write.*<html>Please log in/)
    }
})

test('an answer with some text is the success that it says it is', async (t) => {
  const to = await destination(t)
  to.answer = (_write, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' }).end('ok')
    return true
  }
  const { send, ledger } = await start(t, sync(to))
  await send(request([gauge('a', 1)]))
  t.equal(ledger.outItems, 1)
})

test('413 halves, 5xx and 429 are tried again with what is left, other statuses are final', async (t) => {
  const to = await destination(t)
  const { send, ledger, settings } = await start(t, {
    ...sync(to),
    retry_on_failure: { initial_interval: '1s', randomization_factor: 0 },
  })
  to.answer = (write, response) => {
    if (write.series.length <= 2) return false
    response.writeHead(413).end()
    return true
  }
  await send(request(Array.from({ length: 8 }, (_, i) => gauge(`m${i}`, i))))
  t.equal(to.writes.length, 4)
  t.equal(ledger.outItems, 8)

  for (const status of [500, 503, 429]) {
    let isDown = true
    to.answer = (_write, response) => {
      if (!isDown) return false
      response.writeHead(status).end()
      return true
    }
    const sent = send(request([gauge('again', status)]))
    await until(() => settings.clock.pending > 0)
    isDown = false
    await settings.clock.advance(2000)
    await sent
  }
  t.equal(ledger.outItems, 11)

  to.answer = (_write, response) => {
    response.writeHead(403).end('not you')
    return true
  }
  await send(request([gauge('x', 1)])).catch(() => {})
  t.equal(ledger.droppedByReason.get('http_403'), 1)
})

test('settings that contradict each other are refused', async (t) => {
  const { config } = (await import('../../../src/exporters/prometheusremotewrite/index.ts')).default
  const { safeParse } = await import('valibot')
  const rows: readonly [object, RegExp][] = [
    [{}, /needs to know where to write to/],
    [{ http: {} }, /needs to know where to write to/],
    [{ endpoint: 'http://a', compression: 'gzip' }, /compressed by snappy/],
    [{ endpoint: 'http://a', keep_classic_histograms: true }, /does nothing without/],
    [{ endpoint: 'http://a', external_labels: { a: '' } }, /must not be empty/],
    [{ endpoint: 'http://a', protobuf_message: 'v3' }, /must be one of/],
  ]
  for (const [input, problem] of rows) {
    const { issues } = safeParse(config, input)
    t.match(issues?.map(({ message }) => message).join(), problem)
  }
  t.ok(safeParse(config, { http: { endpoint: 'http://a' } }).success)
})

test('remote_write_queue: queue_size bounds what waits; num_consumers is how many requests of a batch are under way', async (t) => {
  const to = await destination(t)
  const held: (() => void)[] = []
  to.answer = (_write, response) => {
    held.push(() => response.writeHead(204).end())
    return true
  }
  const { send, ledger } = await start(t, {
    endpoint: to.url,
    disable_scope_info: true,
    max_batch_size_bytes: 300,
    remote_write_queue: { queue_size: 2, num_consumers: 2 },
  })
  const metrics = Array.from({ length: 40 }, (_, i) => gauge(`m${i}`, i))
  await send(request(metrics))
  await until(() => held.length === 2)
  await send(request(metrics))
  await t.rejects(send(request(metrics)), /queue is full/)
  const go = setInterval(() => held.splice(0).forEach((answer) => void answer()), 1)
  await until(() => ledger.outItems === 80)
  clearInterval(go)
  t.equal(ledger.droppedItems, 0)
})
