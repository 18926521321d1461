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
  const stop = watchStandstill({ clock, log })
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
  stop()
  t.equal(clock.pending, 0)
})
