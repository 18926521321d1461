import { mkdir, readdir, readFile, stat, symlink } from 'node:fs/promises'
import { basename, join, normalize, relative } from 'node:path'
import { test } from 'tap'
import { RetryableError } from '../../../src/contract/index.ts'
import type { Batch } from '../../../src/data/index.ts'
import { parseTemplate, pathFor } from '../../../src/exporters/file/segments.ts'
import { testContext } from '../../../src/testing/index.ts'
import { seeded } from '../../data/random.ts'
import { batchOf } from '../../kit/otlp.ts'
import { decoded, records, running } from './kit.ts'

const context = testContext()

/** Spans named after their resource's tenant; `undefined` has none. */
const tenants = (...names: (string | undefined)[]): Batch<'traces'> =>
  batchOf('traces', {
    resourceSpans: names.map((name) => ({
      resource: { attributes: name === undefined ? [] : [{ key: 'tenant', value: { stringValue: name } }] },
      scopeSpans: [{ spans: [{ name: name ?? 'nobody' }] }],
    })),
  })

const groupBy = { enabled: true, resource_attribute: 'tenant' }
const spanNames = async (path: string): Promise<unknown[]> =>
  (await records(path)).flatMap((record) => JSON.stringify(decoded('traces', record)).match(/"name":"[^"]*"/g))

test('a batch is split by the attribute; resources without it are dropped and counted', async (t) => {
  const dir = t.testdir({})
  const { exporter, settings, stop } = await running({
    path: join(dir, 'for-*.bin'),
    format: 'proto',
    group_by: groupBy,
  })
  const ledger = settings.ledger('traces')
  ledger.entered(7)
  await exporter.consumers.traces!(tenants('a', 'b', undefined, 'a', 'c/d'), context)
  await exporter.consumers.traces!(tenants('b', undefined), context)
  await stop()
  t.same(await spanNames(join(dir, 'for-a.bin')), ['"name":"a"', '"name":"a"'])
  t.same(await spanNames(join(dir, 'for-b.bin')), ['"name":"b"', '"name":"b"'])
  t.same(await spanNames(join(dir, 'for-c', 'd.bin')), ['"name":"c/d"'])
  t.same([...ledger.droppedByReason], [['no_path_segment', 2]])
  t.equal(ledger.outItems, 5)
  t.equal(ledger.held, 0)
  t.equal(settings.lines.filter(({ level }) => level === 'warn').length, 1)
})

test('no more files are open than allowed, and one that is opened again goes on', async (t) => {
  const dir = t.testdir({ 'b.bin': 'from an earlier run' })
  const { exporter, disk, stop } = await running({
    path: join(dir, '*.bin'),
    format: 'proto',
    group_by: { ...groupBy, max_open_files: 2 },
  })
  for (const name of ['a', 'b', 'a', 'c', 'a', 'b', 'c', 'b']) await exporter.consumers.traces!(tenants(name), context)
  await stop()
  t.equal(disk.maxOpenFiles, 2)
  t.equal(disk.openFiles, 0)
  t.equal((await records(join(dir, 'a.bin'))).length, 3)
  t.equal((await records(join(dir, 'b.bin'))).length, 3)
  t.equal((await records(join(dir, 'c.bin'))).length, 2)
})

test('when one of the files takes nothing, the sender repeats the batch', async (t) => {
  const dir = t.testdir({ 'b.bin': {} })
  const { exporter, settings, stop } = await running({ path: join(dir, '*.bin'), format: 'proto', group_by: groupBy })
  const ledger = settings.ledger('traces')
  ledger.entered(3)
  await t.rejects(exporter.consumers.traces!(tenants('a', 'b', undefined), context), RetryableError)
  ledger.refused(3)
  t.equal(ledger.outItems, 1)
  t.equal(ledger.createdItems, 2, 'what is done already will be done again')
  t.equal(ledger.held, 0)
  await stop()
})

test('values that try to get out stay in, each in a file of its own', async (t) => {
  const outer = t.testdir({ in: {} })
  const root = join(outer, 'in')
  const hostile = [
    '../../etc/cron.d/x',
    '/etc/passwd',
    '..',
    '.',
    '...',
    'a/../../b',
    'a\0b',
    '\\..\\x',
    'CON',
    'a\nb',
    '%2E%2E',
    '~',
    '',
    'x'.repeat(5000),
    `${'x'.repeat(5000)}y`,
    'é'.repeat(300),
    'a/'.repeat(3000),
    '/'.repeat(100),
    '\ud800',
    ' ',
    '*',
    ':',
  ]
  const { exporter, settings, stop } = await running({ path: join(root, '*.bin'), format: 'proto', group_by: groupBy })
  for (const value of hostile) await exporter.consumers.traces!(tenants(value), context)
  await stop()
  t.same(await readdir(outer), ['in'])
  const files = (await readdir(root, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  t.equal(settings.ledger('traces').outItems, hostile.length)
  // '' and '////' name nothing: they share a file
  t.equal(files.length, hostile.length - 1)
  for (const { name } of files) t.ok(Buffer.byteLength(name) <= 255)
})

test('a link is not followed, neither as the file nor on the way to it', async (t) => {
  const outer = t.testdir({ in: {}, secret: 'secret', away: {} })
  const root = join(outer, 'in')
  await symlink(join(outer, 'secret'), join(root, 'link.bin'))
  await symlink(join(outer, 'away'), join(root, 'dir'))
  const { exporter, settings, stop } = await running({ path: join(root, '*.bin'), format: 'proto', group_by: groupBy })
  settings.ledger('traces').entered(4)
  await exporter.consumers.traces!(tenants('link', 'dir/x', 'dir/y/z', 'fine'), context)
  await stop()
  t.equal(await readFile(join(outer, 'secret'), 'utf8'), 'secret')
  t.same(await readdir(join(outer, 'away')), [])
  t.equal((await records(join(root, 'fine.bin'))).length, 1)
  t.same([...settings.ledger('traces').droppedByReason], [['path_escape', 3]])
  t.equal(settings.ledger('traces').held, 0)
})

test('the directory of the setting may itself be reached by a link', async (t) => {
  const outer = t.testdir({ real: {} })
  await symlink(join(outer, 'real'), join(outer, 'alias'))
  const { exporter, stop } = await running({ path: join(outer, 'alias', '*.bin'), format: 'proto', group_by: groupBy })
  await exporter.consumers.traces!(tenants('a/b'), context)
  await stop()
  t.equal((await records(join(outer, 'real', 'a', 'b.bin'))).length, 1)
})

test('made directories have the permissions asked for', async (t) => {
  const dir = t.testdir({})
  await mkdir(join(dir, 'out'))
  const mask = process.umask(0o022)
  t.teardown(() => process.umask(mask))
  const { exporter, stop } = await running({
    path: join(dir, 'out', '*'),
    create_directory: true,
    directory_permissions: '0750',
    group_by: groupBy,
  })
  await exporter.consumers.traces!(tenants('a/b'), context)
  await stop()
  t.equal((await stat(join(dir, 'out', 'a'))).mode & 0o777, 0o750)
})

test('whatever the value, the path lies below the root and its names are short enough', async (t) => {
  const random = seeded(7)
  const alphabet = [
    '.',
    '..',
    '/',
    '\\',
    'a',
    '%',
    '\0',
    'é',
    '𝄞',
    '\ud800',
    ' ',
    '~',
    'x'.repeat(300),
    'CON',
    '*',
    ':',
  ]
  const templates = ['./data/*.json', 'data/svc-*/out.json', '/var/log/x-*', 'x*'].map((path) => parseTemplate(path))
  let cases = 0
  for (; cases < 3000; cases++) {
    const value = Array.from({ length: random(30) }, () => alphabet[random(alphabet.length)]!).join('')
    const template = templates[random(templates.length)]!
    const path = pathFor(template, value)
    const below = relative(template.root, path)
    if (/^\.\.(\/|$)/.test(below) || below === '' || path !== normalize(path))
      t.fail(`${JSON.stringify(value)} gives ${path}`)
    for (const name of below.split('/'))
      if (Buffer.byteLength(name) > 255) t.fail(`${JSON.stringify(value)} gives ${name}`)
    if (/[\0\\]/.test(basename(path))) t.fail(`${JSON.stringify(value)} gives ${path}`)
  }
  t.ok(cases > 0)
})
