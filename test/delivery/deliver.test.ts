import { test } from 'tap'
import { PermanentError, RetryableError } from '../../src/contract/index.ts'
import type { Signal } from '../../src/data/index.ts'
import { testContext, testSettings } from '../../src/testing/index.ts'
import { batchOf, idsOf, rig } from './fake.ts'

for (const signal of ['traces', 'metrics', 'logs'] as const)
  test(`${signal}: a batch is acknowledged by the queue, delivered, and accounted for`, async (t) => {
    const { offer, destination, settings, advance } = await rig()
    await offer(batchOf(signal, ['a', 'b']))
    await advance(0)
    t.same(idsOf(...destination.arrived), ['a', 'b'])
    const ledger = settings.ledger(signal)
    t.equal(ledger.outItems, 2)
    t.equal(ledger.held, 0)
    t.equal(settings.memory.heldBytes, 0)
  })

for (const signal of ['traces', 'metrics', 'logs'] as const)
  test(`${signal}: what failed is tried again, only what is left of it, and held until then`, async (t) => {
    const { offer, destination, settings, advance } = await rig()
    const batch = batchOf(signal, ['a', 'b', 'c'])
    destination.answers.push(async () => {
      throw new RetryableError('503')
    })
    destination.answers.push(async () => {
      throw new RetryableError('one was not taken', { remaining: { request: batch.select([1]), items: 1 } })
    })
    const ledger = settings.ledger(signal)
    await offer(batch)
    await advance(0)
    t.equal(ledger.held, 3)
    t.equal(settings.memory.heldBytes, batch.sizeBytes)
    await advance(4999)
    t.equal(destination.tried.length, 1, 'nothing before initial_interval')
    await advance(1)
    t.equal(ledger.held, 1, 'two of three have arrived')
    t.equal(ledger.outItems, 2)
    await advance(7500)
    t.same(
      destination.tried.map((each) => idsOf(each)),
      [['a', 'b', 'c'], ['a', 'b', 'c'], ['b']],
    )
    t.equal(ledger.outItems, 3)
    t.equal(ledger.held, 0)
    t.equal(settings.memory.heldBytes, 0)
  })

test('what the destination refuses for good is dropped and counted with its reason, at once', async (t) => {
  const { offer, destination, settings, advance } = await rig()
  destination.otherwise = async () => {
    throw new PermanentError('400', { reason: 'http_400' })
  }
  await offer(batchOf('logs', ['a', 'b']))
  await advance(0)
  t.equal(destination.tried.length, 1)
  t.same([...settings.ledger('logs').droppedByReason], [['http_400', 2]])
  t.equal(settings.ledger('logs').held, 0)
  t.equal(settings.memory.heldBytes, 0)
  t.match(settings.lines, [{ level: 'error', fields: { signal: 'logs', items: 2, reasons: { http_400: 2 } } }])
})

test('a full queue refuses, and what it refuses may be tried again', async (t) => {
  const { offer, destination, settings, advance } = await rig({ sending_queue: { queue_size: 2, num_consumers: 1 } })
  let open = (): void => {}
  const gate = new Promise<void>((resolve) => (open = resolve))
  destination.otherwise = () => gate
  await offer(batchOf('logs', ['a']))
  await offer(batchOf('logs', ['b']))
  await t.rejects(offer(batchOf('logs', ['c'])), { name: 'RetryableError', reason: 'queue_full' })
  const ledger = settings.ledger('logs')
  t.equal(ledger.held, 2, 'what is being sent and what stands in line')
  t.equal(ledger.refusedItems, 1)
  open()
  await advance(0)
  await offer(batchOf('logs', ['d']))
  await advance(0)
  t.same(idsOf(...destination.arrived), ['a', 'b', 'd'])
  t.equal(ledger.held, 0)
})

test('stop sends what is there', async (t) => {
  const { offer, destination, settings, exporter } = await rig({ sending_queue: { num_consumers: 1 } })
  for (const id of ['a', 'b', 'c']) await offer(batchOf('logs', [id]))
  await exporter.stop?.(new AbortController().signal)
  t.same(idsOf(...destination.arrived), ['a', 'b', 'c'])
  t.equal(settings.ledger('logs').held, 0)
  await t.rejects(offer(batchOf('logs', ['d'])), { name: 'ShutdownError' })
  await exporter.stop?.(AbortSignal.abort())
})

test('a signal that never comes has no account', async (t) => {
  const asked: string[] = []
  const settings = testSettings()
  const ledger = (signal: Signal) => {
    asked.push(signal)
    return settings.ledger(signal)
  }
  const { exporter, advance } = await rig({}, { settings: { ...settings, ledger } })
  await exporter.consumers.logs!(batchOf('logs', ['a']), testContext())
  await advance(0)
  t.same(new Set(asked), new Set(['logs']))
})
