import { test } from 'tap'
import type { ExponentialCounts, Side } from '../../../src/exporters/prometheus/exponential.ts'
import { added, cumulativeBuckets, fitted, MAX_BUCKETS } from '../../../src/exporters/prometheus/exponential.ts'
import { type Random, seeded } from '../../data/random.ts'

/** Values of buckets, each in the middle of its own, and the histogram that they make. */
interface Measured {
  readonly counts: ExponentialCounts
  readonly values: readonly number[]
}

function measured(random: Random, scale: number, spread: number): Measured {
  const values: number[] = []
  const side = (sign: 1 | -1): Side => {
    const offset = random(spread) - spread / 2
    const counts = Array.from({ length: random(120) }, () => random(3))
    for (const [i, count] of counts.entries())
      for (let n = 0; n < count; n++) values.push(sign * 2 ** ((offset + i + 0.5) * 2 ** -scale))
    return { offset, counts }
  }
  const zeroCount = random(3)
  for (let n = 0; n < zeroCount; n++) values.push(0)
  const counts = {
    scale,
    zeroCount,
    zeroThreshold: 0,
    positive: side(1),
    negative: random(2) ? side(-1) : { offset: 0, counts: [] },
  }
  return { counts, values }
}

/** What is wrong with the buckets of these values. */
function problemsOf(counts: ExponentialCounts, values: readonly number[]): string[] {
  const problems: string[] = []
  const cumulative = cumulativeBuckets(counts)
  let previous = Number.NEGATIVE_INFINITY
  for (const [i, bound] of cumulative.bounds.entries()) {
    if (!(bound > previous)) problems.push(`bound ${bound} after ${previous}`)
    previous = bound
    const exact = values.filter((value) => value <= bound).length
    if (cumulative.counts[i] !== exact) problems.push(`${cumulative.counts[i]} up to ${bound}, not ${exact}`)
  }
  const most = 2 * (MAX_BUCKETS + 1) + 1
  if (cumulative.bounds.length > most) problems.push(`${cumulative.bounds.length} bounds`)
  for (const { counts: list } of [counts.positive, counts.negative])
    if (list.length > MAX_BUCKETS) problems.push(`${list.length} buckets on a side`)
  return problems
}

test('however many buckets come in, those that are shown count exactly what lies below them', async (t) => {
  let cases = 0
  for (let seed = 1; seed <= 400; seed++) {
    const random = seeded(seed)
    const { counts, values } = measured(random, random(10) - 1, 200)
    const problems = problemsOf(fitted(counts), values)
    if (problems.length > 0) t.fail(`seed ${seed}: ${problems.slice(0, 3).join('; ')}`)
    cases++
  }
  t.ok(cases > 0)
})

test('histograms of other scales and ranges add up to that of all their values', async (t) => {
  let cases = 0
  for (let seed = 1; seed <= 400; seed++) {
    const random = seeded(seed)
    let sum = fitted({
      scale: 20,
      zeroCount: 0,
      zeroThreshold: 0,
      positive: { offset: 0, counts: [] },
      negative: { offset: 0, counts: [] },
    })
    const values: number[] = []
    for (let n = 0; n < 4; n++) {
      const more = measured(random, random(8), 300)
      values.push(...more.values)
      sum = added(sum, fitted(more.counts))
      const problems = problemsOf(sum, values)
      if (problems.length > 0) t.fail(`seed ${seed}, after ${n + 1}: ${problems.slice(0, 3).join('; ')}`)
      cases++
    }
  }
  t.ok(cases > 0)
})

test('bounds that stay when buckets are joined are the very numbers that they were', async (t) => {
  const one = (scale: number): number[] => {
    const counts = new Array(8 * 2 ** scale).fill(1)
    const none = { offset: 0, counts: [] }
    return [
      ...cumulativeBuckets({ scale, zeroCount: 0, zeroThreshold: 0, positive: { offset: 0, counts }, negative: none })
        .bounds,
    ]
  }
  for (let scale = 1; scale < 10; scale++) {
    const fine = new Set(one(scale))
    for (const bound of one(scale - 1)) t.ok(fine.has(bound), `${bound} at scales ${scale - 1} and ${scale}`)
  }
})

test('values as far apart as can be take no more room', async (t) => {
  const at = (offset: number): ExponentialCounts =>
    fitted({
      scale: 20,
      zeroCount: 1,
      zeroThreshold: 0.5,
      positive: { offset, counts: [1] },
      negative: { offset: -offset, counts: [1] },
    })
  const sum = added(at(2 ** 31 - 2), at(-(2 ** 31) + 2))
  t.ok(sum.positive.counts.length <= MAX_BUCKETS && sum.negative.counts.length <= MAX_BUCKETS)
  t.equal(sum.zeroCount, 2)
  const { bounds, counts } = cumulativeBuckets(sum)
  t.ok(bounds.every(Number.isFinite))
  t.ok(bounds.length <= 2 * MAX_BUCKETS + 3)
  t.ok(counts.at(-1)! <= 6)
})
