import { PassThrough, Writable } from 'node:stream'
import { test } from 'tap'
import * as v from 'valibot'
import { MAX_AGE_MS } from '../../../src/aws/logs/index.ts'
import { config } from '../../../src/exporters/awsemf/config.ts'
import { testSettings } from '../../../src/testing/index.ts'
import { FakeLogsClient, refuse } from '../../aws/logs/kit.ts'
import { metricsOf, type ShortMetric } from '../../kit/metrics.ts'
import { translationRig } from './kit.ts'
import { start, startOn } from './rig.ts'

const gauge = (name: string, points: ShortMetric['points'] = [{ time: 1, int: 1 }]): ShortMetric => ({ name, points })

test('groups and streams are those of the templates; attributes of the resource come first', async (t) => {
  const { consume, client, settings, stop } = await start({
    log_group_name: '/metrics/{ServiceName}/{team}',
    log_stream_name: '{TaskId}-{date}',
  })
  const point = { labels: { team: 'point', 'aws.ecs.task.id': 't1' }, time: 1, int: 1 }
  await consume([
    { resource: { 'service.name': 'shop', team: 'resource' }, metrics: [gauge('a', [point])] },
    { resource: { 'service.name': 'shop' }, metrics: [gauge('a', [point, { time: 1, int: 1 }])] },
  ])
  await stop()
  t.same(
    client.events.map(({ group, stream }) => `${group} ${stream}`),
    [
      '/metrics/shop/resource t1-2026-01-01',
      '/metrics/shop/point t1-2026-01-01',
      '/metrics/shop/undefined undefined-2026-01-01',
    ],
  )
  t.ok(settings.lines.some(({ message }) => message.includes('lack what names of log groups')))
})

test('without templates the namespace names the group, and the agent the stream', async (t) => {
  const { consume, client, settings, stop } = await start()
  await consume([
    { resource: { 'service.name': 'shop', 'service.namespace': 'eu' }, metrics: [gauge('a')] },
    { resource: { 'service.name': 5 }, metrics: [gauge('a')] },
  ])
  await stop()
  const stream = `otel-stream-${settings.agent.instanceId}`
  t.same(
    client.events.map((event) => [event.group, event.stream]),
    [
      ['/metrics/eu/shop', stream],
      ['/metrics/default', stream],
    ],
  )
  t.equal(settings.ledger('metrics').outItems, 2)
})

test('a namespace of AWS’s own is told', async (t) => {
  for (const [namespace, count] of [
    ['AWS/Shop', 1],
    ['AWS', 0],
    ['Shop/AWS/', 0],
    ['', 0],
  ] as const) {
    const { settings } = await start({ namespace })
    t.equal(settings.lines.filter(({ message }) => message.includes('begins with AWS/')).length, count, namespace)
  }
})

test('stdout gets a line an event', async (t) => {
  let written = ''
  const stdout = new Writable({
    write(chunk, _encoding, done) {
      written += chunk
      done()
    },
  })
  const settings = testSettings()
  const rig = await startOn(
    () => ({ start: t.fail, call: t.fail, close: t.fail }) as never,
    { output_destination: 'STDOUT' },
    settings,
    stdout,
  )
  await rig.consume([
    {
      metrics: [
        gauge('a', [
          { labels: { x: 'line\nbreak "q"' }, time: 1, int: 1 },
          { time: 2, int: 2 },
        ]),
      ],
    },
  ])
  await rig.stop()
  t.same(
    written
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).a),
    [1, 2],
  )
  t.equal(settings.ledger('metrics').outItems, 2)
})

test('a line that cannot be written is tried again, and counted in the end', async (t) => {
  const settings = testSettings()
  const broken = new Writable({
    write(_chunk, _encoding, done) {
      done(new Error('EPIPE'))
    },
  })
  broken.on('error', () => {})
  const rig = await startOn(
    () => ({ start: t.fail, call: t.fail, close: t.fail }) as never,
    { output_destination: 'stdout' },
    settings,
    broken,
  )
  await t.rejects(rig.consume([{ metrics: [gauge('a')] }]), { message: /stdout: EPIPE/ })
  await rig.stop()
  t.equal(settings.ledger('metrics').outItems, 0)
})

test('an event has at most a hundred metrics', async (t) => {
  const rig = translationRig({})
  rig.take(metricsOf([{ metrics: Array.from({ length: 250 }, (_, i) => gauge(`m${i}`)) }]))
  const events = rig.written()
  t.same(
    events.map(({ event, items }) => [
      (event as never as { _aws: { CloudWatchMetrics: [{ Metrics: unknown[] }] } })._aws.CloudWatchMetrics[0].Metrics
        .length,
      items,
    ]),
    [
      [100, 100],
      [100, 100],
      [50, 50],
    ],
  )
})

test('an event that would be too large is several; what is too large alone is dropped', async (t) => {
  const lost: string[] = []
  const rig = translationRig(
    { dimension_rollup_option: 'NoDimensionRollup' },
    {
      maxEventBytes: 2000,
      isNested: true,
      onLoss: (points, reason, metric) => lost.push(`${points} ${reason} ${metric.slice(0, 3)}`),
    },
  )
  rig.take(metricsOf([{ metrics: Array.from({ length: 40 }, (_, i) => gauge(`m${i}${'x'.repeat(100)}`)) }]))
  const events = rig.written()
  t.ok(events.length > 4)
  t.ok(events.every(({ event }) => JSON.stringify(event).length <= 2000))
  t.equal(
    events.reduce((sum, { items }) => sum + items, 0),
    40,
  )
  const labels = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`k${i}`, 'y'.repeat(90)]))
  rig.take(metricsOf([{ metrics: [gauge('big', [{ labels, time: 1, int: 1 }])] }]))
  t.same(rig.written(), [])
  t.same(lost, ['1 event_too_large big'])
  t.same([...rig.dropped], [['event_too_large', 1]])
})

test('what is left out, and what is written otherwise, is told', async (t) => {
  const { consume, settings, drops, stop } = await start()
  await consume([
    {
      metrics: [
        gauge('a', [
          { time: 1, value: Number.NaN },
          { labels: { a: 'x' }, time: 1, int: 1 },
          { labels: { 카드: 'x' }, time: 1, int: 1 },
        ]),
        gauge('old', [
          { time: -MAX_AGE_MS / 1000 - 10, int: 1 },
          { time: 3 * 3600, int: 1 },
        ]),
      ],
    },
  ])
  await stop()
  t.same(drops(), { invalid_value: 1, name_collision: 1, too_old: 1, too_new: 1 })
  t.equal(settings.ledger('metrics').outItems, 1)
  t.equal(settings.ledger('metrics').held, 0)
  const told = settings.lines.map(({ level, message }) => `${level}: ${message}`)
  t.equal(told.filter((line) => line.startsWith('error: data lost: points that are in no event')).length, 2)
  t.equal(told.filter((line) => line.startsWith('warn: names or values of labels')).length, 1)
})

const DECLARATIONS = {
  dimension_rollup_option: 'NoDimensionRollup',
  metric_declarations: [
    { dimensions: [['service'], ['service', 'route']], metric_name_selectors: ['^requests$'] },
    { dimensions: [['route']], metric_name_selectors: ['^request$', '^reqs$'] },
    {
      dimensions: [['route']],
      metric_name_selectors: ['.'],
      label_matchers: [{ label_names: ['env', 'zone'], separator: '/', regex: '^prod' }],
    },
    { metric_name_selectors: ['^nothing$'] },
  ],
}
const UNFITTED = 'metric declarations that no metric has fitted: CloudWatch makes no metric by them'
const UNFILLED =
  'points fit a metric declaration, but their labels fill none of its sets of dimensions: CloudWatch makes no metric of them'

test('declarations that nothing fits are told once, when there was time for them', async (t) => {
  const { consume, settings, stop } = await start(DECLARATIONS)
  const told = () => settings.lines.filter(({ message }) => message === UNFITTED)
  const { clock } = settings
  await clock.advance(3_600_000)
  await consume([{ metrics: [gauge('requests', [{ labels: { service: 'a', env: 'dev' }, time: 1, int: 1 }])] }])
  await clock.advance(299_000)
  t.same(told(), [])
  await consume([{ metrics: [gauge('nothing', [{ labels: { env: 'dev' }, time: 1, int: 1 }])] }])
  await clock.advance(1_000)
  t.match(told(), [
    {
      level: 'warn',
      fields: {
        declarations: [
          'metric_declarations[1]: ^request$ or ^reqs$',
          'metric_declarations[2]: ., where env/zone ~ ^prod',
        ],
      },
    },
  ])
  await consume([{ metrics: [gauge('others', [{ labels: { env: 'dev' }, time: 1, int: 1 }])] }])
  await clock.advance(3_600_000)
  await stop()
  t.equal(told().length, 1)
})

test('declarations that nothing fits are told at the end of a short life, and never without need', async (t) => {
  const lives = [
    [DECLARATIONS, 1],
    [{ ...DECLARATIONS, output_destination: 'stdout' }, 1],
    [{ ...DECLARATIONS, disable_metric_extraction: true }, 0],
    [{}, 0],
  ] as const
  for (const [of, count] of lives) {
    const settings = testSettings()
    const out = new PassThrough()
    const { consume, stop } = await startOn(() => new FakeLogsClient(), of, settings, out)
    await consume([{ metrics: [gauge('requests', [{ labels: { service: 'a' }, time: 1, int: 1 }])] }])
    await stop()
    t.equal(settings.lines.filter(({ message }) => message === UNFITTED).length, count, JSON.stringify(of))
  }
  const idle = await start(DECLARATIONS)
  await idle.stop()
  t.same(idle.settings.lines, [], 'without any point there is nothing to say')
})

test('points that fit a declaration and fill none of its sets are told with their labels', async (t) => {
  const { consume, settings, stop } = await start(DECLARATIONS)
  const point = (labels: Record<string, string>) => ({ labels, time: 1, int: 1 })
  await consume([{ metrics: [gauge('requests', [point({ route: '/', method: 'GET' }), point({ service: 'a' })])] }])
  await consume([
    { metrics: [gauge('others', [point({ method: 'GET' })]), gauge('nothing', [point({ method: 'GET' })])] },
  ])
  await stop()
  const told = settings.lines.filter(({ message }) => message === UNFILLED)
  t.match(told, [{ level: 'warn', fields: { items: 1, error: 'labels: route, method' } }])
  t.equal(told.length, 1, 'others fit none, and nothing is to have no dimension')
})

test('cumulative series are forgotten for want of room, and for their age', async (t) => {
  const { consume, settings, drops, stop } = await start({ max_series: 1, max_staleness: '1m' })
  const point = (name: string, time: number, int: number): ShortMetric => ({
    name,
    type: 'sum',
    temporality: 'cumulative',
    points: [{ time, int }],
  })
  await consume([{ metrics: [point('a', 1, 1), point('b', 1, 1), point('b', 2, 5), point('a', 2, 7)] }])
  t.same(drops(), { initial_value: 3 }, 'a was forgotten for b')
  await settings.clock.advance(61_000)
  await consume([{ metrics: [point('a', 3, 9)] }])
  t.same(drops(), { initial_value: 4 })
  t.equal(settings.ledger('metrics').outItems, 1)
  await stop()
})

test('a throttled request waits and arrives; nothing is counted twice', async (t) => {
  const { consume, client, settings, exporter } = await start({
    sending_queue: {},
    retry_on_failure: { initial_interval: '1s' },
  })
  const ledger = settings.ledger('metrics')
  client.answer = () => refuse('throttled', 'ThrottlingException')
  await consume([{ metrics: [gauge('a'), gauge('b')] }])
  await settings.clock.advance(5000)
  t.equal(ledger.held, 2)
  client.answer = () => ({})
  await settings.clock.advance(10_000)
  t.equal(ledger.held, 0)
  t.equal(ledger.outItems, 2)
  t.equal(client.events.length > 0, true)
  await exporter.stop?.(new AbortController().signal)
})

test('configs that could not work are refused with the reason', async (t) => {
  const problems = (of: object): string => {
    const parsed = v.safeParse(config, of)
    return parsed.issues?.map((issue) => `${v.getDotPath(issue)}: ${issue.message}`).join('; ') ?? 'none'
  }
  t.equal(problems({}), 'none')
  t.equal(problems({ metric_declarations: null, metric_descriptors: null, tags: null }), 'none')
  t.match(problems({ metric_declarations: [{ dimensions: [['a']] }] }), /metric_name_selectors/)
  t.match(problems({ metric_declarations: [{ metric_name_selectors: [] }] }), /must have a pattern/)
  t.match(problems({ metric_declarations: [{ metric_name_selectors: ['(?=x)'] }] }), /metric_name_selectors\.0: /)
  t.match(
    problems({ metric_declarations: [{ metric_name_selectors: ['a'], label_matchers: [{ regex: 'a' }] }] }),
    /label_names/,
  )
  t.match(
    problems({
      metric_declarations: [{ metric_name_selectors: ['a'], label_matchers: [{ label_names: ['a'], regex: '' }] }],
    }),
    /regex/,
  )
  const many = Array.from({ length: 31 }, (_, i) => `d${i}`)
  t.match(problems({ extra_dimension_sets: [many] }), /must be at most 30 dimensions, has 31/)
  t.match(problems({ metric_descriptors: [{ metric_name: 'a', unit: 'furlong' }] }), /unit: must be one of Seconds/)
  t.match(problems({ dimension_rollup_option: 'All' }), /must be one of ZeroAndSingleDimensionRollup/)
  t.match(problems({ output_destination: 'file' }), /must be one of cloudwatch, stdout/)
  t.match(problems({ storage_resolution: 30 }), /must be 1 or 60/)
  t.match(problems({ log_group_name: 'a b' }), /log_group_name/)
  t.match(problems({ log_retention: 2 }), /must be one of 0, 1, 3/)
})
