import { test } from 'tap'
import * as v from 'valibot'
import type { BatchProcessor } from '../../../src/contract/index.ts'
import { config } from '../../../src/processors/memory_limiter/config.ts'
import type { ProcessMemory, Usage } from '../../../src/processors/memory_limiter/process-memory.ts'
import { limiting } from '../../../src/processors/memory_limiter/processor.ts'
import {
  Sink,
  type TestHost,
  type TestSettings,
  testContext,
  testHost,
  testSettings,
} from '../../../src/testing/index.ts'
import { batchOf } from '../../delivery/fake.ts'
import { Reader } from '../../delivery/reader.ts'

const MIB = 1024 * 1024

/** A process of 60 MiB that grows when the test says so. */
class FakeMemory implements ProcessMemory {
  liveMib = 10
  garbageMib = 0
  /** Resident beyond what is allocated. */
  restMib = 50
  collections = 0
  usage(): Usage {
    const allocatedMib = this.liveMib + this.garbageMib
    return { rssBytes: (this.restMib + allocatedMib) * MIB, allocatedBytes: allocatedMib * MIB }
  }
  totalBytes = (): number => 1000 * MIB
  isContained = (): boolean => false
  collectGarbage(): void {
    this.collections++
    this.garbageMib = 0
  }
}

interface Rig {
  readonly processor: BatchProcessor<'logs'>
  readonly sink: Sink<'logs'>
  readonly memory: FakeMemory
  readonly settings: TestSettings
  readonly host: TestHost
}

/** Hard limit 160 MiB, soft 120, 60 for data. */
async function rig(given: object = {}): Promise<Rig> {
  const memory = new FakeMemory()
  const settings = testSettings({ id: 'memory_limiter', pipeline: 'logs' })
  const sink = new Sink<'logs'>()
  const host = testHost()
  const parsed = v.parse(config, { check_interval: '1s', limit_mib: 160, spike_limit_mib: 40, ...given })
  const processor = limiting('logs', memory)(parsed, settings, sink.consume)
  await processor.start?.(host)
  return { processor, sink, memory, settings, host }
}

test('data passes while there is room', async (t) => {
  const { processor, sink } = await rig()
  processor.admit?.(60 * MIB)
  await processor.consume(batchOf('logs', ['a']), testContext())
  t.equal(sink.items, 1)
})

test('bytes are refused before they are decoded when they would not fit, at once and to be tried again', async (t) => {
  const { processor, settings } = await rig()
  settings.memory.add(59 * MIB)
  processor.admit?.(MIB)
  t.throws(() => processor.admit?.(MIB + 1), { name: 'RetryableError', reason: 'memory_limit', waitMs: 1000 })
  settings.memory.add(-MIB)
  processor.admit?.(MIB + 1)
})

test('what a chunk takes beside its bytes counts', async (t) => {
  const { processor, settings } = await rig()
  const batch = batchOf('logs', ['a'])
  settings.memory.hold(batch)
  t.equal(settings.memory.heldChunks, 1)
  t.throws(() => processor.admit?.(60 * MIB - batch.sizeBytes), { name: 'RetryableError' })
  settings.memory.release(batch)
  t.equal(settings.memory.heldChunks, 0)
  processor.admit?.(60 * MIB - batch.sizeBytes)
})

test('a payload that would not fit into all there is is refused for good', async (t) => {
  const { processor } = await rig()
  t.throws(() => processor.admit?.(60 * MIB + 1), { name: 'TooLargeError' })
})

test('a batch is refused when more is held than may be, and handed back', async (t) => {
  const { processor, settings, sink } = await rig({ check_interval: '5s' })
  settings.memory.add(60 * MIB + 1)
  await t.rejects(processor.consume(batchOf('logs', ['a']), testContext()), { name: 'RetryableError', waitMs: 5000 })
  t.equal(sink.items, 0)
  settings.memory.add(-1)
  await processor.consume(batchOf('logs', ['a']), testContext())
  t.equal(sink.items, 1)
})

test('above the soft limit everything is refused until the process is smaller', async (t) => {
  const { processor, memory, settings, host } = await rig()
  memory.liveMib = 71
  processor.admit?.(1)
  await settings.clock.advance(1000)
  t.throws(() => processor.admit?.(1), { name: 'RetryableError' })
  await t.rejects(processor.consume(batchOf('logs', ['a']), testContext()), { name: 'RetryableError' })
  t.match(host.states, [{ state: 'degraded', reason: /memory is short/ }])
  memory.liveMib = 69
  await settings.clock.advance(1000)
  processor.admit?.(1)
  await processor.consume(batchOf('logs', ['a']), testContext())
  t.equal(host.states.length, 1, 'not yet over for people')
  await settings.clock.advance(10_000)
  t.match(host.states, [{ state: 'degraded' }, { state: 'ok' }])
  t.same(
    settings.lines.map(({ level, message }) => [level, message]),
    [
      ['info', 'memory limit'],
      ['warn', 'memory is short: data is refused'],
      ['info', 'memory is no longer short'],
    ],
  )
})

test('much traffic is a reason to look before the time: no burst fits between two looks', async (t) => {
  const { processor, memory } = await rig()
  memory.liveMib = 80
  let admitted = 0
  t.throws(
    () => {
      for (; admitted < 1000; admitted++) processor.admit?.(MIB)
    },
    { name: 'RetryableError' },
  )
  t.ok(admitted <= 8, `an eighth of the budget, ${admitted} MiB`)
})

test('garbage is collected before data is refused, and above the soft limit every 10 s at most', async (t) => {
  const { processor, memory, settings } = await rig()
  const { clock } = settings
  await clock.advance(9000)
  memory.garbageMib = 65
  await clock.advance(1000)
  t.equal(memory.collections, 1)
  processor.admit?.(1)
  memory.garbageMib = 65
  await clock.advance(9000)
  t.equal(memory.collections, 1)
  t.throws(() => processor.admit?.(1), { name: 'RetryableError' })
  await clock.advance(1000)
  t.equal(memory.collections, 2)
  processor.admit?.(1)
})

test('above the hard limit garbage is collected at every look; in vain, less and less often', async (t) => {
  const { memory, settings } = await rig()
  const collectedAt: number[] = []
  memory.liveMib = 120
  for (let second = 1; second <= 100; second++) {
    const before = memory.collections
    await settings.clock.advance(1000)
    if (memory.collections > before) collectedAt.push(second)
  }
  t.same(collectedAt, [1, 3, 7, 15, 31, 61, 91], 'twice as long each time, up to max_gc_interval_when_hard_limited')
})

test('looks that traffic asks for do not collect garbage more often than check_interval', async (t) => {
  const { processor, memory, settings } = await rig({ max_gc_interval_when_hard_limited: '0s' })
  memory.liveMib = 120
  await settings.clock.advance(1000)
  t.equal(memory.collections, 1)
  for (let i = 0; i < 100; i++) t.throws(() => processor.admit?.(MIB), { name: 'RetryableError' })
  t.equal(memory.collections, 1)
  await settings.clock.advance(1000)
  t.equal(memory.collections, 2)
})

test('memory that falls, though not enough, is a reason to collect again soon', async (t) => {
  const { memory, settings } = await rig()
  memory.liveMib = 200
  await settings.clock.advance(20_000)
  t.equal(memory.collections, 4, 'after 1, 3, 7 and 15 s')
  memory.liveMib = 150
  await settings.clock.advance(1000)
  t.equal(memory.collections, 5)
})

test('without a longest interval garbage is collected as often as the shortest says', async (t) => {
  const gc = { max_gc_interval_when_soft_limited: '0s', max_gc_interval_when_hard_limited: '0s' }
  const { memory, settings } = await rig({ ...gc, min_gc_interval_when_soft_limited: '20s' })
  memory.liveMib = 75
  await settings.clock.advance(100_000)
  t.equal(memory.collections, 5, 'above the soft limit, every 20 s')
  memory.liveMib = 120
  await settings.clock.advance(100_000)
  t.equal(memory.collections, 105, 'above the hard limit, every look')
})

test('a process that stays large without need leaves less room for data, but some', async (t) => {
  const { processor, memory, settings } = await rig()
  memory.restMib = 50 + 120
  await settings.clock.advance(1000)
  processor.admit?.(40 * MIB)
  t.throws(() => processor.admit?.(40 * MIB + 1), { name: 'RetryableError' }, '20 MiB above the hard limit')
  memory.restMib = 1000
  await settings.clock.advance(1000)
  processor.admit?.(15 * MIB)
  t.throws(() => processor.admit?.(15 * MIB + 1), { name: 'RetryableError' })
})

test('pipelines that name one limiter share it, and its numbers', async (t) => {
  const memory = new FakeMemory()
  const settings = testSettings({ id: 'memory_limiter' })
  const parsed = v.parse(config, { check_interval: '1s', limit_mib: 160 })
  const sink = new Sink()
  const hosts = [testHost(), testHost()]
  const logs = limiting('logs', memory)(parsed, settings, sink.consume)
  const traces = limiting('traces', memory)(parsed, settings, sink.consume)
  await logs.start?.(hosts[0]!)
  await traces.start?.(hosts[1]!)
  t.equal(settings.clock.pending, 1, 'one timer')
  memory.liveMib = 100
  await settings.clock.advance(1000)
  for (const { states } of hosts) t.match(states, [{ state: 'degraded' }])
  const { signal } = new AbortController()
  await logs.stop?.(signal)
  await logs.stop?.(signal)
  t.equal(settings.clock.pending, 1)
  await traces.stop?.(signal)
  t.equal(settings.clock.pending, 0)
})

test('before the start nothing is refused, and stop does nothing', async (t) => {
  const settings = testSettings()
  const sink = new Sink<'logs'>()
  const parsed = v.parse(config, { check_interval: '1s', limit_mib: 1 })
  const processor = limiting('logs', new FakeMemory())(parsed, settings, sink.consume)
  processor.admit?.(2 ** 40)
  await processor.consume(batchOf('logs', ['a']), testContext())
  await processor.stop?.(new AbortController().signal)
  t.equal(sink.items, 1)
})

test('what passes and what is refused is counted, over all pipelines of a limiter', async (t) => {
  const reader = new Reader()
  const settings = testSettings({ id: 'memory_limiter', meter: reader.meter })
  const memory = new FakeMemory()
  const parsed = v.parse(config, { check_interval: '1s', limit_mib: 160 })
  const sink = new Sink()
  const processors = [0, 1].map(() => limiting('logs', memory)(parsed, settings, sink.consume))
  for (const processor of processors) await processor.start?.(testHost())
  for (const processor of processors) await processor.consume(batchOf('logs', ['a', 'b']), testContext())
  settings.memory.add(1000 * MIB)
  await t.rejects(processors[0]!.consume(batchOf('logs', ['c', 'd', 'e']), testContext()))
  t.throws(() => processors[1]!.admit?.(1))
  t.same(await reader.read(), {
    'otelcol_processor_memory_limiter_accepted_log_records{processor=memory_limiter}': 4,
    'otelcol_processor_memory_limiter_refused_log_records{processor=memory_limiter}': 3,
    'sluice_processor_memory_limiter_refused_requests{processor=memory_limiter}': 1,
  })
})
