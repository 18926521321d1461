import { test } from 'tap'
import * as v from 'valibot'
import { config } from '../../../src/exporters/prometheus/config.ts'
import { Intake } from '../../../src/exporters/prometheus/intake.ts'
import { Registry, type Series } from '../../../src/exporters/prometheus/registry.ts'
import { expose } from '../../../src/exporters/prometheus/text.ts'
import { createNaming, type Naming } from '../../../src/prometheus/names.ts'
import { usedHeapBytes } from '../../kit/heap.ts'
import { batchOf } from '../../kit/otlp.ts'
import { bufferBytesKept } from '../../kit/pool.ts'
import { attribute, gauge, samplesOf, startExporter } from './kit.ts'

test('what is wrong with the settings is said', async (t) => {
  const problemsWith = (yaml: object): string[] => {
    const parsed = v.safeParse(config, { endpoint: 'localhost:8889', ...yaml })
    return (parsed.issues ?? []).map((issue) => `${v.getDotPath(issue) ?? ''}: ${issue.message}`)
  }
  const table: [yaml: object, problem: RegExp][] = [
    [{ endpoint: undefined }, /^endpoint: /],
    [{ endpoint: '' }, /^endpoint: must not be empty/],
    [{ endpoint: '8889' }, /^endpoint: must be host:port/],
    [{ endpoint: 'http://localhost:8889' }, /^endpoint: must be host:port, without http:/],
    [{ metric_expiration: '0s' }, /^metric_expiration: must be more than 0/],
    [{ translation_strategy: 'Underscores' }, /^translation_strategy: must be one of UnderscoreEscapingWithSuffixes, /],
    [{ const_labels: { __x: 'y' } }, /^const_labels: "__x" cannot be the name of a label/],
    [{ const_labels: { le: 'y' } }, /^const_labels: "le" cannot be the name of a label/],
    [{ const_labels: { '': 'y' } }, /^const_labels: "" cannot be the name of a label/],
    [{ const_labels: { a: ['y'] } }, /^const_labels\.a: must be a text/],
    [{ middlewares: [{ id: 'x' }] }, /^middlewares: .*not supported/],
    [{ max_series: -1 }, /^max_series: must be at least 0/],
    [
      { resource_to_telemetry_conversion: { enabled: true, included: ['a'] } },
      /^resource_to_telemetry_conversion: has both ways/,
    ],
    [
      { resource_to_telemetry_conversion: { enabled: true }, resource_constant_labels: { included: ['a'] } },
      /^resource_to_telemetry_conversion: says the same/,
    ],
    [{ metrics_path: '/x' }, /metrics_path/],
  ]
  t.same(problemsWith({}), [])
  for (const [yaml, problem] of table) {
    const problems = problemsWith(yaml)
    t.match(problems.join('\n'), problem, JSON.stringify(yaml))
    t.equal(problems.length, 1)
  }
})

test('a series without new points is gone after metric_expiration, and leaves its name', async (t) => {
  const exporter = await startExporter(t, { metric_expiration: '1m', without_scope_info: true })
  const { clock } = exporter.settings
  await exporter.send([gauge('a', [1, 2]), gauge('b.c', [3])])
  await clock.advance(30_000)
  await exporter.send([gauge('a', [4])])
  await exporter.send([gauge('b_c', [5])])
  t.equal(exporter.settings.ledger('metrics').droppedByReason.get('collision'), 1, 'the name is taken')
  await clock.advance(30_000)
  t.same(samplesOf(await exporter.scrape()), ['a{i="0"} 4', 'a{i="1"} 2', 'b_c{i="0"} 3'], 'to the millisecond')
  await clock.advance(1)
  t.same(samplesOf(await exporter.scrape()), ['a{i="0"} 4'])
  await exporter.send([gauge('b_c', [5])])
  t.same(samplesOf(await exporter.scrape()), ['a{i="0"} 4', 'b_c{i="0"} 5'])
  await clock.advance(3_600_000)
  t.same(samplesOf(await exporter.scrape()), [])
})

test('what has expired gives its name up, though nobody has come to scrape', async (t) => {
  const exporter = await startExporter(t, { metric_expiration: '1m', without_scope_info: true })
  const counter = (name: string): object => ({
    name,
    sum: { isMonotonic: true, aggregationTemporality: 2, dataPoints: [{ asInt: '7' }] },
  })
  const histogram = { name: 'h', histogram: { aggregationTemporality: 2, dataPoints: [{ count: '1', sum: 1 }] } }
  await exporter.send([gauge('x.total', [1]), gauge('h.count', [2])])
  await exporter.send([counter('x'), histogram])
  const { clock } = exporter.settings
  const { droppedByReason } = exporter.settings.ledger('metrics')
  t.equal(droppedByReason.get('collision'), 2)
  await clock.advance(59_000)
  await exporter.send([gauge('x.total', [1])])
  await clock.advance(2000)
  await exporter.send([counter('x'), histogram])
  t.equal(droppedByReason.get('collision'), 3, 'the gauge has been seen since')
  await clock.advance(59_000)
  await exporter.send([counter('x')])
  t.same(samplesOf(await exporter.scrape()), ['h_bucket{le="+Inf"} 1', 'h_sum 1', 'h_count 1', 'x_total 7'])
})

test('a delta that comes again after its series has expired starts anew', async (t) => {
  const exporter = await startExporter(t, { metric_expiration: '1m' })
  const delta = (value: number, second: number): object => ({
    name: 'd',
    sum: {
      isMonotonic: true,
      aggregationTemporality: 1,
      dataPoints: [{ asInt: String(value), timeUnixNano: `${1_700_000_000 + second}000000000` }],
    },
  })
  await exporter.send([delta(5, 10)])
  await exporter.send([delta(7, 20)])
  t.match(await exporter.scrape(), /^d_total.* 12$/m)
  await exporter.settings.clock.advance(120_000)
  await exporter.send([delta(3, 130)])
  t.match(await exporter.scrape(), /^d_total.* 3$/m)
})

test('max_series drops what would make one more, until others have expired', async (t) => {
  const exporter = await startExporter(t, { max_series: 3, metric_expiration: '1m', without_scope_info: true })
  const { settings } = exporter
  await exporter.send([gauge('g', [0, 1, 2, 3, 4])])
  await exporter.send([gauge('g', [10, 11, 12, 13])])
  const ledger = settings.ledger('metrics')
  t.same([...ledger.droppedByReason], [['series_limit', 3]])
  t.equal(ledger.outItems, 6)
  t.equal(ledger.held, 0)
  t.same(samplesOf(await exporter.scrape()), ['g{i="0"} 10', 'g{i="1"} 11', 'g{i="2"} 12'])
  await settings.clock.advance(61_000)
  await exporter.send([gauge('other', [1])])
  t.same(samplesOf(await exporter.scrape()), ['other{i="0"} 1'])
})

test('a flood of label sets is held at the limit', async (t) => {
  const { registry, intake } = create({ maxSeries: 100 })
  let taken = 0
  let lost = 0
  for (let round = 0; round < 20; round++) {
    const points = Array.from({ length: 10_000 }, (_, i) => ({
      attributes: [attribute('id', `${round}-${i}`)],
      asInt: '1',
    }))
    const tally = intake.take(batchOf('metrics', metricsOf({ name: 'g', gauge: { dataPoints: points } })), round)
    taken += tally.taken
    lost += tally.lost.get('series_limit')?.points ?? 0
  }
  t.equal(taken, 100)
  t.equal(lost, 199_900)
  t.equal(registry.size, 100)
})

test('lost points are told in the log, once in a while, with the metric and what to do', async (t) => {
  const exporter = await startExporter(t)
  await exporter.send([gauge('a.b', [1])])
  for (let i = 0; i < 50; i++) await exporter.send([gauge('a_b', [2])])
  const { lines, clock } = exporter.settings
  t.equal(lines.length, 1)
  t.match(lines[0], {
    level: 'error',
    message: /left out/,
    fields: { error: /^a_b: another metric has the same name/ },
  })
  await clock.advance(20_000)
  t.match(lines[1]?.fields, { reasons: { collision: 49 } })
})

test('with a queue the same comes out, and nothing is lost on the way', async (t) => {
  const exporter = await startExporter(t, {
    sending_queue: { enabled: true, num_consumers: 1 },
    without_scope_info: true,
  })
  for (let i = 0; i < 20; i++) await exporter.send([gauge('g', [i]), gauge('g.', [1])])
  const ledger = exporter.settings.ledger('metrics')
  t.equal(ledger.enteredItems, 40)
  t.equal(ledger.held, ledger.enteredItems - ledger.outItems - ledger.droppedItems)
  await exporter.settings.clock.advance(1000)
  t.same(samplesOf(await exporter.scrape()), ['g{i="0"} 19'])
  t.equal(ledger.outItems, 20)
  t.same([...ledger.droppedByReason], [['collision', 20]])
  t.equal(ledger.held, 0)
})

test('settings about bodies are said to do nothing', async (t) => {
  t.same((await startExporter(t)).settings.lines, [])
  const { settings } = await startExporter(t, { include_metadata: true })
  t.match(settings.lines, [{ level: 'info', message: /do nothing here/ }])
})

test('what is known is not named again, and a scrape looks at each series once', async (t) => {
  const series = 50_000
  const inMetric = 500
  const names = { metrics: 0, labels: 0 }
  const plain = createNaming('UnderscoreEscapingWithSuffixes', '')
  const counting: Naming = {
    ...plain,
    metric(...of) {
      names.metrics++
      return plain.metric(...of)
    },
    label(key) {
      names.labels++
      return plain.label(key)
    },
  }
  const { registry, intake } = create({ naming: counting })
  const metrics = Array.from({ length: series / inMetric }, (_, m) => ({
    name: `metric.${m}`,
    sum: {
      isMonotonic: true,
      aggregationTemporality: 2,
      dataPoints: Array.from({ length: inMetric }, (_, i) => ({
        attributes: [attribute('a', String(i)), attribute('b', 'x')],
        asInt: '1',
      })),
    },
  }))
  const batch = batchOf('metrics', metricsOf(...metrics))
  t.equal(intake.take(batch, 0).taken, series)
  t.same(names, { metrics: metrics.length, labels: 2 * series })
  t.equal(intake.take(batch, 1).taken, series)
  t.same(names, { metrics: metrics.length, labels: 2 * series }, 'nothing is named twice')
  t.equal(registry.size, series)

  let looks = 0
  const keeps = registry.keeps.bind(registry)
  registry.keeps = (one: Series, nowMs: number) => {
    looks++
    return keeps(one, nowMs)
  }
  let samples = 0
  for (const piece of expose(registry, exposition(2))) samples += samplesOf(piece.toString()).length
  t.equal(samples, series)
  t.equal(looks, series)

  intake.sweep(400_000)
  t.equal(registry.size, 0)
  t.equal(registry.families.length, 0)
})

test('series that come one at a time keep no buffers', async (t) => {
  const { registry, intake } = create({ maxSeries: 0 })
  const keptBytes = await bufferBytesKept(500, (i) => {
    const point = { attributes: [attribute('user', `u${i}`)], asDouble: i }
    intake.take(batchOf('metrics', metricsOf({ name: 'logins', gauge: { dataPoints: [point] } })), i)
  })
  t.equal(registry.size, 501)
  t.ok(keptBytes < 1_000_000, `${keptBytes} bytes`)
})

test('a flood of resources, scopes and metrics that show nothing is not remembered', async (t) => {
  const { registry, intake } = create({ maxSeries: 10 })
  const flood = (round: number, name: string): object => ({
    resource: { attributes: [attribute('service.name', name), attribute('round', String(round))] },
    scopeMetrics: [{ scope: { name }, metrics: [gauge(name, [1])] }],
  })
  const before = await usedHeapBytes()
  for (let round = 0; round < 60; round++) {
    const resourceMetrics = Array.from({ length: 1000 }, (_, i) => flood(round, `n${round}.${i}`))
    intake.take(batchOf('metrics', { resourceMetrics }), 0)
  }
  t.equal(registry.size, 10)
  const grown = (await usedHeapBytes()) - before
  t.ok(grown < 20e6, `${grown} bytes for 60,000 of each`)
})

test('target_info has the newest attributes of each job and instance, once', async (t) => {
  const exporter = await startExporter(t, { without_scope_info: true })
  const from = (host: string, instance = 'i'): object => ({
    resourceMetrics: [
      {
        resource: {
          attributes: [
            attribute('service.name', 's'),
            attribute('service.instance.id', instance),
            attribute('host.name', host),
          ],
        },
        scopeMetrics: [{ metrics: [gauge('g', [1])] }],
      },
    ],
  })
  const targets = async (): Promise<string[]> =>
    samplesOf(await exporter.scrape()).filter((line) => line.startsWith('target_info'))
  await exporter.send(from('a'))
  await exporter.send(from('b', 'j'))
  t.same(await targets(), [
    'target_info{host_name="a",instance="i",job="s"} 1',
    'target_info{host_name="b",instance="j",job="s"} 1',
  ])
  await exporter.send(from('moved'))
  const moved = [
    'target_info{host_name="b",instance="j",job="s"} 1',
    'target_info{host_name="moved",instance="i",job="s"} 1',
  ]
  t.same(await targets(), moved)
  await exporter.send(from('a'))
  t.same(await targets(), moved, 'what is known already is no news')
})

test('attributes that come in many orders are one series', async (t) => {
  const { registry, intake } = create({})
  const keys = ['a', 'b', 'c', 'd', 'e', 'f']
  const orders = permutations(keys)
  for (const order of orders) {
    const point = { attributes: order.map((key) => attribute(key, key)), asInt: '1' }
    intake.take(batchOf('metrics', metricsOf({ name: 'g', gauge: { dataPoints: [point] } })), 0)
  }
  t.equal(orders.length, 720)
  t.equal(registry.size, 1)
})

test('series that come or go while a scrape is read are not in it twice, and not in it dead', async (t) => {
  const { registry, intake } = create({})
  const send = (values: number[]): void => void intake.take(batchOf('metrics', metricsOf(gauge('g', values))), 0)
  send(new Array(20_000).fill(1))
  const pieces = expose(registry, exposition(0))
  const first = pieces.next().value!.toString()
  const [g] = registry.families
  const before = [...g!.series.values()]
  t.ok(samplesOf(first).length < 10_000, 'more is to come')
  registry.remove(before[0]!)
  registry.remove(before.at(-1)!)
  send(new Array(20_010).fill(2))
  const text = first + [...pieces].join('')
  const lines = samplesOf(text)
  t.equal(lines.length, 19_999, 'the last one was removed before it was reached, and made again')
  t.equal(new Set(lines.map((line) => line.split(' ')[0])).size, 19_999)
})

function create(of: { maxSeries?: number; naming?: Naming }): { registry: Registry; intake: Intake } {
  const registry = new Registry({ expirationMs: 300_000, maxSeries: of.maxSeries ?? 0 })
  const intake = new Intake(
    {
      naming: of.naming ?? createNaming('UnderscoreEscapingWithSuffixes', ''),
      constLabels: new Map(),
      isResourceLabel: () => false,
      hasScopeLabels: false,
      hasExemplars: false,
      expirationMs: 300_000,
    },
    registry,
  )
  return { registry, intake }
}

const exposition = (nowMs: number) =>
  ({
    format: 'text',
    escaping: undefined,
    names: new Set<string>(),
    nowMs,
    sendTimestamps: false,
    sendCreated: false,
  }) as const

const metricsOf = (...metrics: object[]) => ({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] })

function permutations<T>(list: readonly T[]): T[][] {
  if (list.length <= 1) return [[...list]]
  return list.flatMap((one, i) => permutations(list.toSpliced(i, 1)).map((rest) => [one, ...rest]))
}
