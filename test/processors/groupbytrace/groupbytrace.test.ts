import { test } from 'tap'
import { PermanentError, RetryableError } from '../../../src/contract/index.ts'
import { settle, testContext } from '../../../src/testing/index.ts'
import { Reader } from '../../delivery/reader.ts'
import { namesOf, rig } from './grouping.ts'

const seen = ({ sink }: Pick<ReturnType<typeof rig>, 'sink'>): string[] =>
  sink.batches.map((batch) => namesOf(batch).join(' '))

test('a trace goes on whole, wait_duration after its first span', async (t) => {
  const one = rig({ wait_duration: '10s' })
  const { offer, settings } = one
  await offer(['a1', 'b1', 'a2'])
  await settings.clock.advance(6000)
  await offer(['c1', 'a3', 'b2'])
  await settings.clock.advance(3999)
  t.same(seen(one), [])
  t.equal(settings.ledger('traces').held, 6)
  t.ok(settings.memory.heldBytes > 0)
  await settings.clock.advance(1)
  t.same(seen(one), ['a1 a2 a3', 'b1 b2'])
  await offer(['a4'])
  await settings.clock.advance(6000)
  t.same(seen(one).slice(2), ['c1'])
  await settings.clock.advance(4000)
  t.same(seen(one).slice(3), ['a4'], 'what comes later is a trace of its own')
  t.equal(settings.ledger('traces').held, 0)
  t.equal(settings.memory.heldBytes, 0)
  t.equal(settings.clock.pending, 0, 'nothing waits while there is nothing')
})

test('a second is waited, if nothing is said', async (t) => {
  const one = rig()
  await one.offer(['a1'])
  await one.settings.clock.advance(999)
  t.same(seen(one), [])
  await one.settings.clock.advance(1)
  t.same(seen(one), ['a1'])
})

test('without a wait each part of a trace goes on by itself', async (t) => {
  const one = rig({ wait_duration: '0s' })
  await one.offer(['a1', 'b1'])
  await one.offer(['a2'])
  await settle()
  t.same(seen(one), ['a1', 'b1', 'a2'])
})

test('a trace too many sends on the oldest, and says so', async (t) => {
  const reader = new Reader()
  const one = rig({ num_traces: 2, wait_duration: '10s' }, reader)
  const { offer, settings } = one
  await offer(['a1', 'b1', 'b2'])
  await offer(['c1', 'a2'])
  await settle()
  t.same(seen(one), ['a1 a2'])
  await offer(['d1', 'e1', 'f1'])
  await settle()
  t.same(seen(one), ['a1 a2', 'b1 b2', 'c1', 'd1'])
  t.match(settings.lines, [{ level: 'warn', fields: { num_traces: 2, items: 2, reasons: { num_traces: 2 } } }])
  await settings.clock.advance(10_000)
  t.same(seen(one).slice(4), ['e1', 'f1'])
  await offer(['g1', 'h1'])
  const of = '{processor=groupbytrace,pipeline=traces}'
  t.same(await reader.read(), {
    [`otelcol_processor_groupbytrace_conf_num_traces${of}`]: 2,
    [`otelcol_processor_groupbytrace_num_traces_in_memory${of}`]: 2,
    [`otelcol_processor_groupbytrace_traces_released${of}`]: 6,
    [`otelcol_processor_groupbytrace_spans_released${of}`]: 8,
    [`otelcol_processor_groupbytrace_traces_evicted${of}`]: 4,
    [`otelcol_processor_groupbytrace_incomplete_releases${of}`]: 4,
  })
  await one.processor.stop?.(new AbortController().signal)
  t.equal(settings.clock.pending, 0)
})

test('the metadata of the sender does not go on', async (t) => {
  const { offer, sink, settings } = rig()
  await offer(['a1'], testContext({ tenant: ['1'] }))
  await settings.clock.advance(1000)
  t.equal(sink.contexts[0]?.metadata.size, 0)
  t.equal(sink.contexts[0]?.abort.aborted, false)
})

test('a trace that is refused for now is offered again until it is taken, others meanwhile', async (t) => {
  const one = rig()
  const { offer, sink, settings } = one
  sink.refuseWith = new RetryableError('queue is full', { waitMs: 3000 })
  await offer(['a1'])
  await settings.clock.advance(1000)
  await offer(['a2', 'b1'])
  sink.refuseWith = undefined
  await settings.clock.advance(2999)
  t.same(seen(one), ['a2', 'b1'])
  t.equal(settings.ledger('traces').held, 1)
  t.ok(settings.memory.heldBytes > 0)
  await settings.clock.advance(1)
  t.same(seen(one), ['a2', 'b1', 'a1'])
  t.equal(settings.ledger('traces').held, 0)
  t.equal(settings.memory.heldBytes, 0)
})

test('a trace that is refused for good is dropped, counted and told of', async (t) => {
  const { offer, sink, settings, processor } = rig()
  sink.refuseWith = new PermanentError('no', { reason: 'http_400' })
  await offer(['a1', 'a2'])
  await settings.clock.advance(1000)
  t.same([...settings.ledger('traces').droppedByReason], [['http_400', 2]])
  t.equal(settings.memory.heldBytes, 0)
  t.match(settings.lines, [{ level: 'error', fields: { items: 2, reasons: { http_400: 2 }, error: 'no' } }])
  await processor.stop?.(new AbortController().signal)
})

test('a hundred traces are on their way at most; senders wait when as many are held as may be, and can leave', async (t) => {
  const one = rig({ num_traces: 1 })
  const { offer, sink, settings } = one
  let open = (): void => {}
  sink.gate = new Promise((resolve) => (open = resolve))
  const letters = Array.from({ length: 104 }, (_, i) => String.fromCharCode(0x21 + i))
  await offer(letters)
  t.equal(settings.ledger('traces').held, 104)
  const order: string[] = []
  const waiting = offer(['ä1']).then(() => order.push('first'))
  const leaver = new AbortController()
  const leaving = offer(['left'], { ...testContext(), abort: leaver.signal })
  const last = offer(['ö1']).then(() => order.push('last'))
  await settings.clock.advance(5000)
  t.same(order, [], 'no acknowledgement yet')
  leaver.abort(new Error('the client went away'))
  await t.rejects(leaving, /went away/)
  await t.rejects(offer(['gone'], { ...testContext(), abort: leaver.signal }), /went away/)
  open()
  await Promise.all([waiting, last])
  t.same(order, ['first', 'last'])
  await settings.clock.advance(2000)
  t.equal(sink.items, 106)
  t.equal(settings.ledger('traces').held, 0)
  t.equal(settings.memory.heldBytes, 0)
  await one.processor.stop?.(new AbortController().signal)
})

test('stop sends what is there, at once', async (t) => {
  const one = rig({ num_traces: 1 })
  const { offer, settings, processor, sink } = one
  let open = (): void => {}
  sink.gate = new Promise((resolve) => (open = resolve))
  await offer(Array.from({ length: 103 }, (_, i) => String.fromCharCode(0x21 + i)))
  const waiting = offer(['ä1'])
  const stopped = processor.stop?.(new AbortController().signal)
  await t.rejects(waiting, { name: 'ShutdownError' })
  open()
  await stopped
  t.equal(sink.items, 103)
  await t.rejects(offer(['c1']), { name: 'ShutdownError' })
  await processor.stop?.(AbortSignal.abort())
  t.equal(settings.ledger('traces').held, 0)
  t.equal(settings.memory.heldBytes, 0)
  t.equal(settings.clock.pending, 0)
})

test('stop ends the wait for another try, tries once more, and tells what is lost', async (t) => {
  const { offer, sink, settings, processor } = rig()
  sink.refuse()
  await offer(['a1', 'b1', 'b2'])
  await settings.clock.advance(1050)
  await offer(['c1'])
  await processor.stop?.(new AbortController().signal)
  t.same([...settings.ledger('traces').droppedByReason], [['shutdown', 4]])
  t.match(settings.lines, [{ level: 'error', fields: { items: 4 } }])
  t.equal(settings.memory.heldBytes, 0)
})

test('stop does not wait for an answer that never comes, and a late one does not upset the account', async (t) => {
  const { offer, sink, settings, processor } = rig({ num_traces: 1 })
  let open = (): void => {}
  sink.gate = new Promise((resolve) => (open = resolve))
  await offer(Array.from({ length: 150 }, (_, i) => String.fromCharCode(0x100 + i)))
  const deadline = new AbortController()
  const stopped = processor.stop?.(deadline.signal)
  await settle()
  t.equal(settings.ledger('traces').droppedItems, 0)
  deadline.abort()
  await stopped
  t.same([...settings.ledger('traces').droppedByReason], [['shutdown', 150]])
  t.equal(settings.memory.heldBytes, 0)
  open()
  await settle()
  t.equal(settings.ledger('traces').held, 0)
  t.equal(settings.clock.pending, 0)
})
