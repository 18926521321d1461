// What may be in the process at a time where a config has no memory limiter.
import { test } from 'tap'
import { type Admission, RetryableError, TooLargeError } from '../../src/contract/index.ts'
import type { Signal } from '../../src/data/index.ts'
import { batchProcessor, pipeline, planned, TestExporter, TestReceiver, testAgent } from '../kit/graph.ts'
import { items } from '../kit/otlp.ts'

const LIMIT_BYTES = 10_000

async function agentWith(payloadLimitBytes: number | undefined) {
  const receiver = new TestReceiver()
  let admit = (_signal: Signal, _sizeBytes: number): Admission => ({ release() {} })
  receiver.component.start = async (host) => {
    admit = (signal, sizeBytes) => host.admit(signal, sizeBytes)
  }
  const limiter = batchProcessor((next) => ({ consume: next, admit() {} }))
  const { agent, settings } = testAgent(
    [
      planned('receiver', 'r', receiver.factory),
      planned('processor', 'limit', limiter),
      planned('exporter', 'e', new TestExporter().factory),
    ],
    [pipeline('logs', ['r'], [], ['e']), pipeline('traces', ['r'], ['limit'], ['e'])],
    [],
    payloadLimitBytes,
  )
  await agent.start()
  return { agent, settings, admit }
}

test('bodies that are being read and batches that are held have the room between them', async (t) => {
  const { agent, settings, admit } = await agentWith(LIMIT_BYTES)
  const first = admit('logs', 6000)
  t.throws(() => admit('logs', 4001), { name: 'RetryableError', reason: 'memory_limit', waitMs: 1000 })
  const second = admit('logs', 4000)
  t.throws(() => admit('logs', 1), RetryableError)
  first.release()
  first.release()
  second.release()
  t.equal(settings.memory.heldBytes, 0)
  admit('logs', LIMIT_BYTES).release()
  const held = items.logs(10)
  settings.memory.hold(held)
  t.throws(
    () => admit('logs', LIMIT_BYTES - settings.memory.heldBytes),
    RetryableError,
    'a chunk costs more than its bytes',
  )
  admit('logs', LIMIT_BYTES - settings.memory.heldBytes - 640).release()
  settings.memory.release(held)
  t.throws(() => admit('logs', LIMIT_BYTES + 1), TooLargeError, 'what will never fit is not asked to come again')
  await agent.stop()
})

test('it is told once a minute, with how often', async (t) => {
  const { agent, settings, admit } = await agentWith(LIMIT_BYTES)
  const told = () => settings.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields)
  const all = admit('logs', LIMIT_BYTES)
  for (let times = 0; times < 1000; times++) t.throws(() => admit('logs', 1))
  t.match(told(), [{ refusedRequests: 1 }])
  await settings.clock.advance(60_000)
  t.throws(() => admit('logs', 1))
  t.match(told(), [{ refusedRequests: 1 }, { refusedRequests: 1001 }])
  all.release()
  await agent.stop()
})

test('where a limiter is ahead, it alone answers; where nothing limits the process, nobody does', async (t) => {
  const limited = await agentWith(LIMIT_BYTES)
  limited.admit('traces', 1_000_000).release()
  t.throws(() => limited.admit('logs', 1_000_000), TooLargeError)
  await limited.agent.stop()
  const machine = await agentWith(undefined)
  machine.admit('logs', 1_000_000_000).release()
  await machine.agent.stop()
})
