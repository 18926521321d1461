import { test } from 'tap'
import { PermanentError, RetryableError } from '../../src/contract/index.ts'
import { type Branch, fanOut } from '../../src/pipeline/fanout.ts'
import { Sink, settle, testContext, testSettings } from '../../src/testing/index.ts'
import { items } from '../kit/otlp.ts'

interface TestBranch extends Branch<'traces'> {
  readonly sink: Sink<'traces'>
  readonly losses: [items: number, reason: string][]
}
function branch(name: string, mayBlock = false): TestBranch {
  const sink = new Sink<'traces'>()
  const losses: TestBranch['losses'] = []
  return { name, sink, losses, mayBlock, consume: sink.consume, lost: (items, reason) => losses.push([items, reason]) }
}

test('every branch gets the same batch, not a copy', async (t) => {
  const [a, b] = [branch('a'), branch('b')]
  const batch = items.traces(3)
  await fanOut([a, b], testSettings())(batch, testContext())
  t.equal(a.sink.batches[0], batch)
  t.equal(b.sink.batches[0], batch)
})

test('a sender is refused when every branch refuses, with the longest wait asked for', async (t) => {
  const [a, b] = [branch('a'), branch('b')]
  a.sink.refuseWith = new RetryableError('full', { waitMs: 2000 })
  b.sink.refuseWith = new PermanentError('never')
  await t.rejects(fanOut([a, b], testSettings())(items.traces(3), testContext()), {
    name: 'RetryableError',
    waitMs: 2000,
  })
  t.strictSame([a.losses, b.losses], [[], []])
  a.sink.refuseWith = new PermanentError('never')
  await t.rejects(fanOut([a, b], testSettings())(items.traces(3), testContext()), { name: 'PermanentError' })
})

test('a branch that refuses while another accepts is retried alone', async (t) => {
  const settings = testSettings()
  const [a, b] = [branch('a'), branch('b')]
  b.sink.refuse()
  const sent = fanOut([a, b], settings)(items.traces(3), testContext())
  await settle()
  b.sink.refuseWith = undefined
  await settings.clock.advance(50)
  await sent
  t.equal(a.sink.batches.length, 1)
  t.equal(b.sink.batches.length, 1)
  t.strictSame(b.losses, [])
})

test('what a branch still refuses is booked as lost to it, and the next batch does not wait for it', async (t) => {
  const settings = testSettings()
  const [a, b] = [branch('a'), branch('b')]
  b.sink.refuse()
  const consume = fanOut([a, b], settings)
  const first = consume(items.traces(3), testContext())
  await settings.clock.advance(2000)
  await first
  t.strictSame(b.losses, [[3, 'retryable_error']])
  await consume(items.traces(2), testContext()) // would hang if it waited: the clock stands still
  t.strictSame(b.losses, [
    [3, 'retryable_error'],
    [2, 'retryable_error'],
  ])
  t.equal(a.sink.items, 5)
  b.sink.refuseWith = undefined
  await consume(items.traces(1), testContext())
  t.equal(b.sink.items, 1)
})

test('what a branch refuses for ever is lost to it at once', async (t) => {
  const [a, b] = [branch('a'), branch('b')]
  b.sink.refuseWith = new PermanentError('too old', { reason: 'too_old' })
  await fanOut([a, b], testSettings())(items.traces(3), testContext())
  t.strictSame(b.losses, [[3, 'too_old']])
})

test('a branch that never settles does not keep the sender, and what comes later is lost to it', async (t) => {
  const settings = testSettings()
  const [a, b] = [branch('a'), branch('b')]
  let open = (): void => {}
  b.sink.gate = new Promise((resolve) => (open = resolve))
  const consume = fanOut([a, b], settings)
  for (let i = 0; i < 16; i++) {
    const sent = consume(items.traces(1), testContext())
    // Thirty seconds for the first; a branch that still has one gets a second.
    await settings.clock.advance(i === 0 ? 30_000 : 1000)
    await sent
  }
  const over = consume(items.traces(1), testContext())
  await settings.clock.advance(2000)
  await over
  t.equal(a.sink.items, 17)
  t.strictSame(b.losses, [[1, 'stuck']])
  open()
  await settle()
  t.equal(b.sink.items, 16)
  await consume(items.traces(1), testContext())
  t.equal(b.sink.items, 17)
})

test('a branch that may block keeps the sender for as long as it likes', async (t) => {
  const settings = testSettings()
  const [a, b] = [branch('a'), branch('b', true)]
  let open = (): void => {}
  b.sink.gate = new Promise((resolve) => (open = resolve))
  let isSettled = false
  const sent = fanOut([a, b], settings)(items.traces(1), testContext()).then(() => (isSettled = true))
  await settings.clock.advance(600_000)
  t.notOk(isSettled)
  open()
  await sent
  t.equal(b.sink.items, 1)
})

test('a branch that throws instead of rejecting is a refusal', async (t) => {
  const a = branch('a')
  const thrower: Branch<'traces'> = {
    ...branch('b'),
    consume() {
      throw new PermanentError('boom')
    },
  }
  await fanOut([a, thrower], testSettings())(items.traces(1), testContext())
  t.equal(a.sink.items, 1)
})
