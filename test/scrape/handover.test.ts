import { test } from 'tap'
import { PermanentError, RetryableError } from '../../src/contract/index.ts'
import { Handover } from '../../src/scrape/handover.ts'
import { Sink, settle, testSettings } from '../../src/testing/index.ts'
import { items } from '../kit/otlp.ts'

const made = (maxWaitingBytes?: number) => {
  const settings = testSettings()
  const sink = new Sink<'metrics'>()
  return { settings, sink, handover: new Handover(sink.consume, settings, maxWaitingBytes) }
}
const patient = (): AbortSignal => new AbortController().signal

test('batches are handed on in order, with what is known about where they are from', async (t) => {
  const { sink, handover, settings } = made()
  handover.give(items.metrics(1), { transport: 'udp', clientAddress: '10.0.0.1' })
  handover.give(items.metrics(2))
  handover.give(items.metrics(0))
  await settle()
  t.same(
    sink.batches.map((batch) => batch.items),
    [1, 2],
  )
  t.match(sink.contexts[0], { transport: 'udp', clientAddress: '10.0.0.1' })
  await handover.stop(patient())
  t.equal(settings.memory.heldBytes, 0)
})

test('a refusal is asked again after a while, and after what it asked for', async (t) => {
  const { sink, handover, settings } = made()
  sink.refuse()
  handover.give(items.metrics(1))
  await settings.clock.advance(99)
  sink.refuseWith = undefined
  t.equal(sink.items, 0)
  await settings.clock.advance(1)
  t.equal(sink.items, 1)
  sink.refuseWith = new RetryableError('later', { waitMs: 7000 })
  handover.give(items.metrics(1))
  await settle()
  sink.refuseWith = undefined
  await settings.clock.advance(6999)
  t.equal(sink.items, 1)
  await settings.clock.advance(1)
  t.equal(sink.items, 2)
})

test('a refusal for good costs that batch alone', async (t) => {
  const { sink, handover, settings } = made()
  sink.refuseWith = new PermanentError('never', { reason: 'bad' })
  handover.give(items.metrics(3))
  await settle()
  sink.refuseWith = undefined
  handover.give(items.metrics(1))
  await settle()
  t.equal(sink.items, 1)
  t.match(settings.lines, [{ level: 'error', fields: { items: 3, reason: 'bad' } }])
  t.equal(settings.memory.heldBytes, 0)
})

test('what there is no room for is lost, the oldest first, and counted', async (t) => {
  const sizeBytes = items.metrics(10).sizeBytes
  const { sink, handover, settings } = made(sizeBytes * 3)
  sink.refuse()
  for (let i = 0; i < 6; i++) handover.give(items.metrics(10))
  await settle()
  const ledger = settings.ledger('metrics')
  t.same(Object.fromEntries(ledger.droppedByReason), { backlog_full: 20 }, 'one is on its way, three wait')
  t.equal(settings.memory.heldBytes, 4 * sizeBytes)
  sink.refuseWith = undefined
  await settings.clock.advance(5000)
  t.equal(sink.items, 40)
  t.equal(ledger.held, 0)
  t.equal(settings.memory.heldBytes, 0)
})

test('a stop offers everything once more, and counts what is left', async (t) => {
  for (const isRefusing of [false, true]) {
    const { sink, handover, settings } = made()
    sink.refuse()
    handover.give(items.metrics(1))
    handover.give(items.metrics(2))
    await settle()
    if (!isRefusing) sink.refuseWith = undefined
    await handover.stop(patient())
    t.equal(sink.items, isRefusing ? 0 : 3)
    t.same(Object.fromEntries(settings.ledger('metrics').droppedByReason), isRefusing ? { shutdown: 3 } : {})
    t.equal(settings.memory.heldBytes, 0)
    handover.give(items.metrics(4))
    await settle()
    t.equal(settings.memory.heldBytes, 0, 'nothing is kept afterwards')
  }
})

test('a stop that is told not to wait leaves what does not answer', async (t) => {
  const { sink, handover, settings } = made()
  sink.gate = new Promise(() => {})
  handover.give(items.metrics(1))
  handover.give(items.metrics(2))
  await settle()
  const abort = new AbortController()
  const stopped = handover.stop(abort.signal)
  abort.abort()
  await stopped
  t.same(Object.fromEntries(settings.ledger('metrics').droppedByReason), { shutdown: 2 })
  t.ok(sink.contexts.length === 0)
})

test('who can make senders wait hears when there is room again', async (t) => {
  const { sink, handover, settings } = made(3 * items.metrics(1).sizeBytes)
  sink.refuse()
  handover.give(items.metrics(1))
  await settle()
  handover.give(items.metrics(1))
  t.equal(handover.room(), undefined)
  handover.give(items.metrics(1))
  let hasRoom = false
  void handover.room()?.then(() => (hasRoom = true))
  await settle()
  t.equal(hasRoom, false)
  sink.refuseWith = undefined
  await settings.clock.advance(1000)
  t.equal(hasRoom, true)
  t.equal(handover.room(), undefined)
})

test('nobody waits for room beyond the end', async (t) => {
  const { sink, handover } = made(items.metrics(1).sizeBytes)
  sink.refuse()
  handover.give(items.metrics(1))
  await settle()
  handover.give(items.metrics(1))
  const room = handover.room()
  t.ok(room)
  await handover.stop(AbortSignal.abort())
  await room
  t.equal(handover.room(), undefined)
})
