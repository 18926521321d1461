import { test } from 'tap'
import { PermanentError, RetryableError } from '../../src/contract/index.ts'
import type { Batch } from '../../src/data/index.ts'
import { Backoff } from '../../src/delivery/backoff.ts'
import { batchOf, idsOf, numbered, type Rig, rig, whole } from './fake.ts'

/** When attempts were made, in seconds. */
function attemptTimes({ destination, settings }: Rig, answer: (attempt: number) => Error | undefined): number[] {
  const times: number[] = []
  destination.otherwise = async () => {
    times.push(settings.clock.monotonicMs() / 1000)
    const error = answer(times.length)
    if (error !== undefined) throw error
  }
  return times
}

test('waits grow by the multiplier up to the longest, until the time is up', async (t) => {
  const each = await rig()
  const times = attemptTimes(each, () => new Error('503'))
  await each.offer(batchOf('logs', ['a', 'b']))
  await each.advance(600_000)
  t.same(times.slice(0, 7), [0, 5, 12.5, 23.75, 40.625, 65.9375, 95.9375])
  t.equal(times.length, 13)
  t.ok(times.at(-1)! <= 300)
  const ledger = each.settings.ledger('logs')
  t.same([...ledger.droppedByReason], [['max_elapsed_time', 2]])
  t.equal(ledger.held, 0)
  t.equal(each.settings.memory.heldBytes, 0)
  const errors = each.settings.lines.filter(({ level }) => level === 'error')
  t.match(errors, [{ fields: { signal: 'logs', items: 2, reasons: { max_elapsed_time: 2 }, error: '503' } }])
})

test('max_elapsed_time 0 never gives up', async (t) => {
  const each = await rig({ retry_on_failure: { max_elapsed_time: 0, max_interval: '10m' } })
  const times = attemptTimes(each, (attempt) => (attempt < 30 ? new Error('503') : undefined))
  await each.offer(batchOf('logs', ['a']))
  await each.advance(24 * 3600_000)
  t.equal(times.length, 30)
  t.equal(each.destination.items, 1)
})

test('waits are randomized on both sides', async (t) => {
  const retry = {
    enabled: true,
    initial_interval: 1000,
    randomization_factor: 0.5,
    multiplier: 2,
    max_interval: 3000,
    max_elapsed_time: 0,
  }
  const waits = (random: number): number[] => {
    const backoff = new Backoff(retry, () => random)
    return [backoff.nextMs(), backoff.nextMs(), backoff.nextMs(), backoff.nextMs()]
  }
  t.same(waits(0), [500, 1000, 1500, 1500])
  t.same(waits(0.5), [1000, 2000, 3000, 3000])
  t.same(waits(1), [1500, 3000, 4500, 4500])
})

const asked: readonly (readonly [what: string, waitMs: number, secondAt: number])[] = [
  ['longer than the wait would be', 60_000, 60],
  ['shorter than the wait would be', 1000, 5],
  ['in the past', -5000, 5],
  ['no number', Number.NaN, 5],
  ['ten years', 10 * 365 * 86_400_000, 300],
  ['for ever', Infinity, 300],
]
for (const [what, waitMs, secondAt] of asked)
  test(`a destination that asks to wait ${what} is heard within reason`, async (t) => {
    const each = await rig({ retry_on_failure: { max_elapsed_time: 0 } })
    const times = attemptTimes(each, (attempt) => (attempt === 1 ? new RetryableError('429', { waitMs }) : undefined))
    await each.offer(batchOf('logs', ['a']))
    await each.advance(400_000)
    t.same(times, [0, secondAt])
    t.equal(each.destination.items, 1)
  })

test('asked to wait longer than there is time, the last attempt is at its end', async (t) => {
  const each = await rig({ retry_on_failure: { max_elapsed_time: '60s' } })
  const times = attemptTimes(each, () => new RetryableError('429', { waitMs: 120_000 }))
  await each.offer(batchOf('logs', ['a']))
  await each.advance(600_000)
  t.same(times, [0, 60])
  t.same([...each.settings.ledger('logs').droppedByReason], [['max_elapsed_time', 1]])
})

test('a jump of the wall clock changes no wait', async (t) => {
  const each = await rig()
  const times = attemptTimes(each, (attempt) => (attempt < 4 ? new Error('503') : undefined))
  await each.offer(batchOf('logs', ['a']))
  for (const hours of [1, -2, 9000]) {
    await each.advance(1000)
    each.settings.clock.jump(hours * 3600_000)
  }
  await each.advance(60_000)
  t.same(times, [0, 5, 12.5, 23.75])
})

test('without retries a failure is a loss, under its own reason', async (t) => {
  const { offer, destination, settings, advance } = await rig({ retry_on_failure: { enabled: false } })
  destination.answers.push(async () => {
    throw new RetryableError('503', { reason: 'http_503' })
  })
  destination.answers.push(async () => {
    throw new Error('connection reset')
  })
  await offer(batchOf('logs', ['a']))
  await offer(batchOf('logs', ['b', 'c']))
  await advance(0)
  const ledger = settings.ledger('logs')
  t.same(
    [...ledger.droppedByReason],
    [
      ['http_503', 1],
      ['error', 2],
    ],
  )
  t.equal(ledger.held, 0)
})

test('items that the destination did not want are dropped, the rest delivered (a partial success)', async (t) => {
  const { offer, destination, settings, advance } = await rig()
  destination.answers.push(async (_outgoing, _context, drop) => drop(2, 'rejected'))
  await offer(batchOf('logs', ['a', 'b', 'c']))
  await advance(0)
  const ledger = settings.ledger('logs')
  t.same([...ledger.droppedByReason], [['rejected', 2]])
  t.match(ledger, { outItems: 1, held: 0 })
})

test('some taken, some not wanted, some to be sent again: each item has one end', async (t) => {
  const { offer, destination, settings, advance } = await rig()
  const batch = batchOf('traces', ['a', 'b', 'c', 'd'])
  destination.answers.push(async (_outgoing, _context, drop) => {
    drop(1, 'bad_span')
    throw new RetryableError('throttled', { remaining: { request: batch.select([3]), items: 1 } })
  })
  await offer(batch)
  await advance(0)
  const ledger = settings.ledger('traces')
  t.match(ledger, { outItems: 2, droppedItems: 1, held: 1 })
  await advance(5000)
  t.match(ledger, { outItems: 3, droppedItems: 1, held: 0 })
  t.same(idsOf(destination.tried[1]!), ['d'])
})

test('nothing remaining is everything delivered; a nonsensical rest is no rest', async (t) => {
  const { offer, destination, settings, advance } = await rig()
  const batch = batchOf('logs', ['a', 'b'])
  destination.answers.push(async () => {
    throw new RetryableError('late answer', { remaining: { request: batch, items: 0 } })
  })
  await offer(batch)
  await advance(0)
  t.match(settings.ledger('logs'), { outItems: 2, held: 0 })
  for (const remaining of [{ request: batch, items: 3 }, { request: batch, items: -1 }, 'all', null, { items: 1 }])
    destination.answers.push(async () => {
      throw new RetryableError('odd', { remaining })
    })
  await offer(batch)
  await advance(300_000)
  t.equal(destination.tried.length, 7)
  t.match(settings.ledger('logs'), { outItems: 4, held: 0 })
})

test('what a failed attempt says it dropped counts only if it says what remains', async (t) => {
  const { offer, destination, settings, advance } = await rig()
  destination.answers.push(async (_outgoing, _context, drop) => {
    drop(2, 'rejected')
    throw new Error('connection reset')
  })
  destination.answers.push(async (_outgoing, _context, drop) => drop(9, 'rejected'))
  await offer(batchOf('logs', ['a', 'b', 'c']))
  await advance(5000)
  t.match(settings.ledger('logs'), { outItems: 0, droppedItems: 3, held: 0 }, 'never more than there are')
})

test('without a queue, what arrived of a batch that is handed back is a copy', async (t) => {
  const config = { sending_queue: { enabled: false }, retry_on_failure: { enabled: false } }
  const { offer, destination, settings } = await rig(config)
  const batch = batchOf('logs', ['a', 'b', 'c'])
  destination.answers.push(async () => {
    throw new RetryableError('503', { waitMs: 7000, reason: 'http_503', remaining: { request: batch, items: 1 } })
  })
  const error = await offer(batch).then(
    () => undefined,
    (reason) => reason,
  )
  t.match(error, { name: 'RetryableError', waitMs: 7000, reason: 'http_503', remaining: undefined })
  t.match(settings.ledger('logs'), { createdItems: 2, outItems: 2, refusedItems: 3, held: 0 })
})

test('without a queue, a refusal for good goes to the sender, and is not counted as lost here', async (t) => {
  const { offer, destination, settings } = await rig({ sending_queue: { enabled: false } })
  destination.otherwise = async () => {
    throw new PermanentError('400', { reason: 'http_400' })
  }
  await t.rejects(offer(batchOf('logs', ['a'])), { name: 'PermanentError', reason: 'http_400' })
  t.match(settings.ledger('logs'), { refusedItems: 1, droppedItems: 0, held: 0 })
})

test('without a queue, a sender is not asked to repeat what has arrived for what never will', async (t) => {
  const halves = (batch: Batch) => batch.split({ items: 1 }).flatMap(whole)
  const { offer, destination, settings } = await rig(
    { sending_queue: { enabled: false } },
    { delivery: { encode: halves } },
  )
  destination.answers.push(async () => {
    throw new PermanentError('400', { reason: 'http_400' })
  })
  await offer(batchOf('logs', ['a', 'b']))
  t.match(settings.ledger('logs'), { outItems: 1, droppedItems: 1, refusedItems: 0, held: 0 })
})

test('each request of a batch has its own end', async (t) => {
  const each = (batch: Batch) => batch.split({ items: 1 }).flatMap(whole)
  const { offer, destination, settings, advance } = await rig({}, { delivery: { encode: each } })
  const answers: (Error | undefined)[] = [undefined, new PermanentError('no'), new Error('503'), undefined, undefined]
  for (const error of answers)
    destination.answers.push(async () => {
      if (error !== undefined) throw error
    })
  await offer(batchOf('logs', numbered(0, 4)))
  await advance(5000)
  t.same(idsOf(...destination.arrived), ['0', '2', '3'])
  t.match(settings.ledger('logs'), { outItems: 3, droppedItems: 1, held: 0 })
})

test('losses in a burst are one line at once, then one in ten seconds, none of them uncounted', async (t) => {
  const { offer, destination, settings, advance } = await rig()
  destination.otherwise = async () => {
    throw new PermanentError('400', { reason: 'http_400' })
  }
  for (let second = 0; second < 20; second++) {
    for (let i = 0; i < 5; i++) await offer(batchOf('logs', ['a', 'b']))
    await advance(1000)
  }
  const lines = settings.lines.filter(({ level }) => level === 'error')
  t.same(
    lines.map(({ fields }) => (fields as { items: number }).items),
    [2, 98, 100],
  )
})

test('what arrived before the connection broke is sent again, and counted once', async (t) => {
  const { offer, destination, settings, advance } = await rig()
  const taken: string[] = []
  destination.answers.push(async ({ request }) => {
    taken.push(...idsOf(request))
    throw new Error('ECONNRESET')
  })
  await offer(batchOf('logs', ['a', 'b']))
  await advance(5000)
  t.same([...taken, ...idsOf(...destination.arrived)], ['a', 'b', 'a', 'b'], 'at least once, here twice')
  t.match(settings.ledger('logs'), { outItems: 2, held: 0 })
})
