import { readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'tap'
import { RetryableError } from '../../../src/contract/index.ts'
import type { Batch } from '../../../src/data/index.ts'
import { settle, testContext } from '../../../src/testing/index.ts'
import { batchOf } from '../../kit/otlp.ts'
import { records, running } from './kit.ts'

const context = testContext()
const megabyte = 1_048_576

/** A batch of a log record of about that size. */
const sized = (sizeBytes: number, letter = 'x'): Batch<'logs'> =>
  batchOf('logs', {
    resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: letter.repeat(sizeBytes) } }] }] }],
  })

test('a file that would grow beyond its size is renamed after the time, and records stay whole', async (t) => {
  const dir = t.testdir({})
  const { exporter, settings, stop } = await running({
    path: join(dir, 'out.proto'),
    format: 'proto',
    rotation: { max_megabytes: 1 },
  })
  const send = (letter: string): Promise<void> => exporter.consumers.logs!(sized(400_000, letter), context)
  for (const letter of 'abc') await send(letter)
  await settings.clock.advance(1500)
  for (const letter of 'de') await send(letter)
  await stop()
  t.same((await readdir(dir)).toSorted(), [
    'out-2026-01-01T00-00-00.000.proto',
    'out-2026-01-01T00-00-01.500.proto',
    'out.proto',
  ])
  t.equal((await records(join(dir, 'out-2026-01-01T00-00-00.000.proto'))).length, 2)
  t.equal((await records(join(dir, 'out-2026-01-01T00-00-01.500.proto'))).length, 2)
  t.equal((await records(join(dir, 'out.proto'))).length, 1)
})

test('two rotations in one millisecond keep both files', async (t) => {
  const dir = t.testdir({})
  const { exporter, stop } = await running({ path: join(dir, 'out'), format: 'proto', rotation: { max_megabytes: 1 } })
  for (let i = 0; i < 3; i++) await exporter.consumers.logs!(sized(700_000), context)
  await stop()
  t.same((await readdir(dir)).toSorted(), ['out', 'out-2026-01-01T00-00-00.000', 'out-2026-01-01T00-00-00.001'])
})

test('batches that wait together are spread over files as if they had come one by one', async (t) => {
  const dir = t.testdir({})
  const { exporter, stop } = await running({ path: join(dir, 'out'), format: 'proto', rotation: { max_megabytes: 1 } })
  await Promise.all(Array.from({ length: 7 }, () => exporter.consumers.logs!(sized(400_000), context)))
  await stop()
  const names = await readdir(dir)
  t.equal(names.length, 4)
  let count = 0
  for (const name of names) {
    t.ok((await stat(join(dir, name))).size <= megabyte)
    count += (await records(join(dir, name))).length
  }
  t.equal(count, 7)
})

test('a record that is larger than a file may be gets one of its own', async (t) => {
  const dir = t.testdir({})
  const { exporter, stop } = await running({ path: join(dir, 'out'), format: 'proto', rotation: { max_megabytes: 1 } })
  for (const size of [1000, 3 * megabyte, 1000]) await exporter.consumers.logs!(sized(size), context)
  await stop()
  const sizes = await Promise.all(
    (await readdir(dir)).toSorted().map(async (name) => (await stat(join(dir, name))).size),
  )
  t.equal(sizes.length, 3)
  t.ok(sizes.filter((size) => size > megabyte).length === 1)
})

test('a file that is there already is gone on with', async (t) => {
  const dir = t.testdir({})
  const options = { path: join(dir, 'out'), format: 'proto', rotation: null }
  for (let run = 0; run < 2; run++) {
    const { exporter, stop } = await running(options)
    await exporter.consumers.logs!(sized(10), context)
    await stop()
  }
  t.same(await readdir(dir), ['out'])
  t.equal((await records(join(dir, 'out'))).length, 2)
})

test('old files beyond max_backups and max_days go, others and strangers stay', async (t) => {
  const dir = t.testdir({
    'out-2025-12-31T23-00-00.000.log': '',
    'out-2025-12-31T22-00-00.000-size.log': '',
    'out-2025-12-31T21-00-00.000.log': '',
    'out-2025-12-01T00-00-00.000.log': '',
    'out-notes.log': '',
    'out-2020-01-01T00-00-00.000.txt': '',
    'other-2020-01-01T00-00-00.000.log': '',
  })
  const byCount = await running({ path: join(dir, 'out.log'), rotation: { max_backups: 2 } })
  await byCount.stop()
  t.same((await readdir(dir)).toSorted(), [
    'other-2020-01-01T00-00-00.000.log',
    'out-2020-01-01T00-00-00.000.txt',
    'out-2025-12-31T22-00-00.000-size.log',
    'out-2025-12-31T23-00-00.000.log',
    'out-notes.log',
    'out.log',
  ])
  for (const name of ['out-2025-12-30T00-00-00.000.log', 'out-2025-12-29T23-59-59.999.log'])
    await writeFile(join(dir, name), '')
  const byAge = await running({ path: join(dir, 'out.log'), rotation: { max_backups: 0, max_days: 2 } })
  await byAge.stop()
  t.same((await readdir(dir)).filter((name) => name.startsWith('out-2025')).toSorted(), [
    'out-2025-12-30T00-00-00.000.log',
    'out-2025-12-31T22-00-00.000-size.log',
    'out-2025-12-31T23-00-00.000.log',
  ])
})

test('localtime names old files after the local clock', async (t) => {
  const dir = t.testdir({})
  const zone = process.env.TZ
  process.env.TZ = 'Asia/Tokyo'
  t.teardown(() => {
    if (zone === undefined) delete process.env.TZ
    else process.env.TZ = zone
  })
  const { exporter, stop } = await running({ path: join(dir, 'out'), rotation: { max_megabytes: 1, localtime: true } })
  for (let i = 0; i < 2; i++) await exporter.consumers.logs!(sized(700_000), context)
  await stop()
  t.same((await readdir(dir)).toSorted(), ['out', 'out-2026-01-01T09-00-00.000'])
})

test('a rotation that fails refuses the batch and is tried again with the next', async (t) => {
  const dir = t.testdir({})
  const { exporter, disk, stop } = await running({
    path: join(dir, 'out'),
    format: 'proto',
    rotation: { max_megabytes: 1 },
  })
  await exporter.consumers.logs!(sized(700_000), context)
  for (const call of ['rename', 'open'] as const) {
    disk.failures.set(call, 'EACCES')
    await t.rejects(exporter.consumers.logs!(sized(700_000), context), RetryableError)
    disk.failures.clear()
    await exporter.consumers.logs!(sized(700_000), context)
  }
  await stop()
  t.equal(disk.openFiles, 0)
  const counts = await Promise.all((await readdir(dir)).map(async (name) => (await records(join(dir, name))).length))
  t.equal(
    counts.reduce((sum, count) => sum + count, 0),
    3,
  )
})

test('an old file that cannot be removed is a warning', async (t) => {
  const dir = t.testdir({ 'out-2025-12-31T23-00-00.000': '', 'out-2025-12-31T22-00-00.000': '' })
  const { disk, exporter, settings, stop } = await running({
    path: join(dir, 'out'),
    rotation: { max_megabytes: 1, max_backups: 1 },
  })
  await settle()
  disk.failures.set('unlink', 'EACCES')
  for (let i = 0; i < 2; i++) await exporter.consumers.logs!(sized(700_000), context)
  await stop()
  t.match(settings.lines, [{ level: 'warn', message: 'an old file cannot be removed' }])
})
