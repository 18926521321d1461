// One run: an agent between the loader and the sink, from its start to the last item in the sink.
import { type ChildProcess, fork } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type AgentName, type Memory, type Ports, startAgent } from './agents.ts'
import { type Case, requestsOf } from './cases.ts'
import type { LoadOrder, LoadResult } from './load.ts'
import type { SinkCounts } from './sink.ts'

export interface Measurement {
  readonly agent: AgentName
  readonly cpuSecondsPerMillion: number
  readonly bytesOut: number
  readonly items: number
  /** Items that were acknowledged and did not arrive. */
  readonly missing: number
  readonly idle: Memory
  readonly loaded: Memory
  readonly load: LoadResult
  readonly readyMs: number
}

const CONNECTIONS = 8
/** Before the counting starts, so that both have warmed up. */
const WARM_UP_SHARE = 0.25
const IDLE_MS = 2000

export async function measure(
  agent: AgentName,
  command: readonly string[],
  one: Case,
  scale: number,
): Promise<Measurement> {
  const { process: sink, ports } = await startSink()
  try {
    const running = await startAgent(agent, command, one.shape, ports)
    try {
      await sleep(IDLE_MS)
      const idle = running.memory()
      const requests = requestsOf(one.load.itemsPerRequest, scale)
      const order: LoadOrder = {
        ...one.load,
        port: running.ports[one.load.protocol],
        requests: Math.ceil(requests * WARM_UP_SHARE),
        connections: CONNECTIONS,
        rate: 0,
        authorization: running.authorization,
      }
      const warm = await load(order)
      await drained(sink, warm.sent * one.load.itemsPerRequest)
      await ask(sink, 'reset')
      const cpuBefore = running.cpuSeconds()
      const result = await load({ ...order, requests })
      const expected = result.sent * one.load.itemsPerRequest
      const counts = await drained(sink, expected)
      const cpuSeconds = running.cpuSeconds() - cpuBefore
      return {
        agent,
        cpuSecondsPerMillion: (cpuSeconds / expected) * 1e6,
        bytesOut: counts.bytes,
        items: counts.items,
        missing: expected - counts.items,
        idle,
        loaded: running.memory(),
        load: result,
        readyMs: running.readyMs,
      }
    } finally {
      await running.stop()
    }
  } finally {
    sink.disconnect()
  }
}

async function startSink(): Promise<{ process: ChildProcess; ports: Ports }> {
  const child = fork(fileURLToPath(new URL('sink.ts', import.meta.url)))
  const ports = await new Promise<Ports>((resolve) => child.once('message', (message) => resolve(message as Ports)))
  return { process: child, ports }
}

const ask = (sink: ChildProcess, order: 'counts' | 'reset'): Promise<SinkCounts> =>
  new Promise((resolve) => {
    sink.once('message', (message) => resolve(message as SinkCounts))
    sink.send(order)
  })

function load(order: LoadOrder): Promise<LoadResult> {
  const child = fork(fileURLToPath(new URL('load.ts', import.meta.url)))
  return new Promise((resolve, reject) => {
    let result: LoadResult | undefined
    child.once('message', (message) => (result = message as LoadResult))
    child.once('exit', () => (result === undefined ? reject(new Error('the loader died')) : resolve(result)))
    child.send(order)
  })
}

/** Until everything has arrived, or nothing has for a while. */
async function drained(sink: ChildProcess, expected: number): Promise<SinkCounts> {
  let counts = await ask(sink, 'counts')
  for (let stalls = 0; counts.items < expected && stalls < 50; ) {
    await sleep(100)
    const now = await ask(sink, 'counts')
    stalls = now.items > counts.items ? 0 : stalls + 1
    counts = now
  }
  return counts
}
