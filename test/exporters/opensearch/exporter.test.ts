// Against the strict emulator: settings, and everything that can go wrong.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import * as v from 'valibot'
import { config } from '../../../src/exporters/opensearch/config.ts'
import openSearch from '../../../src/exporters/opensearch/index.ts'
import { type TestSettings, testHost, testSettings } from '../../../src/testing/index.ts'
import { BulkEmulator, type BulkFault } from '../../emulator/bulk.ts'
import { items } from '../../kit/otlp.ts'
import { startExporter } from '../../kit/otlp-exporter.ts'
import { until } from '../../kit/until.ts'
import { type BulkRig, testBulkFaults } from '../../search/bulk-faults.ts'
import { list, logs, points, record, spans, TIME } from '../../search/input.ts'

async function rig(
  t: Test,
  { http = {}, ...more }: { http?: object; [setting: string]: unknown } = {},
): Promise<BulkRig> {
  const server = await BulkEmulator.start(t, 'opensearch')
  return { server, ...(await startExporter(t, openSearch, { http: { endpoint: server.url, ...http }, ...more })) }
}

testBulkFaults({ start: rig, bodyOf: ({ body }) => body, misfit: 'mapper_parsing_exception' })

const bodies = (server: BulkEmulator): string[] => server.documents.map(({ source }) => source.body)

test('who we are, what is compressed, which fields of the answer are wanted', async (t) => {
  const { server, send, settled } = await rig(t, {
    http: { compression: 'zstd', headers: { 'x-own': 'y' } },
    user: 'admin',
    password: 'secret',
    pipeline: 'p 1',
  })
  server.isKnown = ({ authorization }) => authorization === `Basic ${Buffer.from('admin:secret').toString('base64')}`
  await send(logs())
  await settled('logs')
  const [{ headers, path } = { headers: {} as Record<string, string>, path: '' }] = server.requests
  t.match(headers, { 'content-encoding': 'zstd', 'x-own': 'y', 'user-agent': /^sluice\// })
  t.equal(path, '/_bulk?filter_path=errors%2Citems.*.status%2Citems.*.error&pipeline=p+1')
  t.equal(server.documents.length, 1)
})

test('requests have max_bulk_size at most, and what is too large for the server is cut in halves', async (t) => {
  const cut = await rig(t, { max_bulk_size: 2000 })
  await cut.send(items.logs(20))
  await cut.settled('logs')
  t.ok(cut.server.requests.length > 2)
  t.ok(cut.server.requests.every(({ sizeBytes }) => sizeBytes <= 2000))
  t.same(cut.account('logs'), { out: 20, held: 0, dropped: {} })

  const halved = await rig(t)
  halved.server.maxBytes = 2000
  const huge = { ...record, body: { stringValue: 'x'.repeat(3000) } }
  await halved.send(logs([record, record, huge, record, record, record, record]))
  await halved.settled('logs')
  t.same(halved.account('logs'), { out: 6, held: 0, dropped: { too_large: 1 } })
  t.equal(halved.server.documents.length, 6)
})

test('a missing attribute of a name is logs_index_fallback, traces_index_fallback', async (t) => {
  const { server, send, settled } = await rig(t, {
    logs_index: 'l-%{absent}',
    logs_index_fallback: 'none',
    traces_index: 't-%{absent}',
    traces_index_fallback: 'nothing',
  })
  await send(logs())
  await settled('logs')
  await send(spans())
  await settled('traces')
  t.same(
    server.documents.map(({ index }) => index),
    ['l-none', 't-nothing'],
  )
})

const faults: Readonly<Record<string, BulkFault>> = {
  'a reset': 'reset',
  'no whole JSON': 'garbage',
  'service unavailable': { status: 503 },
  'too many requests': { status: 429 },
  'an internal error': { status: 500 },
}
for (const [name, fault] of Object.entries(faults))
  test(`${name}: everything is held meanwhile, and delivered after`, async (t) => {
    const { server, send, settled, account, passWait } = await rig(t)
    server.faults.push(fault, fault)
    await send(items.logs(5))
    await until(() => server.requests.length === 1)
    t.same(account('logs'), { out: 0, held: 5, dropped: {} })
    await passWait(1000)
    await passWait(1000)
    await settled('logs')
    t.same(account('logs'), { out: 5, held: 0, dropped: {} })
    t.equal(server.documents.length, 5)
  })

test('a server that is down: everything waits for it', async (t) => {
  const { server, send, settled, account, passWait } = await rig(t)
  const { port } = server
  await server.stop()
  await send(items.logs(3))
  await passWait(1000)
  t.same(account('logs'), { out: 0, held: 3, dropped: {} })
  await server.listen(port)
  await passWait(1000)
  await settled('logs')
  t.same(account('logs'), { out: 3, held: 0, dropped: {} })
})

for (const fault of ['hang', 'trickle'] as const)
  test(`an answer that never ends (${fault}) is given up after http::timeout, and the request sent again`, async (t) => {
    const { server, send, settled, account, passWait } = await rig(t, { timeout: '9s', http: { timeout: '3s' } })
    server.faults.push(fault)
    await send(items.logs(2))
    await until(() => server.requests.length === 1)
    await passWait(3000)
    await passWait(1000)
    await settled('logs')
    t.same(account('logs'), { out: 2, held: 0, dropped: {} })
  })

test('taken, but the answer is lost: with ids there is one of each, without them at most one batch twice', async (t) => {
  const twice = await rig(t)
  twice.server.faults.push('taken_and_reset')
  await twice.send(items.logs(3))
  await twice.passWait(1000)
  await twice.settled('logs')
  t.equal(twice.server.documents.length, 6)

  const once = await rig(t, { document_id_attribute: 'user.id' })
  once.server.faults.push('taken_and_reset')
  await once.send(logs())
  await once.passWait(1000)
  await once.settled('logs')
  t.equal(once.server.documents.length, 1)
  t.same(once.account('logs'), { out: 1, held: 0, dropped: {} })
})

test('a request that is poisoned by one document: the others are found by halves', async (t) => {
  const { server, send, settled, account } = await rig(t)
  const poison = { status: 400, body: '{"error":{"type":"x","reason":"poison"}}' }
  // 4 together, the first two, the first, (the second is taken), (the others are taken)
  server.faults.push(poison, poison, poison)
  await send(items.logs(4))
  await settled('logs')
  t.same(account('logs'), { out: 3, held: 0, dropped: { rejected_400: 1 } })
  t.same(bodies(server).toSorted(), ['log-1', 'log-2', 'log-3'])
})

test('strangers are told so, once, and nothing is repeated', async (t) => {
  const { server, send, settled, account, settings } = await rig(t)
  server.isKnown = () => false
  await send(items.logs(2))
  await settled('logs')
  t.same(account('logs'), { out: 0, held: 0, dropped: { http_401: 2 } })
  t.equal(server.requests.length, 1)
  t.ok(settings.lines.some(({ level }) => level === 'error'))
})

test('an Elasticsearch is told apart: which exporter is for it', async (t) => {
  const server = await BulkEmulator.start(t, 'elasticsearch')
  const { send, settled, account, settings } = await startExporter(t, openSearch, { http: { endpoint: server.url } })
  await send(items.logs(2))
  await settled('logs')
  t.same(account('logs'), { out: 0, held: 0, dropped: { wrong_product: 2 } })
  t.equal(server.documents.length, 0, 'nothing was written to it')
  const told = settings.lines.map(({ fields }) => JSON.stringify(fields)).join()
  t.match(told, /this server is Elasticsearch.*use the exporter elasticsearch/)
})

test('dead letters whose index is busy wait; a file of them begins anew at max_megabytes', async (t) => {
  const { server, send, settled, account, passWait } = await rig(t, { dead_letter: { index: 'dead' } })
  let isBusy = true
  server.refuse = ({ index }) => {
    if (index !== 'dead') return { status: 400, type: 'mapper_parsing_exception' }
    return isBusy ? { status: 429, type: 'x' } : undefined
  }
  await send(items.logs(2))
  await until(() => server.requests.length === 2)
  isBusy = false
  await passWait(1000)
  await settled('logs')
  t.same(account('logs'), { out: 2, held: 0, dropped: {} })
  t.same(
    server.documents.map(({ index, source }) => [index, source.index, JSON.parse(source.document).body]),
    [
      ['dead', 'ss4o_logs-default-namespace', 'log-0'],
      ['dead', 'ss4o_logs-default-namespace', 'log-1'],
    ],
  )

  const folder = join(t.testdir({}), 'letters')
  const file = join(folder, 'dead.jsonl')
  await mkdir(folder)
  await writeFile(file, 'x'.repeat(999_999))
  const other = await rig(t, { dead_letter: { file, max_megabytes: 1 } })
  other.server.refuse = () => ({ status: 400, type: 'strict_dynamic_mapping_exception' })
  await other.send(items.logs(2))
  await other.settled('logs')
  t.same(other.account('logs'), { out: 2, held: 0, dropped: {} })
  t.equal((await readFile(`${file}.1`)).length, 999_999)
  t.equal((await readFile(file, 'utf8')).trimEnd().split('\n').length, 2)
})

test('dead letters that go nowhere are counted as what they were refused for', async (t) => {
  const { server, send, settled, account } = await rig(t, { dead_letter: { index: 'dead' } })
  server.refuse = () => ({ status: 400, type: 'mapper_parsing_exception' })
  await send(items.logs(2))
  await settled('logs')
  t.same(account('logs'), { out: 0, held: 0, dropped: { mapping_error: 2 } })
  const broken = await rig(t, { dead_letter: { file: '/dev/null/x' } })
  broken.server.refuse = () => ({ status: 400, type: 'mapper_parsing_exception' })
  await broken.send(items.logs(2))
  await broken.settled('logs')
  t.same(broken.account('logs'), { out: 0, held: 0, dropped: { mapping_error: 2 } })
})

test('mapping: timestamp_field, unix_timestamp, fields and file; what has no effect is said', async (t) => {
  const fields = 'SeverityText: level\nuser.id: who\n'
  const { server, send, settled, settings } = await rig(t, {
    metrics_index: 'm-%{absent}',
    metrics_index_fallback: 'none',
    metrics_index_time_format: 'yyyy',
    mapping: {
      mode: 'flatten_attributes',
      timestamp_field: 'time',
      unix_timestamp: true,
      dedup: true,
      fields: { 'user.id': 'user' },
      file: join(t.testdir({ 'fields.yaml': fields }), 'fields.yaml'),
    },
  })
  await send(logs())
  await settled('logs')
  t.match(server.documents[0]!.source, { time: TIME, level: 'ERROR', user: 'u1' })
  await send(points())
  await settled('metrics')
  t.match(server.documents[1], { index: 'm-none-1970' })
  const effectless = (of: TestSettings) =>
    of.lines.map(({ fields }) => (fields as { setting?: string } | undefined)?.setting)
  t.same(effectless(settings).filter(Boolean), ['mapping::dedup'])
  const plain = await rig(t, { mapping: { dedot: true, timestamp_field: 'x' } })
  t.same(effectless(plain.settings).filter(Boolean), ['mapping::timestamp_field', 'mapping::dedot'])
})

test('a mapping::file that is none ends the start', async (t) => {
  const start = async (file: string): Promise<string> => {
    const exporter = openSearch.create(
      v.parse(config, { http: { endpoint: 'http://x' }, mapping: { mode: 'ecs', file } }),
      testSettings(),
    )
    return exporter.start!(testHost()).then(
      () => 'started',
      ({ message }: Error) => message,
    )
  }
  const folder = t.testdir({ list: '[1]', number: 'a: 1', broken: 'a: [' })
  t.match(await start(join(folder, 'absent')), /mapping::file: .*ENOENT/)
  t.match(await start(join(folder, 'list')), /must be a mapping of names/)
  t.match(await start(join(folder, 'number')), /a must be a text/)
  t.match(await start(join(folder, 'broken')), /mapping::file/)
})

test('bodymap: a body that is no map makes no document, and is counted', async (t) => {
  const { server, send, settled, account } = await rig(t, { mapping: { mode: 'bodymap' } })
  const body = { kvlistValue: { values: list({ a: { stringValue: 'x' } }) } }
  await send(logs([{ body }, record, { body }]))
  await settled('logs')
  t.same(account('logs'), { out: 2, held: 0, dropped: { body_is_no_map: 1 } })
  t.same(
    server.documents.map(({ source }) => source),
    [{ a: 'x' }, { a: 'x' }],
  )
})

test('what is wrong in a config is said', async (t) => {
  const problem = (yaml: object): string | undefined =>
    v
      .safeParse(config, yaml)
      .issues?.map(({ message }) => message)
      .join()
  t.match(problem({}), /needs to know where to send to/)
  t.match(problem({ http: { endpoint: 'http://x' }, dataset: '' }), /must not be empty/)
  t.match(problem({ http: { endpoint: 'http://x' }, bulk_action: 'update' }), /create, index/)
  t.match(problem({ http: { endpoint: 'http://x' }, dead_letter: { index: 'a', file: 'b' } }), /not both/)
  t.equal(problem({ endpoints: ['http://x'] }), undefined)
})
