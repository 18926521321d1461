import { test } from 'tap'
import * as v from 'valibot'
import type { BatchProcessor } from '../../../src/contract/index.ts'
import { decodeOtlp } from '../../../src/data/index.ts'
import deltaToRate from '../../../src/processors/delta_to_rate/index.ts'
import { Sink, testContext, testSettings } from '../../../src/testing/index.ts'
import { ROUNDS, randomMessage, seeded } from '../../data/random.ts'
import { batchOf, items } from '../../kit/otlp.ts'

function running(metrics: string[]) {
  const settings = testSettings()
  const sink = new Sink<'metrics'>()
  const { consume } = deltaToRate.create.metrics!(
    v.parse(deltaToRate.config, { metrics }),
    settings,
    sink.consume,
  ) as BatchProcessor<'metrics'>
  return { settings, sink, consume }
}

test('a batch without the metrics that are meant is passed on as it is', async (t) => {
  const { sink, consume } = running(['none'])
  const batch = items.metrics(3)
  await consume(batch, testContext())
  t.equal(sink.batches[0], batch)
})

test('a metric that is no delta sum is told', async (t) => {
  const { settings, consume } = running(['gauge'])
  await consume(items.metrics(3), testContext())
  t.match(settings.lines, [
    { level: 'info', message: 'a metric is no delta sum and stays as it is', fields: { metric: 'gauge' } },
  ])
})

test('a point without a value stays without one', async (t) => {
  const { sink, consume } = running(['d'])
  const dataPoints = [{ timeUnixNano: '5' }, { timeUnixNano: '2000000000', asInt: '4' }]
  const metrics = [{ name: 'd', sum: { aggregationTemporality: 1, dataPoints } }]
  await consume(batchOf('metrics', { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }), testContext())
  const values: unknown[] = []
  sink.batches[0]!.visit({ onPoint: (point) => void values.push(point.toObject()) })
  t.match(values, [
    { type: 'gauge', value: undefined },
    { type: 'gauge', value: 2 },
  ])
})

test('whatever comes, nothing is lost and all of it is well formed', async (t) => {
  const random = seeded(8)
  let cases = 0
  for (let round = 0; round < ROUNDS; round++) {
    const batch = decodeOtlp('metrics', randomMessage('metrics', random))
    const names: string[] = []
    batch.visit({ onMetric: ({ name }) => void names.push(name) })
    const { sink, consume } = running([...new Set(names)].filter((_, i) => i % 2 === 0).concat('x'))
    await consume(batch, testContext())
    t.equal(decodeOtlp('metrics', Buffer.concat(sink.batches[0]!.chunks)).items, batch.items)
    cases++
  }
  t.ok(cases > 0)
})
