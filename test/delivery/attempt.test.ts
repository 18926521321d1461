// Exporter code that is slow, throws, or never ends hurts its own exporter only (F23, F40).
import { test } from 'tap'
import { settle } from '../../src/testing/index.ts'
import { type Answer, batchOf, gate, idsOf, numbered, rig } from './fake.ts'

const hanging: Answer = () => new Promise(() => {})
const heedful: Answer = (_outgoing, { abort }) =>
  new Promise((_resolve, reject) => abort.addEventListener('abort', () => reject(abort.reason), { once: true }))

test('an attempt is told to end at its time limit, and the request is tried again', async (t) => {
  const { offer, destination, settings, advance } = await rig({ timeout: '2s' })
  destination.answers.push(heedful)
  await offer(batchOf('logs', ['a']))
  await advance(1999)
  t.equal(destination.contexts[0]!.abort.aborted, false)
  await advance(1)
  t.match(destination.contexts[0]!.abort.reason, { name: 'RetryableError', reason: 'timeout' })
  t.equal(settings.ledger('logs').held, 1)
  await advance(5000)
  t.same(idsOf(...destination.arrived), ['a'])
  t.match(settings.lines, [
    { level: 'warn', fields: { error: 'no answer within 2000 ms' } },
    { level: 'info', message: 'export works again' },
  ])
})

test('a send that never ends is abandoned a second after its time limit, and its payload stays accounted for', async (t) => {
  const { offer, destination, settings, advance } = await rig({ timeout: '2s' })
  const { promise, open } = gate()
  destination.answers.push(() => promise)
  const batch = batchOf('logs', ['a'])
  await offer(batch)
  await advance(2999)
  t.equal(destination.tried.length, 1)
  await advance(5001)
  t.equal(destination.tried.length, 2)
  t.match(settings.ledger('logs'), { outItems: 1, held: 0 })
  t.equal(settings.memory.heldBytes, batch.sizeBytes, 'the first call still has it')
  open()
  await settle()
  t.equal(settings.memory.heldBytes, 0)
  t.match(settings.ledger('logs'), { outItems: 1, held: 0 }, 'a late answer changes nothing')
})

test('an answer between the time limit and a second after it counts', async (t) => {
  const { offer, destination, settings, advance } = await rig({ timeout: '2s' })
  const { promise, open } = gate()
  destination.answers.push(() => promise)
  await offer(batchOf('logs', ['a']))
  await advance(2500)
  open()
  await advance(10_000)
  t.equal(destination.tried.length, 1)
  t.match(settings.ledger('logs'), { outItems: 1, held: 0 })
})

test('timeout 0 sets no limit', async (t) => {
  const { offer, destination, settings, advance } = await rig({ timeout: '0s' })
  destination.answers.push(hanging)
  await offer(batchOf('logs', ['a']))
  await advance(86_400_000)
  t.equal(destination.tried.length, 1)
  t.equal(settings.ledger('logs').held, 1)
})

const thrown: readonly (readonly [what: string, answer: Answer])[] = [
  [
    'throws instead of rejecting',
    () => {
      throw new TypeError('x is not a function')
    },
  ],
  ['rejects with a text', () => Promise.reject('no reason')],
  ['rejects with nothing', () => Promise.reject(undefined)],
  ['rejects with null', () => Promise.reject(null)],
]
for (const [what, answer] of thrown)
  test(`a send that ${what} is a failed attempt`, async (t) => {
    let calls = 0
    const send: Answer = (...args) => (calls++ === 0 ? answer(...args) : Promise.resolve())
    const { offer, settings, advance } = await rig({}, { delivery: { send } })
    await offer(batchOf('logs', ['a']))
    await advance(0)
    t.equal(settings.ledger('logs').held, 1)
    await advance(5000)
    t.equal(calls, 2)
    t.match(settings.ledger('logs'), { outItems: 1, held: 0 })
  })

test('a send without a promise, as a plugin in JavaScript may have it, is taken at its word', async (t) => {
  const send = (() => undefined) as unknown as Answer
  const { offer, settings, advance } = await rig({}, { delivery: { send } })
  await offer(batchOf('logs', ['a']))
  await advance(0)
  t.match(settings.ledger('logs'), { outItems: 1, held: 0 })
})

test('when too many calls never ended nothing more is sent, until one does', async (t) => {
  const { offer, destination, settings, advance, host } = await rig({
    timeout: '1s',
    sending_queue: { num_consumers: 1 },
    retry_on_failure: { initial_interval: '1s', multiplier: 1, max_elapsed_time: 0 },
  })
  const { promise, open } = gate()
  destination.otherwise = () => promise
  await offer(batchOf('logs', ['a']))
  await advance(60_000)
  t.equal(destination.tried.length, 4, 'four for each consumer')
  t.match(host.states.at(-1), { state: 'degraded' })
  t.match(settings.ledger('logs'), { held: 1 })
  destination.otherwise = async () => {}
  open()
  await advance(2000)
  t.equal(destination.tried.length, 5)
  t.match(settings.ledger('logs'), { outItems: 1, held: 0 })
  t.equal(settings.memory.heldBytes, 0)
})

test('the signal is made when it is looked at, also after the end of the time', async (t) => {
  const { offer, destination, advance } = await rig({ timeout: '2s' })
  const { promise, open } = gate()
  let late: AbortSignal | undefined
  destination.answers.push(async (_outgoing, context) => {
    await promise
    late = context.abort
    throw late.reason
  })
  await offer(batchOf('logs', ['a']))
  await advance(2100)
  open()
  await settle()
  t.equal(late?.aborted, true)
})

test('an attempt knows the metadata and the transport that the data came with', async (t) => {
  const { offer, destination, advance } = await rig()
  const metadata = new Map([['x-tenant', ['a']]])
  await offer(batchOf('logs', ['a']), { metadata, transport: 'grpc', abort: AbortSignal.abort() })
  await advance(0)
  const [context] = destination.contexts
  t.same(context?.metadata.get('x-tenant'), ['a'])
  t.equal(context?.transport, 'grpc')
  t.equal(context?.abort.aborted, false, 'a sender that has its answer may leave')
})

test('thousands of quick requests share one timer', async (t) => {
  const { offer, destination, settings, advance } = await rig({ sending_queue: { num_consumers: 1000 } })
  const { promise, open } = gate()
  destination.otherwise = () => promise
  for (const id of numbered(0, 1000)) await offer(batchOf('logs', [id]))
  t.equal(settings.clock.pending, 1)
  open()
  await advance(0)
  t.equal(destination.arrived.length, 1000)
  await advance(5000)
  t.equal(settings.clock.pending, 0)
})
