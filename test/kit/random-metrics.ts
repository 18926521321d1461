// Metrics at random, as hostile as OTLP allows: names, units and labels that CloudWatch does not take, points that
// contradict themselves, values beyond all bounds.
import type { Plain, Random } from '../data/random.ts'
import type { ShortAttributes, ShortMetric, ShortResource } from './metrics.ts'

export const randomMetrics = (random: Random): ShortResource[] =>
  Array.from({ length: 1 + random(3) }, () => resourceOf(random))

export const pick = <T>(random: Random, from: readonly T[]): T => from[random(from.length)]!

const NAMES = ['a', 'b.c', 'http.server.duration', 'Version', '_aws', '', '주문', 'x'.repeat(300), 'k1', 'quantile']
const UNITS = ['', '1', 'ms', 'By', '{order}', 'furlong', 'ns', 'Count', '%']
const KEYS = [
  'k1',
  'k2',
  'Version',
  '_aws',
  'Timestamp',
  ':c',
  '카드',
  'aws.emf.storage_resolution',
  'a',
  '',
  '__proto__',
  'j',
]
const TEXTS = ['v', '', ' ', '신용', 'y'.repeat(1500), '{"x":[1]}', '1', '\ud800', 'a\n"b"\\']
const VALUES = [0, 1, -1.5, 1e300, -1e108, Number.NaN, Infinity, 2 ** 53 + 2, 0.1]

function resourceOf(random: Random): ShortResource {
  return {
    resource: attributesOf(random, 4),
    ...(random(2) === 0 && { scope: ['lib', 'other', ''][random(3)]! }),
    metrics: Array.from({ length: random(6) }, () => metricOf(random)),
  }
}

function attributesOf(random: Random, most: number): ShortAttributes {
  const attributes: [string, unknown][] = Array.from({ length: random(most) }, () => [
    pick(random, KEYS),
    random(5) === 0 ? pick<unknown>(random, [1, 2.5, true, ['a', 1], { k: 'v' }]) : pick(random, TEXTS),
  ])
  if (random(20) === 0) for (let i = 0; i < 40; i++) attributes.push([`many${i}`, 'x'])
  if (random(10) === 0) attributes.push(['Type', 'Pod'], ['receiver', 'prometheus'])
  return Object.fromEntries(attributes)
}

function metricOf(random: Random): ShortMetric {
  const type = pick(random, ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary'] as const)
  const points = Array.from({ length: random(8) }, () => ({
    labels: attributesOf(random, 5),
    ...(random(4) > 0 && { time: random(100), start: random(50) }),
    ...(random(15) === 0 && { flags: 1 }),
    ...dataOf(random, type),
  }))
  return {
    name: pick(random, NAMES),
    unit: pick(random, UNITS),
    type,
    temporality: pick(random, ['delta', 'cumulative'] as const),
    monotonic: random(3) > 0,
    points,
  }
}

function dataOf(random: Random, type: NonNullable<ShortMetric['type']>): Plain {
  const some = (): number => pick(random, VALUES)
  switch (type) {
    case 'gauge':
    case 'sum':
      return random(2) === 0 ? { asInt: random(1000) - 300 } : { asDouble: some() }
    case 'histogram': {
      const explicitBounds = Array.from({ length: random(random(5) === 0 ? 200 : 6) }, (_, i) => i * 10 - 20)
      const bucketCounts = Array.from({ length: explicitBounds.length + (random(8) === 0 ? 0 : 1) }, () => random(4))
      return { explicitBounds, bucketCounts, ...totalsOf(random, bucketCounts, 0) }
    }
    case 'exponentialHistogram': {
      const side = (): Plain & { bucketCounts: number[] } => ({
        offset: random(40) - 20,
        bucketCounts: Array.from({ length: random(random(4) === 0 ? 200 : 5) }, () => random(3)),
      })
      const [positive, negative, zeroCount] = [side(), side(), random(3)]
      const counts = [...positive.bucketCounts, ...negative.bucketCounts]
      return { scale: random(9) - 4, zeroCount, positive, negative, ...totalsOf(random, counts, zeroCount) }
    }
    case 'summary':
      return {
        count: random(5),
        sum: some(),
        quantileValues: Array.from({ length: random(4) }, (_, i) => ({
          quantile: random(10) === 0 ? 2 : i / 4,
          value: i,
        })),
      }
  }
}

function totalsOf(random: Random, counts: readonly number[], zeroCount: number): Plain {
  const count = counts.reduce((sum, one) => sum + one, zeroCount) + (random(15) === 0 ? 1 : 0)
  return {
    count,
    ...(random(4) > 0 && { sum: random(20) === 0 ? Number.NaN : random(1000) }),
    ...(random(2) === 0 && { min: pick(random, [-1e6, 0, 5]) }),
    ...(random(2) === 0 && { max: pick(random, [1e9, 3, -7]) }),
  }
}
