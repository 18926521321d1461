// The end of the agent (F33, F35), and the beginning.
import { test } from 'tap'
import { settle, testHost, testSettings } from '../../src/testing/index.ts'
import { type Answer, batchOf, gate, idsOf, numbered, rig } from './fake.ts'

const refusing: Answer = async () => {
  throw new Error('connection refused')
}
const hanging: Answer = () => new Promise(() => {})
const inTime = (): AbortSignal => new AbortController().signal

test('stop ends the waits, tries each batch once more, and reports the exact number that is lost', async (t) => {
  const { offer, destination, settings, exporter, advance } = await rig({ sending_queue: { num_consumers: 2 } })
  destination.otherwise = refusing
  for (const id of numbered(0, 5)) await offer(batchOf('logs', [id, id]))
  await offer(batchOf('traces', ['t']))
  await advance(1000)
  t.equal(destination.tried.length, 3, 'two consumers for logs, one batch of traces')
  await exporter.stop?.(inTime())
  t.equal(destination.tried.length, 3 + 6)
  t.same([...settings.ledger('logs').droppedByReason], [['shutdown', 10]])
  t.same([...settings.ledger('traces').droppedByReason], [['shutdown', 1]])
  const lines = settings.lines.filter(({ level }) => level === 'error')
  t.match(lines, [{ message: /not delivered before the end/, fields: { items: 11, logs: 10, traces: 1 } }])
  t.equal(lines.length, 1)
  t.equal(settings.memory.heldBytes, 0)
  t.equal(settings.clock.now() - Date.UTC(2026, 0, 1), 1000, 'and waits for nothing')
})

test('what was waiting for another attempt arrives with the last one', async (t) => {
  const { offer, destination, settings, exporter } = await rig()
  destination.answers.push(refusing)
  await offer(batchOf('logs', ['a']))
  await settle()
  await exporter.stop?.(inTime())
  t.same(idsOf(...destination.arrived), ['a'])
  t.equal(settings.lines.filter(({ level }) => level === 'error').length, 0)
})

test('an attempt that is under way when the end begins may still succeed, or be followed by one', async (t) => {
  const { offer, destination, settings, exporter } = await rig()
  const gates = [gate(), gate()]
  destination.answers.push(() => gates[0]!.promise)
  destination.answers.push(() => gates[1]!.promise.then(() => Promise.reject(new Error('503'))))
  await offer(batchOf('logs', ['a']))
  await offer(batchOf('logs', ['b']))
  const stopped = exporter.stop?.(inTime())
  for (const { open } of gates) open()
  await stopped
  t.same(idsOf(...destination.arrived), ['a', 'b'])
  t.match(settings.ledger('logs'), { outItems: 2, held: 0 })
})

test('at the deadline nothing is waited for: what is left is counted, at once', async (t) => {
  const { offer, destination, settings, exporter } = await rig({ sending_queue: { num_consumers: 1 } })
  destination.otherwise = hanging
  for (const id of numbered(0, 1000)) await offer(batchOf('logs', [id]))
  const deadline = new AbortController()
  let isStopped = false
  const stopped = exporter.stop?.(deadline.signal).then(() => {
    isStopped = true
  })
  await settle()
  t.equal(isStopped, false)
  t.match(settings.ledger('logs'), { droppedItems: 0, held: 1000 })
  deadline.abort()
  await stopped
  t.equal(destination.tried.length, 1)
  t.equal(destination.contexts[0]!.abort.aborted, true)
  t.same([...settings.ledger('logs').droppedByReason], [['shutdown', 1000]])
  t.match(settings.lines, [{ level: 'error', fields: { items: 1000, logs: 1000 } }])
  t.equal(settings.ledger('logs').held, 0)
})

test('a deadline that has passed before is kept too', async (t) => {
  const { offer, destination, settings, exporter } = await rig()
  destination.otherwise = hanging
  await offer(batchOf('logs', ['a']))
  await exporter.stop?.(AbortSignal.abort())
  t.same([...settings.ledger('logs').droppedByReason], [['shutdown', 1]])
})

test('a second stop, with a shorter deadline, ends the first', async (t) => {
  const { offer, destination, settings, exporter } = await rig()
  destination.otherwise = hanging
  await offer(batchOf('logs', ['a']))
  const first = exporter.stop?.(inTime())
  await exporter.stop?.(AbortSignal.abort())
  await first
  t.equal(settings.ledger('logs').droppedItems, 1)
  t.equal(settings.lines.length, 1, 'told once')
})

test('batches that gather behind the queue go out at the end, whatever their size', async (t) => {
  const { offer, destination, settings, exporter } = await rig({ sending_queue: { batch: {} } })
  for (const id of numbered(0, 3)) await offer(batchOf('logs', [id]))
  await exporter.stop?.(inTime())
  t.same(
    destination.arrived.map((batch) => idsOf(batch)),
    [numbered(0, 3)],
  )
  t.equal(settings.clock.pending, 1, 'only the time limit of attempts')
})

test('who waits for a result when the agent ends is told that it goes down', async (t) => {
  const { offer, destination, settings, exporter } = await rig({ sending_queue: { wait_for_result: true } })
  destination.otherwise = refusing
  const waiting = t.rejects(offer(batchOf('logs', ['a'])), { name: 'ShutdownError' })
  await settle()
  await exporter.stop?.(inTime())
  await waiting
  t.match(settings.ledger('logs'), { refusedItems: 1, droppedItems: 0, held: 0 })
})

test('open comes first and close comes last, once for a function that several signals share', async (t) => {
  const calls: string[] = []
  const { offer, exporter } = await rig(
    {},
    {
      delivery: {
        open: async () => void calls.push('open'),
        send: async () => void calls.push('send'),
        close: async () => void calls.push('close'),
      },
    },
  )
  await offer(batchOf('logs', ['a']))
  await offer(batchOf('traces', ['b']))
  await exporter.stop?.(inTime())
  await exporter.stop?.(inTime())
  t.same(calls, ['open', 'send', 'send', 'close'])
})

test('a close that fails or never ends does not keep the agent', async (t) => {
  const failing = await rig({}, { delivery: { close: () => Promise.reject(new Error('EBADF')) } })
  await failing.exporter.stop?.(inTime())
  t.match(failing.settings.lines, [{ level: 'warn', message: /did not close cleanly/ }])
  const never = await rig({}, { delivery: { close: hanging as () => Promise<void> } })
  await never.exporter.stop?.(AbortSignal.abort())
})

test('an open that fails fails the start, and stop is safe after it and before it', async (t) => {
  let closed = 0
  const delivery = { open: () => Promise.reject(new Error('EADDRINUSE')), close: async () => void closed++ }
  const settings = testSettings()
  await t.rejects(rig({}, { delivery, settings }), /EADDRINUSE/)
  const { exporter } = await rig({}, { delivery: { open: undefined as never } })
  await exporter.stop?.(inTime())
  t.equal(closed, 0)
})

test('what is offered before the start waits for it, or is lost if it never comes', async (t) => {
  const waiting = await rig({}, { isStarted: false })
  await waiting.offer(batchOf('logs', ['a']))
  await settle()
  t.equal(waiting.destination.tried.length, 0)
  await waiting.exporter.start?.(testHost())
  await settle()
  t.same(idsOf(...waiting.destination.arrived), ['a'])

  const never = await rig({}, { isStarted: false })
  await never.offer(batchOf('logs', ['a']))
  await never.exporter.stop?.(inTime())
  t.equal(never.destination.tried.length, 0)
  t.same([...never.settings.ledger('logs').droppedByReason], [['shutdown', 1]])
})
