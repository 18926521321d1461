// How large an event may be: 1 MiB at AWS now; 256 KiB until April 2025, and where that has not changed.
import { type Test, test } from 'tap'
import { AwsClient } from '../../../src/aws/index.ts'
import { LOGS_API } from '../../../src/aws/logs/index.ts'
import { testSettings } from '../../../src/testing/index.ts'
import { emfViolations } from '../../emulator/emf.ts'
import { LogsService, type StoredEvent } from '../../emulator/logs.ts'
import { AwsEmulator, TEST_KEY } from '../../emulator/server.ts'
import type { ShortMetric } from '../../kit/metrics.ts'
import { startOn } from './rig.ts'

const KIB = 1024

async function sent(t: Test, metrics: readonly ShortMetric[], maxEventBytes?: number) {
  const settings = testSettings()
  const service = new LogsService(() => settings.clock.now())
  if (maxEventBytes !== undefined) service.maxEventBytes = maxEventBytes
  const emulator = await AwsEmulator.start(t, service.options)
  const { consume, drops, stop } = await startOn(
    (config) => new AwsClient(LOGS_API, config, settings, { environment: {}, load: async () => TEST_KEY }),
    {
      ...emulator.config,
      dimension_rollup_option: 'NoDimensionRollup',
      metric_declarations: [{ dimensions: [['service']], metric_name_selectors: ['.'] }],
    },
    settings,
  )
  await consume([{ metrics }])
  await stop()
  const events = [...service.events()]
  for (const { message } of events) t.same(emfViolations(JSON.parse(message)), [])
  const ledger = settings.ledger('metrics')
  t.equal(ledger.held, 0)
  t.equal(ledger.outItems, ledger.enteredItems - ledger.droppedItems)
  return { events, drops: drops(), told: settings.lines.filter(({ level }) => level === 'error'), ledger }
}

const sizeBytes = ({ message }: StoredEvent): number => Buffer.byteLength(message)
const namesIn = (events: readonly StoredEvent[], start: string): number =>
  events.reduce(
    (sum, { message }) => sum + Object.keys(JSON.parse(message)).filter((name) => name.startsWith(start)).length,
    0,
  )

/** A hundred metrics of a hundred values each, all of the same labels and time. */
const distributions: readonly ShortMetric[] = Array.from({ length: 100 }, (_, n) => ({
  name: `latency_${n}`,
  type: 'exponentialHistogram',
  points: [
    {
      labels: { service: 'order' },
      start: 1,
      time: 2,
      count: String(99 * 123_456_789),
      scale: 3,
      sum: 1,
      positive: { offset: 0, bucketCounts: Array.from({ length: 99 }, () => '123456789') },
    },
  ],
}))
/** What is no dimension may be as long as the event. */
const gauge = (name: string, noteBytes: number): ShortMetric => ({
  name,
  points: [{ labels: { service: 'order', note: 'n'.repeat(noteBytes) }, time: 2, int: 1 }],
})

test('events of many metrics stay below the 256 KiB in which CloudWatch has always looked for metrics', async (t) => {
  const { events, drops } = await sent(t, distributions)
  t.same(drops, {})
  t.equal(namesIn(events, 'latency_'), 100)
  t.ok(events.length > 1 && events.length < 8, `${events.length} events`)
  for (const event of events) t.ok(sizeBytes(event) + 26 <= 256 * KIB, `${sizeBytes(event)} bytes`)
})

test('an event whose labels are what is large stays one, up to 1 MiB; beyond it is dropped alone, and told', async (t) => {
  const large = Array.from({ length: 10 }, (_, n) => gauge(`large_${n}`, 300 * KIB))
  const { events, drops, told, ledger } = await sent(t, [
    gauge('small', 10),
    ...large,
    gauge('just', 1023 * KIB),
    gauge('over', 1024 * KIB),
  ])
  t.equal(ledger.outItems, 12)
  t.same(drops, { event_too_large: 1 })
  t.equal(events.length, 3)
  t.equal(namesIn(events, 'large_'), 10)
  t.match(told, [{ message: 'data lost: points that are in no event' }])
})

test('where a log event may have 256 KiB only, the one that has more is dropped alone, and the others arrive', async (t) => {
  const { events, drops, told } = await sent(
    t,
    [gauge('first', 10), gauge('large', 300 * KIB), ...distributions, gauge('just', 255 * KIB), gauge('last', 11)],
    256 * KIB,
  )
  t.same(drops, { too_large: 1 })
  t.equal(namesIn(events, 'latency_'), 100)
  for (const name of ['first', 'just', 'last']) t.equal(namesIn(events, name), 1, name)
  t.match(told, [{ message: 'data lost: CloudWatch Logs did not take log events' }])
  t.match(JSON.stringify(told), /exceeds limit of 262144/)
})
