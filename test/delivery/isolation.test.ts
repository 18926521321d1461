// One slow or broken destination holds up nobody (F39), and is known to be one.
import { test } from 'tap'
import { PermanentError } from '../../src/contract/index.ts'
import { settle } from '../../src/testing/index.ts'
import { batchOf, numbered, rig } from './fake.ts'

test('an exporter that hangs takes a queue full and refuses; the one beside it and its other signals go on', async (t) => {
  const slow = await rig({ sending_queue: { queue_size: 20 } })
  const quick = await rig({ sending_queue: { queue_size: 20 } })
  slow.destination.otherwise = ({ request }) => (request.signal === 'logs' ? new Promise(() => {}) : Promise.resolve())
  const batch = batchOf('logs', numbered(0, 10))
  let refused = 0
  for (let i = 0; i < 100; i++) {
    await slow.offer(batchOf('logs', numbered(0, 10))).catch(() => refused++)
    await quick.offer(batch)
    await slow.offer(batchOf('traces', ['t']))
    await settle()
  }
  t.equal(quick.destination.items, 1000)
  t.equal(slow.settings.ledger('traces').outItems, 100)
  t.equal(refused, 80)
  t.equal(slow.settings.ledger('logs').held, 200)
  t.equal(slow.settings.memory.heldBytes, 20 * batch.sizeBytes)
})

test('three failures in a row make an exporter degraded, a success makes it well', async (t) => {
  const { offer, destination, host, advance, settings } = await rig()
  destination.otherwise = async () => {
    throw new Error('connection refused')
  }
  await offer(batchOf('logs', ['a']))
  await advance(5000)
  t.same(host.states, [], 'two')
  await advance(60_000)
  t.same(host.states, [{ state: 'degraded', reason: 'connection refused' }], 'three and more, said once')
  destination.otherwise = async () => {}
  await advance(60_000)
  t.same(host.states[1], { state: 'ok', reason: undefined })
  t.equal(host.states.length, 2)
  t.match(settings.lines, [
    { level: 'warn', message: 'export fails', fields: { signal: 'logs', error: 'connection refused' } },
    { level: 'info', message: 'export works again', fields: { signal: 'logs', failedAttempts: 5 } },
  ])
})

test('an exporter is well again when all its signals are', async (t) => {
  const { offer, destination, host, advance } = await rig()
  const broken = new Set(['logs', 'traces'])
  destination.otherwise = async ({ request }) => {
    if (broken.has(request.signal)) throw new PermanentError(`no ${request.signal}`)
  }
  for (let i = 0; i < 3; i++) for (const signal of ['logs', 'traces'] as const) await offer(batchOf(signal, ['a']))
  await advance(0)
  t.same(
    host.states.map(({ reason }) => reason),
    ['no logs', 'no traces'],
  )
  broken.delete('logs')
  await offer(batchOf('logs', ['b']))
  await advance(0)
  t.same(host.states.at(-1), { state: 'degraded', reason: 'no traces' })
  broken.delete('traces')
  await offer(batchOf('traces', ['b']))
  await advance(0)
  t.same(host.states.at(-1), { state: 'ok', reason: undefined })
})
