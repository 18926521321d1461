import { test } from 'tap'
import { distributionsOf, statisticsOf, type Totals } from '../../../src/aws/cloudwatch/distribution.ts'
import type { ExponentialBuckets } from '../../../src/data/index.ts'
import { seeded } from '../../data/random.ts'

const unknown = { sum: undefined, min: undefined, max: undefined }
const exponential = (of: Partial<ExponentialBuckets>): ExponentialBuckets => ({
  scale: 0,
  zeroCount: 0,
  zeroThreshold: 0,
  positive: { offset: 0, counts: [] },
  negative: { offset: 0, counts: [] },
  ...of,
})
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1)

test('a bucket with bounds is values evenly apart, as many as there is room for', async (t) => {
  const buckets = { bounds: [10, 20], counts: [0, 4, 0] }
  t.same(distributionsOf(buckets, { count: 4, sum: 60, min: 12, max: 20 }, 100), [
    { values: [19, 17, 15, 13], counts: [1, 1, 1, 1], count: 4, sum: 60, min: 12, max: 20 },
  ])
  t.same(distributionsOf(buckets, { count: 4, sum: 60, min: 12, max: 20 }, 2), [
    { values: [18, 14], counts: [2, 2], count: 4, sum: 60, min: 12, max: 20 },
  ])
  t.same(distributionsOf(buckets, { count: 4, sum: 60, min: 12, max: 20 }, 1), [
    { values: [16], counts: [4], count: 4, sum: 60, min: 12, max: 20 },
  ])
})

test('what a histogram does not say follows from its buckets', async (t) => {
  t.same(statisticsOf({ bounds: [10, 20], counts: [1, 2, 1] }, { ...unknown, count: 4 }), {
    count: 4,
    sum: 5 + 2 * 15 + 20,
    min: 0,
    max: 20,
  })
  t.same(statisticsOf({ bounds: [-5, 20], counts: [1, 0, 1] }, { ...unknown, count: 2, max: 30 }), {
    count: 2,
    sum: -5 + 25,
    min: -5,
    max: 30,
  })
  t.same(statisticsOf({ bounds: [], counts: [4] }, { ...unknown, count: 4, sum: 10 }), {
    count: 4,
    sum: 10,
    min: 2.5,
    max: 2.5,
  })
  t.equal(statisticsOf({ bounds: [1], counts: [0, 0] }, { ...unknown, count: 0, sum: 0 }), undefined)
  t.same(distributionsOf(exponential({}), { ...unknown, count: 0 }, 100), [])
})

test('exponential buckets are the middle of their bounds, from the highest to the lowest, as in the collector', async (t) => {
  const counts = [1, 2, 3]
  const buckets = exponential({ zeroCount: 4, positive: { offset: 0, counts }, negative: { offset: 0, counts } })
  const [one, ...more] = distributionsOf(buckets, { ...unknown, count: 16 }, 100)
  t.same(more, [])
  t.same(one, {
    values: [6, 3, 1.5, 0, -1.5, -3, -6],
    counts: [3, 2, 1, 4, 1, 2, 3],
    count: 16,
    sum: 0,
    min: -8,
    max: 8,
  })
  const wide = { ...buckets, scale: -1, positive: { offset: -1, counts }, negative: { offset: -1, counts } }
  const known = { count: 16, sum: 1, min: -11, max: 9 }
  t.same(distributionsOf(wide, known, 100)[0], {
    ...known,
    values: [9, 2.5, 0.625, 0, -0.625, -2.5, -10],
    counts: [3, 2, 1, 4, 1, 2, 3],
  })
})

test('what has more values than fit is several distributions that make up the whole, as in the collector', async (t) => {
  const counts = upTo(60)
  const buckets = exponential({ zeroCount: 2, positive: { offset: 0, counts }, negative: { offset: 0, counts } })
  const [high, low, ...more] = distributionsOf(buckets, { count: 3662, sum: 1000, min: -9e17, max: 9e17 }, 100)
  t.same(more, [])
  t.equal(high!.values.length, 100)
  t.equal(high!.values[0], 8.646911284551352e17)
  t.equal(high!.values[99], -4.12316860416e11)
  t.same(high!.counts.slice(0, 3), [60, 59, 58])
  t.match(high, { count: 2612, sum: 1000, max: 9e17, min: -5.49755813888e11 })
  t.equal(low!.values.length, 21)
  t.match(low, { count: 1050, sum: 0, max: -5.49755813888e11, min: -9e17 })
})

test('distributions add up to their histogram, and stay within its bounds', async (t) => {
  let cases = 0
  for (let seed = 1; seed <= 3000; seed++) {
    const random = seeded(seed)
    const bounds = upTo(random(20)).map((i) => i * (1 + random(3)) * 10 - 50)
    bounds.sort((a, b) => a - b)
    const distinct = [...new Set(bounds)]
    const counts = upTo(distinct.length + 1).map(() => (random(3) === 0 ? 0 : random(1000)))
    const count = counts.reduce((sum, one) => sum + one, 0)
    const bounded = random(2) === 0
    const totals: Totals = {
      count,
      sum: random(2) === 0 ? 7 : undefined,
      ...(bounded ? { min: -60, max: 900 } : { min: undefined, max: undefined }),
    }
    const most = 1 + random(150)
    const parts = distributionsOf({ bounds: distinct, counts }, totals, most)
    const fail = (what: string): boolean =>
      t.fail(`seed ${seed}: ${what}: ${JSON.stringify({ distinct, counts, totals, parts })}`)
    if (count === 0 ? parts.length !== 0 : parts.length === 0) fail('emptiness')
    if (parts.reduce((sum, part) => sum + part.count, 0) !== count) fail('count')
    const statistics = statisticsOf({ bounds: distinct, counts }, totals)
    if (parts.length > 0 && parts[0]!.sum !== statistics!.sum) fail('sum')
    if (parts.length > 0 && (parts[0]!.max !== statistics!.max || parts.at(-1)!.min !== statistics!.min)) fail('bounds')
    let last = Infinity
    for (const { values, counts, count, min, max } of parts) {
      if (values.length > most || values.length !== counts.length) fail('size')
      if (counts.some((one) => !(one > 0)) || counts.reduce((sum, one) => sum + one, 0) !== count) fail('counts')
      for (const value of values) {
        if (!(value <= last && value >= min - 1e-9 && value <= max + 1e-9)) fail(`value ${value}`)
        last = value
      }
    }
    cases++
  }
  t.ok(cases > 0)
})
