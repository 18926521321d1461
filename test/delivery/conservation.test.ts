// Whatever a destination answers, each item has exactly one end, and until then it is held.
import { test } from 'tap'
import { PermanentError, RetryableError, TooLargeError } from '../../src/contract/index.ts'
import type { Batch, Signal } from '../../src/data/index.ts'
import { settle, testContext } from '../../src/testing/index.ts'
import { type Random, seeded, signals } from '../data/random.ts'
import { type Answer, batchOf, idsOf, type Rig, rig } from './fake.ts'

const pick = <T>(random: Random, list: readonly T[]): T => list[random(list.length)]!
const chance = (random: Random, percent: number): boolean => random(100) < percent

/** A destination with moods, that remembers what it took and what it did not want. */
class Moody {
  readonly taken: string[] = []
  readonly unwanted: string[] = []
  readonly #random: Random
  readonly #hanging = new Set<() => void>()
  mood = 50

  constructor(random: Random) {
    this.#random = random
  }

  /** Calls that never end, end. */
  release(): void {
    for (const end of this.#hanging) end()
  }

  readonly answer: Answer = async ({ request }, { abort }, drop) => {
    const random = this.#random
    const ids = idsOf(request)
    if (chance(random, 30)) await settle()
    abort.throwIfAborted()
    if (!chance(random, this.mood)) {
      this.taken.push(...ids)
      return
    }
    switch (random(8)) {
      case 0:
        throw new RetryableError('503', { waitMs: random(20_000) })
      case 1:
        throw new PermanentError('400', { reason: 'http_400' })
      case 2:
        throw new TooLargeError('413')
      case 3:
        throw new TypeError('a bug')
      case 4:
        return new Promise((_resolve, reject) => this.#hanging.add(() => reject(new Error('late'))))
      case 5: {
        const unwanted = ids.splice(0, random(ids.length + 1))
        if (unwanted.length > 0) drop(unwanted.length, 'rejected')
        this.unwanted.push(...unwanted)
        this.taken.push(...ids)
        return
      }
      default:
        this.#takeSome(request, ids, drop)
    }
  }

  #takeSome(request: Batch, ids: string[], drop: (items: number, reason: string) => void): void {
    const left = ids.flatMap((_, i) => (chance(this.#random, 50) ? [i] : []))
    const settled = ids.filter((_, i) => !left.includes(i))
    const unwanted = settled.splice(0, this.#random(settled.length + 1))
    if (unwanted.length > 0) drop(unwanted.length, 'rejected')
    this.unwanted.push(...unwanted)
    this.taken.push(...settled)
    throw new RetryableError('partly', { remaining: { request: request.select(left), items: left.length } })
  }
}

interface RandomConfig {
  readonly config: NonNullable<Parameters<typeof rig>[0]>
  /** Whether senders wait for the end of what they share with others. */
  readonly isShared: boolean
  /** Whether senders leave before they have an answer. */
  readonly isHasty: boolean
}

function randomConfig(random: Random): RandomConfig {
  const isBatched = chance(random, 50)
  const isAwaited = chance(random, 30)
  const batch = { min_size: random(6), max_size: pick(random, [0, 6, 7, 20]), flush_timeout: '1s' }
  const sending_queue = {
    enabled: chance(random, 85),
    num_consumers: 1 + random(4),
    queue_size: 6 + random(20),
    sizer: pick(random, ['requests', 'items']),
    block_on_overflow: chance(random, 30),
    wait_for_result: isAwaited,
    ...(isBatched ? { batch } : {}),
  }
  const retry_on_failure = { enabled: chance(random, 80), max_elapsed_time: pick(random, ['30s', '60s', '0s']) }
  const timeout = pick(random, ['0s', '2s', '5s'])
  const isHasty = chance(random, 40)
  return { config: { sending_queue, retry_on_failure, timeout }, isShared: isBatched && isAwaited, isHasty }
}

interface Offers {
  readonly acknowledged: string[]
  readonly refused: string[]
  /** Senders that have no answer yet. */
  readonly pending: Set<AbortController>
}

function offerRandom(each: Rig, signal: Signal, offers: Offers, random: Random, next: () => string): void {
  const ids = Array.from({ length: 1 + random(5) }, next)
  const sender = new AbortController()
  offers.pending.add(sender)
  each
    .offer(batchOf(signal, ids), { ...testContext(), abort: sender.signal })
    .then(
      () => offers.acknowledged.push(...ids),
      () => offers.refused.push(...ids),
    )
    .finally(() => offers.pending.delete(sender))
}

const CASES = 100

for (const signal of signals)
  test(`${signal}: entered + created = out + dropped + refused + held, at every step and in the end`, async (t) => {
    let cases = 0
    for (let seed = 0; seed < CASES; seed++) {
      const random = seeded(seed * 31 + signal.length)
      const { config, isShared, isHasty } = randomConfig(random)
      const moody = new Moody(random)
      const each = await rig(config, { delivery: { send: moody.answer } })
      const ledger = each.settings.ledger(signal)
      const offers: Offers = { acknowledged: [], refused: [], pending: new Set() }
      let lastId = 0
      const what = `seed ${seed}: ${JSON.stringify(config)}`
      const check = (when: string): void => {
        if (ledger.held < 0) t.fail(`${what}: ${ledger.held} held ${when}`)
        if (ledger.outItems !== moody.taken.length)
          t.fail(`${what}: ${ledger.outItems} counted as delivered, ${moody.taken.length} taken ${when}`)
        if (ledger.held > 0 && each.settings.memory.heldBytes === 0)
          t.fail(`${what}: ${ledger.held} items held without memory ${when}`)
      }
      for (let step = 0; step < 25; step++) {
        moody.mood = pick(random, [0, 30, 60, 100])
        for (let i = random(4); i > 0; i--) offerRandom(each, signal, offers, random, () => String(lastId++))
        await each.advance(pick(random, [0, 10, 1000, 7000]))
        check(`at step ${step}`)
        if (isHasty) for (const sender of offers.pending) if (chance(random, 30)) sender.abort(new Error('left'))
        await settle()
        check(`when some had left at step ${step}`)
      }
      if (chance(random, 50)) {
        moody.mood = 0
        await each.advance(400_000)
        check('when the destination was well again')
      }
      await stop(each, chance(random, 50))
      check('in the end')
      t.equal(offers.pending.size, 0, `${what}: every sender has an answer`)
      t.equal(ledger.held, 0, `${what}: nothing held`)
      t.equal(ledger.refusedItems, offers.refused.length)
      const taken = new Set(moody.taken)
      t.equal(taken.size, moody.taken.length, `${what}: nothing taken twice`)
      const lost = offers.acknowledged.filter((id) => !taken.has(id)).length
      const refused = new Set(offers.refused)
      const ended = [...moody.taken, ...moody.unwanted].filter((id) => refused.has(id)).length
      const unwanted = moody.unwanted.filter((id) => refused.has(id)).length
      // Of a batch that went out in several parts, one part may be lost for good before another has all handed back; and
      // what a sender has left alone may be lost.
      const lostCopies = ledger.createdItems - ended
      t.ok(lostCopies === 0 || ((isShared || isHasty) && lostCopies > 0), `${what}: ${lostCopies} copies too many`)
      t.equal(ledger.droppedItems, lost + unwanted + lostCopies, `${what}: no loss uncounted`)
      moody.release()
      await settle()
      t.equal(each.settings.memory.heldBytes, 0, `${what}: no memory held`)
      cases++
    }
    t.ok(cases > 0)
  })

/** Gives the last attempts time to end, or none. */
async function stop({ exporter, advance }: Rig, isPatient: boolean): Promise<void> {
  const deadline = new AbortController()
  const stopped = exporter.stop?.(deadline.signal)
  await (isPatient ? advance(20_000) : settle())
  deadline.abort()
  await stopped
  await settle()
}
