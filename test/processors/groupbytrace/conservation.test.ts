// Whatever comes next does, each span has exactly one end, and what goes on is of one trace.
import { test } from 'tap'
import { PermanentError, RetryableError } from '../../../src/contract/index.ts'
import { settle } from '../../../src/testing/index.ts'
import { type Random, seeded } from '../../data/random.ts'
import { namesOf, rig } from './grouping.ts'

const CASES = 150
const pick = <T>(random: Random, list: readonly T[]): T => list[random(list.length)]!

test('entered = out + dropped + refused + held at every step, and traces stay apart', async (t) => {
  for (let seed = 0; seed < CASES; seed++) {
    const random = seeded(seed)
    const num_traces = 1 + random(6)
    const { sink, settings, processor, offer } = rig({ num_traces, wait_duration: pick(random, ['0s', '1s', '7s']) })
    const ledger = settings.ledger('traces')
    const taken: string[] = []
    let mood = 0
    const answer = sink.consume
    Object.assign(sink, {
      consume: async (...call: Parameters<typeof answer>) => {
        if (random(100) < 30) await settle()
        if (random(100) < mood)
          throw pick(random, [
            new RetryableError('busy'),
            new Error('bug'),
            new PermanentError('no', { reason: 'bad' }),
          ])
        const names = namesOf(call[0])
        if (new Set(names.map(([trace]) => trace)).size !== 1) t.fail(`seed ${seed}: ${names.join()}`)
        if (names.join() !== names.toSorted(byNumber).join()) t.fail(`seed ${seed}: not in order: ${names.join()}`)
        taken.push(...names)
      },
    })
    let number = 0
    const acknowledged: string[] = []
    let refusedItems = 0
    const send = (): void => {
      const names = Array.from({ length: 1 + random(8) }, () => `${pick(random, [...'abcdefghij'])}${number++}`)
      offer(names).then(
        () => acknowledged.push(...names),
        () => {
          refusedItems += names.length
        },
      )
    }
    for (let step = 0; step < 20; step++) {
      mood = pick(random, [0, 40, 90])
      for (let i = random(4); i > 0; i--) send()
      await settings.clock.advance(pick(random, [0, 100, 1000, 6000]))
      if (ledger.held < 0) t.fail(`seed ${seed}: ${ledger.held} held`)
      if (ledger.held === 0 && settings.memory.heldBytes > 0) t.fail(`seed ${seed}: memory held for nothing`)
    }
    mood = pick(random, [0, 100])
    const deadline = new AbortController()
    if (random(3) === 0) deadline.abort()
    await processor.stop?.(deadline.signal)
    await settle()
    t.equal(ledger.held, 0, `seed ${seed}`)
    t.equal(settings.memory.heldBytes, 0, `seed ${seed}`)
    t.equal(settings.clock.pending, 0, `seed ${seed}`)
    t.equal(new Set(taken).size, taken.length, 'none twice')
    t.equal(ledger.outItems, taken.length)
    t.equal(acknowledged.length + refusedItems, number, `seed ${seed}: every sender has an answer`)
    const lost = ledger.droppedItems - ledger.createdItems
    t.equal(lost, acknowledged.length - taken.length, `seed ${seed}: what was counted as lost may still be taken`)
  }
})

const byNumber = (a: string, b: string): number => Number(a.slice(1)) - Number(b.slice(1))
