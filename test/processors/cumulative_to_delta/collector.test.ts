// The same streams, request after request, through the collector and through this processor.
import type { Batch } from '../../../src/data/index.ts'
import cumulativeToDelta from '../../../src/processors/cumulative_to_delta/index.ts'
import { type Plain, seeded } from '../../data/random.ts'
import { type Comparison, compare, compareRefusals } from '../../kit/compare.ts'
import { batchOf } from '../../kit/otlp.ts'

const text = (key: string, stringValue: string): Plain => ({ key, value: { stringValue } })
const request = (...metrics: Plain[]): Batch<'metrics'> =>
  batchOf('metrics', {
    resourceMetrics: [
      { resource: { attributes: [text('service.name', 'shop')] }, scopeMetrics: [{ scope: { name: 's' }, metrics }] },
    ],
  })
/** After any collector has started. */
const START = 4_102_444_800
const at = (seconds: number): string => `${BigInt(START + seconds) * 1_000_000_000n}`
const sum = (name: string, dataPoints: Plain[], of: Plain = {}): Plain => ({
  name,
  unit: '1',
  sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints, ...of },
})
const data = (name: string, type: string, dataPoints: Plain[]): Plain => ({
  name,
  [type]: { aggregationTemporality: 2, dataPoints },
})
/** A stream that has started with the first second. */
const timed = (seconds: number, point: Plain): Plain => ({
  startTimeUnixNano: at(0),
  timeUnixNano: at(seconds),
  ...point,
})
/** One that does not say when it started. */
const untimed = (seconds: number, point: Plain): Plain => ({ timeUnixNano: at(seconds), ...point })

const point = (seconds: number, asInt: number | string, ...attributes: Plain[]): Plain =>
  timed(seconds, { asInt: String(asInt), attributes })

const sums: Batch[] = [
  request(
    sum('ints', [
      point(1, 5, text('a', '1')),
      point(1, 7, text('a', '2')),
      point(1, 1, text('b', '1'), text('a', '1')),
    ]),
    sum('doubles', [timed(1, { asDouble: 0.5 }), timed(1, { asDouble: 'NaN', attributes: [text('is', 'NaN')] })]),
    sum('huge', [point(1, '9223372036854775000')]),
    sum('deltas', [point(1, 5)], { aggregationTemporality: 1 }),
    sum('up and down', [point(1, 5)], { isMonotonic: false }),
    { name: 'gauge', gauge: { dataPoints: [point(1, 5)] } },
    { name: 'summary', summary: { dataPoints: [timed(1, { count: '3', sum: 1 })] } },
    { name: 'nothing', sum: { aggregationTemporality: 2, isMonotonic: true } },
  ),
  request(
    sum('ints', [
      point(2, 9, text('a', '1')),
      point(2, 7, text('a', '2')),
      point(2, 4, text('a', '1'), text('b', '1')),
    ]),
    sum('doubles', [timed(2, { asDouble: 0.75 }), timed(2, { asInt: '3' })]),
    sum('huge', [point(2, '9223372036854775807')]),
    sum('ints', [timed(3, { asInt: '1', flags: 1, attributes: [text('a', '1')] })]),
  ),
  request(
    sum('ints', [
      point(3, 2, text('a', '1')),
      point(3, 8, text('a', '2')),
      point(3, 8, text('a', '2'), text('a.b', '')),
    ]),
    sum('doubles', [timed(3, { asDouble: 1e300 }), timed(3, { asInt: '3' })]),
    sum('ints', [{ ...point(4, 30, text('a', '2')), startTimeUnixNano: at(3) }]),
  ),
  request(
    sum('ints', [point(4, 3, text('a', '1')), point(5, 10, text('a', '2'))]),
    sum('ints', [{ ...point(5, 35, text('a', '2')), startTimeUnixNano: at(3) }]),
    sum('doubles', [timed(4, { asDouble: 1e300 }), timed(4, { asInt: '9' })]),
  ),
]

const histogram = (seconds: number, counts: number[], of: Plain = {}): Plain =>
  timed(seconds, {
    count: String(counts.reduce((total, count) => total + count, 0)),
    sum: counts.length * seconds,
    min: 0.1,
    max: 9,
    bucketCounts: counts.map(String),
    explicitBounds: counts.slice(1).map((_, i) => i + 0.5),
    ...of,
  })
const histograms: Batch[] = [
  request(
    data('h', 'histogram', [
      histogram(1, [1, 2, 3]),
      histogram(1, [4], { attributes: [text('a', 'b')], explicitBounds: [] }),
    ]),
  ),
  request(
    data('h', 'histogram', [
      histogram(2, [1, 4, 4]),
      histogram(2, [9], { attributes: [text('a', 'b')], explicitBounds: [] }),
    ]),
  ),
  request(
    data('h', 'histogram', [histogram(3, [2, 4, 4, 7])]),
    data('sumless', 'histogram', [histogram(3, [1], { sum: undefined })]),
  ),
  request(
    data('h', 'histogram', [histogram(4, [3, 4, 4, 9], { sum: 'NaN' })]),
    data('sumless', 'histogram', [histogram(4, [2], { sum: undefined })]),
  ),
  request(data('h', 'histogram', [histogram(5, [3, 5, 4, 9])])),
  request(data('h', 'histogram', [histogram(6, [3, 6, 4, 9], { explicitBounds: [1, 2, 3] })])),
  request(
    data('h', 'histogram', [
      histogram(7, [3, 6, 5, 9], { explicitBounds: [1, 2, 3] }),
      histogram(8, [3, 6, 4, 9], { explicitBounds: [1, 2, 3] }),
    ]),
  ),
  request(data('h', 'histogram', [histogram(1, [5], { flags: 1 })])),
]

const exponential = (seconds: number, scale: number, offset: number, counts: number[], of: Plain = {}): Plain =>
  timed(seconds, {
    count: String(counts.reduce((total, count) => total + count, 0)),
    sum: seconds,
    scale,
    positive: { offset, bucketCounts: counts.map(String) },
    min: 0.1,
    max: 9,
    ...of,
  })
const exponentials: Batch[] = [
  request(
    data('e', 'exponentialHistogram', [
      exponential(1, 3, -2, [1, 2, 3]),
      exponential(1, 0, 5, [1], { attributes: [text('a', 'b')] }),
    ]),
  ),
  request(
    data('e', 'exponentialHistogram', [
      exponential(2, 3, -4, [1, 0, 1, 2, 9]),
      exponential(2, 0, 5, [1], { attributes: [text('a', 'b')] }),
    ]),
  ),
  request(
    data('e', 'exponentialHistogram', [
      exponential(3, 1, -1, [20, 9], { negative: { offset: 3, bucketCounts: ['4'] }, zeroCount: '2' }),
    ]),
  ),
  request(
    data('e', 'exponentialHistogram', [
      exponential(4, -2, -1, [24, 9], { count: '40', negative: { offset: 0, bucketCounts: ['5'] }, zeroCount: '3' }),
    ]),
  ),
  request(
    data('e', 'exponentialHistogram', [
      exponential(5, -2, 0, [12], {
        count: '60',
        zeroThreshold: 2,
        negative: { offset: 0, bucketCounts: ['6'] },
        zeroCount: '45',
      }),
    ]),
  ),
  request(
    data('e', 'exponentialHistogram', [
      exponential(6, -2, 0, [12, 0, 0, 4], {
        count: '70',
        sum: undefined,
        zeroThreshold: 2,
        negative: { offset: 0, bucketCounts: ['6'] },
        zeroCount: '45',
      }),
    ]),
  ),
  request(data('e', 'exponentialHistogram', [exponential(7, -1, 0, [12], { count: '80', zeroThreshold: 2 })])),
]

const cases: Comparison[] = []
const each = (name: string, requests: readonly Batch[], config: object = {}): void =>
  void cases.push({ name, signal: 'metrics', config, requests })

each('sums', sums)
each('histograms', histograms)
each('exponential histograms', exponentials)
each('first points are dropped', sums, { initial_value: 'drop' })
each('first histograms are dropped', histograms, { initial_value: 'drop' })
each('included names', sums, { include: { match_type: 'strict', metrics: ['ints', 'Doubles'] } })
each('included patterns', sums, { include: { match_type: 'regexp', metrics: ['^d', 'ge$'] } })
each('excluded patterns', sums, { exclude: { match_type: 'regexp', regexp: { cacheenabled: true }, metrics: ['^i'] } })
each('included and excluded', sums, {
  include: { match_type: 'regexp', metrics: ['s$'] },
  exclude: { match_type: 'strict', metrics: ['doubles'] },
})
const every: Batch[] = [...sums, ...histograms, ...exponentials]
each('only sums', every, { include: { metric_types: ['Sum'] } })
each('no histograms', every, { exclude: { metric_types: ['histogram', 'EXPONENTIALHISTOGRAM'] } })
each('without staleness', every, { max_staleness: 0 })

/** Streams that start before the collector, and those that say nothing: first points are not sent unless kept. */
const unknown: Batch[] = [1, 2, 3].map((second) =>
  request(
    sum('s', [
      untimed(second, { asInt: String(second * 5) }),
      { ...point(second, 4), startTimeUnixNano: '1600000000000000000' },
    ]),
    data('h', 'histogram', [untimed(second, { ...histogram(second, [second, 2]), startTimeUnixNano: '0' })]),
    sum('starts now', [{ ...point(second, 4), startTimeUnixNano: at(second) }]),
  ),
)
each('streams of before', unknown)
each('streams of before are dropped', unknown, { initial_value: 'drop' })
const startless: Batch[] = [1, 2, 3].map((second) =>
  request(
    sum('s', [untimed(second, { asInt: String(second * 5) })]),
    data('h', 'histogram', [untimed(second, { ...histogram(second, [second, 2]), startTimeUnixNano: '0' })]),
  ),
)
each('streams of before are kept', startless, { initial_value: 'keep' })

/** Counters that go up at random, and begin again now and then. */
const random = seeded(11)
const totals = new Map<string, number>()
const walks: Batch[] = Array.from({ length: 40 }, (_, i) =>
  request(
    ...['a', 'b', 'c'].map((name, m) =>
      sum(
        name,
        ['x', 'y', 'z'].flatMap((attribute) => {
          if (random(4) === 0) return []
          const key = `${name}/${attribute}`
          const total = random(9) === 0 ? random(5) : (totals.get(key) ?? 0) + random(1000)
          totals.set(key, total)
          const value = m === 0 ? { asInt: String(total) } : { asDouble: total / 8 }
          return [timed(i + 1, { ...value, attributes: [text('k', attribute)] })]
        }),
      ),
    ),
  ),
)
each('counters that go up at random', walks)

compare(
  {
    type: 'cumulative_to_delta',
    factory: cumulativeToDelta,
    recorded: 'test/processors/cumulative_to_delta/collector.json',
  },
  cases,
)

const refused = (name: string, config: object, message: RegExp) => ({
  name,
  config,
  message,
  signal: 'metrics' as const,
})
compareRefusals({ type: 'cumulative_to_delta', factory: cumulativeToDelta }, [
  refused('metrics without match_type', { include: { metrics: ['a'] } }, /match_type must be given with metrics/),
  refused('match_type without metrics', { exclude: { match_type: 'strict' } }, /must be given with match_type/),
  refused(
    'a strange type',
    { include: { metric_types: ['gauge'] } },
    /must be one of sum, histogram, exponentialhistogram/,
  ),
  refused('a strange initial_value', { initial_value: 'some' }, /must be one of auto, keep, drop/),
])
