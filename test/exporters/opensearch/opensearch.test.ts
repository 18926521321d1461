// Against a real OpenSearch, read back by its own client.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import tap, { test } from 'tap'
import openSearch from '../../../src/exporters/opensearch/index.ts'
import { startExporter } from '../../kit/otlp-exporter.ts'
import { list, logs, points, record, resource, spans, TIME } from '../../search/input.ts'
import { startOpenSearch } from '../../servers/opensearch.ts'

const found = await startOpenSearch()
const skip = typeof found === 'string' ? found : false
const { url, search, client, stop } = typeof found === 'string' ? ({} as never) : found
if (skip === false) tap.teardown(stop)

const text = (stringValue: string) => ({ stringValue })

test('spans and log records are documents of the schema that Dashboards reads', { skip }, async (t) => {
  const { send, settled, account } = await startExporter(t, openSearch, { http: { endpoint: url } })
  await Promise.all([send(spans()), send(logs())])
  await Promise.all([settled('traces'), settled('logs')])
  t.same(account('traces'), { out: 1, held: 0, dropped: {} })
  t.same(account('logs'), { out: 1, held: 0, dropped: {} })

  const [span] = await search('ss4o_traces-default-namespace', 'attributes.http.route:"/cart" AND kind:Server')
  t.same(span!._source, {
    '@timestamp': '2026-03-04T23:59:59.123000000Z',
    traceId: '0102030405060708090a0b0c0d0e0f10',
    spanId: '0102030405060708',
    parentSpanId: '1112131415161718',
    traceState: 'a=b',
    name: 'GET /cart',
    kind: 'Server',
    startTime: '2026-03-04T23:59:59.123000000Z',
    endTime: '2026-03-05T00:00:00.623000000Z',
    status: { code: 'Error', message: 'broken' },
    droppedAttributesCount: 1,
    droppedEventsCount: 2,
    droppedLinksCount: 3,
    attributes: {
      'http.route': '/cart',
      'http.status_code': 500,
      data_stream: { dataset: 'default', namespace: 'namespace', type: 'span' },
    },
    events: [
      {
        '@timestamp': '2026-03-04T23:59:59.133000000Z',
        name: 'exception',
        attributes: { 'exception.type': 'Error' },
        droppedAttributesCount: 4,
      },
    ],
    links: [
      {
        traceId: '2102030405060708090a0b0c0d0e0f10',
        spanId: '2102030405060708',
        traceState: 'c=d',
        attributes: { linked: 'yes' },
        droppedAttributesCount: 5,
      },
    ],
    instrumentationScope: {
      name: 'lib',
      version: '1.2',
      schemaUrl: 'https://example.test/1',
      droppedAttributesCount: 0,
      attributes: { scoped: true },
    },
    resource: { 'service.name': 'shop', 'process.pid': '42', 'host.name': 'h1' },
  })

  const [log] = await search('ss4o_logs-default-namespace', 'severity.number:17 AND body:broke')
  t.same(log!._source, {
    '@timestamp': '2026-03-04T23:59:59.123000000Z',
    observedTimestamp: '2026-03-04T23:59:59.128000000Z',
    body: 'something "broke"\n',
    severity: { text: 'ERROR', number: 17 },
    traceId: '0102030405060708090a0b0c0d0e0f10',
    spanId: '0102030405060708',
    attributes: {
      'user.id': 'u1',
      count: 3,
      ratio: 1,
      data_stream: { dataset: 'default', namespace: 'namespace', type: 'record' },
    },
    instrumentationScope: {
      name: 'lib',
      version: '1.2',
      schemaUrl: 'https://example.test/1',
      attributes: { scoped: true },
    },
    resource: { 'service.name': 'shop', 'process.pid': '42', 'host.name': 'h1' },
    schemaUrl: 'https://example.test/1',
  })
})

test('an index by attribute and day of the event, an id by attribute: what is sent twice is there once', {
  skip,
}, async (t) => {
  const { send, settled, account } = await startExporter(t, openSearch, {
    http: { endpoint: url, compression: 'gzip' },
    logs_index: 'logs-%{cloudwatch.log.group.name}',
    logs_index_time_format: 'yyyy-MM-dd',
    document_id_attribute: 'log.record.uid',
  })
  const event = (id: string, millis: number) => ({
    ...record,
    timeUnixNano: `${millis}000000`,
    attributes: list({ 'cloudwatch.log.group.name': text('/ecs/Checkout'), 'log.record.uid': text(id) }),
  })
  const batch = logs([event('one', TIME), event('two', TIME + 1000), event('x'.repeat(600), TIME)])
  await send(batch)
  await settled('logs')
  await send(batch)
  await settled('logs')
  t.same(account('logs'), { out: 6, held: 0, dropped: {} })
  const hits = await search('logs-*')
  t.same(hits.map(({ _index, _id }) => `${_index} ${_id.slice(0, 7)}`).toSorted(), [
    'logs--ecs-checkout-2026-03-04 one',
    'logs--ecs-checkout-2026-03-04 sha256-',
    'logs--ecs-checkout-2026-03-05 two',
  ])
})

test('a document that the index refuses holds up nobody, and goes to the dead letters with the reason', {
  skip,
}, async (t) => {
  await client.indices.create({
    index: 'strict',
    body: { mappings: { properties: { attributes: { properties: { n: { type: 'long' } } } } } },
  })
  const numbered = (n: object) => ({ ...record, attributes: list({ n }) })
  const batch = logs([numbered({ intValue: 1 }), numbered(text('many')), numbered({ intValue: 3 })])
  const to = { http: { endpoint: url }, logs_index: 'strict' }

  const plain = await startExporter(t, openSearch, to)
  await plain.send(batch)
  await plain.settled('logs')
  t.same(plain.account('logs'), { out: 2, held: 0, dropped: { mapping_error: 1 } })
  const [line] = plain.settings.lines.filter(({ level }) => level === 'error')
  t.match(line, { message: 'documents refused', fields: { items: 1, error: /attributes\.n.*long/ } })

  const letters = await startExporter(t, openSearch, { ...to, dead_letter: { index: 'dead' } })
  await letters.send(batch)
  await letters.settled('logs')
  t.same(letters.account('logs'), { out: 3, held: 0, dropped: {} })
  const [letter] = await search('dead', 'error.type:mapper_parsing_exception')
  t.match(letter!._source, { index: 'strict', error: { status: 400, reason: /attributes\.n/ } })
  t.match(JSON.parse(letter!._source.document), { attributes: { n: 'many' }, body: record.body.stringValue })

  const path = join(t.testdir({}), 'dead/letters.jsonl')
  const files = await startExporter(t, openSearch, { ...to, dead_letter: { file: path } })
  await files.send(batch)
  await files.settled('logs')
  t.same(files.account('logs'), { out: 3, held: 0, dropped: {} })
  t.match(JSON.parse(await readFile(path, 'utf8')), { index: 'strict', error: { status: 400 } })
  t.equal((await search('strict')).length, 6)
})

test('whatever attributes there are, the server takes the document', { skip }, async (t) => {
  const { send, settled, account } = await startExporter(t, openSearch, { http: { endpoint: url }, logs_index: 'odd' })
  const odd = {
    ...record,
    body: { kvlistValue: { values: list({ a: { doubleValue: Number.NaN } }) } },
    attributes: [
      ...list({ a: text('1'), 'a.b': text('2'), '': text('3'), '.c': text('4'), nan: { doubleValue: Number.NaN } }),
      ...list({ a: text('again'), bytes: { bytesValue: Buffer.from([255]) }, _id: text('5'), '@timestamp': text('6') }),
      ...list({ data_stream: text('7'), empty: {}, nested: { kvlistValue: { values: list({ '': text('x') }) } } }),
    ],
  }
  await send(logs([odd]))
  await settled('logs')
  t.same(account('logs'), { out: 1, held: 0, dropped: {} })
  const [hit] = await search('odd')
  t.match(hit!._source.attributes, { 'a.value': '1', 'a.b': '2', _: '3', _c: '4', _id: '5', '@timestamp': '6' })
})

test('a pipeline, and the action index, which replaces', { skip }, async (t) => {
  await client.ingest.putPipeline({
    id: 'stamp',
    body: { processors: [{ set: { field: 'stamped', value: { text: 'yes' } } }] },
  })
  const { send, settled } = await startExporter(t, openSearch, {
    http: { endpoint: url },
    traces_index: 'traces-%{absent}',
    traces_index_fallback: 'other',
    traces_index_time_format: 'yyyy.MM',
    document_id_attribute: 'service.name',
    bulk_action: 'index',
    pipeline: 'stamp',
    dataset: 'd',
    namespace: 'n',
  })
  await send(spans())
  await send(spans())
  await settled('traces')
  const hits = await search('traces-other-2026.03')
  t.equal(hits.length, 1)
  t.match(hits[0], {
    _id: 'shop',
    _source: { stamped: { text: 'yes' }, attributes: { data_stream: { dataset: 'd' } } },
  })
  t.match(resource.attributes[0], { key: 'service.name' })
})

for (const mode of ['ss4o', 'ecs', 'flatten_attributes', 'otel-v1'])
  for (const dedot of [false, true])
    test(`${mode}${dedot ? ', objects' : ''}: log records, spans and data points of every type are taken`, {
      skip,
    }, async (t) => {
      const name = `${mode}-${dedot}`
      const { send, settled, account } = await startExporter(t, openSearch, {
        http: { endpoint: url },
        mapping: { mode, dedot },
        logs_index: `m-${name}-logs`,
        traces_index: `m-${name}-traces`,
        metrics_index: `m-${name}-metrics`,
      })
      for (const batch of [logs(), spans(), points()]) {
        await send(batch)
        await settled(batch.signal)
        t.same(account(batch.signal), { out: batch.items, held: 0, dropped: {} })
      }
      t.equal((await search(`m-${name}-metrics`, 'name:latency AND count:3')).length, 1)
      const [field, value] = mode === 'ss4o' || mode === 'otel-v1' ? ['attributes.count', 3] : ['TraceFlags', 1]
      t.equal((await search(`m-${name}-logs`, `${field}:${value}`)).length, 1)
    })

test('CloudWatch Logs: an index by group and day of the event, the id of the event, the fields of the message', {
  skip,
}, async (t) => {
  const { send, settled, account } = await startExporter(t, openSearch, {
    http: { endpoint: url },
    bulk_action: 'index',
    logs_index: 'logs-%{cloudwatch.log.group.name}',
    logs_index_time_format: 'yyyy-MM-dd',
    document_id_attribute: 'log.record.uid',
    mapping: {
      mode: 'flatten_attributes',
      file: join(
        t.testdir({ 'fields.yaml': 'cloudwatch.log.group.name: logGroup\ncloudwatch.log.stream: logStream\n' }),
        'fields.yaml',
      ),
      fields: { Body: '', 'Body.value': 'message', 'log.record.uid': '' },
    },
  })
  const event = (id: string, body: object) => ({
    timeUnixNano: `${TIME}000000`,
    body,
    attributes: list({
      'log.record.uid': text(id),
      'cloudwatch.log.group.name': text('/aws/lambda/orders'),
      'cloudwatch.log.stream': text('2026/03/04/[$LATEST]abc'),
    }),
  })
  const message = list({ level: text('info'), statusCode: { intValue: 200 }, '@timestamp': text('yesterday') })
  await send(logs([event('e1', { kvlistValue: { values: message } }), event('e2', text('plain'))]))
  await settled('logs')
  t.same(account('logs'), { out: 2, held: 0, dropped: {} })
  const index = 'logs--aws-lambda-orders-2026-03-04'
  const [object] = await search(index, '_id:e1 AND level.keyword:info AND statusCode:200')
  t.match(object!._source, {
    '@timestamp': '2026-03-04T23:59:59.123000000Z',
    logGroup: '/aws/lambda/orders',
    logStream: '2026/03/04/[$LATEST]abc',
    'attributes.@timestamp': 'yesterday',
  })
  t.match((await search(index, '_id:e2'))[0]!._source, { message: 'plain' })
})

test('what a logger writes into one index can be found by service.keyword', { skip }, async (t) => {
  const { send, settled } = await startExporter(t, openSearch, {
    http: { endpoint: url },
    logs_index: 'ai-textbook-logs',
    mapping: {
      mode: 'flatten_attributes',
      fields: { 'service.name': 'service', 'Body.value': 'message', SeverityText: 'level' },
    },
  })
  await send(logs())
  await settled('logs')
  const [hit] = await search('ai-textbook-logs', 'service.keyword:shop AND level.keyword:ERROR')
  t.match(hit!._source, { service: 'shop', message: record.body.stringValue })
})

test('several nodes, found and used in turn; one that is away is left out', { skip }, async (t) => {
  const { send, settled, account, passWait } = await startExporter(t, openSearch, {
    http: { endpoint: 'http://127.0.0.1:9' },
    endpoints: [url],
    discover: { on_start: false, interval: '1s' },
    logs_index: 'nodes',
  })
  await send(logs())
  await passWait(1000)
  await settled('logs')
  for (let i = 0; i < 3; i++) await send(logs())
  await settled('logs')
  t.same(account('logs'), { out: 4, held: 0, dropped: {} })
})
