import { test } from 'tap'
import { Samples } from '../../../src/exporters/awscloudwatch/samples.ts'
import { ROUNDS, seeded } from '../../data/random.ts'

test('values are kept with their counts', async (t) => {
  const samples = new Samples(150)
  samples.add(5)
  t.same(samples.values(), [{ value: 5, count: 1 }])
  samples.add(5)
  samples.add(-1)
  samples.add(5)
  t.same(samples.values(), [
    { value: -1, count: 1 },
    { value: 5, count: 3 },
  ])
  samples.addDistribution({ values: [9, 5], counts: [2, 1], count: 3, sum: 25, min: 4, max: 10 })
  t.same(samples.values(), [
    { value: -1, count: 1 },
    { value: 5, count: 4 },
    { value: 9, count: 2 },
  ])
  t.match(samples, { count: 7, sum: 39, min: -1, max: 10 })
})

test('a distribution may come first', async (t) => {
  const samples = new Samples(150)
  samples.addDistribution({ values: [2], counts: [3], count: 3, sum: 6, min: 2, max: 2 })
  samples.add(2)
  t.same(samples.values(), [{ value: 2, count: 4 }])
})

test('several distributions may come first', async (t) => {
  const samples = new Samples(150)
  samples.addDistribution({ values: [3, 2, 1], counts: [1, 1, 1], count: 3, sum: 6, min: 1, max: 3 })
  t.same(
    samples.values(),
    [1, 2, 3].map((value) => ({ value, count: 1 })),
  )
})

test('whatever comes, there are no more values than allowed, and count, sum, bounds and quantiles are right', async (t) => {
  let cases = 0
  for (let seed = 1; seed <= ROUNDS * 10; seed++) {
    const random = seeded(seed)
    const most = 3 + random(148)
    const spread = 10 ** random(12)
    const hasNegative = random(3) === 0
    const samples = new Samples(most)
    const all: number[] = []
    for (let i = random(600); i > 0; i--) {
      const value = (random(10_000) / 10_000) * spread * (hasNegative && random(2) === 0 ? -1 : 1)
      samples.add(value)
      all.push(value)
    }
    if (all.length === 0) continue
    all.sort((a, b) => a - b)
    const values = samples.values()
    const fail = (what: string): boolean => t.fail(`seed ${seed}: ${what}`)
    if (values.length > most) fail(`${values.length} values, at most ${most}`)
    const count = values.reduce((sum, one) => sum + one.count, 0)
    if (count !== all.length || samples.count !== count) fail(`count ${count}`)
    const sum = all.reduce((total, one) => total + one, 0)
    const ofValues = values.reduce((total, one) => total + one.value * one.count, 0)
    const scale = all.reduce((total, one) => total + Math.abs(one), 1)
    if (Math.abs(ofValues - sum) > scale * 1e-9) fail(`sum ${ofValues} instead of ${sum}`)
    if (samples.min !== all[0] || samples.max !== all.at(-1)) fail('bounds')
    if (
      values.some(
        ({ value }, i) => !(value >= samples.min - 1e-9 * scale) || (i > 0 && !(value > values[i - 1]!.value)),
      )
    )
      fail('order')
    if (!hasNegative && most >= 100) {
      for (const quantile of [0.5, 0.9, 0.99]) {
        const exact = all[Math.floor(quantile * (all.length - 1))]!
        let below = 0
        const found = values.find(({ count }) => (below += count) > Math.floor(quantile * (all.length - 1)))!
        if (exact > spread / 100 && Math.abs(found.value / exact - 1) > 0.1)
          fail(`p${quantile}: ${found.value} instead of ${exact}`)
      }
    }
    cases++
  }
  t.ok(cases > 0)
})

test('zero is one value, whatever its sign', async (t) => {
  const samples = new Samples(150)
  for (const value of [-0, 1, 0, -1, -0]) samples.add(value)
  t.same(samples.values(), [
    { value: -1, count: 1 },
    { value: 0, count: 3 },
    { value: 1, count: 1 },
  ])
  t.ok(Object.is(samples.values()[1]!.value, 0))
})
