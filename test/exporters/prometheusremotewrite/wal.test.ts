// The write-ahead log: what was accepted is sent, over restarts and damage, in order.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import * as v from 'valibot'
import type { Extension } from '../../../src/contract/index.ts'
import remoteWrite from '../../../src/exporters/prometheusremotewrite/index.ts'
import headersSetter from '../../../src/extensions/headers_setter/index.ts'
import { testHost, testSettings } from '../../../src/testing/index.ts'
import { startExtension } from '../../kit/authenticator.ts'
import { readableMeter } from '../../kit/readable-meter.ts'
import { until } from '../../kit/until.ts'
import { type Destination, destination, gauge, request, start } from './kit.ts'

const config = (to: Destination, directory: string, more: object = {}): object => ({
  endpoint: to.url,
  disable_scope_info: true,
  wal: { directory, ...more },
  retry_on_failure: { initial_interval: '1s', max_interval: '2s' },
})
const names = (to: Destination): string[] => to.writes.flatMap(({ series }) => series.map(({ name }) => name))
const down = (to: Destination): void => {
  to.answer = (_write, response) => {
    response.writeHead(503).end()
    return true
  }
}

/** A run that has ended with `m0` to `m2` in the log, as the destination is down. */
async function leaveThree(t: Test, to: Destination, directory: string): Promise<Awaited<ReturnType<typeof start>>> {
  down(to)
  const run = await start(t, config(to, directory))
  for (let i = 0; i < 3; i++) await run.send(request([gauge(`m${i}`, i)]))
  await run.exporter.stop!(AbortSignal.abort())
  return run
}

test('a batch is acknowledged when it is on disk, and sent in order', async (t) => {
  const to = await destination(t)
  const directory = join(t.testdir({}), 'wal')
  const { send, ledger, exporter } = await start(t, config(to, directory))
  for (let i = 0; i < 5; i++) await send(request([gauge(`m${i}`, i)]))
  t.ok(readdirSync(directory).some((name) => name.endsWith('.wal')))
  await until(() => to.writes.length === 5)
  t.same(
    names(to),
    Array.from({ length: 5 }, (_, i) => `m${i}{}`),
  )
  await until(() => ledger.outItems === 5)
  await exporter.stop!(AbortSignal.abort())
  t.equal(readFileSync(join(directory, 'sent'), 'utf8'), '5')
})

test('security 9: the directory and its files are for the owner alone, and a link is not followed', async (t) => {
  const to = await destination(t)
  const folder = t.testdir({ elsewhere: 'untouched', wal: { 'sent.new': t.fixture('symlink', '../elsewhere') } })
  const directory = join(folder, 'made')
  const { send, ledger, exporter } = await start(t, config(to, directory))
  await send(request([gauge('m', 1)]))
  await until(() => ledger.outItems === 1)
  await exporter.stop!(AbortSignal.abort())
  const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)
  t.equal(modeOf(directory), '700')
  for (const name of readdirSync(directory)) t.equal(modeOf(join(directory, name)), '600', name)
  await t.rejects(start(t, config(to, join(folder, 'wal'))), { code: 'ELOOP' })
  t.equal(readFileSync(join(folder, 'elsewhere'), 'utf8'), 'untouched')
})

test('what could not be sent is sent by the next run, and by nobody twice', async (t) => {
  const to = await destination(t)
  const directory = join(t.testdir({}), 'wal')
  const first = await leaveThree(t, to, directory)
  t.equal(first.ledger.held, 0, 'the disk has it')

  to.answer = () => false
  const second = await start(t, config(to, directory))
  await second.send(request([gauge('m3', 3)]))
  await until(() => second.ledger.outItems === 4)
  t.same(names(to), ['m0{}', 'm1{}', 'm2{}', 'm3{}'])
  t.equal(second.ledger.createdItems, 3)
  t.equal(second.ledger.held, 0)
  await second.exporter.stop!(AbortSignal.abort())

  const third = await start(t, config(to, directory))
  t.equal(third.ledger.createdItems, 0)
  t.same(
    readdirSync(directory).filter((name) => name.endsWith('.wal')),
    [],
    'what was sent takes no room',
  )
})

test('a destination that is away is tried until it is back; what it refuses is dropped and counted', async (t) => {
  const to = await destination(t)
  const { send, ledger, settings } = await start(t, config(to, join(t.testdir({}), 'wal')))
  down(to)
  await send(request([gauge('a', 1)]))
  for (let i = 0; i < 5; i++) {
    await until(() => settings.clock.pending > 2)
    await settings.clock.advance(2000)
  }
  t.equal(ledger.held, 1)
  to.answer = () => false
  await until(() => settings.clock.pending > 2)
  await settings.clock.advance(2000)
  await until(() => ledger.outItems === 1)

  to.answer = (_write, response) => {
    response.writeHead(403).end()
    return true
  }
  await send(request([gauge('b', 1)]))
  await until(() => ledger.droppedItems === 1)
  t.same(Object.fromEntries(ledger.droppedByReason), { http_403: 1 })
  t.equal(ledger.held, 0)
})

test('an end that broke off, and bytes that are wrong, cost what they hit and are told', async (t) => {
  const to = await destination(t)
  const directory = join(t.testdir({}), 'wal')
  down(to)
  const first = await start(t, config(to, directory))
  await first.send(request([gauge('a', 1)]))
  await first.send(request([gauge('b', 1)]))
  await first.exporter.stop!(AbortSignal.abort())
  const [file] = readdirSync(directory).filter((name) => name.endsWith('.wal'))
  const path = join(directory, file!)
  const bytes = readFileSync(path)
  for (const [what, damaged] of [
    ['half an entry', Buffer.concat([bytes, Buffer.from([50, 0, 0, 0, 1])])],
    ['a bit', Buffer.from(bytes.map((byte, i) => (i === bytes.length - 3 ? byte ^ 1 : byte)))],
    ['a huge length', Buffer.concat([bytes, Buffer.alloc(8, 255)])],
  ] as const) {
    writeFileSync(path, damaged)
    writeFileSync(join(directory, 'sent'), '0')
    to.answer = () => false
    to.writes.length = 0
    const next = await start(t, config(to, directory))
    t.ok(
      next.settings.lines.some(({ level, message }) => level === 'error' && /write-ahead log is damaged/.test(message)),
      what,
    )
    await next.send(request([gauge('later', 1)]))
    await until(() => names(to).includes('later{}'))
    // Not before the answer is here: what nobody has answered is sent again.
    await until(() => next.ledger.held === 0)
    t.same(names(to), what === 'a bit' ? ['a{}', 'later{}'] : ['a{}', 'b{}', 'later{}'], what)
    await next.exporter.stop!(AbortSignal.abort())
  }
})

test('a disk that does not take it refuses the batch', async (t) => {
  const to = await destination(t)
  const folder = t.testdir({ file: 'not a folder' })
  await t.rejects(start(t, config(to, join(folder, 'file'))), /EEXIST|ENOTDIR/)
})

test('a file that cannot be read for a while is read later, and nothing is lost', async (t) => {
  const to = await destination(t)
  const directory = join(t.testdir({}), 'wal')
  const { answer } = to
  down(to)
  const { send, settings, ledger } = await start(t, config(to, directory, { buffer_size: 1 }))
  for (let i = 0; i < 3; i++) await send(request([gauge(`m${i}`, i)]))
  await until(() => settings.clock.pending > 2)
  const segment = join(directory, readdirSync(directory).find((name) => name.endsWith('.wal'))!)
  renameSync(segment, `${segment}.away`)
  mkdirSync(segment)
  to.answer = answer
  await until(async () => {
    await settings.clock.advance(1000)
    return settings.lines.some(({ message }) => /cannot be read: what is in it waits/.test(message))
  })
  t.equal(ledger.held, 2)
  rmdirSync(segment)
  renameSync(`${segment}.away`, segment)
  await until(async () => {
    await settings.clock.advance(1000)
    return ledger.held === 0
  })
  t.same(new Set(names(to)), new Set(['m0{}', 'm1{}', 'm2{}']))
  t.match(ledger, { outItems: 3, droppedItems: 0 })
})

test('what is damaged while the agent runs is dropped with a reason, and what comes then is sent', async (t) => {
  const to = await destination(t)
  const directory = join(t.testdir({}), 'wal')
  down(to)
  const { send, settings, ledger } = await start(t, config(to, directory, { buffer_size: 1 }))
  for (let i = 0; i < 4; i++) await send(request([gauge(`m${i}`, i), gauge(`n${i}`, i)]))
  await until(() => settings.clock.pending > 2)
  const [file] = readdirSync(directory).filter((name) => name.endsWith('.wal'))
  const path = join(directory, file!)
  const bytes = readFileSync(path)
  writeFileSync(
    path,
    bytes.map((byte, i) => (i === Math.floor(bytes.length * 0.6) ? byte ^ 1 : byte)),
  )
  await send(request([gauge('behind', 1)]))
  t.equal(ledger.held, 9)
  to.answer = () => false
  await until(async () => {
    await settings.clock.advance(1000)
    return ledger.held === 0
  })
  t.match(ledger, { outItems: 4, droppedItems: 5 })
  t.same(Object.fromEntries(ledger.droppedByReason), { wal_damaged: 5 })
  const told = settings.lines.filter(({ message }) => /write-ahead log is damaged/.test(message))
  t.match(told, [{ level: 'error', fields: { path, items: 5, problem: 'the checksum is wrong' } }])
  t.equal(told.length, 1)

  await send(request([gauge('later', 1)]))
  await until(() => ledger.outItems === 5)
  t.same(names(to).slice(-1), ['later{}'])
  t.equal(ledger.held, 0)
})

test('what waits in a segment that is damaged from its first byte is lost, and the next one is sent', async (t) => {
  const to = await destination(t)
  const directory = join(t.testdir({}), 'wal')
  await leaveThree(t, to, directory)
  const second = await start(t, config(to, directory, { buffer_size: 1 }))
  await second.send(request([gauge('next', 1)]))
  await until(() => second.settings.clock.pending > 2)
  const [old, now] = readdirSync(directory)
    .filter((name) => name.endsWith('.wal'))
    .sort()
  t.not(old, now)
  writeFileSync(join(directory, old!), '')
  to.answer = () => false
  await until(async () => {
    await second.settings.clock.advance(1000)
    return second.ledger.held === 0
  })
  t.same(names(to), ['m0{}', 'next{}'], 'the first had been read already')
  t.match(second.ledger, { createdItems: 3, outItems: 2, droppedItems: 2 })
})

test('the file that is being written is deleted: it is written again, and nothing is lost', async (t) => {
  const to = await destination(t)
  const directory = join(t.testdir({}), 'wal')
  down(to)
  const { send, settings, ledger, exporter } = await start(t, config(to, directory, { buffer_size: 1 }))
  for (let i = 0; i < 3; i++) await send(request([gauge(`m${i}`, i)]))
  await until(() => settings.clock.pending > 2)
  const files = () => readdirSync(directory).filter((name) => name.endsWith('.wal'))
  const [file] = files()
  rmSync(join(directory, file!))
  const refuse = to.answer
  to.answer = (write, response) => (write.series.some(({ name }) => name === 'm0{}') ? false : refuse(write, response))
  await until(async () => {
    await settings.clock.advance(1000)
    return settings.lines.some(({ message }) => /was deleted/.test(message))
  })
  t.same(files(), [file])
  await send(request([gauge('m3', 3)]))
  await exporter.stop!(AbortSignal.abort())
  t.equal(ledger.droppedItems, 0)
  to.answer = () => false
  const next = await start(t, config(to, directory))
  await until(() => next.ledger.outItems === 3)
  t.same(names(to), ['m0{}', 'm1{}', 'm2{}', 'm3{}'])
  t.equal(next.ledger.held, 0)
})

test('a file that waits to be sent is deleted: what was in it is lost and counted, and the next one is sent', async (t) => {
  const to = await destination(t)
  const directory = join(t.testdir({}), 'wal')
  await leaveThree(t, to, directory)
  const { send, settings, ledger, exporter } = await start(t, config(to, directory, { buffer_size: 1 }))
  await send(request([gauge('next', 1)]))
  await until(() => settings.clock.pending > 2)
  const [old] = readdirSync(directory)
    .filter((name) => name.endsWith('.wal'))
    .sort()
  const path = join(directory, old!)
  rmSync(path)
  to.answer = () => false
  await until(async () => {
    await settings.clock.advance(1000)
    return ledger.held === 0
  })
  t.same(names(to), ['m0{}', 'next{}'], 'the first had been read already')
  t.same(Object.fromEntries(ledger.droppedByReason), { wal_damaged: 2 })
  t.match(
    settings.lines.filter(({ level }) => level === 'error'),
    [
      {
        message: 'data lost: a file of the write-ahead log was deleted',
        fields: { path, items: 2, problem: 'it is gone' },
      },
    ],
  )
  await exporter.stop!(AbortSignal.abort())
  t.equal(settings.lines.filter(({ message }) => /could not be removed/.test(message)).length, 0)
})

test('a file that was deleted between two runs is told, and the others are sent', async (t) => {
  const to = await destination(t)
  const directory = join(t.testdir({}), 'wal')
  down(to)
  for (const name of ['a', 'b', 'c']) {
    const { send, exporter } = await start(t, config(to, directory))
    await send(request([gauge(name, 1)]))
    await exporter.stop!(AbortSignal.abort())
  }
  const files = readdirSync(directory)
    .filter((name) => name.endsWith('.wal'))
    .sort()
  t.equal(files.length, 3)
  rmSync(join(directory, files[1]!))
  to.answer = () => false
  const { settings, ledger } = await start(t, config(to, directory))
  await until(() => ledger.outItems === 2)
  t.same(names(to), ['a{}', 'c{}'])
  t.match(
    settings.lines.filter(({ level }) => level === 'error'),
    [{ message: /was deleted/, fields: { batches: 1, in_front_of: join(directory, files[2]!) } }],
  )
})

test('truncate_frequency says how often what has been sent is written down', async (t) => {
  const to = await destination(t)
  const directory = join(t.testdir({}), 'wal')
  const { send, settings } = await start(t, config(to, directory, { truncate_frequency: '10s', buffer_size: 2 }))
  await send(request([gauge('a', 1)]))
  await until(() => to.writes.length === 1)
  t.equal(readFileSync(join(directory, 'sent'), 'utf8'), '0')
  await settings.clock.advance(10_000)
  await until(() => readFileSync(join(directory, 'sent'), 'utf8') === '1')
  t.pass('written down after ten seconds')
})

test('lag_record_frequency says how often the number that waits is recorded', async (t) => {
  const to = await destination(t)
  down(to)
  const { meter, observed } = readableMeter()
  const lag = (): number => observed('sluice_exporter_prometheusremotewrite_wal_lag')
  const yaml = config(to, join(t.testdir({}), 'wal'), { lag_record_frequency: '5s' })
  const { send, settings } = await start(t, yaml, undefined, meter)
  for (let i = 0; i < 3; i++) await send(request([gauge(`m${i}`, i)]))
  await settings.clock.advance(4999)
  t.equal(lag(), 0, 'not recorded yet')
  await settings.clock.advance(1)
  t.equal(lag(), 3)
  await send(request([gauge('m3', 3)]))
  t.equal(lag(), 3)
  await settings.clock.advance(5000)
  t.equal(lag(), 4)
})

test('what is read from the disk has no sender, so nothing may depend on one', async (t) => {
  const to = await destination(t)
  const start = async (header: object): Promise<void> => {
    const { extension } = await startExtension<Extension>(t, headersSetter, { headers: [{ key: 'tenant', ...header }] })
    const directory = join(t.testdir({}), 'wal')
    const yaml = { ...config(to, directory), auth: { authenticator: 'who' } }
    const exporter = remoteWrite.create(v.parse(remoteWrite.config, yaml), testSettings())
    t.teardown(() => exporter.stop!(AbortSignal.abort()))
    await exporter.start!(testHost({ extensions: new Map([['who', extension]]) }))
  }
  await t.rejects(start({ from_context: 'x-tenant' }), {
    message:
      'wal: does not keep who sent the data, which who asks for (x-tenant): remove wal, or use an exporter for each sender',
  })
  await t.rejects(start({ from_attribute: 'subject' }), { message: /asks for \(subject\)/ })
  await start({ value: 'a' })
})
