// A destination that takes less at once (F20), and requests that do not add up.
import { test } from 'tap'
import { TooLargeError } from '../../src/contract/index.ts'
import type { Batch } from '../../src/data/index.ts'
import { testContext } from '../../src/testing/index.ts'
import { batchOf, type Destination, idsOf, numbered, rig, whole } from './fake.ts'

function takesAtMost(destination: Destination, items: number): void {
  destination.otherwise = async (outgoing) => {
    if (outgoing.items > items) throw new TooLargeError('413')
  }
}

for (const signal of ['traces', 'metrics', 'logs'] as const)
  test(`${signal}: what is too large is sent in halves, in order`, async (t) => {
    const { offer, destination, settings, advance } = await rig({ sending_queue: { num_consumers: 1 } })
    takesAtMost(destination, 3)
    await offer(batchOf(signal, numbered(0, 10)))
    await offer(batchOf(signal, numbered(10, 2)))
    await advance(0)
    t.same(idsOf(...destination.arrived), numbered(0, 12))
    t.same(
      destination.tried.map(({ items }) => items),
      [10, 5, 3, 2, 5, 3, 2, 2],
    )
    t.match(settings.ledger(signal), { outItems: 12, droppedItems: 0, held: 0 })
    t.equal(settings.memory.heldBytes, 0)
  })

test('a single item that is too large is dropped, its neighbours are not', async (t) => {
  const { offer, destination, settings, advance } = await rig()
  destination.otherwise = async ({ request }) => {
    if (idsOf(request).includes('3')) throw new TooLargeError('413')
  }
  await offer(batchOf('logs', numbered(0, 8)))
  await advance(0)
  t.same(idsOf(...destination.arrived).sort(), ['0', '1', '2', '4', '5', '6', '7'])
  t.same([...settings.ledger('logs').droppedByReason], [['too_large', 1]])
  t.equal(settings.ledger('logs').held, 0)
})

test('a half that fails is tried again like any request', async (t) => {
  const { offer, destination, settings, advance } = await rig()
  destination.answers.push(async () => {
    throw new TooLargeError('413')
  })
  destination.answers.push(async () => {
    throw new Error('503')
  })
  await offer(batchOf('logs', numbered(0, 4)))
  await advance(0)
  t.match(settings.ledger('logs'), { outItems: 0, held: 4 })
  await advance(5000)
  t.same(idsOf(...destination.arrived), numbered(0, 4))
})

test('what encode drops is dropped once, whatever is cut', async (t) => {
  const { offer, destination, settings, advance } = await rig(
    {},
    {
      delivery: {
        encode(batch, drop) {
          const kept = batch.select(idsOf(batch).flatMap((id, i) => (Number(id) % 2 === 0 ? [i] : [])))
          drop(batch.items - kept.items, 'odd')
          return whole(kept)
        },
      },
    },
  )
  takesAtMost(destination, 1)
  await offer(batchOf('logs', numbered(0, 8)))
  await advance(0)
  t.same(idsOf(...destination.arrived), ['0', '2', '4', '6'])
  t.same([...settings.ledger('logs').droppedByReason], [['odd', 4]])
  t.match(settings.ledger('logs'), { outItems: 4, createdItems: 0, held: 0 })
})

test('encode knows the metadata that the data came with, halves too', async (t) => {
  const seen: unknown[] = []
  const { offer, destination, advance } = await rig(
    {},
    {
      delivery: {
        encode(batch, _drop, metadata) {
          seen.push([batch.items, metadata.get('x-tenant')])
          return whole(batch)
        },
      },
    },
  )
  takesAtMost(destination, 2)
  await offer(batchOf('logs', numbered(0, 4)), testContext({ 'x-tenant': ['a'] }))
  await advance(0)
  t.same(seen, [
    [4, ['a']],
    [2, ['a']],
    [2, ['a']],
  ])
})

test('an exporter may cut its requests itself, and must where a batch has several', async (t) => {
  const encode = (batch: Batch) => batch.split({ items: 4 }).flatMap(whole)
  const split = ({ request }: { request: Batch }) => request.split({ items: 1 }).flatMap(whole)
  const able = await rig({}, { delivery: { encode, split } })
  takesAtMost(able.destination, 1)
  await able.offer(batchOf('logs', numbered(0, 8)))
  await able.advance(0)
  t.same(idsOf(...able.destination.arrived), numbered(0, 8))

  const unable = await rig({}, { delivery: { encode } })
  takesAtMost(unable.destination, 3)
  await unable.offer(batchOf('logs', numbered(0, 7)))
  await unable.advance(0)
  t.same(idsOf(...unable.destination.arrived), numbered(4, 3))
  t.same([...unable.settings.ledger('logs').droppedByReason], [['too_large', 4]])
})

const useless: readonly (readonly [string, () => never[] | undefined])[] = [
  ['gives nothing', () => undefined],
  [
    'throws',
    () => {
      throw new Error('no')
    },
  ],
]
for (const [what, split] of useless)
  test(`a split that ${what} ends in a counted loss`, async (t) => {
    const { offer, destination, settings, advance } = await rig({}, { delivery: { split } })
    takesAtMost(destination, 1)
    await offer(batchOf('logs', ['a', 'b']))
    await advance(0)
    t.match(settings.ledger('logs'), { droppedItems: 2, held: 0 })
  })

test('a split that gives back the same is not asked for ever', async (t) => {
  const { offer, destination, settings, advance } = await rig({}, { delivery: { split: (outgoing) => [outgoing] } })
  takesAtMost(destination, 1)
  await offer(batchOf('logs', ['a', 'b']))
  await advance(0)
  t.equal(destination.tried.length, 1)
  t.same([...settings.ledger('logs').droppedByReason], [['too_large', 2]])
})

test('an encode that throws drops that batch and hurts nothing else', async (t) => {
  const { offer, destination, settings, advance, host } = await rig(
    {},
    {
      delivery: {
        encode(batch, drop) {
          if (!idsOf(batch).includes('poison')) return whole(batch)
          drop(1, 'unwanted')
          throw new TypeError('cannot read properties of undefined')
        },
      },
    },
  )
  await offer(batchOf('logs', ['a']))
  await offer(batchOf('logs', ['poison', 'b', 'c']))
  await offer(batchOf('logs', ['d']))
  await advance(0)
  t.same(idsOf(...destination.arrived), ['a', 'd'])
  const ledger = settings.ledger('logs')
  t.same(
    [...ledger.droppedByReason],
    [
      ['unwanted', 1],
      ['encode_error', 2],
    ],
  )
  t.equal(ledger.held, 0)
  t.same(host.states, [], 'the destination is well')
  t.match(settings.lines, [
    { level: 'error', message: 'exporter has a fault in its code', fields: { error: { stack: /too-large\.test/ } } },
    { level: 'error', fields: { items: 2, error: /encode: cannot read/ } },
  ])
})

test('items that no request carries are counted as unaccounted, and told of', async (t) => {
  const carries = (items: number) => (batch: Batch) => [{ request: batch, items }]
  const few = await rig({}, { delivery: { encode: carries(1) } })
  await few.offer(batchOf('logs', ['a', 'b', 'c']))
  await few.advance(0)
  t.same([...few.settings.ledger('logs').droppedByReason], [['unaccounted', 2]])
  t.match(few.settings.ledger('logs'), { outItems: 1, held: 0 })
  t.match(few.settings.lines, [{ level: 'error', message: /another number of items/, fields: { items: 2 } }])

  const many = await rig({}, { delivery: { encode: carries(5) } })
  await many.offer(batchOf('logs', ['a', 'b', 'c']))
  await many.advance(0)
  t.match(many.settings.ledger('logs'), { outItems: 5, createdItems: 2, held: 0 })
  t.match(many.settings.lines, [{ level: 'error', message: /another number of items/ }])
})

test('a batch of which nothing is to be sent ends there', async (t) => {
  const { offer, destination, settings, advance } = await rig(
    {},
    {
      delivery: {
        encode(batch, drop) {
          drop(batch.items, 'filtered')
          return []
        },
      },
    },
  )
  await offer(batchOf('logs', ['a']))
  await advance(0)
  t.equal(destination.tried.length, 0)
  t.match(settings.ledger('logs'), { droppedItems: 1, held: 0 })
  t.same(settings.lines, [])
})
