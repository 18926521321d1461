import { test } from 'tap'
import { decodeOtlp } from '../../../src/data/index.ts'
import { schemes } from '../../../src/exporters/prometheus/escape.ts'
import { Intake } from '../../../src/exporters/prometheus/intake.ts'
import { Registry } from '../../../src/exporters/prometheus/registry.ts'
import type { Format } from '../../../src/exporters/prometheus/samples.ts'
import { expose } from '../../../src/exporters/prometheus/text.ts'
import { createNaming, strategies } from '../../../src/prometheus/names.ts'
import { type Random, ROUNDS, randomMessage, seeded } from '../../data/random.ts'
import { batchOf } from '../../kit/otlp.ts'
import { parseExposition } from './parse.ts'

const formats: readonly Format[] = ['text', 'openmetrics']
const names = [
  'a',
  'a.b',
  'a_b',
  'a_total',
  'a.count',
  'a_bucket',
  'a_sum',
  'a_created',
  'a "b"\n',
  'target.info',
  '9',
  'ä',
  '',
]
const keys = [
  'k',
  'k.k',
  'k_k',
  'le',
  'quantile',
  'job',
  'instance',
  'env',
  'otel_scope_name',
  '__name__',
  '_',
  '',
  'ключ',
]
const values = ['', 'x', 'a "quoted"\\ text\n', 'ünïcödé ✓ 𝄞', '\u0000\u0001\r']

function create(random: Random): { intake: Intake; registry: Registry; show(format: Format, nowMs: number): string } {
  const naming = createNaming(strategies[random(4)]!, ['', 'ns', 'my-ns'][random(3)]!)
  const sendCreated = random(2) === 1
  const hasResourceLabels = random(2) === 1
  const registry = new Registry({ expirationMs: 1000, maxSeries: random(3) * 20 }, sendCreated ? ['_created'] : [])
  const options = {
    naming,
    constLabels: new Map(random(2) === 1 ? [['env', 'const']] : []),
    isResourceLabel: () => hasResourceLabels,
    hasScopeLabels: random(2) === 1,
    hasExemplars: true,
    expirationMs: 1000,
  }
  const escaping = schemes[random(4)]!
  return {
    registry,
    intake: new Intake(options, registry),
    show(format, nowMs) {
      const common = { names: new Set<string>(), nowMs, sendTimestamps: random(2) === 1, sendCreated }
      const asked = escaping === 'allow-utf-8' || (!naming.allowsUtf8 && escaping !== 'dots') ? undefined : escaping
      return [...expose(registry, { ...common, format, escaping: asked })].join('')
    },
  }
}

test('whatever OTLP says, a scrape can be read, and every point is shown or lost', async (t) => {
  let cases = 0
  let taken = 0
  for (let seed = 1; seed <= ROUNDS; seed++) {
    const random = seeded(seed)
    const { intake, registry, show } = create(random)
    for (let nowMs = 0; nowMs < 2000; nowMs += 500) {
      const batch =
        random(3) === 0 ? decodeOtlp('metrics', randomMessage('metrics', random)) : batchOf('metrics', likely(random))
      const tally = intake.take(batch, nowMs)
      let lost = 0
      for (const { points } of tally.lost.values()) lost += points
      if (tally.taken + lost !== batch.items) t.fail(`seed ${seed}: ${tally.taken} + ${lost} of ${batch.items} points`)
      taken += tally.taken
      for (const format of formats) {
        const text = show(format, nowMs)
        try {
          parseExposition(text, format)
        } catch (error) {
          t.fail(`seed ${seed}, ${format}: ${error}`, { text })
        }
        cases++
      }
      if (random(4) === 0) intake.sweep(nowMs)
    }
    intake.sweep(1e9)
    if (registry.size !== 0 || registry.families.length !== 0) t.fail(`seed ${seed}: something is left`)
  }
  t.ok(cases > 0)
  t.ok(taken > cases, `${taken} points were shown in ${cases} scrapes`)
})

/** Metrics as they are, but for names that get in one another's way. */
function likely(random: Random): { [key: string]: unknown } {
  const pick = <T>(list: readonly T[]): T => list[random(list.length)]!
  const some = <T>(most: number, make: () => T): T[] => Array.from({ length: random(most + 1) }, make)
  const text = (key: string): object => ({ key, value: { stringValue: pick(values) } })
  const attributes = (): object[] => some(3, () => text(pick(keys)))
  const time = (): string => `${1_700_000_000 + random(100)}000000000`
  const exemplar = (): object => ({
    asDouble: random(20),
    timeUnixNano: time(),
    traceId: random(3) === 0 ? '' : Buffer.alloc(16, 1 + random(9)).toString('base64'),
    filteredAttributes: attributes(),
  })
  const point = (): object => ({ attributes: attributes(), timeUnixNano: time(), exemplars: some(3, exemplar) })
  const number = (): object => ({
    ...point(),
    asDouble: pick([0, 1, 1e6, -2.5, 1e300, Number.NaN, Number.POSITIVE_INFINITY]),
  })
  const histogram = (): object => {
    const bounds = [...new Set(some(5, () => random(40) - 5))].sort((a, b) => a - b)
    const bucketCounts = Array.from({ length: bounds.length + 1 }, () => random(5))
    const count = bucketCounts.reduce((sum, one) => sum + one, 0)
    return { ...point(), count, sum: random(100), bucketCounts, explicitBounds: bounds }
  }
  const exponential = (): object => {
    const side = () => ({ offset: random(2000) - 1000, bucketCounts: some(200, () => random(4)) })
    const [positive, negative, zeroCount] = [side(), side(), random(3)]
    const count = [...positive.bucketCounts, ...negative.bucketCounts, zeroCount].reduce((sum, one) => sum + one, 0)
    return {
      ...point(),
      count,
      sum: 1,
      scale: random(31) - 10,
      zeroCount,
      zeroThreshold: random(2),
      positive,
      negative,
    }
  }
  const summary = (): object => ({
    ...point(),
    count: 5,
    sum: 1,
    quantileValues: some(3, () => ({ quantile: random(11) / 10, value: 1 })),
  })
  const temporality = { aggregationTemporality: random(8) === 0 ? 0 : 1 + random(2) }
  const metric = (): object => {
    const about = { name: pick(names), unit: pick(['', '1', 's', 'By/s']), description: pick(values) }
    switch (random(5)) {
      case 0:
        return { ...about, gauge: { dataPoints: some(4, number) } }
      case 1:
        return { ...about, sum: { ...temporality, isMonotonic: random(2) === 1, dataPoints: some(4, number) } }
      case 2:
        return { ...about, histogram: { ...temporality, dataPoints: some(4, histogram) } }
      case 3:
        return { ...about, exponentialHistogram: { ...temporality, dataPoints: some(3, exponential) } }
      default:
        return { ...about, summary: { dataPoints: some(3, summary) } }
    }
  }
  const service = ['service.name', 'service.namespace', 'service.instance.id', ...keys]
  const resource = (): object => ({
    resource: { attributes: some(4, () => text(pick(service))) },
    scopeMetrics: some(2, () => ({
      scope: { name: pick(['', 'lib']), attributes: attributes() },
      schemaUrl: pick(values),
      metrics: some(6, metric),
    })),
  })
  return { resourceMetrics: some(3, resource) }
}
