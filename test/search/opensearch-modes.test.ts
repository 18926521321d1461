// What each mapping mode of the OpenSearch exporter makes of an item.
import { test } from 'tap'
import type { Batch, LogRecord, Span } from '../../src/data/index.ts'
import { createBodyMapLogs } from '../../src/search/body-map.ts'
import { createDataModelLogs, type DataModelOptions } from '../../src/search/data-model.ts'
import type { Mode } from '../../src/search/mode.ts'
import { createOtelV1Logs, createOtelV1Spans } from '../../src/search/otel-v1.ts'
import { createOtelV1Points, createSs4oPoints, type PointMode } from '../../src/search/points.ts'
import { createSs4oLogs, createSs4oSpans } from '../../src/search/ss4o.ts'
import { batchOf } from '../kit/otlp.ts'
import { list, logs, points, record, spans, TIME } from './input.ts'
import { written } from './kit.ts'

const NOW = Date.parse('2026-05-06T07:08:09Z')
const now = () => NOW
const text = (stringValue: string) => ({ stringValue })

function logDocuments(mode: Mode<LogRecord>, batch: Batch<'logs'>): unknown[] {
  const documents: unknown[] = []
  batch.visit({
    onResource: (of) => mode.resource(of),
    onScope: (of) => mode.scope(of),
    onLog(log) {
      let problem: string | undefined
      const document = written((json) => {
        problem = mode.write(json, log)
        if (problem !== undefined) json.null()
      })
      documents.push(problem ?? document)
    },
  })
  return documents
}

function spanDocuments(mode: Mode<Span>, batch: Batch<'traces'>): unknown[] {
  const documents: unknown[] = []
  batch.visit({
    onResource: (of) => mode.resource(of),
    onScope: (of) => mode.scope(of),
    onSpan(span) {
      documents.push(written((json) => mode.write(json, span)))
    },
  })
  return documents
}

const model = (more: Partial<DataModelOptions> = {}): Mode<LogRecord> =>
  createDataModelLogs({ isFlat: false, timestampField: '', isUnixTime: false, isDeep: false, fields: {}, now, ...more })

test('ecs: the fields of the data model, attributes below Attributes', async (t) => {
  t.same(logDocuments(model(), logs()), [
    {
      '@timestamp': '2026-03-04T23:59:59.123000000Z',
      TraceId: '0102030405060708090a0b0c0d0e0f10',
      SpanId: '0102030405060708',
      TraceFlags: 1,
      SeverityText: 'ERROR',
      SeverityNumber: 17,
      'Body.value': 'something "broke"\n',
      'Attributes.service.name': 'shop',
      'Attributes.process.pid': 42,
      'Attributes.host.name': 'h1',
      'Attributes.user.id': 'u1',
      'Attributes.count': 3,
      'Attributes.ratio': 1,
    },
  ])
})

test('ecs: another field for the time, as a number; objects; a map as body; the name of an event', async (t) => {
  const mode = model({ timestampField: 'time', isUnixTime: true, isDeep: true })
  const body = {
    kvlistValue: { values: list({ a: text('1'), b: { kvlistValue: { values: list({ c: text('2') }) } } }) },
  }
  t.same(logDocuments(mode, logs([{ timeUnixNano: `${String(TIME)}000000`, body, eventName: 'e' }])), [
    {
      time: TIME,
      TraceFlags: 0,
      SeverityNumber: 0,
      EventName: 'e',
      Body: { a: '1', b: { c: '2' } },
      Attributes: { service: { name: 'shop' }, process: { pid: 42 }, host: { name: 'h1' } },
    },
  ])
})

test('flatten_attributes: attributes at the top, but none over a field of ours or of the server', async (t) => {
  const attributes = list({
    '@timestamp': text('mine'),
    _id: text('x'),
    'TraceId.x': text('y'),
    'service.name': text('own'),
  })
  t.same(logDocuments(model({ isFlat: true }), logs([{ attributes, observedTimeUnixNano: '1000000000' }, {}])), [
    {
      '@timestamp': '1970-01-01T00:00:01.000000000Z',
      TraceFlags: 0,
      SeverityNumber: 0,
      'service.name': 'own',
      'process.pid': 42,
      'host.name': 'h1',
      'attributes.@timestamp': 'mine',
      'attributes._id': 'x',
      'attributes.TraceId.x': 'y',
    },
    {
      '@timestamp': '2026-05-06T07:08:09.000000000Z',
      TraceFlags: 0,
      SeverityNumber: 0,
      'service.name': 'shop',
      'process.pid': 42,
      'host.name': 'h1',
    },
  ])
})

test('flatten_attributes: other names, and the fields of a body at the top: CloudWatch Logs in OpenSearch', async (t) => {
  const fields = {
    Body: '',
    'Body.value': 'message',
    'aws.log.group.names': 'logGroup',
    'event.id': '',
    'service.name': 'service',
  }
  const mode = model({ isFlat: true, fields })
  const attributes = list({ 'aws.log.group.names': text('/ecs/shop'), 'event.id': text('1') })
  const body = (values: object) => ({ kvlistValue: { values: list(values as Record<string, object>) } })
  const common = {
    TraceFlags: 0,
    SeverityNumber: 0,
    logGroup: '/ecs/shop',
    service: 'shop',
    'process.pid': 42,
    'host.name': 'h1',
  }
  const [object, plain] = logDocuments(
    mode,
    logs([
      {
        attributes,
        timeUnixNano: '1000000000',
        body: body({ level: text('info'), '@timestamp': text('then'), service: text('cart') }),
      },
      { attributes, timeUnixNano: '1000000000', body: text('plain') },
    ]),
  )
  t.same(object, {
    ...common,
    '@timestamp': '1970-01-01T00:00:01.000000000Z',
    level: 'info',
    service: 'cart',
    'attributes.@timestamp': 'then',
  })
  t.same(plain, { ...common, '@timestamp': '1970-01-01T00:00:01.000000000Z', message: 'plain' })
})

test('bodymap: the body is the document; another body makes none', async (t) => {
  const values = list({ a: { doubleValue: 1 }, 'a.b': text('x'), bytes: { bytesValue: Buffer.from([1, 255]) }, n: {} })
  t.same(logDocuments(createBodyMapLogs(), logs([{ body: { kvlistValue: { values } } }, { body: text('x') }, {}])), [
    { 'a.value': 1, 'a.b': 'x', bytes: '01ff', n: null },
    'body_is_no_map',
    'body_is_no_map',
  ])
})

test('ss4o: what is not there', async (t) => {
  const around = { attributes: { data_stream: { dataset: 'd', namespace: 'n' } } }
  const options = { dataset: 'd', namespace: 'n', now }
  const bare = batchOf('logs', {
    resourceLogs: [{ scopeLogs: [{ logRecords: [{ eventName: 'e', body: { intValue: 7 } }] }] }],
  })
  t.match(logDocuments(createSs4oLogs(options), bare), [
    {
      ...around,
      '@timestamp': '2026-05-06T07:08:09.000000000Z',
      body: '7',
      eventName: 'e',
      severity: {},
      instrumentationScope: {},
    },
  ])
  const [span] = spanDocuments(
    createSs4oSpans(options),
    batchOf('traces', { resourceSpans: [{ scopeSpans: [{ spans: [{ events: [{}] }] }] }] }),
  )
  t.match(span, {
    traceId: '',
    status: { code: 'Unset', message: '' },
    events: [{ observedTimestamp: '2026-05-06T07:08:09.000000000Z' }],
  })
})

const otelV1Around = {
  serviceName: 'shop',
  resource: { attributes: { 'service.name': 'shop', 'process.pid': 42, 'host.name': 'h1' }, droppedAttributesCount: 0 },
  instrumentationScope: {
    name: 'lib',
    version: '1.2',
    schemaUrl: 'https://example.test/1',
    attributes: { scoped: true },
    droppedAttributesCount: 0,
  },
}

test('otel-v1: spans as Data Prepper writes them', async (t) => {
  const root = { name: 'root', startTimeUnixNano: '1000000000', endTimeUnixNano: '1000000007' }
  const [span, first] = spanDocuments(createOtelV1Spans(), spans([root]))
  t.same(span, {
    ...otelV1Around,
    traceId: '0102030405060708090a0b0c0d0e0f10',
    spanId: '0102030405060708',
    parentSpanId: '1112131415161718',
    name: 'GET /cart',
    kind: 'SPAN_KIND_SERVER',
    traceState: 'a=b',
    startTime: '2026-03-04T23:59:59.123000000Z',
    endTime: '2026-03-05T00:00:00.623000000Z',
    '@timestamp': '2026-03-04T23:59:59.123000000Z',
    time: '2026-03-04T23:59:59.123000000Z',
    durationInNanos: 1_500_000_000,
    status: { code: 2, message: 'broken' },
    events: [
      {
        name: 'exception',
        attributes: { 'exception.type': 'Error' },
        droppedAttributesCount: 4,
        time: '2026-03-04T23:59:59.133000000Z',
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
    droppedAttributesCount: 1,
    droppedEventsCount: 2,
    droppedLinksCount: 3,
    attributes: { 'http.route': '/cart', 'http.status_code': 500 },
  })
  t.match(first, {
    traceGroup: 'root',
    traceGroupFields: { endTime: '1970-01-01T00:00:01.000000007Z', durationInNanos: 7, statusCode: 0 },
  })
})

test('otel-v1: log records as Data Prepper writes them', async (t) => {
  t.same(logDocuments(createOtelV1Logs({ now }), logs()), [
    {
      ...otelV1Around,
      '@timestamp': '2026-03-04T23:59:59.123000000Z',
      time: '2026-03-04T23:59:59.123000000Z',
      observedTime: '2026-03-04T23:59:59.128000000Z',
      severity: { number: 17, text: 'ERROR' },
      body: record.body.stringValue,
      traceId: '0102030405060708090a0b0c0d0e0f10',
      spanId: '0102030405060708',
      flags: 1,
      droppedAttributesCount: 2,
      attributes: { 'user.id': 'u1', count: 3, ratio: 1 },
    },
  ])
})

function pointDocuments(mode: PointMode): Record<string, unknown>[] {
  const documents: Record<string, unknown>[] = []
  points().visit({
    onResource: (of) => mode.resource(of),
    onScope: (of) => mode.scope(of),
    onPoint(point, metric) {
      documents.push(written((json) => mode.write(json, point, metric)) as Record<string, unknown>)
    },
  })
  return documents
}

const times = { startTime: '1970-01-01T00:00:01.000000000Z', '@timestamp': '1970-01-01T00:00:02.000000000Z' }

const MAX = 3.4028234663852886e38

test('data points of every type, by the Simple Schema', async (t) => {
  const documents = pointDocuments(createSs4oPoints({ dataset: 'd', namespace: 'n', now }))
  t.same(documents[0], {
    ...times,
    name: 'up',
    description: 'd',
    unit: '1',
    kind: 'GAUGE',
    'value@int': 7,
    observedTimestamp: '2026-05-06T07:08:09.000000000Z',
    attributes: { route: '/', data_stream: { dataset: 'd', namespace: 'n', type: 'metric' } },
    instrumentationScope: {
      name: 'lib',
      version: '1.2',
      schemaUrl: 'https://example.test/1',
      attributes: { scoped: true },
    },
    resource: { 'service.name': 'shop', 'process.pid': '42', 'host.name': 'h1' },
    schemaUrl: 'https://example.test/1',
    serviceName: 'shop',
  })
  t.match(documents[1], { kind: 'SUM', aggregationTemporality: 'AGGREGATION_TEMPORALITY_CUMULATIVE', monotonic: true })
  t.notOk('value@double' in documents[1]!, 'NaN says that there was nothing to record')
  t.match(documents[2], {
    kind: 'HISTOGRAM',
    aggregationTemporality: 'AGGREGATION_TEMPORALITY_DELTA',
    count: 3,
    sum: 4.5,
    min: 1,
    max: MAX,
    bucketCount: 3,
    bucketCountsList: [1, 2, 0],
    explicitBoundsCount: 2,
    explicitBoundsList: [1, MAX],
    buckets: [
      { count: 1, min: -MAX, max: 1 },
      { count: 2, min: 1, max: MAX },
      { count: 0, min: MAX, max: MAX },
    ],
    exemplars: [
      { time: '1970-01-01T00:00:02.000000000Z', value: 1.5, spanId: '0101010101010101', attributes: { f: 'x' } },
    ],
  })
  t.match(documents[3], {
    kind: 'EXPONENTIAL_HISTOGRAM',
    count: 4,
    scale: 0,
    zeroCount: 1,
    positiveOffset: 1,
    negativeOffset: 0,
    positiveBuckets: [{ count: 2, min: 2, max: 4 }],
    negativeBuckets: [{ count: 1, min: -2, max: -1 }],
  })
  t.match(documents[4], {
    kind: 'SUMMARY',
    count: 2,
    sum: 3,
    quantileValuesCount: 1,
    quantiles: [{ quantile: 0.5, value: 1 }],
  })
})

test('data points as Data Prepper writes them', async (t) => {
  const [gauge, sum] = pointDocuments(createOtelV1Points())
  t.same(gauge, {
    ...otelV1Around,
    ...times,
    name: 'up',
    description: 'd',
    unit: '1',
    kind: 'GAUGE',
    time: '1970-01-01T00:00:02.000000000Z',
    flags: 0,
    value: 7,
    attributes: { route: '/' },
  })
  t.notOk('value' in sum!)
})
