// Metrics that came in as the embedded metric format and go out as it: for CloudWatch they are the same.
import { test } from 'tap'
import { cloudWatchUnits } from '../../../src/aws/cloudwatch/units.ts'
import { readLine } from '../../../src/receivers/awsemf/line.ts'
import { MetricTranslation } from '../../../src/receivers/awsemf/translate.ts'
import { type Random, seeded } from '../../data/random.ts'
import { translationRig } from '../../exporters/awsemf/kit.ts'
import { emf } from './rig.ts'

const NOW = Date.UTC(2026, 0, 1, 12)
const MINUTE_MS = 60_000

test('CloudWatch cannot tell the metrics of the lines from those that awsemf makes of them', async (t) => {
  const random = seeded(11)
  let metrics = 0
  for (let round = 0; round < 150; round++) {
    const lines = Array.from({ length: 1 + random(5) }, () => randomLine(random))
    const rig = translationRig({ dimension_rollup_option: 'NoDimensionRollup' })
    const translation = new MetricTranslation()
    for (const text of lines) {
      const line = readLine(text, (fault, name) => t.fail(`${fault} ${name}`))
      if (typeof line === 'string') return t.fail(line)
      translation.add(line, NOW, (fault, name) => t.fail(`${fault} ${name}`))
    }
    rig.take(translation.build())
    const before = seenBy(lines.map((text) => JSON.parse(text)))
    const after = seenBy(rig.written().map(({ event }) => event))
    if (JSON.stringify(before) !== JSON.stringify(after)) {
      t.same(after, before, lines.join('\n'))
      return
    }
    t.same(rig.dropped.size, 0)
    metrics += before.length
  }
  t.ok(metrics > 0)
})

function randomLine(random: Random): string {
  const pick = <T>(of: readonly T[]): T => of[random(of.length)]!
  const dimensions = { Service: pick(['order', 'payment']), Environment: 'production', Route: pick(['/a', '/größe']) }
  const names = ['Latency', 'Orders', 'Größe', 'x.y'].slice(0, 1 + random(4))
  const values = names.map((name) => [name, randomValue(random)] as const)
  const unit = pick([undefined, ...cloudWatchUnits])
  const resolution = pick([undefined, 1, 60])
  return emf(
    {
      Timestamp: NOW - random(3) * MINUTE_MS - random(500),
      CloudWatchMetrics: [
        {
          Namespace: pick(['DOAMarket/Application', 'DOAMarket/Cache']),
          Dimensions: pick([
            [['Service']],
            [['Service', 'Environment'], ['Service']],
            [['Route', 'Service'], []],
            [[]],
          ]),
          Metrics: names.map((Name) => ({
            Name,
            ...(unit !== undefined && { Unit: unit }),
            ...(resolution !== undefined && { StorageResolution: resolution }),
          })),
        },
      ],
    },
    { ...dimensions, correlationId: 'x', ...Object.fromEntries(values) },
  )
}

function randomValue(random: Random): unknown {
  const number = (): number => (random(10) === 0 ? 0 : (random(2000) - 700) / [1, 8, 10, 1e6][random(4)]!)
  const count = 1 + random(4 ** (1 + random(4)))
  switch (random(3)) {
    case 0:
      return number()
    case 1:
      return Array.from({ length: Math.min(count, 100) }, number)
    default: {
      const Values = [...new Set(Array.from({ length: Math.min(count, 100) }, number))]
      return { Values, Counts: Values.map(() => 1 + random(1000)) }
    }
  }
}

interface Event {
  readonly [member: string]: unknown
  readonly _aws: {
    readonly Timestamp: number
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string
      readonly Dimensions: readonly (readonly string[])[]
      readonly Metrics: readonly {
        readonly Name: string
        readonly Unit?: string
        readonly StorageResolution?: number
      }[]
    }[]
  }
}

/** Each value in each metric that CloudWatch makes of the events, how often it was met, and when as far as it tells. */
function seenBy(events: readonly unknown[]): string[] {
  const counts = new Map<string, number>()
  for (const event of events as readonly Event[])
    for (const { Namespace, Dimensions, Metrics } of event._aws.CloudWatchMetrics)
      for (const set of Dimensions)
        for (const { Name, Unit = 'None', StorageResolution = 60 } of Metrics) {
          const dimensions = set.map((name) => `${plain(name)}=${plain(String(event[name]))}`).sort()
          const time = Math.floor(event._aws.Timestamp / (StorageResolution * 1000))
          for (const [value, count] of valuesOf(event[Name])) {
            const key = [Namespace, dimensions, plain(Name), Unit, StorageResolution, time, value].join(' ')
            counts.set(key, (counts.get(key) ?? 0) + count)
          }
        }
  return [...counts].map(([key, count]) => `${key} x${count}`).sort()
}

/** CloudWatch takes ASCII; other names are written as in a URL. */
function plain(name: string): string {
  return decodeURIComponent(name)
}

function valuesOf(value: unknown): readonly (readonly [value: number, count: number])[] {
  if (typeof value === 'number') return [[value, 1]]
  if (Array.isArray(value)) return value.map((each) => [each, 1])
  const { Values, Counts } = value as { readonly Values: readonly number[]; readonly Counts: readonly number[] }
  return Values.map((each, i) => [each, Counts[i]!])
}
