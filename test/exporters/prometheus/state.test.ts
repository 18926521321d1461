import { test } from 'tap'
import { Instant } from '../../../src/data/index.ts'
import { NumberState } from '../../../src/exporters/prometheus/state.ts'
import { seeded } from '../../data/random.ts'

const at = (seconds: number): Instant => new Instant(seconds, 0)

test('deltas of several writers add up exactly, and what is sent again counts once', async (t) => {
  let cases = 0
  for (let seed = 1; seed <= 200; seed++) {
    const random = seeded(seed)
    const state = new NumberState()
    let sum = 0n
    let time = 10
    for (let i = 0; i < 50; i++) {
      const value = random(3) === 0 ? BigInt(random(1e9)) * 2n ** 31n : random(1000)
      const start = at(time - random(3))
      if (!state.take(value, start, at(time), true)) t.fail(`seed ${seed}: a delta in order was not taken`)
      if (state.take(value, start, at(time), true)) t.fail(`seed ${seed}: a delta was taken twice`)
      if (state.take(value, start, at(time - 1), true)) t.fail(`seed ${seed}: a late delta was taken`)
      sum += BigInt(value)
      if (BigInt(state.value) !== sum) t.fail(`seed ${seed}: ${state.value} instead of ${sum}`)
      time += 1 + random(5)
      cases++
    }
  }
  t.ok(cases > 0)
})

test('cumulative points say it all, the newest counts, and one of the same time is a correction', async (t) => {
  const state = new NumberState()
  t.ok(state.take(10, at(1), at(10), false))
  t.ok(state.take(12, at(1), at(20), false))
  t.notOk(state.take(11, at(1), at(15), false))
  t.equal(state.value, 12)
  t.ok(state.take(13, at(1), at(20), false))
  t.equal(state.value, 13)
  t.ok(state.take(2, at(25), at(30), false), 'a restart')
  t.equal(state.value, 2)
  t.equal(state.timeline.start.seconds, 25)
})

test('a series that turns from one temporality to the other begins again', async (t) => {
  const state = new NumberState()
  state.take(10, at(1), at(10), false)
  state.take(3, at(10), at(20), true)
  t.equal(state.value, 3)
  t.equal(state.timeline.start.seconds, 10)
  state.take(4, at(20), at(30), true)
  t.equal(state.value, 7)
  state.take(100, at(1), at(40), false)
  t.equal(state.value, 100)
})

test('points without a time are always new', async (t) => {
  const state = new NumberState()
  for (const value of [1, 2, 3]) t.ok(state.take(value, at(0), at(0), true))
  t.equal(state.value, 6)
})
