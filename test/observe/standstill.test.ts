import { test } from 'tap'
import { watchStandstill } from '../../src/observe/standstill.ts'
import { FakeClock, testSettings } from '../../src/testing/index.ts'

/** Timers run later than they should by what the test says. */
class LateClock extends FakeClock {
  lateMs = 0
  override monotonicMs(): number {
    return super.monotonicMs() + this.lateMs
  }
}

test('a process that stood still says so and for how long, once, and nothing when it is on time', async (t) => {
  const clock = new LateClock()
  const { log, lines } = testSettings()
  const watch = watchStandstill({ clock, log })
  await clock.advance(10_000)
  t.same(lines, [])
  clock.lateMs += 1900
  await clock.advance(2000)
  t.same(lines, [], 'a busy machine')
  clock.lateMs += 5000
  await clock.advance(2000)
  t.same(
    lines.map(({ level, fields }) => [level, fields]),
    [['warn', { ms: 5000 }]],
  )
  watch.stop()
  t.equal(clock.pending, 0)
})

test('the delay is that of the last look, and the worst of the last minute', async (t) => {
  const clock = new LateClock()
  const { delay, stop } = watchStandstill({ clock, log: testSettings().log })
  t.same(delay(), { lastMs: 0, worstOfMinuteMs: 0 })
  clock.lateMs += 5000
  t.same(delay(), { lastMs: 4000, worstOfMinuteMs: 4000 }, 'whoever is heard before the next look')
  await clock.advance(1000)
  t.same(delay(), { lastMs: 5000, worstOfMinuteMs: 5000 })
  clock.lateMs += 30
  await clock.advance(1000)
  t.same(delay(), { lastMs: 30, worstOfMinuteMs: 5000 })
  await clock.advance(60_000)
  t.same(delay(), { lastMs: 0, worstOfMinuteMs: 30 })
  await clock.advance(1000)
  t.same(delay(), { lastMs: 0, worstOfMinuteMs: 0 })
  stop()
})
