// Against a real Elasticsearch with users and TLS, read back by its own client. The distribution for integration tests has no
// data streams: where documents would go to one they go to indices here.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import tap, { type Test, test } from 'tap'
import elasticsearch from '../../../src/exporters/elasticsearch/index.ts'
import openSearch from '../../../src/exporters/opensearch/index.ts'
import { type ExporterRig, startExporter } from '../../kit/otlp-exporter.ts'
import { list, logs, metrics, points, record, spans, TIME } from '../../search/input.ts'
import { startElasticsearch } from '../../servers/elasticsearch.ts'

const found = await startElasticsearch()
const skip = typeof found === 'string' ? found : false
const { url, user, password, ca, search, client, stop } = typeof found === 'string' ? ({} as never) : found
if (skip === false) tap.teardown(stop)

const text = (stringValue: string) => ({ stringValue })

const AT_ONCE = { sending_queue: { batch: { min_size: 0 } } }

/** Who we are, and whom we trust. */
function known(t: Test): object {
  const ca_file = join(t.testdir({}), 'ca.crt')
  writeFileSync(ca_file, ca)
  return { endpoint: url, user, password, tls: { ca_file }, ...AT_ONCE }
}
const started = (t: Test, config: object): Promise<ExporterRig> =>
  startExporter(t, elasticsearch, { ...known(t), ...config }, {})

/** What has been measured, in every way; a dynamic field takes 32-bit numbers only. */
const measured = () => {
  const dataPoints = [{ timeUnixNano: `${TIME}000000`, count: 3, sum: 4, bucketCounts: [1, 2], explicitBounds: [1] }]
  const histogram = { name: 'size', histogram: { aggregationTemporality: 1, dataPoints } }
  return points([...metrics.filter(({ name }) => name !== 'latency'), histogram])
}

const INDICES = { logs_index: 'logs-own', traces_index: 'traces-own', metrics_index: 'metrics-own' }

test('otel: log records, spans, their events, and data points', { skip }, async (t) => {
  const { send, settled, account } = await started(t, INDICES)
  await Promise.all([send(spans()), send(logs()), send(measured())])
  await Promise.all([settled('traces'), settled('logs'), settled('metrics')])
  t.same(account('traces'), { out: 1, held: 0, dropped: {} })
  t.same(account('logs'), { out: 1, held: 0, dropped: {} })
  t.same(account('metrics'), { out: 3, held: 0, dropped: { invalid_value: 1, unsupported_temporality: 1 } })

  const [span] = await search('traces-own', 'attributes.http.route:"/cart" AND kind:Server AND duration:1500000000')
  t.match(span!._source, { name: 'GET /cart', status: { code: 'Error' }, scope: { name: 'lib' } })
  const [log] = await search('logs-own', 'severity_number:17 AND body.text:broke')
  t.match(log!._source, { attributes: { 'user.id': 'u1' }, resource: { attributes: { 'service.name': 'shop' } } })
  t.equal((await search('logs-own', 'event_name:exception AND attributes.exception.type:Error')).length, 1)
  t.match((await search('metrics-own', 'metrics.up:7'))[0]!._source, { unit: '1', attributes: { route: '/' } })
  const mapping = await client.indices.getMapping({ index: 'logs-own' })
  t.match(mapping['logs-own']!.mappings.properties, { '@timestamp': { type: 'date' } })
})

test('a data stream that nobody has made a template for is refused, and the reason is said', { skip }, async (t) => {
  const { send, settled, account, settings } = await started(t, {})
  await send(logs())
  await settled('logs')
  t.same(account('logs'), { out: 0, held: 0, dropped: { bad_index: 1 } })
  const [line] = settings.lines.filter(({ level }) => level === 'error')
  t.match(line, { message: 'documents refused', fields: { error: /logs-generic\.otel-default/ } })
})

for (const mode of ['ecs', 'none', 'raw'])
  test(`${mode}: what there is of it is taken`, { skip }, async (t) => {
    const { send, settled, account } = await started(t, {
      mapping: { mode },
      logs_index: `${mode}-logs`,
      traces_index: `${mode}-traces`,
      metrics_index: `${mode}-metrics`,
    })
    await send(logs())
    await settled('logs')
    t.same(account('logs'), { out: 1, held: 0, dropped: {} })
    await send(spans())
    await settled('traces')
    t.same(account('traces'), { out: 1, held: 0, dropped: {} })
    t.equal((await search(`${mode}-logs`, mode === 'ecs' ? 'message:broke' : 'Body:broke')).length, 1)
    if (mode !== 'ecs') return
    await send(measured())
    await settled('metrics')
    t.equal((await search('ecs-metrics', 'service.name:shop AND up:7')).length, 1)
  })

test('logstash_format: an index for each day of the events, and ids', { skip }, async (t) => {
  const { send, settled, account } = await started(t, {
    logs_index: 'ai-textbook',
    logstash_format: { enabled: true },
    logs_dynamic_id: { enabled: true },
    mapping: { mode: 'raw' },
  })
  const event = (id: string, millis: number) => ({
    ...record,
    timeUnixNano: `${millis}000000`,
    attributes: list({ service: text('chat'), 'elasticsearch.document_id': text(id) }),
  })
  const batch = logs([event('one', TIME), event('two', TIME + 1000)])
  await send(batch)
  await settled('logs')
  await send(batch)
  await settled('logs')
  t.same(account('logs'), { out: 4, held: 0, dropped: {} })
  const hits = await search('ai-textbook-*', 'service.keyword:chat')
  t.same(hits.map(({ _index, _id }) => `${_index} ${_id}`).toSorted(), [
    'ai-textbook-2026.03.04 one',
    'ai-textbook-2026.03.05 two',
  ])
})

test('bodymap: what a logger has written is the document, in the index ai-textbook-logs', { skip }, async (t) => {
  const { send, settled } = await started(t, { logs_index: 'ai-textbook-logs', mapping: { mode: 'bodymap' } })
  const body = { kvlistValue: { values: list({ service: text('tutor'), level: text('info'), message: text('hi') }) } }
  await send(logs([{ body }]))
  await settled('logs')
  const [hit] = await search('ai-textbook-logs', 'service.keyword:tutor')
  t.same(hit!._source, { service: 'tutor', level: 'info', message: 'hi' })
})

test('a document that the index refuses holds up nobody, and goes to the dead letters with the reason', {
  skip,
}, async (t) => {
  await client.indices.create({
    index: 'strict',
    mappings: { properties: { attributes: { properties: { n: { type: 'long' } } } } },
  })
  const numbered = (n: object) => ({ ...record, attributes: list({ n }) })
  const batch = logs([numbered({ intValue: 1 }), numbered(text('many')), numbered({ intValue: 3 })])
  const plain = await started(t, { logs_index: 'strict' })
  await plain.send(batch)
  await plain.settled('logs')
  t.same(plain.account('logs'), { out: 2, held: 0, dropped: { mapping_error: 1 } })
  const [line] = plain.settings.lines.filter(({ level }) => level === 'error')
  t.match(line, { message: 'documents refused', fields: { items: 1, error: /attributes\.n.*long/ } })

  const letters = await started(t, { logs_index: 'strict', dead_letter: { index: 'dead' } })
  await letters.send(batch)
  await letters.settled('logs')
  t.same(letters.account('logs'), { out: 3, held: 0, dropped: {} })
  const [letter] = await search('dead', 'error.type:document_parsing_exception')
  t.match(letter!._source, { index: 'strict', error: { status: 400, reason: /attributes\.n/ } })
})

test('whatever attributes there are, the server takes the document', { skip }, async (t) => {
  const odd = {
    ...record,
    body: { kvlistValue: { values: list({ a: { doubleValue: Number.NaN } }) } },
    attributes: [
      ...list({ a: text('1'), 'a.b': text('2'), '': text('3'), '.c': text('4'), nan: { doubleValue: Number.NaN } }),
      ...list({ a: text('again'), bytes: { bytesValue: Buffer.from([255]) }, _id: text('5'), '@timestamp': text('6') }),
      ...list({ data_stream: text('7'), empty: {}, nested: { kvlistValue: { values: list({ '': text('x') }) } } }),
    ],
  }
  for (const mode of ['otel', 'ecs', 'none', 'raw']) {
    const { send, settled, account } = await started(t, { mapping: { mode }, logs_index: `odd-${mode}` })
    await send(logs([odd]))
    await settled('logs')
    t.same(account('logs'), { out: 1, held: 0, dropped: {} }, mode)
  }
})

test('strangers, wrong certificates and the exporter of the other product are told so', { skip }, async (t) => {
  const reasons = async (rig: ExporterRig) => {
    await rig.send(logs())
    await rig.settled('logs')
    return Object.keys(rig.account('logs').dropped)
  }
  t.same(await reasons(await started(t, { password: 'wrong' })), ['http_401'])
  const untrusted = await started(t, { tls: {}, retry: { enabled: false } })
  t.equal((await reasons(untrusted)).length, 1)
  const said = untrusted.settings.lines.map(({ fields }) => JSON.stringify(fields)).join()
  t.match(said, /certificate/i)
  const { endpoint, tls } = known(t) as { endpoint: string; tls: object }
  const other = await startExporter(t, openSearch, { http: { endpoint, tls }, user, password })
  t.same(await reasons(other), ['wrong_product'])
})

test('the nodes of the cluster are found', { skip }, async (t) => {
  const { send, settled, account } = await started(t, { logs_index: 'nodes', discover: { on_start: true } })
  for (let i = 0; i < 3; i++) await send(logs())
  await settled('logs')
  t.same(account('logs'), { out: 3, held: 0, dropped: {} })
})
