import { test } from 'tap'
import * as v from 'valibot'
import { type BatchProcessor, PermanentError, RetryableError, type Settings } from '../../../src/contract/index.ts'
import type { Batch, Context, Signal } from '../../../src/data/index.ts'
import { config } from '../../../src/processors/batch/config.ts'
import batch from '../../../src/processors/batch/index.ts'
import { Sink, settle, type TestSettings, testContext, testSettings } from '../../../src/testing/index.ts'
import { batchOf, idsOf, numbered } from '../../delivery/fake.ts'
import { Reader } from '../../delivery/reader.ts'

interface Rig {
  readonly sink: Sink
  readonly settings: TestSettings
  readonly processor: BatchProcessor
  /** As the graph does it. */
  offer(batch: Batch, context?: Context): Promise<void>
}

function rig(given: object = {}, signal: Signal = 'logs', of: Partial<Pick<Settings, 'meter'>> = {}): Rig {
  const sink = new Sink()
  const settings = testSettings({ id: 'batch', pipeline: signal, ...of })
  const ledger = settings.ledger(signal)
  const create = batch.create[signal] as NonNullable<(typeof batch.create)['logs']>
  const processor = create(v.parse(config, given), settings, async (each, context) => {
    await sink.consume(each, context)
    ledger.out(each.items)
  }) as BatchProcessor
  return {
    sink,
    settings,
    processor,
    async offer(each, context = testContext()) {
      ledger.entered(each.items)
      try {
        await processor.consume(each, context)
      } catch (error) {
        ledger.refused(each.items)
        throw error
      }
    },
  }
}

for (const signal of ['traces', 'metrics', 'logs'] as const)
  test(`${signal}: a batch goes when it is large enough`, async (t) => {
    const { offer, sink, settings } = rig({ send_batch_size: 3 }, signal)
    await offer(batchOf(signal, ['a', 'b']))
    await settle()
    t.equal(sink.batches.length, 0)
    t.equal(settings.ledger(signal).held, 2)
    await offer(batchOf(signal, ['c', 'd']))
    await settle()
    t.same(
      sink.batches.map((each) => idsOf(each)),
      [['a', 'b', 'c', 'd']],
      'whole, when there is no largest size',
    )
    t.equal(settings.ledger(signal).held, 0)
    t.equal(settings.memory.heldBytes, 0)
  })

test('a batch goes when the time since the last one is up', async (t) => {
  const { offer, sink, settings } = rig({ timeout: '200ms', send_batch_size: 3 })
  const { clock } = settings
  await clock.advance(150)
  await offer(batchOf('logs', ['a']))
  await clock.advance(49)
  t.equal(sink.batches.length, 0)
  await clock.advance(1)
  t.same(idsOf(...sink.batches), ['a'], 'the time runs from the start of the last round, not from the first item')
  await offer(batchOf('logs', ['b']))
  await clock.advance(100)
  await offer(batchOf('logs', ['c', 'd']))
  await settle()
  t.equal(sink.batches.length, 2, 'large enough in between')
  await offer(batchOf('logs', ['e']))
  await clock.advance(199)
  t.equal(sink.batches.length, 2, 'which started the time anew')
  await clock.advance(1)
  t.same(idsOf(sink.batches[2]!), ['e'])
  t.equal(clock.pending, 0, 'nothing waits while there is nothing')
})

test('what is larger than send_batch_max_size is cut exactly, and the rest waits', async (t) => {
  const { offer, sink, settings } = rig({ send_batch_size: 3, send_batch_max_size: 4 })
  const batches = [batchOf('logs', numbered(0, 2)), batchOf('logs', numbered(2, 9))]
  for (const each of batches) await offer(each)
  await settle()
  t.same(
    sink.batches.map(({ items }) => items),
    [4, 4, 3],
  )
  await offer(batchOf('logs', numbered(11, 6)))
  await settle()
  t.same(
    sink.batches.map(({ items }) => items),
    [4, 4, 3, 4],
  )
  t.equal(settings.ledger('logs').held, 2)
  t.ok(settings.memory.heldBytes > 0)
  await settings.clock.advance(200)
  t.same(idsOf(...sink.batches), numbered(0, 17), 'all of it, in order')
  t.equal(settings.ledger('logs').held, 0)
  t.equal(settings.memory.heldBytes, 0)
})

for (const given of [{ timeout: 0 }, { send_batch_size: 0 }, { timeout: 0, send_batch_size: 0 }])
  test(`with ${JSON.stringify(given)} each batch goes on as it is, cut if too large`, async (t) => {
    const { offer, sink, settings } = rig({ ...given, send_batch_max_size: 8192 })
    await offer(batchOf('logs', ['a']))
    await offer(batchOf('logs', numbered(0, 8200)))
    await offer(batchOf('logs', ['b']))
    await settle()
    t.same(
      sink.batches.map(({ items }) => items),
      [1, 8192, 8, 1],
    )
    t.equal(settings.memory.heldBytes, 0)
    t.equal(settings.clock.pending, 0)
  })

test('send_batch_max_size smaller than send_batch_size is refused', async (t) => {
  const parsed = v.safeParse(config, { send_batch_max_size: 512 })
  t.match(parsed.issues?.[0]?.message, 'must be at least send_batch_size (8192)')
  t.equal(v.getDotPath(parsed.issues![0]), 'send_batch_max_size')
  t.match(v.safeParse(config, { metadata_keys: ['A', 'a'] }).issues?.[0]?.message, /twice/)
})

test('metadata keys keep batches apart and are what goes on', async (t) => {
  const { offer, sink } = rig({ metadata_keys: ['X-Tenant'], send_batch_size: 2 })
  const tenants = [{ 'x-tenant': ['a'], other: ['1'] }, { 'x-tenant': ['b'] }, { 'x-tenant': [''] }, {}]
  for (const round of [0, 1])
    for (const [i, metadata] of tenants.entries()) await offer(batchOf('logs', [`${round}${i}`]), testContext(metadata))
  await settle()
  t.same(
    sink.batches.map((each) => idsOf(each)),
    [
      ['00', '10'],
      ['01', '11'],
      ['02', '12'],
      ['03', '13'],
    ],
  )
  t.same(
    sink.contexts.map(({ metadata }) => [...metadata]),
    [[['x-tenant', ['a']]], [['x-tenant', ['b']]], [['x-tenant', ['']]], []],
  )
})

test('more combinations than metadata_cardinality_limit are refused while the others have something', async (t) => {
  const { offer, sink, settings } = rig({ metadata_keys: ['t'], metadata_cardinality_limit: 2 })
  await offer(batchOf('logs', ['a']), testContext({ t: ['1'] }))
  await offer(batchOf('logs', ['b']), testContext({ t: ['2'] }))
  await t.rejects(offer(batchOf('logs', ['c']), testContext({ t: ['3'] })), {
    name: 'RetryableError',
    reason: 'metadata_cardinality',
  })
  t.equal(settings.ledger('logs').held, 2)
  await settings.clock.advance(200)
  await offer(batchOf('logs', ['c']), testContext({ t: ['3'] }))
  await settings.clock.advance(200)
  t.same(idsOf(...sink.batches), ['a', 'b', 'c'])
})

test('a batch that is refused for now is offered again until it is taken', async (t) => {
  const { offer, sink, settings } = rig({ send_batch_size: 1 })
  sink.refuseWith = new RetryableError('queue is full', { waitMs: 3000 })
  await offer(batchOf('logs', ['a']))
  await settings.clock.advance(2999)
  sink.refuseWith = new Error('anything')
  await settings.clock.advance(1)
  t.equal(settings.ledger('logs').held, 1)
  t.ok(settings.memory.heldBytes > 0)
  sink.refuseWith = undefined
  await settings.clock.advance(199)
  t.equal(sink.items, 0, 'the second wait is twice the first')
  await settings.clock.advance(1)
  t.equal(sink.items, 1)
  t.equal(settings.ledger('logs').held, 0)
  t.equal(settings.memory.heldBytes, 0)
})

test('senders wait while a batch is on its way and another is full, and can leave', async (t) => {
  const { offer, sink, settings } = rig({ send_batch_size: 2 })
  let open = (): void => {}
  sink.gate = new Promise((resolve) => (open = resolve))
  await offer(batchOf('logs', ['a', 'b']))
  await offer(batchOf('logs', ['c', 'd']))
  const order: string[] = []
  const waiting = offer(batchOf('logs', ['e'])).then(() => order.push('e'))
  const leaver = new AbortController()
  const leaving = offer(batchOf('logs', ['left']), { ...testContext(), abort: leaver.signal })
  const last = offer(batchOf('logs', ['f'])).then(() => order.push('f'))
  await settle()
  t.same(order, [], 'no acknowledgement yet')
  leaver.abort(new Error('the client went away'))
  await t.rejects(leaving, /went away/)
  open()
  await Promise.all([waiting, last])
  t.same(order, ['e', 'f'])
  await settings.clock.advance(200)
  t.same(idsOf(...sink.batches), ['a', 'b', 'c', 'd', 'e', 'f'])
  t.equal(settings.ledger('logs').held, 0)
})

test('a batch that is refused for good is dropped, counted and told of', async (t) => {
  const { offer, sink, settings } = rig({ send_batch_size: 2 })
  sink.refuseWith = new PermanentError('no', { reason: 'http_400' })
  await offer(batchOf('logs', ['a', 'b']))
  await settle()
  t.same([...settings.ledger('logs').droppedByReason], [['http_400', 2]])
  t.equal(settings.ledger('logs').held, 0)
  t.equal(settings.memory.heldBytes, 0)
  t.match(settings.lines, [{ level: 'error', fields: { items: 2, reasons: { http_400: 2 }, error: 'no' } }])
})

test('stop sends what is there', async (t) => {
  const { offer, sink, settings, processor } = rig({ send_batch_max_size: 8192 })
  await offer(batchOf('logs', ['a']))
  await offer(batchOf('logs', ['b']))
  await processor.stop?.(new AbortController().signal)
  t.same(
    sink.batches.map((each) => idsOf(each)),
    [['a', 'b']],
  )
  await t.rejects(offer(batchOf('logs', ['c'])), { name: 'ShutdownError' })
  await processor.stop?.(AbortSignal.abort())
  t.equal(settings.ledger('logs').held, 0)
  t.equal(settings.clock.pending, 0)
})

test('stop ends the wait for another try, tries once more, and tells what is lost', async (t) => {
  const { offer, sink, settings, processor } = rig({ send_batch_size: 2 })
  sink.refuse()
  await offer(batchOf('logs', ['a', 'b']))
  await offer(batchOf('logs', ['c']))
  await settings.clock.advance(50)
  await processor.stop?.(new AbortController().signal)
  t.same([...settings.ledger('logs').droppedByReason], [['shutdown', 3]])
  t.match(settings.lines, [{ level: 'error', fields: { items: 3 } }])
  t.equal(settings.memory.heldBytes, 0)
})

test('stop does not wait for an answer that never comes, and a late one does not upset the account', async (t) => {
  const { offer, sink, settings, processor } = rig({ send_batch_size: 1 })
  let open = (): void => {}
  sink.gate = new Promise((resolve) => (open = resolve))
  await offer(batchOf('logs', ['a']))
  await offer(batchOf('logs', ['b']))
  const deadline = new AbortController()
  const stopped = processor.stop?.(deadline.signal)
  await settle()
  t.equal(settings.ledger('logs').droppedItems, 0)
  deadline.abort()
  await stopped
  t.same([...settings.ledger('logs').droppedByReason], [['shutdown', 2]])
  open()
  await settle()
  t.equal(settings.ledger('logs').held, 0)
  t.equal(settings.memory.heldBytes, 0)
})

test('stop before anything came does nothing', async (t) => {
  const { processor, settings } = rig()
  await processor.stop?.(new AbortController().signal)
  t.same(settings.lines, [])
})

test('batches are counted by what sent them, over all pipelines', async (t) => {
  const reader = new Reader()
  const { meter } = reader
  const rigs = (['logs', 'traces'] as const).map((signal) => rig({ send_batch_size: 2 }, signal, { meter }))
  for (const [i, signal] of (['logs', 'traces'] as const).entries()) {
    await rigs[i]!.offer(batchOf(signal, ['a', 'b', 'c']))
    await settle()
    await rigs[i]!.offer(batchOf(signal, ['d']))
    await rigs[i]!.settings.clock.advance(200)
  }
  const sizeBytes = rigs.flatMap(({ sink }) => sink.batches).reduce((sum, each) => sum + each.sizeBytes, 0)
  t.same(await reader.read(), {
    'otelcol_processor_batch_batch_send_size{processor=batch}': 8,
    'otelcol_processor_batch_batch_send_size_bytes{processor=batch}': sizeBytes,
    'otelcol_processor_batch_batch_size_trigger_send{processor=batch}': 2,
    'otelcol_processor_batch_timeout_trigger_send{processor=batch}': 2,
    'otelcol_processor_batch_metadata_cardinality{processor=batch}': 2,
  })
})
