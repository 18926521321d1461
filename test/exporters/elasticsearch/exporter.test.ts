// Against the strict emulator: settings, and what can go wrong.
import { type Test, test } from 'tap'
import elasticsearch from '../../../src/exporters/elasticsearch/index.ts'
import { testContext } from '../../../src/testing/index.ts'
import { BulkEmulator, type BulkFault } from '../../emulator/bulk.ts'
import { items } from '../../kit/otlp.ts'
import { startExporter } from '../../kit/otlp-exporter.ts'
import { until } from '../../kit/until.ts'
import { type BulkRig, testBulkFaults } from '../../search/bulk-faults.ts'
import { list, logs, record, spans } from '../../search/input.ts'

interface Rig extends BulkRig {
  /** Time goes on until nothing is held. */
  delivered(signal: 'logs' | 'traces'): Promise<void>
}

/** Each batch is sent at once. */
const AT_ONCE = { sending_queue: { batch: { min_size: 0 } } }

async function rig(t: Test, config: object = {}): Promise<Rig> {
  const server = await BulkEmulator.start(t, 'elasticsearch')
  const exporter = await startExporter(t, elasticsearch, { endpoint: server.url, ...AT_ONCE, ...config }, {})
  const { clock } = exporter.settings
  return {
    ...exporter,
    server,
    async delivered(signal) {
      while (exporter.settings.ledger(signal).held > 0) {
        await clock.advance(100)
        await new Promise((resolve) => setImmediate(resolve))
      }
      await exporter.settled(signal)
    },
  }
}

testBulkFaults({ start: rig, bodyOf: ({ body }) => body.text, misfit: 'document_parsing_exception' })

const bodies = (server: BulkEmulator): string[] => server.documents.map(({ source }) => source.body.text)

test('who we are, what is compressed, which fields of the answer are wanted', async (t) => {
  const { server, send, settled } = await rig(t, {
    user: 'elastic',
    password: 'secret',
    headers: { 'x-own': 'y' },
    pipeline: 'p 1',
    include_source_on_error: false,
    bulk_response_filter_path: 'items.*.error.type',
  })
  server.isKnown = ({ authorization }) => authorization === `Basic ${Buffer.from('elastic:secret').toString('base64')}`
  await send(logs())
  await settled('logs')
  const [{ headers, path } = { headers: {} as Record<string, string>, path: '' }] = server.requests
  t.match(headers, { 'content-encoding': 'gzip', 'x-own': 'y', 'user-agent': /^sluice\// })
  const query = 'filter_path=errors%2Citems.*.status%2Citems.*.error.type&pipeline=p+1&include_source_on_error=false'
  t.equal(path, `/_bulk?${query}`)
  t.equal(server.documents.length, 1)

  const keyed = await rig(t, { api_key: 'a2V5', user: 'nobody', compression: 'none' })
  keyed.server.isKnown = ({ authorization }) => authorization === 'ApiKey a2V5'
  await keyed.send(logs())
  await keyed.settled('logs')
  t.equal(keyed.server.documents.length, 1)
  t.notOk('content-encoding' in keyed.server.requests[0]!.headers)
  t.equal(keyed.server.requests[0]!.path, '/_bulk?filter_path=errors%2Citems.*.status%2Citems.*.error')
})

test('a refusal costs no walk over the bytes of the request', async (t) => {
  const { server, send, delivered } = await rig(t)
  server.faults.push({ status: 503 })
  const { entries } = Object
  let walks = 0
  t.teardown(() => (Object.entries = entries))
  Object.entries = (of: object) => {
    if (of instanceof Uint8Array) walks++
    return entries(of)
  }
  await send(items.logs(100))
  await delivered('logs')
  t.equal(server.documents.length, 100)
  t.equal(walks, 0)
})

test('batches are joined up to a size, or a time; requests have flush::bytes at most', async (t) => {
  const joined = await rig(t, { sending_queue: { batch: { min_size: 3, sizer: 'items', flush_timeout: '7s' } } })
  await joined.send(items.logs(1))
  await joined.send(items.logs(2))
  await joined.settled('logs')
  t.same(
    joined.server.requests.map(({ documents }) => documents),
    [3],
  )
  await joined.send(items.logs(1))
  await joined.passWait(7000)
  await joined.settled('logs')
  t.equal(joined.server.requests.length, 2)

  const cut = await rig(t, { flush: { bytes: 2000 } })
  await cut.send(items.logs(20))
  await cut.settled('logs')
  t.ok(cut.server.requests.length > 2)
  t.ok(cut.server.requests.every(({ sizeBytes }) => sizeBytes <= 2000))
  t.same(cut.account('logs'), { out: 20, held: 0, dropped: {} })
})

test('a sender chooses how its documents look, also where batches are joined', async (t) => {
  const { server, send, settled, settings } = await rig(t, {
    sending_queue: { batch: { min_size: 100, sizer: 'items', flush_timeout: '1s' } },
  })
  await send(logs(), testContext({ 'x-elastic-mapping-mode': ['ecs'] }))
  await send(logs())
  await settings.clock.advance(1000)
  await settled('logs')
  t.same(server.documents.map(({ source }) => 'message' in source).toSorted(), [false, true])
})

const faults: Readonly<Record<string, BulkFault>> = {
  'a reset': 'reset',
  'no whole JSON': 'garbage',
  'service unavailable': { status: 503 },
  'too many requests': { status: 429 },
}
for (const [name, fault] of Object.entries(faults))
  test(`${name}: everything is held meanwhile, and delivered after`, async (t) => {
    const { server, send, delivered, account } = await rig(t)
    server.faults.push(fault, fault)
    await send(items.logs(5))
    await until(() => server.requests.length === 1)
    t.same(account('logs'), { out: 0, held: 5, dropped: {} })
    await delivered('logs')
    t.same(account('logs'), { out: 5, held: 0, dropped: {} })
    t.equal(server.documents.length, 5)
    t.equal(server.requests.length, 3)
  })

test('a server that is down: everything waits for it', async (t) => {
  const { server, send, delivered, account, settings } = await rig(t)
  const { port } = server
  await server.stop()
  await send(items.logs(3))
  await settings.clock.advance(1000)
  t.same(account('logs'), { out: 0, held: 3, dropped: {} })
  await server.listen(port)
  await delivered('logs')
  t.same(account('logs'), { out: 3, held: 0, dropped: {} })
})

for (const fault of ['hang', 'trickle'] as const)
  test(`an answer that never ends (${fault}) is given up after the time limit, and the request sent again`, async (t) => {
    const { server, send, delivered, account, passWait } = await rig(t, { timeout: '3s' })
    server.faults.push(fault)
    await send(items.logs(2))
    await until(() => server.requests.length === 1)
    await passWait(3000)
    await delivered('logs')
    t.same(account('logs'), { out: 2, held: 0, dropped: {} })
  })

test('retries: off, counted, by status', async (t) => {
  const off = await rig(t, { retry: { enabled: false } })
  off.server.faults.push({ status: 503 })
  await off.send(items.logs(1))
  await off.settled('logs')
  t.same(off.account('logs'), { out: 0, held: 0, dropped: { http_503: 1 } })

  const counted = await rig(t, { retry: { max_retries: 1 } })
  counted.server.fault = { status: 503 }
  await counted.send(items.logs(1))
  await counted.delivered('logs')
  t.equal(counted.server.requests.length, 2)
  t.same(counted.account('logs'), { out: 0, held: 0, dropped: { http_503: 1 } })

  const strict = await rig(t, { retry: { retry_on_status: [429] } })
  strict.server.faults.push({ status: 503 })
  await strict.send(items.logs(1))
  await strict.settled('logs')
  t.same(strict.account('logs'), { out: 0, held: 0, dropped: { http_503: 1 } })

  const short = await rig(t, { retry: { max_elapsed_time: '1s', max_interval: '200ms' } })
  short.server.fault = { status: 503 }
  await short.send(items.logs(1))
  await short.delivered('logs')
  t.same(short.account('logs'), { out: 0, held: 0, dropped: { max_elapsed_time: 1 } })
})

test('documents that are refused hold up nobody; busy ones are sent again alone', async (t) => {
  const { server, send, delivered, account, settings } = await rig(t, {
    telemetry: { log_failed_docs_input: true, log_failed_docs_input_rate_limit: '1h' },
  })
  let busy = 1
  server.refuse = ({ source }) => {
    if (source.body.text === 'log-1' || source.body.text === 'log-3')
      return { status: 400, type: 'document_parsing_exception' }
    return source.body.text === 'log-2' && busy-- > 0 ? { status: 429, type: 'x' } : undefined
  }
  await send(items.logs(5))
  await delivered('logs')
  t.same(account('logs'), { out: 3, held: 0, dropped: { mapping_error: 2 } })
  t.same(bodies(server), ['log-0', 'log-4', 'log-2'])
  t.same(
    server.requests.map(({ documents }) => documents),
    [5, 1],
  )
  const told = settings.lines.filter(({ message }) => message === 'document refused')
  t.equal(told.length, 1, 'one in an hour')
  t.match(told[0], { level: 'debug', fields: { status: 400, document: /log-1/ } })
})

test('a span is settled with its events', async (t) => {
  const { server, send, delivered, account } = await rig(t)
  server.refuse = ({ index }) =>
    index.startsWith('logs-') ? { status: 400, type: 'document_parsing_exception' } : undefined
  await send(spans())
  await delivered('traces')
  t.same(account('traces'), { out: 0, held: 0, dropped: { mapping_error: 1 } })
  t.equal(server.documents.length, 1)
})

test('taken, but the answer is lost: with ids there is one of each', async (t) => {
  const { server, send, delivered, account } = await rig(t, { logs_dynamic_id: { enabled: true } })
  server.faults.push('taken_and_reset')
  const attributes = list({ 'elasticsearch.document_id': { stringValue: 'one' } })
  await send(logs([{ ...record, attributes }]))
  await delivered('logs')
  t.equal(server.documents.length, 1)
  t.same(account('logs'), { out: 1, held: 0, dropped: {} })
})

test('an OpenSearch is told apart: which exporter is for it', async (t) => {
  const server = await BulkEmulator.start(t, 'opensearch')
  const { send, settled, account, settings } = await startExporter(
    t,
    elasticsearch,
    { endpoint: server.url, ...AT_ONCE },
    {},
  )
  await send(items.logs(2))
  await settled('logs')
  t.same(account('logs'), { out: 0, held: 0, dropped: { wrong_product: 2 } })
  t.equal(server.documents.length, 0, 'nothing was written to it')
  const told = settings.lines.map(({ fields }) => JSON.stringify(fields)).join()
  t.match(told, /this server is OpenSearch, not Elasticsearch: use the exporter opensearch/)
})

test('strangers are told so, once, and nothing is repeated', async (t) => {
  const { server, send, settled, account } = await rig(t)
  server.isKnown = () => false
  await send(items.logs(2))
  await settled('logs')
  t.same(account('logs'), { out: 0, held: 0, dropped: { http_401: 2 } })
  t.equal(server.requests.length, 1)
})

test('nodes are used in turn; one that is away is left out', async (t) => {
  const server = await BulkEmulator.start(t, 'elasticsearch')
  const nodes = { endpoints: ['http://127.0.0.1:9', server.url, `${server.url}/`], discover: { interval: '1h' } }
  const { send, settings, account } = await startExporter(t, elasticsearch, { ...nodes, ...AT_ONCE }, {})
  for (let i = 0; i < 5; i++) await send(items.logs(1))
  while (settings.ledger('logs').held > 0) {
    await settings.clock.advance(100)
    await new Promise((resolve) => setImmediate(resolve))
  }
  t.same(account('logs'), { out: 5, held: 0, dropped: {} })
})

test('telemetry: requests and answers in the log; what has no effect, and newer names, are said', async (t) => {
  const { send, settled, settings } = await rig(t, {
    telemetry: { log_request_body: true, log_response_body: true },
    index: 'old',
    num_workers: 2,
    batcher: { enabled: false },
    flush: { interval: '1s' },
    retry: { max_requests: 3 },
    mapping: { dedup: true, dedot: true },
    suppress_conflict_errors: true,
    traces_dynamic_index: { enabled: true },
  })
  await send(logs())
  await settled('logs')
  const lines = (message: string) => settings.lines.filter((line) => line.message === message)
  t.match(lines('bulk request').at(-1), { level: 'debug', fields: { body: /"_index":"old"/ } })
  t.match(lines('bulk answer').at(-1), { level: 'debug', fields: { status: 200, body: /"errors":false/ } })
  const settingsOf = (message: string) => lines(message).map(({ fields }) => (fields as { setting: string }).setting)
  t.same(settingsOf('setting has no effect'), [
    'mapping::dedup',
    'mapping::dedot',
    'suppress_conflict_errors',
    'traces_dynamic_index',
  ])
  t.same(settingsOf('setting has a newer name'), [
    'index',
    'num_workers',
    'batcher',
    'flush::interval',
    'retry::max_requests',
  ])
})
