import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'tap'
import * as v from 'valibot'
import { RetryableError, ShutdownError } from '../../../src/contract/index.ts'
import { decodeOtlpJson, type Signal } from '../../../src/data/index.ts'
import { config } from '../../../src/exporters/file/config.ts'
import { settle, testContext } from '../../../src/testing/index.ts'
import { decodedSparse, seeded } from '../../data/random.ts'
import { batchOf, items } from '../../kit/otlp.ts'
import { until } from '../../kit/until.ts'
import { create, records, running } from './kit.ts'

const context = testContext()

test('proto writes each batch as one message after its length, whatever the signal', async (t) => {
  const path = join(t.testdir({}), 'out')
  const { exporter, settings, stop } = await running({ path, format: 'proto' })
  const sent: Buffer[] = []
  for (const signal of ['traces', 'metrics', 'logs'] satisfies Signal[]) {
    const batch = items[signal](5)
    settings.ledger(signal).entered(5)
    await exporter.consumers[signal]!(batch as never, context)
    sent.push(Buffer.concat(batch.chunks))
    t.same(await records(path), sent, 'it is in the file when it is acknowledged')
    t.equal(settings.ledger(signal).outItems, 5)
    t.equal(settings.ledger(signal).held, 0)
  }
  await stop()
})

test('json writes each batch as a line of OTLP/JSON, and is what is written when nothing else is said', async (t) => {
  const path = join(t.testdir({}), 'out')
  const { exporter, stop } = await running({ path })
  for (const signal of ['traces', 'metrics', 'logs'] satisfies Signal[])
    await exporter.consumers[signal]!(items[signal](3) as never, context)
  await stop()
  const lines = (await readFile(path, 'utf8')).split('\n')
  t.equal(lines.pop(), '')
  for (const [i, signal] of (['traces', 'metrics', 'logs'] satisfies Signal[]).entries())
    t.same(
      decodedSparse(signal, Buffer.concat(decodeOtlpJson(signal, Buffer.from(lines[i]!)).chunks)),
      decodedSparse(signal, Buffer.concat(items[signal](3).chunks)),
    )
})

test('compressed json has lengths, and no lines', async (t) => {
  const path = join(t.testdir({}), 'out')
  const { exporter, stop } = await running({ path, compression: 'zstd' })
  for (const count of [1, 2]) await exporter.consumers.logs!(items.logs(count), context)
  await stop()
  const found = (await records(path, true)).map((record) => decodeOtlpJson('logs', record).items)
  t.same(found, [1, 2])
})

test('with retry_on_failure a full disk is tried again, with a queue nobody waits for it', async (t) => {
  const path = join(t.testdir({}), 'out')
  const { exporter, disk, settings, stop } = await running({
    path,
    format: 'proto',
    sending_queue: { num_consumers: 1 },
    retry_on_failure: { initial_interval: '1s', randomization_factor: 0 },
  })
  const ledger = settings.ledger('logs')
  ledger.entered(5)
  disk.room = 0
  await exporter.consumers.logs!(items.logs(5), context)
  await until(() => disk.writes === 1 && settings.clock.pending > 0)
  t.equal(ledger.held, 5)
  disk.room = Number.POSITIVE_INFINITY
  await settings.clock.advance(1000)
  await until(() => ledger.outItems === 5)
  t.equal(ledger.held, 0)
  t.equal((await records(path)).length, 1)
  await stop()
})

test('compression: zstd compresses each batch, with its length before it', async (t) => {
  const path = join(t.testdir({}), 'out')
  const { exporter, stop } = await running({ path, format: 'proto', compression: 'zstd' })
  const small = items.logs(2)
  const large = items.logs(5000)
  await exporter.consumers.logs!(small, context)
  await exporter.consumers.logs!(large, context)
  await stop()
  t.same(await records(path, true), [Buffer.concat(small.chunks), Buffer.concat(large.chunks)])
  t.ok((await readFile(path)).length < large.sizeBytes / 4)
})

test('compression_params.level says how hard to compress', async (t) => {
  const dir = t.testdir({})
  const random = seeded(1)
  const words = Array.from({ length: 500 }, () => random(2 ** 30).toString(36))
  const text = Array.from({ length: 20_000 }, () => words[random(500)]).join(' ')
  const batch = batchOf('logs', {
    resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: text } }] }] }],
  })
  const sizes: number[] = []
  for (const level of [1, 19]) {
    const path = join(dir, `level-${level}`)
    const { exporter, stop } = await running({
      path,
      format: 'proto',
      compression: 'zstd',
      compression_params: { level },
    })
    await exporter.consumers.logs!(batch, context)
    await stop()
    sizes.push((await readFile(path)).length)
  }
  t.ok(sizes[1]! < sizes[0]!, `${sizes}`)
})

test('batches that come at once stand in their order, written together', async (t) => {
  const path = join(t.testdir({}), 'out')
  const { exporter, disk, stop } = await running({ path, format: 'proto' })
  const batches = Array.from({ length: 50 }, (_, i) => items.traces(i + 1))
  await Promise.all(batches.map((batch) => exporter.consumers.traces!(batch, context)))
  await stop()
  t.same(
    await records(path),
    batches.map((batch) => Buffer.concat(batch.chunks)),
  )
  t.ok(disk.writes <= 3, `${disk.writes} writes`)
})

test('without append a file is emptied at the start, with append it is kept', async (t) => {
  const dir = t.testdir({ emptied: 'before', kept: 'before' })
  for (const [name, append] of [
    ['emptied', false],
    ['kept', true],
  ] as const) {
    const { stop } = await running({ path: join(dir, name), append })
    t.equal(await readFile(join(dir, name), 'utf8'), append ? 'before' : '')
    await stop()
  }
})

test('a missing directory fails the start with what to do, and is made with create_directory', async (t) => {
  const path = join(t.testdir({}), 'a', 'b', 'out')
  await t.rejects(running({ path }), { message: /a\/b does not exist: create it or set create_directory: true/ })
  const { stop } = await running({ path, create_directory: true, directory_permissions: '0700' })
  t.equal(await readFile(path, 'utf8'), '')
  await stop()
})

test('a directory in place of the file fails the start', async (t) => {
  const path = t.testdir({})
  await t.rejects(running({ path }), { message: /^path: .*EISDIR/ })
})

test('a full disk refuses the batch, leaves whole records, and the next batch goes on', async (t) => {
  const path = join(t.testdir({}), 'out')
  const { exporter, disk, settings, host, stop } = await running({ path, format: 'proto' })
  const ledger = settings.ledger('logs')
  const send = (count: number): Promise<void> => {
    ledger.entered(count)
    return exporter.consumers.logs!(items.logs(count), context).catch((error) => {
      ledger.refused(count)
      throw error
    })
  }
  await send(3)
  disk.room = 40
  await t.rejects(send(100), { name: 'RetryableError', reason: 'disk_full' })
  t.equal((await records(path)).length, 1, 'the part that was taken is gone again')
  t.equal(ledger.held, 0)
  for (let i = 0; i < 5; i++) await t.rejects(send(1), RetryableError)

  disk.room = Number.POSITIVE_INFINITY
  await send(2)
  t.equal((await records(path)).length, 2)
  t.equal(ledger.outItems, 5)
  t.equal(ledger.refusedItems, 105)
  t.equal(ledger.held, 0)
  t.same(
    host.states.map(({ state }) => state),
    ['degraded', 'ok'],
  )
  t.equal(settings.lines.filter(({ message }) => message === 'export fails').length, 1, 'said once, not for each batch')
  await stop()
})

test('a real full device refuses too', { skip: process.platform !== 'linux' && 'needs /dev/full' }, async (t) => {
  const { exporter, stop } = await running({ path: '/dev/full' })
  await t.rejects(exporter.consumers.traces!(items.traces(1), context), { name: 'RetryableError', reason: 'disk_full' })
  await stop()
})

test('what is written is forced to the disk once an interval, and only when there is something', async (t) => {
  const path = join(t.testdir({}), 'out')
  const { exporter, disk, settings, stop } = await running({ path, flush_interval: '5s' })
  t.equal(settings.clock.pending, 0)
  for (let i = 0; i < 3; i++) await exporter.consumers.logs!(items.logs(1), context)
  await settings.clock.advance(4999)
  t.equal(disk.datasyncs, 0)
  await settings.clock.advance(1)
  t.equal(disk.datasyncs, 1)
  await settings.clock.advance(60_000)
  t.equal(disk.datasyncs, 1)
  await exporter.consumers.logs!(items.logs(1), context)
  await stop()
  t.equal(disk.datasyncs, 2, 'the stop forces the rest')
  t.equal(settings.clock.pending, 0)
})

test('data that may not have reached the disk is an error in the log', async (t) => {
  const { exporter, disk, settings, stop } = await running({ path: join(t.testdir({}), 'out') })
  disk.failures.set('datasync', 'EIO')
  await exporter.consumers.logs!(items.logs(1), context)
  await settings.clock.advance(1000)
  await settle()
  t.match(settings.lines, [{ level: 'error', message: 'what was written may not be on the disk' }])
  await stop()
})

test('stop writes what waits; then batches are refused, and stopping again does nothing', async (t) => {
  const path = join(t.testdir({}), 'out')
  const { exporter, disk, stop } = await running({ path, format: 'proto' })
  let open = (): void => {}
  disk.gate = new Promise((resolve) => (open = resolve))
  const sent = [1, 2, 3].map((count) => exporter.consumers.logs!(items.logs(count), context))
  const stopped = stop()
  await t.rejects(exporter.consumers.logs!(items.logs(1), context), ShutdownError)
  open()
  await Promise.all([...sent, stopped])
  t.equal((await records(path)).length, 3)
  t.equal(disk.openFiles, 0)
  await stop()
})

test('stop gives up when it is told to', async (t) => {
  const { exporter, disk } = await running({ path: join(t.testdir({}), 'out') })
  let open = (): void => {}
  disk.gate = new Promise((resolve) => (open = resolve))
  const sent = exporter.consumers.logs!(items.logs(1), context)
  await settle()
  await Promise.all([exporter.stop!(AbortSignal.abort()), t.rejects(sent, ShutdownError)])
  open()
})

test('stop before start touches nothing', async (t) => {
  const path = join(t.testdir({}), 'out')
  const { stop } = create({ path })
  await stop()
  await t.rejects(readFile(path), { code: 'ENOENT' })
})

test('an empty batch leaves no trace', async (t) => {
  const path = join(t.testdir({}), 'out')
  const { exporter, stop } = await running({ path })
  await exporter.consumers.traces!(items.traces(0).select([]), context)
  await stop()
  t.equal((await readFile(path)).length, 0)
})

test('bytes that somebody else adds to the file are not cut off after a failure', async (t) => {
  const path = join(t.testdir({}), 'out')
  const { exporter, disk, stop } = await running({ path, append: true, format: 'proto' })
  await exporter.consumers.logs!(items.logs(1), context)
  await writeFile(path, 'other', { flag: 'a' })
  disk.room = 10
  await t.rejects(exporter.consumers.logs!(items.logs(9), context), RetryableError)
  t.match(await readFile(path, 'latin1'), /other$/)
  await stop()
})

test('settings that contradict each other are errors where they stand', async (t) => {
  const issues = (yaml: object): string[] =>
    (v.safeParse(config, yaml).issues ?? []).map((issue) => `${v.getDotPath(issue)}: ${issue.message}`)
  t.same(issues({ path: 'x', append: true, rotation: null }), [
    'append: cannot be combined with rotation, which appends anyway',
  ])
  t.same(issues({ path: 'x', directory_permissions: '0755' }), ['directory_permissions: needs create_directory: true'])
  t.same(issues({ path: 'x', group_by: { enabled: true } }), ['path: must have exactly one * with group_by'])
  t.same(issues({ path: '*/x', group_by: { enabled: true } }), ['path: must not start with * with group_by'])
  t.match(issues({ path: 'x', encoding: 'otlp_encoding' }), [/^encoding: encoding extensions are not supported/])
  t.match(issues({ path: 'x', create_directory: true, directory_permissions: '0999' }), [/octal/])
  t.match(issues({ path: 'x', compression: 'gzip' }), [/^compression: /])
  t.same(issues({ path: '' }), ['path: must not be empty'])
})
