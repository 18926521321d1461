import { test } from 'tap'
import { settle, testContext } from '../../src/testing/index.ts'
import { batchOf, gate, idsOf, numbered, rig } from './fake.ts'

const sizes: readonly (readonly [sizer: string, sizeOf: (batch: { items: number; sizeBytes: number }) => number])[] = [
  ['requests', () => 1],
  ['items', ({ items }) => items],
  ['bytes', ({ sizeBytes }) => sizeBytes],
]
for (const [sizer, sizeOf] of sizes)
  test(`queue_size counts ${sizer} of what stands in line and of what is being sent`, async (t) => {
    const batch = batchOf('logs', numbered(0, 3))
    const sending_queue = { sizer, queue_size: 2 * sizeOf(batch), num_consumers: 1 }
    const { offer, destination, settings, advance } = await rig({ sending_queue })
    const { promise, open } = gate()
    destination.otherwise = () => promise
    await offer(batch)
    await offer(batch)
    await t.rejects(offer(batchOf('logs', ['more'])), { name: 'RetryableError', reason: 'queue_full' })
    t.equal(settings.ledger('logs').held, 6)
    open()
    await advance(0)
    await offer(batch)
    await offer(batch)
    await advance(0)
    t.equal(destination.items, 12)
    t.equal(settings.ledger('logs').held, 0)
    t.match(settings.lines, [{ level: 'warn', message: 'sending queue is full: senders are refused' }])
  })

test('what is larger than the whole queue is refused for good', async (t) => {
  const { offer } = await rig({ sending_queue: { sizer: 'items', queue_size: 2 } })
  await t.rejects(offer(batchOf('logs', ['a', 'b', 'c'])), { name: 'PermanentError', reason: 'larger_than_queue' })
  await offer(batchOf('logs', ['a', 'b']))
})

test('num_consumers batches are on their way at the same time, one leaves the order as it was', async (t) => {
  const { offer, destination, advance } = await rig({ sending_queue: { num_consumers: 3 } })
  const { promise, open } = gate()
  destination.otherwise = () => promise
  for (const id of numbered(0, 5)) await offer(batchOf('logs', [id]))
  await settle()
  t.equal(destination.tried.length, 3)
  open()
  await advance(0)
  t.equal(destination.arrived.length, 5)

  const inOrder = await rig({ sending_queue: { num_consumers: 1 } })
  inOrder.destination.answers.push(async () => {
    throw new Error('first attempt')
  })
  for (const id of numbered(0, 40)) await inOrder.offer(batchOf('logs', [id]))
  await inOrder.advance(5000)
  t.same(idsOf(...inOrder.destination.arrived), numbered(0, 40))
})

test('block_on_overflow makes senders wait, first come first served', async (t) => {
  const sending_queue = { queue_size: 1, num_consumers: 1, block_on_overflow: true }
  const { offer, destination, settings, advance } = await rig({ sending_queue })
  const { promise, open } = gate()
  destination.otherwise = () => promise
  await offer(batchOf('logs', ['a']))
  const acknowledged: string[] = []
  const waiting = ['b', 'c'].map((id) => offer(batchOf('logs', [id])).then(() => acknowledged.push(id)))
  const leaver = new AbortController()
  const leaving = offer(batchOf('logs', ['left']), { ...testContext(), abort: leaver.signal })
  await settle()
  t.same(acknowledged, [])
  leaver.abort(new Error('the client went away'))
  await t.rejects(leaving, /went away/)
  const gone = { ...testContext(), abort: AbortSignal.abort(new Error('gone before')) }
  await t.rejects(offer(batchOf('logs', ['never']), gone), /gone before/)
  t.equal(settings.ledger('logs').held, 3, 'two wait, one is being sent')
  open()
  await Promise.all(waiting)
  await advance(0)
  t.same(acknowledged, ['b', 'c'])
  t.same(idsOf(...destination.arrived), ['a', 'b', 'c'])
  t.equal(settings.ledger('logs').held, 0)
  t.equal(settings.memory.heldBytes, 0)
})

test('who waits for room is told when the agent stops', async (t) => {
  const sending_queue = { queue_size: 1, num_consumers: 1, block_on_overflow: true }
  const { offer, destination, settings, exporter } = await rig({ sending_queue })
  const { promise, open } = gate()
  destination.otherwise = () => promise
  await offer(batchOf('logs', ['a']))
  const waiting = offer(batchOf('logs', ['b']))
  await settle()
  const stopped = exporter.stop?.(new AbortController().signal)
  await t.rejects(waiting, { name: 'ShutdownError' })
  open()
  await stopped
  t.same(idsOf(...destination.arrived), ['a'])
  t.equal(settings.memory.heldBytes, 0)
})

test('wait_for_result acknowledges when the data has arrived, and hands back what has not', async (t) => {
  const config = { sending_queue: { wait_for_result: true }, retry_on_failure: { enabled: false } }
  const { offer, destination, settings } = await rig(config)
  const { promise, open } = gate()
  destination.answers.push(() => promise)
  let isAcknowledged = false
  const first = offer(batchOf('logs', ['a'])).then(() => {
    isAcknowledged = true
  })
  await settle()
  t.equal(isAcknowledged, false)
  open()
  await first
  destination.answers.push(async () => {
    throw new Error('connection reset')
  })
  await t.rejects(offer(batchOf('logs', ['b', 'c'])), /connection reset/)
  const ledger = settings.ledger('logs')
  t.match(ledger, { outItems: 1, refusedItems: 2, droppedItems: 0, held: 0 })
  t.equal(settings.memory.heldBytes, 0)
})

test('who waits for a result can leave: out of the line without a trace, or leaving a copy that is being sent', async (t) => {
  const { offer, destination, settings, advance } = await rig({
    sending_queue: { wait_for_result: true, num_consumers: 1, queue_size: 2 },
  })
  const { promise, open } = gate()
  destination.otherwise = () => promise
  const leavers = [new AbortController(), new AbortController()]
  const [sent, inLine] = leavers.map(({ signal }, i) =>
    offer(batchOf('logs', [`${i}`]), { ...testContext(), abort: signal }),
  )
  await settle()
  const ledger = settings.ledger('logs')
  leavers[1]!.abort(new Error('left'))
  await t.rejects(inLine!, /left/)
  t.match(ledger, { held: 1, refusedItems: 1, createdItems: 0 })
  leavers[0]!.abort(new Error('left'))
  await t.rejects(sent!, /left/)
  t.match(ledger, { held: 1, refusedItems: 2, createdItems: 1 })
  const next = offer(batchOf('logs', ['2']))
  open()
  await next
  await advance(0)
  t.same(idsOf(...destination.arrived), ['0', '2'])
  t.equal(ledger.held, 0)
  t.equal(settings.memory.heldBytes, 0)
})

test('an empty batch is acknowledged and nothing is sent', async (t) => {
  const { offer, destination, advance } = await rig()
  await offer(batchOf('logs', []))
  await advance(0)
  t.equal(destination.tried.length, 0)
})

test('without a queue a sender waits for the destination, and is told what became of its data', async (t) => {
  const { offer, destination, settings, advance } = await rig({ sending_queue: { enabled: false } })
  destination.answers.push(async () => {
    throw new Error('first')
  })
  let isAcknowledged = false
  const sent = offer(batchOf('logs', ['a'])).then(() => {
    isAcknowledged = true
  })
  await advance(4999)
  t.equal(isAcknowledged, false)
  t.equal(settings.ledger('logs').held, 1)
  await advance(1)
  await sent
  t.match(settings.ledger('logs'), { outItems: 1, held: 0 })
})

test('without a queue a sender that leaves ends the attempt and the waits', async (t) => {
  const { offer, destination, settings, advance } = await rig({ sending_queue: { enabled: false } })
  const leaver = new AbortController()
  const context = { ...testContext(), abort: leaver.signal }
  destination.answers.push(
    (_, { abort }) => new Promise((_, reject) => abort.addEventListener('abort', () => reject(abort.reason))),
  )
  const during = t.rejects(offer(batchOf('logs', ['a']), context), /the client went away/)
  await settle()
  leaver.abort(new Error('the client went away'))
  await during
  destination.otherwise = async () => {
    throw new Error('503')
  }
  const second = new AbortController()
  const waiting = t.rejects(offer(batchOf('logs', ['b']), { ...testContext(), abort: second.signal }), /503/)
  await advance(1000)
  second.abort()
  await waiting
  t.match(settings.ledger('logs'), { refusedItems: 2, held: 0, droppedItems: 0 })
  t.equal(settings.memory.heldBytes, 0)
  t.equal(settings.clock.pending, 2, 'the time limit, armed once, and the next line of the log')
})

test('a small batch does not overtake a large one that waits for room', async (t) => {
  const sending_queue = { sizer: 'items', queue_size: 3, num_consumers: 1, block_on_overflow: true }
  const { offer, destination, advance } = await rig({ sending_queue })
  const { promise, open } = gate()
  destination.otherwise = () => promise
  const offers = [['a', 'b'], ['c', 'd', 'e'], ['f']].map((ids) => offer(batchOf('logs', ids)))
  await settle()
  open()
  await Promise.all(offers)
  await advance(0)
  t.same(idsOf(...destination.arrived), ['a', 'b', 'c', 'd', 'e', 'f'])
})

test('a sender who waits for room and for the result, and leaves, is told once; the account is as if nothing had come', async (t) => {
  const sending_queue = { queue_size: 1, num_consumers: 1, block_on_overflow: true, wait_for_result: true }
  const { offer, destination, settings, advance } = await rig({ sending_queue })
  const { promise, open } = gate()
  destination.otherwise = () => promise
  const first = offer(batchOf('logs', ['a']))
  const sender = new AbortController()
  const second = offer(batchOf('logs', ['b']), { ...testContext(), abort: sender.signal })
  const unhandled: unknown[] = []
  const onUnhandled = (error: unknown): void => void unhandled.push(error)
  process.on('unhandledRejection', onUnhandled)
  t.teardown(() => process.off('unhandledRejection', onUnhandled))
  sender.abort(new Error('the sender has left'))
  await t.rejects(second, { message: 'the sender has left' })
  await settle()
  t.same(unhandled, [])
  t.equal(settings.ledger('logs').held, 1)
  open()
  await advance(0)
  await first
  t.same(idsOf(...destination.arrived), ['a'])
  t.equal(settings.ledger('logs').held, 0)
  t.equal(settings.memory.heldBytes, 0)
})
