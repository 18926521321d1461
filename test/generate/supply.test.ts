import { test } from 'tap'
import {
  type Batch,
  type DataPointObject,
  decodeOtlp,
  type LogRecordObject,
  type Signal,
  type SpanObject,
} from '../../src/data/index.ts'
import { Supply } from '../../src/generate/supply.ts'

const NOW = Date.UTC(2026, 0, 1)
const supplyOf = (signals: readonly Signal[], services = 4, seed = 1): Supply =>
  new Supply({ signals, services, seed, startMs: NOW })

/** Through the gate that checks what comes from outside. */
const gated = <S extends Signal>(batch: Batch<S>): Batch<S> => decodeOtlp(batch.signal, Buffer.concat(batch.chunks))

type Of<T> = T & { readonly service: string }

function spansOf(batch: Batch): Of<SpanObject>[] {
  const spans: Of<SpanObject>[] = []
  gated(batch as Batch<'traces'>).visit({
    onSpan(span, _scope, resource) {
      spans.push({ ...span.toObject(), service: String(resource.attributes.get('service.name')) })
    },
  })
  return spans
}
function logsOf(batch: Batch): Of<LogRecordObject>[] {
  const logs: Of<LogRecordObject>[] = []
  gated(batch as Batch<'logs'>).visit({
    onLog(log, _scope, resource) {
      logs.push({ ...log.toObject(), service: String(resource.attributes.get('service.name')) })
    },
  })
  return logs
}
function pointsOf(batch: Batch): Of<DataPointObject & { metric: string }>[] {
  const points: Of<DataPointObject & { metric: string }>[] = []
  gated(batch as Batch<'metrics'>).visit({
    onPoint(point, metric, _scope, resource) {
      const service = String(resource.attributes.get('service.name'))
      points.push({ ...point.toObject(), metric: metric.name, service })
    },
  })
  return points
}

test('a batch has exactly as many items as asked for, of whatever size and with however many services', async (t) => {
  let cases = 0
  for (const signal of ['traces', 'metrics', 'logs'] as const)
    for (const services of [1, 2, 4, 15, 100])
      for (const items of [1, 7, 100, 3000]) {
        const supply = supplyOf([signal], services)
        for (let batch = 0; batch < 2; batch++) {
          const taken = supply.take(signal, items, NOW)
          if (taken.items !== items || gated(taken).items !== items) t.fail(`${signal} ${services} ${items}`)
          cases++
        }
      }
  t.ok(cases > 0)
})

test('spans make whole traces: one root, parents that are there, children inside their parents’ time', async (t) => {
  const spans = spansOf(supplyOf(['traces'], 6).take('traces', 5000, NOW))
  const traces = Map.groupBy(spans, ({ traceId }) => traceId)
  const whole = [...traces.values()].filter((trace) => trace.some(({ parentSpanId }) => parentSpanId === ''))
  t.ok(whole.length > 300)
  t.ok(traces.size - whole.length <= 1, 'all but the last, which the next batch goes on with')
  for (const trace of whole) {
    const byId = new Map(trace.map((span) => [span.spanId, span]))
    const roots = trace.filter(({ parentSpanId }) => parentSpanId === '')
    if (roots.length !== 1 || roots[0]!.service !== 'gateway') t.fail('the gateway is the one root')
    for (const span of trace) {
      const parent = byId.get(span.parentSpanId)
      if (span.endTimeUnixNano <= span.startTimeUnixNano) t.fail('a span without duration')
      if (span.parentSpanId === '') continue
      if (parent === undefined) t.fail('a parent is missing')
      else if (span.startTimeUnixNano < parent.startTimeUnixNano || span.endTimeUnixNano > parent.endTimeUnixNano)
        t.fail(`${span.name} is outside of ${parent.name}`)
    }
  }
  t.equal(byMaximum(spans), BigInt(NOW) * 1_000_000n, 'the last ends now')
})

const byMaximum = (spans: readonly SpanObject[]): bigint =>
  spans.reduce((latest, { endTimeUnixNano }) => (endTimeUnixNano > latest ? endTimeUnixNano : latest), 0n)

test('some requests fail, and a failure shows on the way up', async (t) => {
  const spans = spansOf(supplyOf(['traces']).take('traces', 20_000, NOW))
  const roots = spans.filter(({ parentSpanId }) => parentSpanId === '')
  const broken = spans.filter(({ events }) => events.length > 0)
  const share = broken.length / roots.length
  t.ok(share > 0.005 && share < 0.08, `${share} of the requests fail`)
  const timeout = broken.find(({ status }) => status.code === 2)!
  t.match(timeout, { service: 'inventory', status: { message: /no answer/ }, events: [{ name: 'exception' }] })
  const trace = spans.filter(({ traceId }) => traceId === timeout.traceId)
  const root = trace.find(({ parentSpanId }) => parentSpanId === '')!
  t.equal(root.attributes.get('http.response.status_code'), 502)
  t.equal(root.status.code, 2)
  const declined = broken.find(({ service }) => service === 'payment')!
  t.equal(declined.attributes.get('http.response.status_code'), 402)
  t.equal(declined.status.code, 0, 'what the client is to blame for is no error of the server')
  t.ok(spans.some(({ kind, status }) => kind === 3 && status.code === 2))
})

test('log records lead to spans of the same service', async (t) => {
  const supply = supplyOf(['traces', 'logs'])
  const spans = spansOf(supply.take('traces', 10_000, NOW))
  const logs = logsOf(supply.take('logs', 1000, NOW))
  const byId = new Map(spans.map((span) => [span.spanId, span]))
  const matched = logs.filter(({ spanId, traceId, service }) => {
    const span = byId.get(spanId)
    return span?.traceId === traceId && span.service === service
  })
  t.equal(matched.length, logs.length)
  t.same(new Set(logs.map(({ severityText }) => severityText)), new Set(['DEBUG', 'INFO', 'WARN', 'ERROR']))
  t.match(
    logs.find(({ severityText }) => severityText === 'ERROR'),
    { severityNumber: 17, body: /\S/, timeUnixNano: /^\d{19}$/ },
  )
})

test('metrics of every kind add up: counters never fall, counts are those of the buckets', async (t) => {
  const supply = supplyOf(['traces', 'metrics'])
  const last = new Map<string, number>()
  const kinds = new Set<string>()
  let cases = 0
  for (let reading = 0; reading < 20; reading++) {
    supply.take('traces', 500, NOW + reading * 1000)
    for (const point of pointsOf(supply.take('metrics', 60, NOW + reading * 1000))) {
      kinds.add(point.type)
      if (point.startTimeUnixNano !== BigInt(NOW) * 1_000_000n) t.fail('cumulative since the start')
      if (point.type === 'histogram') {
        const total = point.bucketCounts.reduce((sum, count) => sum + count, 0n)
        if (total !== point.count || point.bucketCounts.length !== point.explicitBounds.length + 1)
          t.fail('buckets do not add up')
        if (point.exemplars.length !== 1 || !/^[0-9a-f]{32}$/.test(point.exemplars[0]!.traceId)) t.fail('no exemplar')
      }
      if (point.type === 'exponentialHistogram') {
        const total = point.positive.bucketCounts.reduce((sum, count) => sum + count, 0n)
        if (total !== point.count) t.fail('exponential buckets do not add up')
        const mean = point.sum! / Number(point.count)
        const least = 2 ** (point.positive.offset / 2 ** point.scale)
        const most = 2 ** ((point.positive.offset + point.positive.bucketCounts.length) / 2 ** point.scale)
        if (!(least <= mean && mean <= most)) t.fail(`the mean ${mean} is not between ${least} and ${most}`)
      }
      if (/^shop\.(orders|revenue)$/.test(point.metric) && 'value' in point) {
        const key = `${point.metric} ${point.attributes.get('shop.order.state')}`
        if (Number(point.value) < (last.get(key) ?? 0)) t.fail(`${key} falls`)
        last.set(key, Number(point.value))
        cases++
      }
    }
  }
  t.same([...kinds].sort(), ['exponentialHistogram', 'gauge', 'histogram', 'sum'])
  t.ok(cases > 20)
})

test('metrics alone move, too', async (t) => {
  const supply = supplyOf(['metrics'])
  const orders = (): number =>
    pointsOf(supply.take('metrics', 200, NOW)).reduce(
      (most, point) =>
        'value' in point && point.metric === 'shop.orders' ? Math.max(most, Number(point.value)) : most,
      0,
    )
  const first = orders()
  t.ok(first > 0)
  t.ok(orders() > first)
})

test('what nobody takes is let go', async (t) => {
  const supply = supplyOf(['traces', 'logs'])
  for (let hour = 0; hour < 12; hour++) supply.take('logs', 2500, NOW + hour * 3_600_000)
  const spans = spansOf(supply.take('traces', 1000, NOW))
  t.ok(
    spans.every(({ endTimeUnixNano }) => endTimeUnixNano > BigInt(NOW + 1_800_000) * 1_000_000n),
    'the oldest are gone',
  )
  for (let n = 0; n < 12; n++) supply.take('logs', 2500, NOW + n)
  t.ok(supply.waiting <= 40_000, `${supply.waiting} wait`)
})

test('there are as many services as asked for, each with a resource of its own', async (t) => {
  const services = new Set(spansOf(supplyOf(['traces'], 12).take('traces', 5000, NOW)).map(({ service }) => service))
  t.equal(services.size, 12)
  t.ok(services.has('service-11'))
})
