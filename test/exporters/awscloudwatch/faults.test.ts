// A destination that fails, and ends that come early: what was collected arrives, or is counted.
import { test } from 'tap'
import { settle } from '../../../src/testing/index.ts'
import { EmulatedError } from '../../emulator/server.ts'
import type { ShortResource } from '../../kit/metrics.ts'
import { type Rig, start } from './rig.ts'

const metrics = (count: number, prefix = 'm', int = 1): ShortResource[] => [
  { metrics: Array.from({ length: count }, (_, i) => ({ name: `${prefix}${i}`, points: [{ int }] })) },
]
/** At every moment. */
const isWhole = ({ ledger }: Rig): boolean =>
  ledger.enteredItems + ledger.createdItems ===
  ledger.outItems + ledger.droppedItems + ledger.mergedItems + ledger.refusedItems + ledger.held

for (const fault of [
  'reset',
  'throttled',
  'unavailable',
  'garbage',
  'denied',
  'expired',
  { status: 500, body: '<html>' },
] as const)
  test(`a destination that is ${typeof fault === 'string' ? fault : 'broken'} for a while loses nothing`, async (t) => {
    const rig = await start(t)
    const { consume, service, emulator, settled, settings, drops, ledger } = rig
    emulator.fault = fault
    await consume(metrics(5))
    await consume(metrics(5))
    for (let i = 0; i < 120; i++) {
      await settings.clock.advance(1000)
      if (!isWhole(rig)) t.fail('the account is whole at every moment')
    }
    t.equal(ledger.held, 5)
    emulator.fault = undefined
    await settled()
    t.equal(service.data.length, 5)
    t.ok(service.data.every(({ count, sum }) => count === 2 && sum === 2))
    t.same(drops(), {})
    t.same([ledger.outItems, ledger.mergedItems], [5, 5])
  })

test('an answer that is lost after AWS has taken the call brings it twice, and never loses it', async (t) => {
  const { consume, service, emulator, settled, ledger } = await start(t)
  emulator.faults.push('taken_and_reset')
  await consume(metrics(3))
  await settled()
  t.equal(service.calls, 2)
  t.equal(ledger.outItems, 3)
})

test('a call that is too large is sent in halves', async (t) => {
  const { consume, service, emulator, settled, ledger, drops } = await start(t)
  service.beforeTaking = (data) => {
    if (data.length > 30) throw new EmulatedError('RequestEntityTooLarge', 'too much', 413)
  }
  await consume(metrics(100))
  await settled()
  t.equal(service.data.length, 100)
  t.ok(emulator.requests.length > 4)
  t.same(drops(), {})
  t.equal(ledger.outItems, 100)
})

test('one metric that AWS does not take is dropped alone', async (t) => {
  const { consume, service, settled, ledger, drops, settings } = await start(t)
  service.beforeTaking = (data) => {
    const bad = data.findIndex(({ name }) => name === 'm37')
    if (bad >= 0)
      throw new EmulatedError(
        'InvalidParameterValueException',
        `The parameter MetricData.member.${bad + 1}.MetricName is not valid`,
      )
  }
  await consume(metrics(100))
  await settled()
  t.equal(service.data.length, 99)
  t.same(drops(), { invalid_request: 1 })
  t.equal(ledger.outItems, 99)
  t.ok(settings.lines.some(({ level, message }) => level === 'error' && message.startsWith('data lost')))
})

test('what is wrong with the whole call is not looked for in its parts', async (t) => {
  const { consume, service, emulator, settled, drops } = await start(t)
  service.beforeTaking = () => {
    throw new EmulatedError('InvalidParameterValueException', 'The value AWS/ for parameter Namespace is invalid.')
  }
  await consume(metrics(100))
  await settled()
  t.equal(emulator.requests.length, 1)
  t.same(drops(), { invalid_request: 100 })
})

test('a full queue is waited for, and then senders are refused: nothing is lost', async (t) => {
  const rig = await start(t, {
    max_aggregates: 40,
    max_datums_per_call: 10,
    sending_queue: { queue_size: 2, num_consumers: 1 },
  })
  const { consume, service, emulator, settled, settings, ledger, drops } = rig
  emulator.fault = 'unavailable'
  let refused = 0
  for (let i = 0; i < 20; i++) {
    await consume(metrics(10, `round${i}-`)).catch((error: Error) => {
      t.match(error, { message: /as much is collected as max_aggregates allows/, reason: 'queue_full' })
      refused++
    })
    await settings.clock.advance(61_000)
    if (!isWhole(rig)) t.fail('the account is whole at every moment')
  }
  t.ok(refused > 5, `${refused} were refused`)
  t.ok(ledger.held <= 80, `${ledger.held} are held`)
  emulator.fault = undefined
  await settled()
  t.equal(service.data.length, ledger.outItems)
  t.equal(ledger.outItems + ledger.refusedItems + ledger.droppedItems, 200)
  t.same(
    [...Object.keys(drops())].filter((reason) => reason !== 'max_elapsed_time'),
    [],
  )
  t.equal(settings.memory.heldBytes, 0)
})

test('without a queue a failure is told and counted, once retries are over', async (t) => {
  const { consume, emulator, settings, ledger, drops } = await start(t, {
    sending_queue: { enabled: false },
    retry_on_failure: { initial_interval: '1s', max_interval: '1s', max_elapsed_time: '5s' },
  })
  emulator.fault = 'unavailable'
  await consume(metrics(4))
  for (let i = 0; i < 100; i++) await settings.clock.advance(1000)
  t.equal(ledger.held, 0)
  t.equal(ledger.droppedItems, 4)
  t.equal(Object.keys(drops()).length, 1)
  t.ok(settings.lines.some(({ level, message }) => level === 'error' && message.startsWith('data lost')))
})

test('what is collected is sent when the agent stops', async (t) => {
  const { consume, service, stop, ledger } = await start(t)
  await consume(metrics(5))
  await consume(metrics(5))
  await stop()
  t.equal(service.data.length, 5)
  t.equal(ledger.held, 0)
  await t.rejects(consume(metrics(1)), { message: /is stopping/ })
})

test('what cannot be sent by the end is counted as lost', async (t) => {
  const { consume, emulator, exporter, ledger, drops, settings } = await start(t)
  emulator.fault = 'hang'
  await consume(metrics(5))
  const abort = new AbortController()
  const stopped = exporter.stop!(abort.signal)
  await settle()
  abort.abort()
  await settings.clock.advance(5000)
  await stopped
  t.same(drops(), { shutdown: 5 })
  t.equal(ledger.held, 0)
  t.equal(settings.memory.heldBytes, 0)
})

test('metrics that grow too old while they wait are dropped, the others go', async (t) => {
  const day = 24 * 3600
  const { consume, emulator, settings, service, settled, drops } = await start(t, {
    sending_queue: { num_consumers: 1 },
    retry_on_failure: { initial_interval: '30s', max_interval: '30s', max_elapsed_time: '0s' },
  })
  emulator.fault = 'unavailable'
  await consume(metrics(1, 'first'))
  await settings.clock.advance(61_000)
  await consume([
    {
      metrics: [
        { name: 'old', points: [{ time: -14 * day + 600, int: 1 }] },
        { name: 'new', points: [{ time: 60, int: 1 }] },
      ],
    },
  ])
  await settings.clock.advance(1_200_000)
  emulator.fault = undefined
  await settled()
  t.same(service.data.map(({ name }) => name).toSorted(), ['first0', 'new'])
  t.same(drops(), { too_old: 1 })
})
