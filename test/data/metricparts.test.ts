import { test } from 'tap'
import { type Batch, decodeOtlp, type MetricPart, putTogether, takeApart } from '../../src/data/index.ts'
import { testContext } from '../../src/testing/index.ts'
import { batchOf } from '../kit/otlp.ts'
import { decoded, type Plain, ROUNDS, randomMessage, seeded } from './random.ts'

const context = testContext()
const bytesOf = (batch: Batch): Buffer => Buffer.concat(batch.chunks)
const gauge = (name: string, ...values: number[]): Plain => ({
  name,
  description: 'd',
  unit: 's',
  gauge: { dataPoints: values.map((asDouble) => ({ asDouble })) },
})
const sum = (name: string, ...values: number[]): Plain => ({
  name,
  sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: values.map((asDouble) => ({ asDouble })) },
})
const metrics = (...list: Plain[]) => batchOf('metrics', { resourceMetrics: [{ scopeMetrics: [{ metrics: list }] }] })
const partsOf = (batch: Batch<'metrics'>): MetricPart[] =>
  takeApart(batch).flatMap(({ scopes }) => scopes.flatMap((scope) => scope.metrics))
const plain = (part: MetricPart): unknown => {
  const batch = putTogether([{ shell: Buffer.alloc(0), scopes: [{ shell: Buffer.alloc(0), metrics: [part] }] }])
  t0.equal(decodeOtlp('metrics', bytesOf(batch)).items, batch.items)
  const { resourceMetrics } = decoded('metrics', bytesOf(batch)) as { resourceMetrics: Plain[] }
  return ((resourceMetrics[0]!.scopeMetrics as Plain[])[0]!.metrics as Plain[])[0]
}
let t0: { equal(a: unknown, b: unknown): unknown }

test('what is taken apart and put together again is the same, but for what has no metrics', async (t) => {
  const random = seeded(17)
  let cases = 0
  for (let round = 0; round < ROUNDS * 3; round++) {
    const batch = decodeOtlp('metrics', randomMessage('metrics', random))
    const again = putTogether(takeApart(batch))
    t.equal(again.items, batch.items)
    const filled = ({ resourceMetrics }: Plain): unknown =>
      (resourceMetrics as Plain[])
        .map((entry) => ({
          ...entry,
          scopeMetrics: (entry.scopeMetrics as Plain[]).filter((scope) => (scope.metrics as Plain[]).length > 0),
        }))
        .filter(({ scopeMetrics }) => scopeMetrics.length > 0)
    t.same(filled(decoded('metrics', bytesOf(again))), filled(decoded('metrics', bytesOf(batch))))
    decodeOtlp('metrics', bytesOf(again))
    cases++
  }
  t.ok(cases > 0)
})

test('a metric by itself is read, edited and dropped as in a batch', async (t) => {
  const random = seeded(18)
  let cases = 0
  for (let round = 0; round < ROUNDS * 3; round++) {
    const batch = decodeOtlp('metrics', randomMessage('metrics', random))
    const visitors = [
      {
        onMetric: (metric: { name: string }) => void (metric.name = `${metric.name}!`),
        onPoint: (point: { flags: number }) => point.flags % 2 === 0,
      },
    ]
    const whole = batch.rewrite(visitors, context)
    const parts = takeApart(batch)
    for (const { scopes } of parts)
      for (const scope of scopes) {
        const edited = scope.metrics.flatMap((metric) => metric.edit(visitors, context) ?? [])
        scope.metrics.splice(0, Infinity, ...edited)
      }
    const again = putTogether(parts)
    t.equal(again.items, whole.items)
    t.same(
      partsOf(again).map((part) => [part.name, part.type, part.items]),
      partsOf(whole).map((part) => [part.name, part.type, part.items]),
    )
    cases++
  }
  t.ok(cases > 0)
})

test('what is not changed is the very same part', async (t) => {
  const [part] = partsOf(metrics(gauge('a', 1)))
  t.equal(part!.edit([{ onPoint: () => true }], context), part)
  t.equal(part!.edit([{ onPoint: () => false }], context), undefined)
  const seen: string[] = []
  part!.visit({ onMetric: ({ name, unit }) => void seen.push(name, unit) })
  t.same(seen, ['a', 's'])
})

test('points of several metrics become those of the first', async (t) => {
  t0 = t
  const [a, b, c, other] = partsOf(metrics(sum('a', 1), sum('b', 2, 3), sum('c'), gauge('other', 4)))
  const joined = a!.joined([b!, c!])
  t.equal(joined.items, 3)
  t.match(plain(joined), {
    name: 'a',
    sum: {
      isMonotonic: true,
      aggregationTemporality: 2,
      dataPoints: [{ asDouble: 1 }, { asDouble: 2 }, { asDouble: 3 }],
    },
  })
  t.equal(a!.joined([]), a)
  t.throws(() => a!.joined([other!]), /points of a gauge do not fit a sum/)
})

test('points go on as another metric of another type', async (t) => {
  t0 = t
  const [part] = partsOf(metrics(sum('a', 1, 2)))
  const found = plain(part!.derived({ name: 'b', unit: 'By', type: 'gauge' })) as Plain
  t.match(found, { name: 'b', unit: 'By', description: '', gauge: { dataPoints: [{ asDouble: 1 }, { asDouble: 2 }] } })
  t.match(plain(part!.retyped('gauge')), { name: 'a', gauge: { dataPoints: [{ asDouble: 1 }, { asDouble: 2 }] } })
  const again = plain(part!.derived({ name: 'b', unit: '', type: 'sum' })) as Plain
  t.match(again, { unit: '', sum: { isMonotonic: false, aggregationTemporality: 0 } })
})

test('points may be given other bytes', async (t) => {
  t0 = t
  const [part] = partsOf(metrics(sum('a', 1, 2)))
  // flags (8) = index
  const changed = part!.withPoints((point, index) => Buffer.concat([point, Buffer.of(0x40, index)]))
  t.match(plain(changed), {
    sum: {
      isMonotonic: true,
      dataPoints: [
        { asDouble: 1, flags: 0 },
        { asDouble: 2, flags: 1 },
      ],
    },
  })
})

test('a metric without data has no points', async (t) => {
  const [part] = partsOf(metrics({ name: 'empty' }))
  t.same([part!.name, part!.type, part!.items], ['empty', undefined, 0])
  t.equal(part!.joined([part!]), part)
  t.equal(
    part!.withPoints((point) => point),
    part,
  )
})
