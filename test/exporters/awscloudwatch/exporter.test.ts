import { test } from 'tap'
import * as v from 'valibot'
import { config } from '../../../src/exporters/awscloudwatch/config.ts'
import type { StoredDatum } from '../../emulator/monitoring.ts'
import type { ShortMetric } from '../../kit/metrics.ts'
import { start } from './rig.ts'

const gauge = (name: string, points: ShortMetric['points'], unit = ''): ShortMetric => ({ name, unit, points })
const shown = ({ namespace, name, unit, dimensions, values, ...rest }: StoredDatum): string =>
  `${namespace} ${name}{${dimensions}} ${unit} ${rest.count} ${rest.sum} ${rest.min}..${rest.max}${values === undefined ? '' : ` ${JSON.stringify([...values])}`}`

test('a namespace of AWS’s own is told', async (t) => {
  for (const [namespace, count] of [
    ['AWS/Shop', 1],
    ['AWS', 0],
    ['Shop/AWS/', 0],
    ['', 0],
  ] as const) {
    const { settings } = await start(t, { namespace })
    t.equal(settings.lines.filter(({ message }) => message.includes('begins with AWS/')).length, count, namespace)
  }
})

test('the points of a minute are one metric, its values with their counts', async (t) => {
  const { consume, service, ledger, settled, settings, drops } = await start(t, { namespace: 'Shop' })
  const points = [5, 7, 5, 5].map((int, i) => ({ labels: { a: 'x' }, time: i * 10, int }))
  await consume([{ metrics: [gauge('m', points, 'ms')] }])
  await consume([
    { resource: { host: 'another' }, metrics: [gauge('m', [{ labels: { a: 'x' }, time: 50, int: 7 }], 'ms')] },
  ])
  await consume([
    {
      metrics: [
        gauge(
          'm',
          [
            { labels: { a: 'x' }, time: 61, int: 1 },
            { labels: { a: 'y' }, time: 2, int: 1 },
          ],
          'ms',
        ),
      ],
    },
  ])
  t.equal(ledger.held, 3, 'three metrics')
  t.equal(ledger.mergedItems, 4)
  t.ok(settings.memory.heldBytes > 0)
  t.equal(service.calls, 0, 'it waits for the minute')
  await settled()
  t.equal(service.calls, 1, 'one call for all')
  t.same(service.data.map(shown).toSorted(), [
    'Shop m{a=x} Milliseconds 1 1 1..1 [[1,1]]',
    'Shop m{a=x} Milliseconds 5 29 5..7 [[5,3],[7,2]]',
    'Shop m{a=y} Milliseconds 1 1 1..1 [[1,1]]',
  ])
  t.same(
    service.data.map(({ timeMs }) => timeMs - settings.clock.now() + settings.clock.monotonicMs()).toSorted(),
    [0, 0, 60_000],
  )
  t.same(drops(), {})
  t.equal(ledger.outItems, 3)
  t.equal(settings.memory.heldBytes, 0)
})

test('what belongs to a minute that is over goes along, what does not waits for its own', async (t) => {
  const { consume, service, settings } = await start(t, { force_flush_interval: '30s' })
  await consume([{ metrics: [gauge('a', [{ int: 1 }])] }])
  await settings.clock.advance(20_000)
  await consume([{ metrics: [gauge('b', [{ int: 1 }]), gauge('old', [{ time: -60, int: 1 }])] }])
  await settings.clock.advance(10_000)
  t.same(
    service.data.map(({ name }) => name),
    ['a', 'old'],
  )
  await settings.clock.advance(20_000)
  t.same(
    service.data.map(({ name }) => name),
    ['a', 'old', 'b'],
  )
})

test('every type becomes what CloudWatch has for it', async (t) => {
  const { consume, service, stop, drops } = await start(t)
  await consume([
    {
      resource: { 'service.name': 'shop', 'service.namespace': 'eu' },
      scope: 'lib',
      metrics: [
        { name: 'sum', type: 'sum', unit: '{order}', points: [{ int: 3 }, { int: 4 }] },
        { name: 'updown', type: 'sum', temporality: 'cumulative', monotonic: false, points: [{ time: 1, int: -3 }] },
        {
          name: 'cumulative',
          type: 'sum',
          temporality: 'cumulative',
          points: [
            { time: 1, int: 10 },
            { time: 2, int: 12 },
          ],
        },
        { name: 'scaled', unit: 'KiBy', points: [{ value: 1000 }] },
        {
          name: 'histogram',
          unit: 's',
          type: 'histogram',
          points: [{ count: 4, sum: 10, min: 1, max: 4, bucketCounts: [2, 2], explicitBounds: [2] }],
        },
        {
          name: 'exponential',
          type: 'exponentialHistogram',
          points: [{ count: 3, sum: 9, min: 2, max: 4, scale: 0, positive: { offset: 0, bucketCounts: [1, 2] } }],
        },
        {
          name: 'summary',
          unit: 'ns',
          type: 'summary',
          points: [
            {
              count: 10,
              sum: 100_000,
              quantileValues: [
                { quantile: 0.5, value: 5000 },
                { quantile: 0.9, value: 20_000 },
              ],
            },
          ],
        },
      ],
    },
  ])
  await stop()
  t.same(service.data.map(shown), [
    'eu/shop sum{} Count 2 7 3..4 [[3,1],[4,1]]',
    'eu/shop updown{} None 1 -3 -3..-3 [[-3,1]]',
    'eu/shop cumulative{} None 1 2 2..2 [[2,1]]',
    'eu/shop scaled{} Kilobytes 1 1024 1024..1024 [[1024,1]]',
    'eu/shop histogram{} Seconds 4 10 1..4 [[1.25,1],[1.75,1],[2.5,1],[3.5,1]]',
    'eu/shop exponential{} None 3 9 2..4 [[2,1],[3,2]]',
    'eu/shop summary{} Microseconds 10 100 5..20 [[5,5],[20,5]]',
  ])
  t.same(drops(), { initial_value: 1 })
})

test('statistics alone, when the config says so', async (t) => {
  const { consume, service, stop } = await start(t, { aggregation: 'statistics' })
  await consume([{ metrics: [gauge('m', [{ int: 1 }, { int: 2 }, { int: 2 }]), gauge('one', [{ int: 5 }])] }])
  await stop()
  t.same(service.data.map(shown), ['default m{} None 3 5 1..2', 'default one{} None 1 5 5..5'])
})

test('a namespace comes from an attribute of the point, the scope or the resource, where one has it', async (t) => {
  const { consume, service, stop } = await start(t, {
    namespace: 'DOAMarket/Application',
    namespace_from_attribute: 'ns',
    resource_to_telemetry_conversion: { enabled: true },
  })
  const m = (name: string, labels: object = {}): ShortMetric => gauge(name, [{ labels: { ...labels }, int: 1 }])
  await consume([
    { resource: { ns: 'Resource' }, metrics: [m('a')] },
    {
      resource: { ns: 'Resource' },
      scope: { name: 's', attributes: { ns: 'Scope' } },
      metrics: [m('b'), m('c', { ns: 'Point' })],
    },
    { resource: { host: 'h' }, metrics: [m('d')] },
  ])
  await stop()
  t.same(service.data.map(({ namespace, name, dimensions }) => `${namespace} ${name} ${dimensions}`).toSorted(), [
    'DOAMarket/Application d host=h',
    'Point c ',
    'Resource a ',
    'Scope b ',
  ])
})

test('roll-ups are metrics besides, and may be all that is sent', async (t) => {
  const { consume, service, ledger, stop, drops } = await start(t, {
    rollup_dimensions: [['a'], [], ['b', 'a']],
    drop_original_metrics: { dropped: true, kept: false },
  })
  const points = [
    { labels: { a: '1', b: '1' }, int: 1 },
    { labels: { a: '1', b: '2' }, int: 2 },
    { labels: { c: '1' }, int: 3 },
  ]
  await consume([{ metrics: [gauge('kept', points)] }])
  t.equal(ledger.held, 5)
  t.equal(ledger.enteredItems + ledger.createdItems, ledger.mergedItems + 5)
  await consume([{ metrics: [gauge('dropped', points)] }])
  await stop()
  t.same(service.data.map(shown).toSorted(), [
    'default dropped{a=1} None 2 3 1..2 [[1,1],[2,1]]',
    'default dropped{} None 3 6 1..3 [[1,1],[2,1],[3,1]]',
    'default kept{a=1,b=1} None 1 1 1..1 [[1,1]]',
    'default kept{a=1,b=2} None 1 2 2..2 [[2,1]]',
    'default kept{a=1} None 2 3 1..2 [[1,1],[2,1]]',
    'default kept{c=1} None 1 3 3..3 [[3,1]]',
    'default kept{} None 3 6 1..3 [[1,1],[2,1],[3,1]]',
  ])
  t.same(drops(), {})
  t.equal(ledger.held, 0)
})

test('which attributes are dimensions is a setting', async (t) => {
  const { consume, service, stop } = await start(t, {
    dimensions: { excluded: ['id', 'x.*'] },
    resource_to_telemetry_conversion: { included: ['host.*'] },
  })
  await consume([
    {
      resource: { 'host.name': 'h', other: 'o' },
      metrics: [
        gauge('m', [
          { labels: { a: '1', id: '1' }, int: 1 },
          { labels: { a: '1', 'x.y': '2' }, int: 2 },
        ]),
      ],
    },
  ])
  await stop()
  t.same(service.data.map(shown), ['default m{a=1,host.name=h} None 2 3 1..2 [[1,1],[2,1]]'])
})

test('high resolution is by the second, on request', async (t) => {
  const { consume, service, stop } = await start(t, { high_resolution_metrics: ['^fast'] })
  await consume([
    {
      metrics: [
        gauge('fast.a', [
          { time: 1, int: 1 },
          { time: 1.5, int: 2 },
          { time: 2, int: 3 },
        ]),
        gauge('slow', [
          { time: 1, int: 1 },
          { labels: { 'aws.emf.storage_resolution': 1 }, time: 1, int: 2 },
          { labels: { 'aws:StorageResolution': 'true' }, time: 1, int: 3 },
        ]),
      ],
    },
  ])
  await stop()
  t.same(
    service.data.map((datum) => `${shown(datum)} ${datum.resolution} ${(datum.timeMs / 1000) % 60}`),
    [
      'default fast.a{} None 2 3 1..2 [[1,1],[2,1]] 1 1',
      'default fast.a{} None 1 3 3..3 [[3,1]] 1 2',
      'default slow{} None 1 1 1..1 [[1,1]] 60 0',
      'default slow{} None 2 5 2..3 [[2,1],[3,1]] 1 1',
    ],
  )
})

test('units may be said in the config, and whether a first cumulative point counts', async (t) => {
  const { consume, service, stop } = await start(t, {
    metric_descriptors: [
      { metric_name: 'm', unit: 'Percent' },
      { metric_name: 'n', unit: 'Percent', overwrite: true },
    ],
    retain_initial_value_of_delta_metric: true,
    storage_resolution: 1,
    compression: 'none',
  })
  await consume([
    {
      metrics: [
        gauge('m', [{ int: 1 }]),
        gauge('n', [{ int: 1 }], 'ms'),
        { name: 'c', type: 'sum', temporality: 'cumulative', points: [{ time: 1, int: 10 }] },
      ],
    },
  ])
  await stop()
  t.same(
    service.data.map((datum) => `${shown(datum)} ${datum.resolution}`),
    [
      'default m{} Percent 1 1 1..1 [[1,1]] 1',
      'default n{} Percent 1 1 1..1 [[1,1]] 1',
      'default c{} None 1 10 10..10 [[10,1]] 1',
    ],
  )
})

test('what CloudWatch does not take is dropped by rule, and told', async (t) => {
  const { consume, service, stop, drops, ledger, settings } = await start(t, {
    rollup_dimensions: [],
    drop_original_metrics: { gone: true },
    max_series: 1,
    max_staleness: '1m',
  })
  const many = Object.fromEntries(Array.from({ length: 32 }, (_, i) => [`d${String(i).padStart(2, '0')}`, 'x']))
  await consume([
    {
      metrics: [
        gauge('m', [
          { value: Number.NaN },
          { value: 1e200 },
          { time: -15 * 24 * 3600, int: 1 },
          { time: 3 * 3600, int: 1 },
        ]),
        gauge('', [{ int: 1 }]),
        gauge('gone', [{ int: 1 }]),
        gauge('many', [{ labels: { ...many, 카드: '신용' }, int: 1 }]),
        { name: 'c', type: 'sum', temporality: 'cumulative', points: [{ time: 1, int: 1 }] },
        { name: 'd', type: 'sum', temporality: 'cumulative', points: [{ time: 1, int: 1 }] },
        { name: 'c', type: 'sum', temporality: 'cumulative', points: [{ time: 2, int: 1 }] },
      ],
    },
  ])
  await stop()
  t.same(drops(), { invalid_value: 2, too_old: 1, too_new: 1, invalid_name: 1, no_rollup: 1, initial_value: 3 })
  t.equal(service.data.length, 1)
  t.equal(service.data[0]!.dimensions.length, 30)
  t.equal(ledger.held, 0)
  const told = settings.lines.map(({ level, message }) => `${level} ${message}`)
  t.equal(new Set(told.filter((line) => line.startsWith('error'))).size, 1)
  t.equal(
    told.filter((line) => line.startsWith('error')).length,
    6,
    'five reasons; the second time one of them, in the end',
  )
  t.equal(told.filter((line) => line.startsWith('warn')).length, 2)
})

test('calls have as many metrics and values as the config allows', async (t) => {
  const { consume, service, stop } = await start(t, { max_datums_per_call: 7, max_values_per_datum: 20 })
  await consume([
    {
      metrics: Array.from({ length: 20 }, (_, i) =>
        gauge(
          `m${i}`,
          Array.from({ length: 100 }, (_, j) => ({ int: (j + 1) ** 2 })),
        ),
      ),
    },
  ])
  await stop()
  t.equal(service.calls, 3)
  t.equal(service.data.length, 20)
  for (const { values, count, sum, max } of service.data) {
    t.ok(values!.size <= 20)
    t.same([count, sum, max], [100, 338_350, 10_000])
  }
})

test('calls are cut at a megabyte', async (t) => {
  const { consume, service, stop, emulator } = await start(t)
  const points = Array.from({ length: 700 }, (_, i) => ({
    labels: Object.fromEntries(Array.from({ length: 3 }, (_, j) => [`k${j}`, `${i}-${'x'.repeat(900)}`])),
    int: 1,
  }))
  await consume([{ metrics: [gauge('m', points)] }])
  await stop()
  t.equal(service.data.length, 700)
  t.equal(service.calls, 3)
  t.ok(
    emulator.requests.every(({ raw }) => raw.length < 100_000),
    'compressed',
  )
})

test('as much is collected as the config allows: then all of it is sent at once', async (t) => {
  const { consume, service, settings, ledger } = await start(t, { max_aggregates: 10 })
  await consume([
    {
      metrics: [
        gauge(
          'm',
          Array.from({ length: 9 }, (_, i) => ({ labels: { i: `${i}` }, int: 1 })),
        ),
      ],
    },
  ])
  await settings.clock.advance(10)
  t.equal(service.data.length, 0)
  await consume([
    {
      metrics: [
        gauge('m', [
          { labels: { i: '0' }, int: 1 },
          { labels: { i: 'x' }, int: 1 },
        ]),
      ],
    },
  ])
  for (let i = 0; i < 50 && ledger.held > 0; i++) await settings.clock.advance(10)
  t.equal(service.data.length, 10)
  t.equal(ledger.held, 0)
})

test('configs that could not work are refused with the reason', async (t) => {
  const problems = (of: object): string => {
    const parsed = v.safeParse(config, of)
    return parsed.issues?.map((issue) => `${v.getDotPath(issue)}: ${issue.message}`).join('; ') ?? 'none'
  }
  t.equal(problems({}), 'none')
  t.match(problems({ force_flush_interval: '0s' }), /must be at least 1ms/)
  t.match(problems({ max_datums_per_call: 1001 }), /must be at most 1000/)
  t.match(problems({ max_values_per_datum: 151 }), /must be at most 150/)
  t.match(problems({ aggregation: 'none' }), /must be one of values, statistics/)
  t.match(problems({ compression: 'zstd' }), /must be one of gzip, none/)
  t.match(problems({ high_resolution_metrics: ['('] }), /high_resolution_metrics/)
})
