import { test } from 'tap'
import { readExponentialHistogram, readHistogram, type Visitor } from '../../src/data/index.ts'
import { type Cumulative, type DeltaFault, type DeltaLimits, Deltas } from '../../src/series/index.ts'
import { FakeClock } from '../../src/testing/index.ts'
import { type Plain, ROUNDS, seeded } from '../data/random.ts'
import { batchOf } from '../kit/otlp.ts'

const unbounded: DeltaLimits = { maxStreams: 0, maxStalenessMs: 0, keepsInitial: false }
const at = (second: number): string => `${second}000000000`

/** Of points of one metric, in a row. */
function deltasOf(deltas: Deltas, data: string, points: readonly Plain[]): (Cumulative | DeltaFault)[] {
  const found: (Cumulative | DeltaFault)[] = []
  const visitor: Visitor<'metrics'> = {
    onResource: () => deltas.nextResource(),
    onScope: () => deltas.nextScope(),
    onMetric: () => deltas.nextMetric(),
    onPoint(point, metric, scope, resource) {
      const { count = 0, sum } = point
      const of = <C extends Cumulative>(value: C): C | DeltaFault => deltas.of(value, point, metric, scope, resource)
      if (point.type === 'histogram') {
        const buckets = readHistogram(point)
        found.push(typeof buckets === 'string' ? raise(buckets) : of({ count, sum, buckets }))
      } else if (point.type === 'exponentialHistogram') {
        const buckets = readExponentialHistogram(point)
        found.push(typeof buckets === 'string' ? raise(buckets) : of({ count, sum, buckets }))
      } else if (point.type === 'summary') found.push(of({ count, sum: sum! }))
      else found.push(deltas.of(point.value, point, metric, scope, resource))
    },
  }
  const metrics = [{ name: 'm', [data]: { dataPoints: points, aggregationTemporality: 2, isMonotonic: true } }]
  batchOf('metrics', { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }).visit(visitor)
  return found
}
const raise = (fault: string): never => {
  throw new Error(fault)
}

const number = (value: number, second: number, start = 0): Plain => ({
  asDouble: value,
  timeUnixNano: at(second),
  ...(start > 0 && { startTimeUnixNano: at(start) }),
})
const histogram = (
  bucketCounts: readonly number[],
  second: number,
  sum?: number,
  explicitBounds = [10, 20],
): Plain => ({
  count: bucketCounts.reduce((total, count) => total + count, 0),
  bucketCounts,
  explicitBounds,
  timeUnixNano: at(second),
  ...(sum !== undefined && { sum }),
})

test('a sum is what has come since the last point; the first says nothing', async (t) => {
  const deltas = new Deltas(new FakeClock(), unbounded)
  t.same(deltasOf(deltas, 'sum', [number(10, 1), number(12, 2), number(12, 3)]), ['initial_value', 2, 0])
  t.same(deltasOf(deltas, 'sum', [number(20, 4)]), [8], 'also in the next batch')
  t.equal(deltas.size, 1)
  const keeping = new Deltas(new FakeClock(), { ...unbounded, keepsInitial: true })
  t.same(deltasOf(keeping, 'sum', [number(10, 1), number(12, 2)]), [10, 2])
})

test('a counter that begins anew counts from zero: it went down, or says when it started', async (t) => {
  const deltas = new Deltas(new FakeClock(), unbounded)
  t.same(deltasOf(deltas, 'sum', [number(10, 5, 1), number(3, 6, 1), number(30, 9, 8), number(31, 10, 8)]), [
    'initial_value',
    3,
    30,
    1,
  ])
})

test('what was said before, or is older, is not counted again', async (t) => {
  const deltas = new Deltas(new FakeClock(), unbounded)
  const points = [number(10, 2), number(15, 3), number(15, 3), number(10, 2), number(16, 4)]
  t.same(deltasOf(deltas, 'sum', points), ['initial_value', 5, 'out_of_order', 'out_of_order', 1])
  const untimed = { asDouble: 20 }
  t.same(deltasOf(deltas, 'sum', [untimed, { asDouble: 21 }]), [4, 1], 'points without a time are always new')
})

test('summaries and histograms are differences of all they have', async (t) => {
  const deltas = new Deltas(new FakeClock(), unbounded)
  const summary = (count: number, sum: number, second: number): Plain => ({ count, sum, timeUnixNano: at(second) })
  t.same(deltasOf(deltas, 'summary', [summary(1, 5, 1), summary(3, 9, 2), summary(1, 2, 3)]), [
    'initial_value',
    { count: 2, sum: 4 },
    { count: 1, sum: 2 },
  ])
  const bounds = [10, 20]
  t.same(
    deltasOf(deltas, 'histogram', [
      histogram([1, 2, 3], 1, 100),
      histogram([1, 5, 4], 2, 180),
      histogram([2, 1, 9], 3, 200),
      histogram([2, 1, 9], 4),
      histogram([2, 1, 9], 5, 1, [11, 20]),
    ]),
    [
      'initial_value',
      { count: 4, sum: 80, buckets: { bounds, counts: [0, 3, 1] } },
      { count: 12, sum: 200, buckets: { bounds, counts: [2, 1, 9] } },
      { count: 0, sum: undefined, buckets: { bounds, counts: [0, 0, 0] } },
      { count: 12, sum: 1, buckets: { bounds: [11, 20], counts: [2, 1, 9] } },
    ],
  )
})

test('streams are forgotten for want of room, and for their age', async (t) => {
  const clock = new FakeClock()
  const of = (name: string, value: number, second: number): Plain => ({
    ...number(value, second),
    attributes: [{ key: 'name', value: { stringValue: name } }],
  })
  const deltas = new Deltas(clock, { maxStreams: 2, maxStalenessMs: 1000, keepsInitial: false })
  t.same(deltasOf(deltas, 'sum', [of('a', 1, 1), of('b', 1, 1), of('c', 1, 1), of('a', 2, 2)]), [
    'initial_value',
    'initial_value',
    'initial_value',
    'initial_value',
  ])
  t.equal(deltas.evicted, 2)
  await clock.advance(1001)
  t.same(deltasOf(deltas, 'sum', [of('c', 9, 9)]), ['initial_value'])
})

test('deltas of exponential histograms add up to the last, whatever the scales', async (t) => {
  let cases = 0
  for (let seed = 1; seed <= ROUNDS / 5; seed++) {
    const random = seeded(seed)
    const values: number[] = []
    let scale = 6
    const points: Plain[] = []
    const countAt = (index: number, sign: number): number =>
      values.filter(
        (value) => Math.sign(value) === sign && Math.floor(Math.log2(Math.abs(value)) * 2 ** scale) === index,
      ).length
    for (let second = 1; second <= 6; second++) {
      for (let i = random(20); i > 0; i--) values.push((random(3) - 1) * (1.5 + random(1000)))
      if (random(3) === 0) scale--
      const side = (sign: number): Plain => {
        const indices = values
          .filter((value) => Math.sign(value) === sign)
          .map((value) => Math.floor(Math.log2(Math.abs(value)) * 2 ** scale))
        if (indices.length === 0) return { offset: 0, bucketCounts: [] }
        const offset = Math.min(...indices) - random(2)
        return {
          offset,
          bucketCounts: Array.from({ length: Math.max(...indices) - offset + 1 }, (_, i) => countAt(offset + i, sign)),
        }
      }
      const zeroCount = values.filter((value) => value === 0).length
      points.push({
        count: values.length,
        zeroCount,
        scale,
        positive: side(1),
        negative: side(-1),
        timeUnixNano: at(second),
      })
    }
    const keeping = new Deltas(new FakeClock(), { ...unbounded, keepsInitial: true })
    const found = deltasOf(keeping, 'exponentialHistogram', points)
    let total = 0
    for (const delta of found) {
      if (typeof delta !== 'object' || !('buckets' in delta) || 'bounds' in delta.buckets)
        throw new Error(`seed ${seed}`)
      const { positive, negative, zeroCount } = delta.buckets
      const count = [...positive.counts, ...negative.counts, zeroCount].reduce((sum, one) => sum + one, 0)
      if (count !== delta.count) t.fail(`seed ${seed}: ${count} in buckets, ${delta.count} in all`)
      total += count
    }
    if (total !== values.length) t.fail(`seed ${seed}: ${total} instead of ${values.length}`)
    cases++
  }
  t.ok(cases > 0)
})
