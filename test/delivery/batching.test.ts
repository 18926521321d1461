// Batching behind the queue: sending_queue::batch.
import { test } from 'tap'
import { PermanentError } from '../../src/contract/index.ts'
import { settle, testContext } from '../../src/testing/index.ts'
import { batchOf, gate, idsOf, numbered, rig } from './fake.ts'

for (const signal of ['traces', 'metrics', 'logs'] as const)
  test(`${signal}: what waits in the queue is joined until there is enough or the time is up`, async (t) => {
    const sending_queue = { batch: { min_size: 4, flush_timeout: '300ms' } }
    const { offer, destination, settings, advance } = await rig({ sending_queue })
    await offer(batchOf(signal, numbered(0, 3)))
    await advance(299)
    t.equal(destination.tried.length, 0)
    t.equal(settings.ledger(signal).held, 3)
    await offer(batchOf(signal, numbered(3, 3)))
    await settle()
    t.same(idsOf(...destination.arrived), numbered(0, 6))
    t.equal(destination.tried.length, 1)
    await offer(batchOf(signal, numbered(6, 1)))
    await advance(299)
    t.equal(destination.tried.length, 1, 'the time starts with the first of a batch')
    await advance(1)
    t.same(idsOf(destination.tried[1]!), ['6'])
    t.equal(settings.ledger(signal).held, 0)
    t.equal(settings.memory.heldBytes, 0)
  })

test('a batch above max_size is cut exactly, and what is less than min_size waits for more', async (t) => {
  const sending_queue = { batch: { min_size: 3, max_size: 4 }, num_consumers: 1 }
  const { offer, destination, settings, advance } = await rig({ sending_queue })
  await offer(batchOf('logs', numbered(0, 2)))
  await offer(batchOf('logs', numbered(2, 8)))
  await advance(0)
  t.same(
    destination.arrived.map(({ items }) => items),
    [4, 4],
  )
  t.equal(settings.ledger('logs').held, 2)
  await offer(batchOf('logs', numbered(10, 1)))
  await advance(0)
  t.same(idsOf(...destination.arrived), numbered(0, 11))
  t.equal(settings.memory.heldBytes, 0)
})

test('sizes can be bytes; one item that is larger than max_size goes alone', async (t) => {
  const one = batchOf('logs', ['1']).sizeBytes
  const sending_queue = { batch: { sizer: 'bytes', min_size: 2 * one, max_size: 3 * one }, num_consumers: 1 }
  const { offer, destination, advance } = await rig({ sending_queue })
  for (const id of numbered(1, 5)) await offer(batchOf('logs', [id]))
  await offer(batchOf('logs', ['x'.repeat(1000)]))
  await advance(200)
  t.same(
    destination.arrived.map((batch) => idsOf(batch).map((id) => id[0])),
    [['1', '2'], ['3', '4'], ['5'], ['x']],
  )
})

test('nothing is taken from the queue while all consumers are busy, and the order stays', async (t) => {
  const sending_queue = { batch: { min_size: 2 }, num_consumers: 1, queue_size: 6 }
  const { offer, destination, settings, advance } = await rig({ sending_queue })
  const { promise, open } = gate()
  destination.otherwise = () => promise
  for (const id of numbered(0, 6)) await offer(batchOf('logs', [id]))
  await t.rejects(offer(batchOf('logs', ['more'])), { name: 'RetryableError', reason: 'queue_full' })
  t.equal(settings.ledger('logs').held, 6)
  open()
  await advance(200)
  t.same(
    destination.arrived.map((batch) => idsOf(batch)),
    [
      ['0', '1'],
      ['2', '3'],
      ['4', '5'],
    ],
  )
})

test('metadata keys keep batches apart and are all that goes on', async (t) => {
  const sending_queue = { batch: { partition: { metadata_keys: ['X-Tenant'] } } }
  const { offer, destination, advance } = await rig({ sending_queue })
  const tenants = [{ 'x-tenant': ['a'], other: ['1'] }, { 'x-tenant': ['b'] }, { 'x-tenant': ['a', 'b'] }, {}]
  for (const round of [0, 1])
    for (const [i, metadata] of tenants.entries()) await offer(batchOf('logs', [`${round}${i}`]), testContext(metadata))
  await advance(200)
  t.same(
    destination.arrived.map((batch) => idsOf(batch)),
    [
      ['00', '10'],
      ['01', '11'],
      ['02', '12'],
      ['03', '13'],
    ],
  )
  t.same(
    destination.contexts.map(({ metadata }) => [...metadata]),
    [[['x-tenant', ['a']]], [['x-tenant', ['b']]], [['x-tenant', ['a', 'b']]], []],
  )
})

test('however many values a client invents, no more than ten thousand batches gather at a time', async (t) => {
  const sending_queue = { queue_size: 1_000_000, batch: { partition: { metadata_keys: ['t'] } } }
  const { offer, destination, settings, advance } = await rig({ sending_queue })
  const batch = batchOf('logs', ['x'])
  for (let i = 0; i < 10_050; i++) await offer(batch, testContext({ t: [`${i}`] }))
  await settle()
  t.equal(destination.arrived.length, 50, 'the oldest make room')
  t.same(destination.contexts[0]!.metadata.get('t'), ['0'])
  await advance(200)
  t.equal(destination.arrived.length, 10_050)
  t.equal(settings.ledger('logs').held, 0)
  t.equal(settings.memory.heldBytes, 0)
})

test('a sender who waits for the result is told when all parts of its data have arrived', async (t) => {
  const sending_queue = { batch: { min_size: 3, max_size: 3 }, wait_for_result: true, num_consumers: 10 }
  const { offer, destination, settings, advance } = await rig({ sending_queue })
  const gates = [gate(), gate(), gate()]
  for (const { promise } of gates) destination.answers.push(() => promise)
  const told: string[] = []
  const offers = [numbered(0, 2), numbered(2, 5), numbered(7, 2)].map((ids) =>
    offer(batchOf('logs', ids)).then(() => told.push(ids[0]!)),
  )
  await settle()
  t.equal(destination.tried.length, 3)
  gates[1]!.open()
  await settle()
  t.same(told, [])
  gates[2]!.open()
  await settle()
  t.same(told, ['7'], 'the second still waits for the part that it shares with the first')
  gates[0]!.open()
  await Promise.all(offers)
  t.match(settings.ledger('logs'), { outItems: 9, held: 0 })
  t.equal(settings.memory.heldBytes, 0)
  await advance(0)
})

test('when a shared batch fails, all who have a part in it have everything back, and the account still adds up', async (t) => {
  const config = {
    sending_queue: { batch: { min_size: 3, max_size: 3 }, wait_for_result: true, num_consumers: 1 },
    retry_on_failure: { enabled: false },
  }
  const { offer, destination, settings } = await rig(config)
  destination.answers.push(async () => {})
  destination.answers.push(async () => {
    throw new PermanentError('400', { reason: 'http_400' })
  })
  const results = await Promise.allSettled(
    [numbered(0, 1), numbered(1, 4), numbered(5, 1)].map((ids) => offer(batchOf('logs', ids))),
  )
  t.same(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected'],
  )
  // Of the second sender's four, two arrived with the first's one, and are a copy now that it has all four back.
  t.match(settings.ledger('logs'), { enteredItems: 6, outItems: 3, refusedItems: 5, createdItems: 2, held: 0 })
  t.equal(settings.memory.heldBytes, 0)
})
