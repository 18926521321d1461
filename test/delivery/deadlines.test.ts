import { test } from 'tap'
import { Deadlines, type Waiting } from '../../src/delivery/deadlines.ts'
import { FakeClock } from '../../src/testing/index.ts'
import { seeded } from '../data/random.ts'

interface Timed extends Waiting<Timed> {
  readonly id: number
}
const timed = (id: number): Timed => ({ id, dueMs: 0, before: undefined, after: undefined })

test('each is called for when its time is up, unless it was removed; with one timer', async (t) => {
  let cases = 0
  for (let seed = 0; seed < 50; seed++) {
    const random = seeded(seed)
    const clock = new FakeClock()
    const waiting = new Map<Timed, number>()
    let lastId = 0
    const add = (): void => {
      const one = timed(lastId++)
      waiting.set(one, clock.monotonicMs() + 100)
      deadlines.add(one)
    }
    const deadlines = new Deadlines<Timed>(clock, 100, (due) => {
      if (waiting.get(due) !== clock.monotonicMs()) t.fail(`seed ${seed}: ${due.id} at ${clock.monotonicMs()}`)
      waiting.delete(due)
      if (random(3) === 0) add()
    })
    for (let step = 0; step < 60; step++) {
      for (let i = random(3); i > 0; i--) add()
      for (const one of waiting.keys()) {
        if (random(4) > 0) continue
        waiting.delete(one)
        deadlines.remove(one)
      }
      if (clock.pending > 1) t.fail(`seed ${seed}: ${clock.pending} timers`)
      await clock.advance(random(60))
      for (const at of waiting.values()) if (at < clock.monotonicMs()) t.fail(`seed ${seed}: overdue`)
    }
    deadlines.clear()
    t.equal(clock.pending, 0)
    cases++
  }
  t.ok(cases > 0)
})
