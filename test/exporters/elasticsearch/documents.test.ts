// What each mapping mode writes of a log record and of a span.
import { test } from 'tap'
import { batchOf } from '../../kit/otlp.ts'
import { list, logs, record, spans } from '../../search/input.ts'
import { encoded } from './kit.ts'

const text = (stringValue: string) => ({ stringValue })
const of = (mode: string, more: object = {}) => ({ mapping: { mode }, ...more })
const first = (settings: object, batch: Parameters<typeof encoded>[1]) => encoded(settings, batch).written[0]!

const otelResource = { attributes: { 'service.name': 'shop', 'process.pid': 42, 'host.name': 'h1' } }
const otelScope = {
  name: 'lib',
  version: '1.2',
  schema_url: 'https://example.test/1',
  attributes: { scoped: true },
}
const stream = (type: string) => ({ type, dataset: 'generic.otel', namespace: 'default' })

test('otel: a log record', async (t) => {
  t.same(encoded({}, logs()).written, [
    {
      action: 'create',
      index: 'logs-generic.otel-default',
      more: { require_data_stream: true },
      document: {
        '@timestamp': '2026-03-04T23:59:59.123000000Z',
        observed_timestamp: '2026-03-04T23:59:59.128000000Z',
        data_stream: stream('logs'),
        severity_text: 'ERROR',
        severity_number: 17,
        trace_id: '0102030405060708090a0b0c0d0e0f10',
        span_id: '0102030405060708',
        attributes: { 'user.id': 'u1', count: 3, ratio: 1 },
        dropped_attributes_count: 2,
        body: { text: 'something "broke"\n' },
        resource: otelResource,
        scope: otelScope,
      },
    },
  ])
})

test('otel: a span, and its events as log records, which are no items of their own', async (t) => {
  const { written, items } = encoded({}, spans())
  t.equal(items, 1)
  t.same(written, [
    {
      action: 'create',
      index: 'traces-generic.otel-default',
      more: { require_data_stream: true },
      document: {
        '@timestamp': '2026-03-04T23:59:59.123000000Z',
        data_stream: stream('traces'),
        trace_id: '0102030405060708090a0b0c0d0e0f10',
        span_id: '0102030405060708',
        trace_state: 'a=b',
        parent_span_id: '1112131415161718',
        name: 'GET /cart',
        kind: 'Server',
        duration: 1_500_000_000,
        attributes: { 'http.route': '/cart', 'http.status_code': 500 },
        dropped_attributes_count: 1,
        dropped_events_count: 2,
        dropped_links_count: 3,
        links: [
          {
            trace_id: '2102030405060708090a0b0c0d0e0f10',
            span_id: '2102030405060708',
            trace_state: 'c=d',
            attributes: { linked: 'yes' },
            dropped_attributes_count: 5,
          },
        ],
        status: { message: 'broken', code: 'Error' },
        resource: otelResource,
        scope: otelScope,
      },
    },
    {
      action: 'create',
      index: 'logs-generic.otel-default',
      more: { require_data_stream: true },
      document: {
        '@timestamp': '2026-03-04T23:59:59.133000000Z',
        data_stream: stream('logs'),
        trace_id: '0102030405060708090a0b0c0d0e0f10',
        span_id: '0102030405060708',
        event_name: 'exception',
        attributes: { 'exception.type': 'Error', 'event.name': 'exception' },
        dropped_attributes_count: 4,
        resource: otelResource,
        scope: otelScope,
      },
    },
  ])
})

test('otel: bodies with a structure stand apart from texts, which everything else is', async (t) => {
  const body = (value: object) => first({}, logs([{ body: value }])).document.body
  const map = { kvlistValue: { values: list({ a: text('x'), n: { doubleValue: 2 } }) } }
  t.same(body(map), { structured: { a: 'x', n: 2 } })
  t.same(body({ arrayValue: { values: [map, map] } }), { structured: [body(map).structured, body(map).structured] })
  t.same(body({ arrayValue: { values: [map, text('y')] } }), { structured: { value: [body(map).structured, 'y'] } })
  t.same(body({ intValue: 7 }), { text: '7' })
  t.same(body({ boolValue: true }), { text: 'true' })
  t.same(body({ bytesValue: Buffer.from([1, 255]) }), { text: 'Af8=' })
  t.equal(body({}), undefined)
})

test('otel: times that are missing, and names of events', async (t) => {
  const { document } = first({}, logs([{ observedTimeUnixNano: '1000000000', eventName: 'e' }]))
  t.match(document, {
    '@timestamp': '1970-01-01T00:00:01.000000000Z',
    observed_timestamp: '1970-01-01T00:00:01.000000000Z',
    event_name: 'e',
  })
  t.notOk('attributes' in document)
  t.notOk('severity_number' in document)
  const named = first({}, logs([{ attributes: list({ 'event.name': text('old') }) }])).document
  t.match(named, { event_name: 'old', attributes: { 'event.name': 'old' } })
})

test('otel: where a document goes is not told twice; names that meet stay apart where dots are letters', async (t) => {
  const attributes = list({
    a: text('1'),
    'a.b': text('2'),
    'elasticsearch.document_id': text('x'),
    'elasticsearch.ingest_pipeline': text('x'),
    'elasticsearch.mapping.hints': text('x'),
    'data_stream.dataset': text('d'),
    bytes: { bytesValue: Buffer.from([1, 255]) },
    nested: { kvlistValue: { values: list({ b: text('c') }) } },
  })
  const rest = { bytes: '01ff', nested: { b: 'c' } }
  t.same(first({}, logs([{ attributes }])).document.attributes, { a: '1', 'a.b': '2', ...rest })
  const fixed = first({ logs_index: 'x' }, logs([{ attributes }]))
  t.same(fixed.document.attributes, { 'a.value': '1', 'a.b': '2', ...rest })
  t.same(fixed.more, {}, 'an index is no data stream')
  t.notOk('data_stream' in fixed.document)
})

test('otel: latitude and longitude are a point', async (t) => {
  const at = (name: string, doubleValue: number) => ({ key: name, value: { doubleValue } })
  const attributes = [
    at('client.geo.location.lat', 1.5),
    ...list({ a: text('x') }),
    at('client.geo.location.lon', -2),
    at('geo.location.lat', 3),
    at('server.geo.location.lon', 4),
  ]
  t.same(first({}, logs([{ attributes }])).document.attributes, {
    a: 'x',
    'geo.location.lat': 3,
    'server.geo.location.lon': 4,
    'client.geo.location': [-2, 1.5],
  })
})

test('ecs: a log record', async (t) => {
  const attributes = list({
    'event.name': text('login'),
    'exception.message': text('m'),
    'exception.stacktrace': text('s'),
    'exception.type': text('T'),
    'exception.escaped': { boolValue: true },
    'http.response.body.size': { intValue: 9 },
    message: text('not the message'),
    _id: text('i'),
  })
  t.same(encoded(of('ecs'), logs([{ ...record, attributes }])).written, [
    {
      action: 'create',
      index: 'logs-generic-default',
      more: {},
      document: {
        '@timestamp': '2026-03-04T23:59:59.123000000Z',
        agent: { name: 'otlp' },
        attributes: { _id: 'i', message: 'not the message' },
        data_stream: { type: 'logs', dataset: 'generic', namespace: 'default' },
        error: { message: 'm', stacktrace: 's', type: 'T' },
        event: { action: 'login', severity: 17, error: { exception: { handled: true } } },
        host: { hostname: 'h1', name: 'h1' },
        http: { response: { encoded_body_size: 9 } },
        log: { level: 'ERROR' },
        message: 'something "broke"\n',
        process: { pid: 42 },
        scoped: true,
        service: { name: 'shop' },
        span: { id: '0102030405060708' },
        trace: { id: '0102030405060708090a0b0c0d0e0f10' },
      },
    },
  ])
})

test('ecs: a span, and a transaction', async (t) => {
  const { document, index } = first(of('ecs'), spans())
  t.equal(index, 'traces-generic-default')
  t.same(document, {
    '@timestamp': '2026-03-04T23:59:59.123000000Z',
    agent: { name: 'otlp' },
    data_stream: { type: 'traces', dataset: 'generic', namespace: 'default' },
    event: { outcome: 'failure' },
    host: { hostname: 'h1', name: 'h1' },
    http: { route: '/cart', status_code: 500 },
    parent: { id: '1112131415161718' },
    process: { pid: 42 },
    scoped: true,
    service: { name: 'shop' },
    span: {
      id: '0102030405060708',
      kind: 'SERVER',
      links: [{ trace: { id: '2102030405060708090a0b0c0d0e0f10' }, span: { id: '2102030405060708' } }],
      name: 'GET /cart',
    },
    trace: { id: '0102030405060708090a0b0c0d0e0f10' },
  })
  const own = { 'messaging.destination.name': text('q'), 'db.system': text('pg') }
  const [, span, transaction] = encoded(
    of('ecs'),
    spans([{ attributes: list(own) }, { attributes: list({ ...own, 'processor.event': text('transaction') }) }]),
  ).written
  t.match(span!.document.span, { message: { queue: { name: 'q' } }, db: { type: 'pg' } })
  t.match(transaction!.document, { transaction: { message: { queue: { name: 'q' } } }, db: { system: 'pg' } })
})

const resourceNames: Readonly<Record<string, readonly [string, object]>> = {
  'service.instance.id': ['x', { service: { node: { name: 'x' } } }],
  'deployment.environment.name': ['x', { service: { environment: 'x' } }],
  'cloud.platform': ['x', { cloud: { service: { name: 'x' } } }],
  'host.arch': ['arm64', { host: { architecture: 'arm64' } }],
  'process.executable.path': ['/x', { process: { executable: '/x' } }],
  'process.runtime.name': ['node', { service: { runtime: { name: 'node' } } }],
  'os.type': ['darwin', { host: { os: { platform: 'darwin', type: 'macos' } } }],
  'os.name': ['Android', { host: { os: { name: 'Android', type: 'android' } } }],
  'k8s.namespace.name': ['x', { kubernetes: { namespace: 'x' } }],
  'k8s.cluster.name': ['x', { orchestrator: { cluster: { name: 'x' } } }],
  'faas.instance': ['x', { faas: { id: 'x' } }],
  'agent.name': ['mine', { agent: { name: 'mine' } }],
  'telemetry.sdk.name': ['opentelemetry', { agent: { name: 'opentelemetry' } }],
  'telemetry.distro.name': ['elastic', { agent: { name: 'otlp/unknown/elastic' } }],
  'telemetry.sdk.version': ['1.2', { agent: { version: '1.2' } }],
}
for (const [name, [value, expected]] of Object.entries(resourceNames))
  test(`ecs: the resource's ${name}`, async (t) => {
    const batch = batchOf('logs', {
      resourceLogs: [{ resource: { attributes: list({ [name]: text(value) }) }, scopeLogs: [{ logRecords: [{}] }] }],
    })
    const { document } = first(of('ecs'), batch)
    t.match(document, expected)
    const [head] = name.split('.')
    if (!(head! in expected)) t.notOk(head! in document, 'it does not stand under its own name')
  })

const noneLog = {
  '@timestamp': '2026-03-04T23:59:59.123000000Z',
  Body: 'something "broke"\n',
  'Resource.host.name': 'h1',
  'Resource.process.pid': 42,
  'Resource.service.name': 'shop',
  'Scope.name': 'lib',
  'Scope.scoped': true,
  'Scope.version': '1.2',
  SeverityNumber: 17,
  SeverityText: 'ERROR',
  SpanId: '0102030405060708',
  TraceFlags: 1,
  TraceId: '0102030405060708090a0b0c0d0e0f10',
}
const noneSpan = {
  '@timestamp': '2026-03-04T23:59:59.123000000Z',
  Duration: 1_500_000,
  EndTimestamp: '2026-03-05T00:00:00.623000000Z',
  Kind: 'SPAN_KIND_SERVER',
  Link: '[{"attribute":{"linked":"yes"},"spanID":"2102030405060708","traceID":"2102030405060708090a0b0c0d0e0f10"}]',
  Name: 'GET /cart',
  ParentSpanId: '1112131415161718',
  'Resource.host.name': 'h1',
  'Resource.process.pid': 42,
  'Resource.service.name': 'shop',
  'Scope.name': 'lib',
  'Scope.scoped': true,
  'Scope.version': '1.2',
  SpanId: '0102030405060708',
  TraceId: '0102030405060708090a0b0c0d0e0f10',
  TraceStatus: 2,
  TraceStatusDescription: 'broken',
}
const prefixed = (prefix: string, fields: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [`${prefix}${name}`, value]))
const streamFields = (type: string) => ({
  'data_stream.dataset': 'generic',
  'data_stream.namespace': 'default',
  'data_stream.type': type,
})

for (const [mode, attributes, events] of [
  ['none', 'Attributes.', 'Events.'],
  ['', 'Attributes.', 'Events.'],
  ['no', 'Attributes.', 'Events.'],
  ['raw', '', ''],
] as const)
  test(`${mode || '""'}: a log record and a span, flat`, async (t) => {
    const own = { 'user.id': 'u1', count: 3, ratio: 1, ...streamFields('logs') }
    t.same(first(of(mode), logs()).document, { ...noneLog, ...prefixed(attributes, own) })
    const ofSpan = { 'http.route': '/cart', 'http.status_code': 500, ...streamFields('traces') }
    const event = { 'exception.exception.type': 'Error', 'exception.time': '2026-03-04T23:59:59.133000000Z' }
    const expected = { ...noneSpan, ...prefixed(attributes, ofSpan), ...prefixed(events, event) }
    t.same(first(of(mode), spans()).document, expected)
  })

test('none: events of one name stand side by side, and maps are spread', async (t) => {
  const event = (time: string) => ({ name: 'e', timeUnixNano: time, attributes: list({ k: text(time) }) })
  const { document } = encoded(of('none'), spans([{ events: [event('1'), event('2')] }])).written[1]!
  t.match(document, { 'Events.e.k': '1', 'Events.e_2.k': '2' })
  const body = { kvlistValue: { values: list({ a: { kvlistValue: { values: list({ b: text('c') }) } } }) } }
  t.match(first(of('none'), logs([{ body }])).document, { 'Body.a.b': 'c' })
})

test('raw: names that are taken are below attributes', async (t) => {
  const attributes = list({ Body: text('x'), _id: text('y'), 'TraceId.z': text('z') })
  t.match(first(of('raw'), logs([{ ...record, attributes }])).document, {
    'attributes.Body': 'x',
    'attributes._id': 'y',
    'attributes.TraceId.z': 'z',
    Body: record.body.stringValue,
  })
})

test('bodymap: the body is the document; a record without a map, and other signals, have none', async (t) => {
  const body = { kvlistValue: { values: list({ a: { kvlistValue: { values: list({ b: text('c') }) } } }) } }
  const { written, dropped } = encoded(of('bodymap'), logs([{ body }, record]))
  t.same(
    written.map(({ index, document }) => [index, document]),
    [['logs-generic-default', { a: { b: 'c' } }]],
  )
  t.same(dropped, { body_is_no_map: 1 })
  t.same(encoded(of('bodymap'), spans()).dropped, { unsupported_mapping_mode: 1 })
})
