import { test } from 'tap'
import * as v from 'valibot'
import { type BatchProcessor, type ItemProcessor, RetryableError } from '../../../src/contract/index.ts'
import { type Batch, decodeOtlp } from '../../../src/data/index.ts'
import metricsTransform from '../../../src/processors/metrics_transform/index.ts'
import { Sink, type TestSettings, testContext, testSettings } from '../../../src/testing/index.ts'
import { decoded, type Plain, type Random, ROUNDS, randomMessage, seeded } from '../../data/random.ts'
import { batchOf, items } from '../../kit/otlp.ts'

interface Running {
  readonly settings: TestSettings
  readonly sink: Sink<'metrics'>
  readonly isVisitor: boolean
  give(batch: Batch<'metrics'>): Promise<void>
  /** What has come out, as plain metrics. */
  out(): Plain[]
  accounts(): Record<string, number>
}

function running(...transforms: object[]): Running {
  const settings = testSettings()
  const sink = new Sink<'metrics'>()
  const ledger = settings.ledger('metrics')
  const made = metricsTransform.create.metrics!(
    v.parse(metricsTransform.config, { transforms }),
    settings,
    async (batch, context) => {
      await sink.consume(batch, context)
      ledger.out(batch.items)
    },
  ) as ItemProcessor<'metrics'> | BatchProcessor<'metrics'>
  const isVisitor = 'visitor' in made
  return {
    settings,
    sink,
    isVisitor,
    async give(batch) {
      if (isVisitor) return sink.consume(batch.rewrite([made.visitor], testContext()), testContext())
      ledger.entered(batch.items)
      try {
        await made.consume(batch, testContext())
      } catch (error) {
        ledger.refused(batch.items)
        throw error
      }
    },
    out: () => sink.batches.flatMap(metricsOf),
    accounts() {
      const { enteredItems, createdItems, mergedItems, droppedItems, outItems, refusedItems, held } = ledger
      return { enteredItems, createdItems, mergedItems, droppedItems, outItems, refusedItems, held }
    },
  }
}

const metricsOf = (batch: Batch<'metrics'>): Plain[] =>
  ((decoded('metrics', Buffer.concat(batch.chunks)).resourceMetrics ?? []) as Plain[]).flatMap((resource) =>
    (resource.scopeMetrics as Plain[]).flatMap((scope) => scope.metrics as Plain[]),
  )
const text = (key: string, stringValue: string): Plain => ({ key, value: { stringValue } })
const metrics = (...list: Plain[]) => batchOf('metrics', { resourceMetrics: [{ scopeMetrics: [{ metrics: list }] }] })
const gauge = (name: string, ...dataPoints: Plain[]): Plain => ({ name, gauge: { dataPoints } })
const point = (asInt: number, of: Record<string, string> = {}): Plain => ({
  asInt: String(asInt),
  attributes: Object.entries(of).map(([key, value]) => text(key, value)),
})
const rename = { include: 'gauge', action: 'update', new_name: 'renamed' }
/** Makes a processor that works scope by scope of one that need not. */
const slow = { include: 'no such metric', action: 'insert', new_name: 'x' }

test('updates of single points are made by a visitor, all else scope by scope', async (t) => {
  const labels = [
    { action: 'add_label', new_label: 'a', new_value: 'b' },
    { action: 'update_label', label: 'a' },
    { action: 'delete_label_value', label: 'a', label_value: 'b' },
    { action: 'toggle_scalar_data_type' },
  ]
  t.ok(running(rename, { ...rename, operations: labels }).isVisitor)
  t.ok(running().isVisitor)
  for (const one of [
    slow,
    { ...rename, experimental_match_labels: { a: 'b' } },
    { ...rename, operations: [{ action: 'aggregate_labels' }] },
    { ...rename, operations: [{ action: 'experimental_scale_value', experimental_scale: 2 }] },
    { ...rename, action: 'group', group_resource_labels: {} },
  ])
    t.notOk(running(rename, one).isVisitor)
})

test('both ways do the same', async (t) => {
  const random = seeded(23)
  let cases = 0
  for (let round = 0; round < ROUNDS; round++) {
    const transforms = Array.from({ length: 1 + random(4) }, () => randomUpdate(random))
    const batch = decodeOtlp('metrics', randomMessage('metrics', random))
    const fast = running(...transforms)
    const scopes = running(...transforms, slow)
    t.ok(fast.isVisitor && !scopes.isVisitor)
    await fast.give(batch)
    await scopes.give(batch)
    t.same(withPoints(scopes.out()), withPoints(fast.out()))
    cases++
  }
  t.ok(cases > 0)
})

const withPoints = (list: Plain[]): Plain[] => list.filter((metric) => JSON.stringify(metric).includes('attributes":'))

function randomUpdate(random: Random): object {
  const name = (): string => ['', 'GET', 'prod', 'x'][random(4)] || 'prod'
  const operations = [
    { action: 'add_label', new_label: 'k', new_value: 'new {{version}}' },
    { action: 'update_label', label: 'env', new_label: 'k' },
    {
      action: 'update_label',
      label: 'k',
      value_actions: [
        { value: 'GET', new_value: 'got' },
        { value: '', new_value: 'none' },
      ],
    },
    { action: 'delete_label_value', label: 'env', label_value: 'prod' },
    { action: 'toggle_scalar_data_type' },
  ]
  return {
    include: random(2) === 0 ? name() : '^(.).*',
    match_type: random(2) === 0 ? 'strict' : 'regexp',
    action: 'update',
    new_name: ['', 'x', '$1', '${1}-new'][random(4)],
    operations: operations.filter(() => random(3) === 0),
  }
}

test('whatever comes, points add up and all of it is well formed', async (t) => {
  const random = seeded(29)
  const all = { include: '.', match_type: 'regexp' }
  const aggregation = (): string => ['sum', 'mean', 'min', 'max', 'median', 'count'][random(6)]!
  let cases = 0
  for (let round = 0; round < ROUNDS * 2; round++) {
    const transforms = [
      {
        ...all,
        action: 'insert',
        new_name: 'copy',
        operations: [{ action: 'experimental_scale_value', experimental_scale: random(9) - 4.5 }],
      },
      {
        ...all,
        action: 'update',
        operations: [{ action: 'aggregate_labels', label_set: ['env', 'k'], aggregation_type: aggregation() }],
      },
      { ...all, action: 'combine', new_name: 'one', aggregation_type: aggregation() },
      { ...all, action: 'group', group_resource_labels: { a: 'b' }, experimental_match_labels: { env: 'prod' } },
      { ...all, action: 'update', operations: [{ action: 'delete_label_value', label: 'k', label_value: 'GET' }] },
      { ...all, action: 'insert', new_name: 'copy', experimental_match_labels: { k: '' } },
      {
        ...all,
        action: 'update',
        operations: [
          {
            action: 'aggregate_label_values',
            label: 'k',
            aggregated_values: ['', 'GET'],
            new_value: 'v',
            aggregation_type: aggregation(),
          },
        ],
      },
    ].filter(() => random(2) === 0)
    const one = running(...transforms, slow)
    const batch = decodeOtlp('metrics', randomMessage('metrics', random))
    await one.give(batch)
    t.match(one.accounts(), { enteredItems: batch.items, refusedItems: 0, held: 0 })
    for (const out of one.sink.batches) t.equal(decodeOtlp('metrics', Buffer.concat(out.chunks)).items, out.items)
    cases++
  }
  t.ok(cases > 0)
})

test('what is made, merged and dropped is counted, and nothing of it for a batch that is refused', async (t) => {
  const one = running(
    { include: 'a', action: 'insert', new_name: 'copy' },
    {
      include: 'a',
      action: 'update',
      operations: [{ action: 'aggregate_labels', label_set: [], aggregation_type: 'sum' }],
    },
    { include: 'copy', action: 'update', operations: [{ action: 'delete_label_value', label: 'k', label_value: 'x' }] },
  )
  const batch = metrics(gauge('a', point(1, { k: 'x' }), point(2, { k: 'y' }), point(3, { k: 'z' })))
  one.sink.refuseWith = new RetryableError('full')
  await t.rejects(one.give(batch))
  t.match(one.accounts(), {
    enteredItems: 3,
    createdItems: 0,
    mergedItems: 0,
    droppedItems: 0,
    refusedItems: 3,
    held: 0,
  })
  one.sink.refuseWith = undefined
  await one.give(batch)
  t.match(one.accounts(), { enteredItems: 6, createdItems: 3, mergedItems: 2, droppedItems: 1, outItems: 3, held: 0 })
  t.same(Object.fromEntries(one.settings.ledger('metrics').droppedByReason), { label_value: 1 })
})

test('a batch with nothing that is meant goes on as it is', async (t) => {
  const one = running(slow)
  const batch = items.metrics(4)
  await one.give(batch)
  t.equal(one.sink.batches[0], batch)
  const fast = running({ ...rename, include: 'other' })
  await fast.give(batch)
  t.equal(fast.sink.batches[0], batch)
})

test('{{version}} is that of the agent', async (t) => {
  const operations = [
    { action: 'add_label', new_label: 'by', new_value: 'sluice {{version}}' },
    { action: 'update_label', label: 'a', value_actions: [{ value: 'b', new_value: '{{version}}' }] },
  ]
  const one = running({ include: 'm', action: 'update', operations })
  await one.give(metrics(gauge('m', point(1, { a: 'b' }))))
  t.match(one.out(), [
    { gauge: { dataPoints: [{ attributes: [text('a', '0.0.0-test'), text('by', 'sluice 0.0.0-test')] }] } },
  ])
})

test('points that are not meant stay where they are, when others of their metric leave', async (t) => {
  const some = { experimental_match_labels: { k: 'x' } }
  const batch = metrics(gauge('m', point(1, { k: 'x' }), point(2, { k: 'y' })))
  const grouped = running({ include: 'm', action: 'group', group_resource_labels: { g: '1' }, ...some })
  await grouped.give(batch)
  t.match(grouped.out(), [{ gauge: { dataPoints: [{ asInt: '2' }] } }, { gauge: { dataPoints: [{ asInt: '1' }] } }])
  const combined = running({ include: 'm', action: 'combine', new_name: 'c', aggregation_type: 'sum', ...some })
  await combined.give(batch)
  t.match(combined.out(), [
    { name: 'm', gauge: { dataPoints: [{ asInt: '2' }] } },
    { name: 'c', gauge: { dataPoints: [{ asInt: '1' }] } },
  ])
})

test('a group of the pattern that takes no part adds no label', async (t) => {
  const one = running({
    include: '^m(?P<n>\\d)?',
    match_type: 'regexp',
    action: 'combine',
    new_name: 'c',
    aggregation_type: 'sum',
  })
  await one.give(metrics(gauge('m', point(1)), gauge('m2', point(2))))
  t.match(one.out(), [{ name: 'c', gauge: { dataPoints: [{ attributes: [] }, { attributes: [text('n', '2')] }] } }])
})

test('exponential histograms are added bucket by bucket, wherever they begin', async (t) => {
  const exponential = (offset: number, ...counts: number[]): Plain => ({
    count: String(counts.reduce((sum, count) => sum + count, 0)),
    positive: { offset, bucketCounts: counts.map(String) },
  })
  const add = async (...dataPoints: Plain[]): Promise<unknown> => {
    const one = running({
      include: 'e',
      action: 'update',
      operations: [{ action: 'aggregate_labels', aggregation_type: 'sum' }],
    })
    await one.give(metrics({ name: 'e', exponentialHistogram: { aggregationTemporality: 1, dataPoints } }))
    const [{ exponentialHistogram }] = one.out() as [{ exponentialHistogram: { dataPoints: Plain[] } }]
    return exponentialHistogram.dataPoints.map(({ count, positive }) => [count, positive])
  }
  t.same(await add(exponential(5, 1, 2), exponential(3, 1, 1, 1)), [
    ['6', { offset: 3, bucketCounts: ['1', '1', '2', '2'] }],
  ])
  t.same(await add(exponential(0), exponential(5, 0, 1)), [['1', { offset: 5, bucketCounts: ['0', '1'] }]])
  t.same(await add(exponential(1, 0, 4), exponential(3, 1)), [['5', { offset: 1, bucketCounts: ['0', '4', '1'] }]])
  t.same(await add(exponential(2, 3), exponential(9, 0)), [['3', { offset: 2, bucketCounts: ['3'] }]])
})

test('what cannot be transformed stays as it is, and is told', async (t) => {
  const one = running(
    {
      include: 's',
      action: 'update',
      new_name: 't',
      operations: [{ action: 'aggregate_labels' }, { action: 'add_label', new_label: 'a', new_value: 'b' }],
    },
    { include: '^[uv]$', match_type: 'regexp', action: 'combine', new_name: 'c', aggregation_type: 'sum' },
  )
  await one.give(
    metrics({ name: 's', summary: { dataPoints: [{ count: '1' }] } }, gauge('u', point(1)), {
      ...gauge('v', point(2)),
      unit: 's',
    }),
  )
  t.match(one.out(), [{ name: 't', summary: { dataPoints: [{ attributes: [] }] } }, { name: 'u' }, { name: 'v' }])
  t.match(one.settings.lines, [
    {
      level: 'warn',
      message: 'a metric cannot be transformed',
      fields: { metric: 't', why: 'aggregate_labels is not for summaries' },
    },
    { level: 'warn', fields: { metric: 'u', why: 'metrics of another unit cannot be combined: u (), v (s)' } },
  ])
})

test('nothing is lost of a metric that is renamed, metadata among it', async (t) => {
  for (const transforms of [[rename], [rename, slow]]) {
    const one = running(...transforms)
    await one.give(metrics({ ...gauge('gauge', point(1)), metadata: [text('m', 'n')], description: 'd' }))
    t.match(one.out(), [{ name: 'renamed', metadata: [text('m', 'n')], description: 'd' }])
  }
})
