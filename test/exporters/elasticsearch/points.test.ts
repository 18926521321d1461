// Data points as documents.
import { test } from 'tap'
import { list, metrics, points } from '../../search/input.ts'
import { encoded } from './kit.ts'

const text = (stringValue: string) => ({ stringValue })
const at = (seconds: number, attributes: object = { route: text('/') }) => ({
  startTimeUnixNano: '1000000000',
  timeUnixNano: `${seconds}000000000`,
  attributes: list(attributes as Record<string, object>),
})
const gauge = (name: string, point: object, more: object = {}) => ({ name, ...more, gauge: { dataPoints: [point] } })
const fieldOf = (metric: object, settings: object = {}) => {
  const { written, dropped } = encoded(settings, points([metric]))
  const [first] = written
  if (first === undefined) return dropped
  const { name } = metric as { name: string }
  return [first.document.metrics[name], Object.values(first.more.dynamic_templates ?? {})[0]]
}

test('otel: what was measured at one time of one thing is one document, with the way that each field is mapped', async (t) => {
  const batch = points([
    gauge('up', { ...at(2), asInt: 7 }, { unit: '1' }),
    gauge('temperature', { ...at(2), asDouble: 20 }, { unit: '1' }),
    gauge('up', { ...at(3), asInt: 8 }, { unit: '1' }),
    gauge('up', { ...at(2, { route: text('/b') }), asInt: 9 }, { unit: '1' }),
    gauge('of another unit', { ...at(2), asInt: 1 }, { unit: 's' }),
  ])
  const { written, items, dropped } = encoded({}, batch)
  t.equal(items, 5)
  t.same(dropped, {})
  t.same(
    written.map(({ document }) => [document['@timestamp'].slice(17, 19), document.attributes.route, document.metrics]),
    [
      ['02', '/', { up: 7, temperature: 20 }],
      ['03', '/', { up: 8 }],
      ['02', '/b', { up: 9 }],
      ['02', '/', { 'of another unit': 1 }],
    ],
  )
  t.same(written[0]!.more, {
    require_data_stream: true,
    dynamic_templates: { 'metrics.up': 'gauge_long', 'metrics.temperature': 'gauge_double' },
  })
  const { metrics: _, _metric_names_hash: hash, ...document } = written[0]!.document
  t.match(hash, /^[0-9a-f]{16}$/)
  t.not(hash, written[1]!.document._metric_names_hash)
  t.equal(written[1]!.document._metric_names_hash, written[2]!.document._metric_names_hash)
  t.same(document, {
    '@timestamp': '1970-01-01T00:00:02.000000000Z',
    start_timestamp: '1970-01-01T00:00:01.000000000Z',
    data_stream: { type: 'metrics', dataset: 'generic.otel', namespace: 'default' },
    unit: '1',
    attributes: { route: '/' },
    resource: { attributes: { 'service.name': 'shop', 'process.pid': 42, 'host.name': 'h1' } },
    scope: {
      name: 'lib',
      version: '1.2',
      schema_url: 'https://example.test/1',
      attributes: { scoped: true },
    },
  })
})

test('attributes in another order are the same; a metric that is there twice has a document of its own', async (t) => {
  const a = text('1')
  const b = text('2')
  const { written, items } = encoded(
    {},
    points([
      gauge('x', { ...at(2, { a, b }), asInt: 1 }),
      gauge('y', { ...at(2, { b, a }), asInt: 2 }),
      gauge('x', { ...at(2, { a, b }), asInt: 3 }),
      gauge('x', { ...at(2, { a, b }), asInt: 4 }),
      gauge('y', { ...at(2, { a, b }), asInt: 5 }),
    ]),
  )
  t.equal(items, 5)
  t.same(
    written.map(({ document }) => document.metrics),
    [{ x: 1, y: 2 }, { x: 3, y: 5 }, { x: 4 }],
  )
})

test('numbers', async (t) => {
  const sum = (point: object, isMonotonic: boolean, aggregationTemporality: number) =>
    fieldOf({ name: 'm', sum: { isMonotonic, aggregationTemporality, dataPoints: [{ ...at(2), ...point }] } })
  t.same(sum({ asInt: 5 }, true, 2), [5, 'counter_long'])
  t.same(sum({ asDouble: 5.5 }, true, 2), [5.5, 'counter_double'])
  t.same(sum({ asInt: 5 }, true, 1), [5, 'gauge_long'])
  t.same(sum({ asInt: 5 }, false, 2), [5, 'gauge_long'])
  t.same(fieldOf(gauge('m', { ...at(2), asInt: 0 })), [0, 'gauge_long'])
  t.same(fieldOf(gauge('m', { ...at(2), asDouble: Number.NaN })), { invalid_value: 1 })
  t.same(fieldOf(gauge('m', { ...at(2), asDouble: Number.NEGATIVE_INFINITY })), { invalid_value: 1 })
  t.same(fieldOf(gauge('m', at(2))), { invalid_value: 1 })
  t.same(fieldOf(gauge('m', { ...at(2), asInt: 1, flags: 1 })), { no_recorded_value: 1 })
})

const histogram = (point: object, aggregationTemporality = 1) => ({
  name: 'm',
  histogram: { aggregationTemporality, dataPoints: [{ ...at(2), ...point }] },
})

test('a histogram is the middles of its buckets, and how often', async (t) => {
  const of = (bucketCounts: number[], explicitBounds: number[], more: object = {}) =>
    fieldOf(histogram({ count: bucketCounts.reduce((a, b) => a + b, 0), bucketCounts, explicitBounds, ...more }))
  t.same(of([1, 2, 0, 3], [2, 4, 8]), [{ counts: [1, 2, 3], values: [1, 3, 8] }, 'histogram'])
  t.same(of([1, 1], [-5]), [{ counts: [1, 1], values: [-5, -5] }, 'histogram'])
  t.same(of([0, 0], [1]), [{ counts: [], values: [] }, 'histogram'])
  t.same(of([4], [], { sum: 10 }), [{ counts: [4], values: [2.5] }, 'histogram'], 'without bounds there is a mean')
  t.same(of([1, 1], [1, 2]), { invalid_buckets: 1 })
  t.same(fieldOf(histogram({ count: 3, bucketCounts: [1, 1], explicitBounds: [1] })), { invalid_count: 1 })
  t.same(fieldOf(histogram({ count: 1, bucketCounts: [1] }, 2)), { unsupported_temporality: 1 })
})

const exponential = (point: object, aggregationTemporality = 1) => ({
  name: 'm',
  exponentialHistogram: { aggregationTemporality, dataPoints: [{ ...at(2), ...point }] },
})

test('an exponential histogram likewise: values ascend', async (t) => {
  const point = {
    count: 7,
    scale: 0,
    zeroCount: 1,
    positive: { offset: 0, bucketCounts: [2, 0, 1] },
    negative: { offset: 1, bucketCounts: [1, 2] },
  }
  t.same(fieldOf(exponential(point)), [{ counts: [2, 1, 1, 2, 1], values: [-6, -3, 0, 1.5, 6] }, 'histogram'])
  t.same(fieldOf(exponential({ ...point, scale: 21 })), { invalid_scale: 1 })
  t.same(fieldOf(exponential(point, 2)), { unsupported_temporality: 1 })
  const huge = { count: 1, scale: -10, positive: { offset: 5, bucketCounts: [1] } }
  t.same(fieldOf(exponential(huge)), { invalid_value: 1 })
})

test('a summary is its sum and count; so is a histogram of which no more is wanted', async (t) => {
  const hints = (...names: string[]) => ({
    'elasticsearch.mapping.hints': { arrayValue: { values: names.map(text) } },
    route: text('/'),
  })
  t.same(fieldOf({ name: 'm', summary: { dataPoints: [{ ...at(2), count: 2, sum: 3 }] } }), [
    { sum: 3, value_count: 2 },
    'summary',
  ])
  const counted = { count: 3, sum: 4.5, bucketCounts: [3, 0], explicitBounds: [2] }
  const aggregate = histogram({ ...counted, ...at(2, hints('aggregate_metric_double')) })
  t.same(fieldOf(aggregate), [{ sum: 4.5, value_count: 3 }, 'summary'])
  const doc = encoded({}, points([histogram({ ...counted, ...at(2, hints('_doc_count')) })])).written[0]!.document
  t.equal(doc._doc_count, 3)
  t.same(doc.attributes, { route: '/' }, 'hints are no attributes')
  const both = encoded({}, points([aggregate, { ...gauge('g', { ...at(2), asInt: 1 }) }])).written
  t.equal(both.length, 1, 'nor do they keep points apart')
})

test('otel: names that meet stay apart where dots make objects; no value holds others', async (t) => {
  const metricsOf = (settings: object) =>
    encoded(
      settings,
      points(
        ['a', 'a.b', 'a.value', '.c'].map((name) => gauge(name, { ...at(2, { map: { kvlistValue: {} } }), asInt: 1 })),
      ),
    ).written[0]!.document
  t.same(metricsOf({}).metrics, { a: 1, 'a.b': 1, 'a.value': 1, '_.c': 1 })
  t.same(metricsOf({ metrics_index: 'x' }).metrics, { 'a.value_': 1, 'a.b': 1, 'a.value': 1, '_.c': 1 })
  t.same(metricsOf({}).attributes, { map: '{}' })
})

test('ecs: points of a time and attributes, whatever their unit, among the fields of the resource', async (t) => {
  const { written, items, dropped } = encoded({ mapping: { mode: 'ecs' } }, points(metrics))
  t.equal(items, 3)
  t.same(dropped, { invalid_value: 1, unsupported_temporality: 1 })
  const around = {
    '@timestamp': '1970-01-01T00:00:02.000000000Z',
    agent: { name: 'otlp' },
    data_stream: { type: 'metrics', dataset: 'generic', namespace: 'default' },
    host: { hostname: 'h1', name: 'h1' },
    process: { pid: 42 },
    route: '/',
    scoped: true,
    service: { name: 'shop' },
  }
  t.same(written, [
    {
      action: 'create',
      index: 'metrics-generic-default',
      more: {},
      document: {
        ...around,
        up: 7,
        latency: { counts: [1, 2], values: [0.5, 5e299] },
        quantiles: { sum: 3, value_count: 2 },
      },
    },
  ])
})

test('none, raw and bodymap have no documents of points', async (t) => {
  for (const mode of ['none', 'raw', 'bodymap'])
    t.same(encoded({ mapping: { mode } }, points()), {
      written: [],
      dropped: { unsupported_mapping_mode: 5 },
      items: 0,
    })
})

test('an aggregate of a hundred thousand points costs no more than they do', async (t) => {
  const dataPoints = Array.from({ length: 100_000 }, (_, i) => ({ ...at(2), asInt: i + 1 }))
  const { items, written } = encoded({}, points([{ name: 'm', gauge: { dataPoints } }]))
  t.equal(items, 100_000)
  t.equal(written.length, 100_000)
})
