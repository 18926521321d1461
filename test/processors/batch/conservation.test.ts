// Whatever comes next does, each item has exactly one end, in order and in batches of the right size.
import { test } from 'tap'
import * as v from 'valibot'
import { type BatchProcessor, PermanentError, RetryableError } from '../../../src/contract/index.ts'
import { config } from '../../../src/processors/batch/config.ts'
import batch from '../../../src/processors/batch/index.ts'
import { settle, testContext, testSettings } from '../../../src/testing/index.ts'
import { type Random, seeded } from '../../data/random.ts'
import { batchOf, idsOf } from '../../delivery/fake.ts'

const CASES = 150
const pick = <T>(random: Random, list: readonly T[]): T => list[random(list.length)]!

test('entered = out + dropped + refused + held at every step, and what goes on goes in order', async (t) => {
  let cases = 0
  for (let seed = 0; seed < CASES; seed++) {
    const random = seeded(seed)
    const leastSize = random(6)
    const mostSize = pick(random, [0, leastSize, leastSize + random(5)])
    const given = { timeout: pick(random, ['0s', '1s']), send_batch_size: leastSize, send_batch_max_size: mostSize }
    const settings = testSettings()
    const ledger = settings.ledger('logs')
    const taken: string[] = []
    let mood = 0
    const next = batch.create.logs!(v.parse(config, given), settings, async (each) => {
      if (random(100) < 30) await settle()
      if (mostSize > 0 && each.items > mostSize) t.fail(`seed ${seed}: ${each.items} items, at most ${mostSize}`)
      if (random(100) < mood)
        throw pick(random, [new RetryableError('busy'), new Error('bug'), new PermanentError('no', { reason: 'bad' })])
      taken.push(...idsOf(each))
      ledger.out(each.items)
    }) as BatchProcessor<'logs'>
    let lastId = 0
    const acknowledged: string[] = []
    let refusedItems = 0
    const offer = (): void => {
      const ids = Array.from({ length: 1 + random(8) }, () => String(lastId++))
      ledger.entered(ids.length)
      next.consume(batchOf('logs', ids), testContext()).then(
        () => acknowledged.push(...ids),
        () => {
          ledger.refused(ids.length)
          refusedItems += ids.length
        },
      )
    }
    for (let step = 0; step < 20; step++) {
      mood = pick(random, [0, 40, 90])
      for (let i = random(4); i > 0; i--) offer()
      await settings.clock.advance(pick(random, [0, 100, 1000, 6000]))
      if (ledger.held < 0) t.fail(`seed ${seed}: ${ledger.held} held`)
      if (ledger.held > 0 !== settings.memory.heldBytes > 0 && settings.memory.heldBytes > 0)
        t.fail(`seed ${seed}: memory held for nothing`)
    }
    mood = pick(random, [0, 100])
    await next.stop?.(new AbortController().signal)
    await settle()
    t.equal(ledger.held, 0, `seed ${seed}`)
    t.equal(settings.memory.heldBytes, 0, `seed ${seed}`)
    t.same(
      taken,
      taken.toSorted((a, b) => Number(a) - Number(b)),
      `seed ${seed}: in order, none twice`,
    )
    t.equal(new Set(taken).size, taken.length)
    const isTaken = new Set(taken)
    t.equal(ledger.droppedItems, acknowledged.filter((id) => !isTaken.has(id)).length, `seed ${seed}: losses`)
    t.equal(ledger.refusedItems, refusedItems)
    t.equal(acknowledged.length + refusedItems, lastId, `seed ${seed}: every sender has an answer`)
    cases++
  }
  t.ok(cases > 0)
})
