import { test } from 'tap'
import * as v from 'valibot'
import { type BatchProcessor, RetryableError } from '../../../src/contract/index.ts'
import { type Batch, decodeOtlp } from '../../../src/data/index.ts'
import metricsGeneration from '../../../src/processors/metricsgeneration/index.ts'
import { Sink, testContext, testSettings } from '../../../src/testing/index.ts'
import { ROUNDS, randomMessage, seeded } from '../../data/random.ts'
import { items } from '../../kit/otlp.ts'

function running(metric1: string) {
  const settings = testSettings()
  const sink = new Sink<'metrics'>()
  const ledger = settings.ledger('metrics')
  const rules = [{ name: 'double', type: 'scale', metric1, operation: 'multiply', scale_by: 2 }]
  const { consume } = metricsGeneration.create.metrics!(
    v.parse(metricsGeneration.config, { rules }),
    settings,
    async (batch, context) => {
      await sink.consume(batch, context)
      ledger.out(batch.items)
    },
  ) as BatchProcessor<'metrics'>
  return {
    sink,
    ledger,
    async give(batch: Batch<'metrics'>) {
      ledger.entered(batch.items)
      try {
        await consume(batch, testContext())
      } catch (error) {
        ledger.refused(batch.items)
        throw error
      }
    },
  }
}

test('what is made is counted as created', async (t) => {
  const one = running('gauge')
  await one.give(items.metrics(5))
  t.same([one.ledger.createdItems, one.ledger.outItems, one.ledger.held], [5, 10, 0])
})

test('of a refused batch nothing has been made', async (t) => {
  const one = running('gauge')
  one.sink.refuseWith = new RetryableError('full')
  await t.rejects(one.give(items.metrics(5)))
  t.same([one.ledger.createdItems, one.ledger.refusedItems, one.ledger.held], [0, 5, 0])
})

test('a batch that nothing comes of is passed on as it is', async (t) => {
  const one = running('none')
  const batch = items.metrics(3)
  await one.give(batch)
  t.equal(one.sink.batches[0], batch)
})

test('a rule without an operation is refused', async (t) => {
  const rules = [{ name: 'a', type: 'scale', metric1: 'b', scale_by: 2 }]
  t.throws(() => v.parse(metricsGeneration.config, { rules }))
})

test('whatever comes, items add up and all of it is well formed', async (t) => {
  const random = seeded(12)
  let cases = 0
  for (let round = 0; round < ROUNDS; round++) {
    const batch = decodeOtlp('metrics', randomMessage('metrics', random))
    const names: string[] = []
    batch.visit({ onMetric: ({ name }) => void names.push(name) })
    const one = running(names[random(names.length)] || 'x')
    await one.give(batch)
    const [out] = one.sink.batches
    t.equal(decodeOtlp('metrics', Buffer.concat(out!.chunks)).items, out!.items)
    t.equal(one.ledger.held, 0)
    cases++
  }
  t.ok(cases > 0)
})
