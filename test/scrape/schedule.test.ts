import { test } from 'tap'
import { Schedule, type ScrapeConfig } from '../../src/scrape/schedule.ts'
import { FakeClock, settle } from '../../src/testing/index.ts'

interface Run {
  readonly startedMs: number
  readonly abort: AbortSignal
  end(): void
}

function made(config: Partial<ScrapeConfig> = {}) {
  const clock = new FakeClock()
  const runs: Run[] = []
  const skipped: number[] = []
  const schedule = new Schedule({ collection_interval: 1000, initial_delay: 100, timeout: 0, ...config }, clock, {
    run: (abort) => new Promise((end) => void runs.push({ startedMs: clock.monotonicMs(), abort, end })),
    onSkipped: (collections) => void skipped.push(collections),
  })
  schedule.start()
  return { clock, runs, skipped, schedule }
}

test('it begins after the delay and keeps the rhythm, however long a collection takes', async (t) => {
  const { clock, runs, skipped } = made()
  for (const tookMs of [0, 999, 500]) {
    await clock.advance(runs.length === 0 ? 100 : 1000 - (clock.monotonicMs() - runs.at(-1)!.startedMs))
    await clock.advance(tookMs)
    runs.at(-1)!.end()
    await settle()
  }
  t.same(
    runs.map(({ startedMs }) => startedMs),
    [100, 1100, 2100],
  )
  t.same(skipped, [])
})

test('it never runs twice at a time: what falls due meanwhile is left out', async (t) => {
  const { clock, runs, skipped } = made()
  await clock.advance(3700)
  t.equal(runs.length, 1)
  runs[0]!.end()
  await settle()
  t.same(skipped, [3])
  await clock.advance(400)
  t.equal(runs[1]!.startedMs, 4100)
})

test('a collection is told when its time is over', async (t) => {
  const limited = made({ timeout: 300 })
  await limited.clock.advance(399)
  t.notOk(limited.runs[0]!.abort.aborted)
  await limited.clock.advance(1)
  t.match(limited.runs[0]!.abort.reason, { message: 'not done within 300 ms' })
  const unlimited = made()
  await unlimited.clock.advance(1099)
  t.notOk(unlimited.runs[0]!.abort.aborted)
  await unlimited.clock.advance(1)
  t.ok(unlimited.runs[0]!.abort.aborted, 'until the next one is due')
})

test('a stop tells the one under way, waits for it, and leaves no timer', async (t) => {
  const { clock, runs, schedule } = made()
  await clock.advance(100)
  let isStopped = false
  const stopped = schedule.stop().then(() => void (isStopped = true))
  await settle()
  t.ok(runs[0]!.abort.aborted)
  t.notOk(isStopped)
  runs[0]!.end()
  await stopped
  t.equal(clock.pending, 0)
  await clock.advance(5000)
  t.equal(runs.length, 1)
  const idle = made()
  await idle.schedule.stop()
  t.equal(idle.clock.pending, 0)
})
