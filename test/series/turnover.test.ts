import { test } from 'tap'
import { Turnover } from '../../src/series/index.ts'

const MINUTE_MS = 60_000
const ones = (count: number) => Array.from({ length: count }, () => ({ metIn: 0 }))

test('what is met in each period stays, and what is little', async (t) => {
  const turnover = new Turnover()
  const all = ones(5000)
  let cases = 0
  for (let minute = 0; minute < 60; minute++) {
    for (const one of all) turnover.meet(one)
    if (turnover.isStale(all.length, minute * MINUTE_MS)) t.fail(`stale at minute ${minute}`)
    cases++
  }
  t.ok(cases > 0)
  t.notOk(turnover.isStale(999, 100 * MINUTE_MS), 'none of them was met, and they are few')
})

test('many that come no more are stale, once for a period', async (t) => {
  const turnover = new Turnover()
  const stay = ones(4000)
  const meet = () => {
    for (const one of stay) turnover.meet(one)
  }
  for (const one of ones(1500)) turnover.meet(one)
  meet()
  t.notOk(turnover.isStale(5500, 0))
  t.notOk(turnover.isStale(5500, 5 * MINUTE_MS), 'all of them were met')
  meet()
  t.notOk(turnover.isStale(5500, 9 * MINUTE_MS), 'the period has not ended')
  t.ok(turnover.isStale(5500, 10 * MINUTE_MS))
  t.notOk(turnover.isStale(5500, 10 * MINUTE_MS))
})

test('a part that is small beside the rest stays', async (t) => {
  const turnover = new Turnover()
  turnover.isStale(10_000, 0)
  for (const one of ones(8000)) turnover.meet(one)
  t.notOk(turnover.isStale(10_000, 5 * MINUTE_MS))
  for (const one of ones(7000)) turnover.meet(one)
  t.ok(turnover.isStale(10_000, 10 * MINUTE_MS))
})
