import { test } from 'tap'
import { cloudWatchUnits, toCloudWatchUnit } from '../../../src/aws/cloudwatch/units.ts'
import type { AnyValue, ExponentialHistogramPointObject } from '../../../src/data/index.ts'
import { bucketsOf } from '../../../src/receivers/awsemf/buckets.ts'
import { readLine } from '../../../src/receivers/awsemf/line.ts'
import { Times } from '../../../src/receivers/awsemf/times.ts'
import { LogTranslation, MetricTranslation } from '../../../src/receivers/awsemf/translate.ts'
import { unitOf } from '../../../src/receivers/awsemf/units.ts'
import { seeded } from '../../data/random.ts'
import { directive, emf } from './rig.ts'

const NOW = Date.UTC(2026, 0, 1, 12)

interface Seen {
  readonly resource: Readonly<Record<string, AnyValue>>
  readonly name: string
  readonly unit: string
  readonly attributes: Readonly<Record<string, AnyValue>>
  readonly point: ExponentialHistogramPointObject
}

function translated(...lines: readonly string[]): { points: Seen[]; faults: string[] } {
  const translation = new MetricTranslation()
  const faults: string[] = []
  for (const text of lines) {
    const onFault = (fault: string, name: string) => void faults.push(`${fault} ${name}`)
    const line = readLine(text, onFault)
    if (typeof line === 'string') faults.push(line)
    else translation.add(line, NOW, onFault)
  }
  const points: Seen[] = []
  translation.build().visit({
    onPoint(point, metric, _, resource) {
      points.push({
        resource: Object.fromEntries(resource.attributes.toMap()),
        name: metric.name,
        unit: metric.unit,
        attributes: Object.fromEntries(point.attributes.toMap()),
        point: point.toObject() as ExponentialHistogramPointObject,
      })
    },
  })
  return { points, faults }
}

/** Each value that a point says it has met, and how often. */
const exact = ({ exemplars, count, min }: ExponentialHistogramPointObject): [number, number][] =>
  exemplars.length === 0
    ? [[min!, Number(count)]]
    : exemplars.map(({ value, filteredAttributes }) => [
        Number(value),
        Number(filteredAttributes.get('aws.emf.count') ?? 1),
      ])

test('each metric in each dimension set is a point, with namespace, unit and time', async (t) => {
  const text = emf(
    {
      Timestamp: NOW - 5000,
      LogGroupName: 'group',
      LogStreamName: 'stream',
      CloudWatchMetrics: [
        {
          Namespace: 'DOAMarket/Application',
          Dimensions: [['Service', 'Environment'], ['Service']],
          Metrics: [
            { Name: 'OrderAmount', Unit: 'None' },
            { Name: 'PaymentDuration', Unit: 'Milliseconds' },
          ],
        },
        { Namespace: 'DOAMarket/Cache', Dimensions: [[]], Metrics: [{ Name: 'CacheHitRate', Unit: 'Percent' }] },
      ],
    },
    {
      Service: 'order',
      Environment: 'production',
      requestId: 'x',
      OrderAmount: 99.5,
      PaymentDuration: 12,
      CacheHitRate: 80,
    },
  )
  const { points, faults } = translated(text)
  t.same(faults, [])
  t.same(
    points.map(({ resource, name, unit, attributes, point }) => [
      resource['aws.emf.namespace'],
      name,
      unit,
      attributes,
      point.sum,
      point.timeUnixNano,
    ]),
    [
      [
        'DOAMarket/Application',
        'OrderAmount',
        '',
        { Service: 'order', Environment: 'production' },
        99.5,
        BigInt(NOW - 5000) * 1_000_000n,
      ],
      ['DOAMarket/Application', 'OrderAmount', '', { Service: 'order' }, 99.5, BigInt(NOW - 5000) * 1_000_000n],
      [
        'DOAMarket/Application',
        'PaymentDuration',
        'ms',
        { Service: 'order', Environment: 'production' },
        12,
        BigInt(NOW - 5000) * 1_000_000n,
      ],
      ['DOAMarket/Application', 'PaymentDuration', 'ms', { Service: 'order' }, 12, BigInt(NOW - 5000) * 1_000_000n],
      ['DOAMarket/Cache', 'CacheHitRate', '%', {}, 80, BigInt(NOW - 5000) * 1_000_000n + 1n],
    ],
  )
  t.match(points[0]?.resource, {
    'aws.log.group.names': ['group'],
    'cloudwatch.log.group.name': 'group',
    'aws.log.stream.names': ['stream'],
    'cloudwatch.log.stream': 'stream',
  })
  t.match(points[0]?.point, { count: 1n, min: 99.5, max: 99.5, exemplars: [] })
})

test('nothing of several values is lost, whatever their form', async (t) => {
  const of = (value: unknown) => {
    const { points, faults } = translated(emf(directive([{ Name: 'm' }]), { m: value }))
    t.same(faults, [])
    return points[0]!.point
  }
  const list = of([5, 1, 5, 0, -2.5])
  t.match(list, { count: 5n, sum: 8.5, min: -2.5, max: 5, zeroCount: 1n })
  t.same(exact(list), [
    [-2.5, 1],
    [0, 1],
    [1, 1],
    [5, 2],
  ])
  const counted = of({ Values: [10, 20], Counts: [3, 0.5], Max: 20, Min: 10, Count: 3.5, Sum: 41 })
  t.match(counted, { count: 4n, sum: 41, min: 10, max: 20 })
  t.same(exact(counted), [
    [10, 3],
    [20, 0.5],
  ])
  t.same(exact(of({ Values: [7, 7], Counts: [1, 2] })), [[7, 3]])
  t.same(exact(of({ Values: [1, 2] })), [
    [1, 1],
    [2, 1],
  ])
  t.same(exact(of([3])), [[3, 1]])
})

test('statistics alone keep their count, sum, lowest and highest', async (t) => {
  const of = (value: object) => translated(emf(directive([{ Name: 'm' }]), { m: value })).points[0]?.point
  t.match(of({ Max: 9, Min: 1, Count: 5, Sum: 22 }), { count: 5n, sum: 22, min: 1, max: 9, exemplars: [] })
  t.match(of({ Max: 9, Min: 1, Count: 2, Sum: 10 }), { count: 2n, sum: 10, min: 1, max: 9 })
  t.match(of({ Max: 4, Min: 4, Count: 7, Sum: 28 }), { count: 7n, sum: 28, min: 4, max: 4 })
  t.equal(of({ Max: 1, Min: 9, Count: 5, Sum: 22 }), undefined)
  t.equal(of({ Max: 9, Min: 1, Count: 0, Sum: 0 }), undefined)
})

test('more than 100 values, 100 metrics or 30 dimensions are taken as they are: exporters know the limits', async (t) => {
  const names = Array.from({ length: 120 }, (_, i) => `n${i}`)
  const members = Object.fromEntries(names.map((name) => [name, name]))
  const values = Array.from({ length: 300 }, (_, i) => i + 0.5)
  const { points, faults } = translated(
    emf(directive([{ Name: 'm' }], [names]), { ...members, m: values }),
    emf(directive(names.map((Name) => ({ Name }))), Object.fromEntries(names.map((name) => [name, 1]))),
  )
  t.same(faults, [])
  t.equal(Object.keys(points[0]!.attributes).length, 120)
  t.same(
    exact(points[0]!.point),
    values.map((value) => [value, 1]),
  )
  t.equal(points.length, 121)
})

test('a storage resolution of a second is an attribute of the point', async (t) => {
  const { points } = translated(
    emf(
      directive([
        { Name: 'a', StorageResolution: 1 },
        { Name: 'b', StorageResolution: 60 },
      ]),
      { a: 1, b: 2 },
    ),
  )
  t.same(
    points.map(({ attributes }) => attributes),
    [{ 'aws.emf.storage_resolution': 1 }, {}],
  )
})

test('version 0 has its head beside the members', async (t) => {
  const text = JSON.stringify({
    Version: '0',
    Timestamp: String(NOW),
    log_group_name: 'group',
    log_stream_name: 'stream',
    ...directive([{ Name: 'm', Unit: 'Count' }], [['Service']]),
    Service: 'order',
    m: 3,
  })
  const { points } = translated(text)
  t.match(points, [
    { unit: '{count}', attributes: { Service: 'order' }, resource: { 'cloudwatch.log.group.name': 'group' } },
  ])
  t.equal(points[0]?.point.timeUnixNano, BigInt(NOW) * 1_000_000n)
})

test('what says nothing is left out with a reason, and the rest stays', async (t) => {
  const { points, faults } = translated(
    'no JSON',
    '[1]',
    '5',
    '{"message":"text"}',
    '{"_aws":{"CloudWatchMetrics":{}}}',
    emf({ CloudWatchMetrics: [5, { Namespace: '' }, { Namespace: 'x', Metrics: [], Dimensions: 'a' }] }, {}),
    emf(
      directive(
        [{ Name: 'm' }, { Name: 'absent' }, { Name: '' }, 'm' as never, { Name: 'text' }],
        [['Service', 'absent'], ['Service']],
      ),
      {
        m: 1,
        text: 'x',
        Service: 'order',
      },
    ),
    emf(directive([{ Name: 'a' }, { Name: 'b' }, { Name: 'c' }, { Name: 'd' }, { Name: 'e' }]), {
      a: [],
      b: [1, 'x'],
      c: null,
      d: { Values: [1], Counts: [1, 2] },
      e: { Values: [1], Counts: [-1] },
    }),
    '{"_aws":{"CloudWatchMetrics":[{"Namespace":"x","Metrics":[{"Name":"m"}]}]},"m":1e999}',
  )
  t.same(faults, [
    'bad_json',
    'bad_json',
    'bad_json',
    'not_emf',
    'not_emf',
    'bad_directive ',
    'bad_directive ',
    'bad_directive x',
    'missing_dimension absent',
    'missing_value absent',
    'bad_metric ',
    'bad_metric ',
    'bad_value text',
    'bad_value a',
    'bad_value b',
    'bad_value c',
    'bad_value d',
    'bad_value e',
    'bad_value m',
  ])
  t.match(points, [{ name: 'm', attributes: { Service: 'order' } }])
})

test('names that objects have anyway are nothing special', async (t) => {
  const text =
    '{"_aws":{"CloudWatchMetrics":[{"Namespace":"x","Dimensions":[["__proto__","toString"],["constructor"]],"Metrics":[{"Name":"hasOwnProperty"}]}]},' +
    '"__proto__":"a","toString":"b","hasOwnProperty":5}'
  const { points, faults } = translated(text)
  t.same(faults, ['missing_dimension constructor'])
  t.equal(points.length, 1)
  t.equal(points[0]?.point.sum, 5)
  t.same(({} as Record<string, unknown>).a, undefined)
})

test('dimensions that are numbers or truth values are taken for their texts', async (t) => {
  const { points } = translated(emf(directive([{ Name: 'm' }], [['a', 'b', 'b']]), { a: 5, b: true, m: 1 }))
  t.same(points[0]?.attributes, { a: '5', b: 'true' })
})

test('a line without a time that makes sense has the time at which it came', async (t) => {
  for (const Timestamp of ['soon', -1, 0, 1e300, null, {}]) {
    const { points } = translated(emf({ Timestamp, ...directive([{ Name: 'm' }]) }, { m: 1 }))
    t.equal(points[0]?.point.timeUnixNano, BigInt(NOW) * 1_000_000n, String(Timestamp))
  }
})

test('a line that asks for millions of points is no way to fill the memory', async (t) => {
  const many = Array.from({ length: 1000 }, (_, i) => `m${i}`)
  const members = Object.fromEntries(many.map((name) => [name, 1]))
  const sets = many.map((name) => [name])
  const points = emf(
    directive(
      many.map((Name) => ({ Name })),
      sets,
    ),
    members,
  )
  const long = 'x'.repeat(500_000)
  const bytes = emf(
    directive(
      many.slice(0, 100).map((Name) => ({ Name })),
      [['long']],
    ),
    { ...members, long },
  )
  const result = translated(points, bytes)
  t.same(result.points, [])
  t.same(result.faults, ['too_many_points Shop', 'too_many_points Shop'])
})

test('times of points rise within the minute, within the second for high resolution, and stay what they are beyond', async (t) => {
  const times = new Times()
  const minute = Date.UTC(2026, 0, 1)
  const of = (ms: number, isHigh = false): [number, number] => {
    const { seconds, nanos } = times.of(minute + ms, isHigh)
    return [seconds * 1000 - minute + Math.floor(nanos / 1e6), nanos % 1e6]
  }
  t.same(of(100), [100, 0])
  t.same(of(100), [100, 1])
  t.same(of(90), [100, 2])
  t.same(of(101), [101, 0])
  t.same(of(-5), [-5, 0], 'the minute before has its own')
  t.same(of(-6), [-5, 1])
  t.same(of(3_600_000), [3_600_000, 0])
  t.same(of(50), [101, 1], 'a sender whose clock is ahead spoils nothing')
  t.same(of(1500, true), [1500, 0])
  t.same(of(900, true), [900, 0], 'another second')
  t.same(of(1400, true), [1500, 1])
})

test('every unit of CloudWatch comes back as itself', async (t) => {
  for (const unit of cloudWatchUnits) t.same(toCloudWatchUnit(unitOf(unit)), { unit, factor: 1 }, unit)
  t.equal(unitOf('Furlongs'), 'Furlongs')
})

test('buckets have each value between their bounds, and not more than 160', async (t) => {
  const random = seeded(7)
  let cases = 0
  for (; cases < 500; cases++) {
    const count = 1 + random(100)
    const size = [1, 1e-300, 1e300, 1000][random(4)]!
    const values = new Set(
      Array.from({ length: count }, () =>
        random(10) === 0 ? 0 : (random(3) - 1) * size * 2 ** (random(40) - 20) * (1 + random(9)),
      ),
    )
    const sorted = [...values].sort((a, b) => a - b)
    const counts = sorted.map(() => 1 + random(5))
    const { scale, zeroCount, positive, negative } = bucketsOf(sorted, counts)
    const total = [...positive.counts, ...negative.counts].reduce((sum, each) => sum + each, zeroCount)
    const expected = counts.reduce((sum, each) => sum + each, 0)
    if (total !== expected) return t.fail(`${total} of ${expected} in buckets: ${sorted}`)
    if (positive.counts.length > 160 || negative.counts.length > 160) return t.fail(`too many buckets: ${sorted}`)
    for (const value of sorted) {
      if (value === 0) continue
      const { offset, counts: side } = value > 0 ? positive : negative
      const isIn = side.some((each, i) => {
        const lower = 2 ** ((offset + i) * 2 ** -scale)
        const upper = 2 ** ((offset + i + 1) * 2 ** -scale)
        return each > 0 && Math.abs(value) >= lower * (1 - 1e-9) && Math.abs(value) <= upper * (1 + 1e-9)
      })
      if (!isIn) return t.fail(`${value} is in no bucket of scale ${scale}`)
    }
  }
  t.ok(cases > 0)
})

test('a log record has the line as it came, its time, and the names of group and stream', async (t) => {
  const text = emf({ Timestamp: NOW - 1000, LogGroupName: 'group', CloudWatchMetrics: [] }, { a: 'größer' })
  const line = readLine(text, () => {})
  if (typeof line === 'string') return t.fail(line)
  const translation = new LogTranslation()
  translation.add(text, line, NOW)
  let seen = 0
  translation.build().visit({
    onLog(record, _, resource) {
      seen++
      t.equal(record.body, text)
      t.equal(record.time.millis, NOW - 1000)
      t.equal(record.observedTime.millis, NOW)
      t.same(Object.fromEntries(resource.attributes.toMap()), {
        'aws.log.group.names': ['group'],
        'cloudwatch.log.group.name': 'group',
      })
    },
  })
  t.equal(seen, 1)
})
