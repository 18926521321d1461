// Which index, which id, which pipeline, which mode: by the config, by attributes, by who sends.
import { test } from 'tap'
import { batchOf } from '../../kit/otlp.ts'
import { list, logs, points, record, resource, scope, spans } from '../../search/input.ts'
import { encoded } from './kit.ts'

const text = (stringValue: string) => ({ stringValue })
const texts = (pairs: Readonly<Record<string, string>>) =>
  list(Object.fromEntries(Object.entries(pairs).map(([key, value]) => [key, text(value)])))

interface Around {
  readonly item?: Readonly<Record<string, string>>
  readonly scope?: Readonly<Record<string, string>>
  readonly resource?: Readonly<Record<string, string>>
  readonly scopeName?: string
}
const logOf = ({ item = {}, scope: of = {}, resource: from = {}, scopeName = 'lib' }: Around) =>
  batchOf('logs', {
    resourceLogs: [
      {
        resource: { attributes: texts(from) },
        scopeLogs: [
          { scope: { name: scopeName, attributes: texts(of) }, logRecords: [{ ...record, attributes: texts(item) }] },
        ],
      },
    ],
  })
const indexOf = (around: Around, settings: object = {}): string => encoded(settings, logOf(around)).written[0]!.index

const dataset = (value: string) => ({ 'data_stream.dataset': value })
const namespace = (value: string) => ({ 'data_stream.namespace': value })

test('a data stream is named by attributes: those of the item before those of its scope and its resource', async (t) => {
  const around = { resource: { ...dataset('r'), ...namespace('rn') }, scope: dataset('s'), item: dataset('i') }
  t.equal(indexOf(around), 'logs-i.otel-rn')
  t.equal(indexOf({ ...around, item: {} }), 'logs-s.otel-rn')
  t.equal(indexOf({ resource: around.resource }), 'logs-r.otel-rn')
  t.equal(indexOf({ item: namespace('n') }), 'logs-generic.otel-n')
  const { document } = encoded({}, logOf(around)).written[0]!
  t.same(document.data_stream, { type: 'logs', dataset: 'i.otel', namespace: 'rn' })
  t.same(document.attributes, {}, 'and not told twice')
})

test('the scope of a receiver of the collector is a dataset', async (t) => {
  const scopeName =
    'github.com/open-telemetry/opentelemetry-collector-contrib/receiver/hostmetricsreceiver/internal/cpu'
  t.equal(indexOf({ scopeName }), 'logs-hostmetricsreceiver.otel-default')
  t.equal(indexOf({ scopeName, resource: dataset('r') }), 'logs-r.otel-default')
})

test('what no data stream may be called is made one', async (t) => {
  t.equal(indexOf({ item: { ...dataset('A-b/c d'), ...namespace('N-1,2') } }), 'logs-a_b_c_d.otel-n-1_2')
  const long = indexOf({ item: { ...dataset('ä'.repeat(200)), ...namespace('n'.repeat(200)) } })
  t.equal(long, `logs-${'ä'.repeat(47)}.otel-${'n'.repeat(100)}`)
})

test('an attribute names the index itself', async (t) => {
  t.equal(indexOf({ item: { 'elasticsearch.index': 'Mine Own', ...dataset('d') } }), 'mine-own')
  t.equal(indexOf({ resource: { 'elasticsearch.index': 'r' }, scope: { 'elasticsearch._index': 's' } }), 's')
  const { more, document } = encoded({}, logOf({ item: { 'elasticsearch.index': 'x' } })).written[0]!
  t.same(more, {})
  t.notOk('data_stream' in document)
})

test('one index for everything, by attributes where it says so', async (t) => {
  t.equal(indexOf({ item: dataset('d') }, { logs_index: 'ai-textbook-logs' }), 'ai-textbook-logs')
  t.equal(indexOf({ item: dataset('d') }, { index: 'old' }), 'old')
  t.equal(indexOf({ resource: { 'service.name': 'Shop' } }, { logs_index: 'logs-%{service.name}' }), 'logs-shop')
  t.equal(encoded({ traces_index: 't' }, spans()).written[0]!.index, 't')
  t.equal(encoded({ traces_index: 't' }, spans()).written[1]!.index, 'logs-generic.otel-default', 'an event is a log')
  t.equal(encoded({ traces_index: 't', logs_index: 'l' }, spans()).written[1]!.index, 'l')
  t.equal(encoded({ metrics_index: 'm' }, points()).written[0]!.index, 'm')
})

test('logstash_format: the day of the event stands behind the name, whatever day it is today', async (t) => {
  const logstash_format = { enabled: true }
  t.equal(indexOf({}, { logs_index: 'ai-textbook', logstash_format }), 'ai-textbook-2026.03.04')
  const other = { enabled: true, prefix_separator: '_', date_format: '%Y-%m' }
  t.equal(indexOf({}, { logs_index: 'x', logstash_format: other }), 'x_2026-03')
  t.equal(indexOf({}, { logstash_format }), 'logs-generic.otel-default-2026.03.04')
  t.equal(indexOf({ item: { 'elasticsearch.index': 'mine' } }, { logstash_format }), 'mine-2026.03.04')
  const { more, document } = encoded({ logstash_format }, logOf({})).written[0]!
  t.same(more, {}, 'an index of a day is no data stream')
  t.notOk('data_stream' in document)
  t.equal(encoded({ logstash_format }, spans()).written[0]!.index, 'traces-generic.otel-default-2026.03.04')
  t.equal(encoded({ logstash_format }, points()).written[0]!.index, 'metrics-generic.otel-default-1970.01.01')
})

test('ids and pipelines by attribute, where they are wanted', async (t) => {
  const item = { 'elasticsearch.document_id': 'one', 'elasticsearch.ingest_pipeline': 'p' }
  const more = (settings: object, of: Around = { item }) =>
    encoded({ logs_index: 'x', ...settings }, logOf(of)).written[0]!.more
  t.same(more({}), {})
  t.same(more({ logs_dynamic_id: { enabled: true } }), { _id: 'one' })
  t.same(more({ logs_dynamic_pipeline: { enabled: true } }), { pipeline: 'p' })
  const old = { item: { 'elasticsearch.document_pipeline': 'q' } }
  t.same(more({ logs_dynamic_pipeline: { enabled: true } }, old), { pipeline: 'q' })
  t.same(more({ logs_dynamic_id: { enabled: true } }, {}), {}, 'one without an attribute has none')

  const batch = spans([{ attributes: texts(item) }])
  const ids = (settings: object) =>
    encoded({ traces_index: 'x', mapping: { mode: 'ecs' }, ...settings }, batch).written.map((each) => each.more)
  t.same(ids({}), [{}, {}])
  t.same(ids({ traces_dynamic_id: { enabled: true } }), [{}, { _id: 'one' }])
})

test('bulk_action', async (t) => {
  t.equal(encoded({}, logs()).written[0]!.action, 'create')
  t.equal(encoded({ bulk_action: 'index' }, logs()).written[0]!.action, 'index')
})

test('a sender chooses a mode, a scope another', async (t) => {
  const header = { 'x-elastic-mapping-mode': 'ecs' }
  t.ok('message' in encoded({}, logOf({}), header).written[0]!.document)
  t.ok('Body' in encoded({}, logOf({ scope: { 'elastic.mapping.mode': 'none' } }), header).written[0]!.document)
  const batch = batchOf('logs', {
    resourceLogs: [
      {
        resource,
        scopeLogs: [
          { scope, logRecords: [record] },
          { scope: { attributes: texts({ 'elastic.mapping.mode': 'ecs' }) }, logRecords: [record] },
          { scope, logRecords: [record] },
        ],
      },
    ],
  })
  t.same(
    encoded({}, batch).written.map(({ document }) => ['body' in document, document.service?.name]),
    [
      [true, undefined],
      [false, 'shop'],
      [true, undefined],
    ],
  )
})

test('allowed_modes: others are counted, not written', async (t) => {
  const mapping = { mode: 'otel', allowed_modes: ['otel', 'ecs'] }
  const ask = (mode: string) => encoded({ mapping }, logOf({}), { 'x-elastic-mapping-mode': mode })
  t.equal(ask('ecs').items, 1)
  t.same(ask('raw'), { written: [], dropped: { mapping_mode_not_allowed: 1 }, items: 0 })
  t.same(ask('of course not').dropped, { mapping_mode_not_allowed: 1 })
  const scoped = { 'elastic.mapping.mode': 'raw' }
  t.same(encoded({ mapping }, logOf({ scope: scoped })).dropped, { mapping_mode_not_allowed: 1 })
})

test('bodymap: an attribute may say that it is a metric', async (t) => {
  const body = { kvlistValue: { values: list({ a: text('b') }) } }
  const of = (type: string) => {
    const attributes = texts({ 'data_stream.type': type, ...dataset('d') })
    return encoded({ mapping: { mode: 'bodymap' } }, logs([{ body, attributes }])).written[0]!.index
  }
  t.equal(of('metrics'), 'metrics-d-default')
  t.equal(of('profiles'), 'logs-d-default')
  t.equal(indexOf({ item: { 'data_stream.type': 'metrics' } }), 'logs-generic.otel-default')
})

test('many routes: nothing is kept for ever, and all are right', async (t) => {
  const records = Array.from({ length: 2500 }, (_, i) => ({ ...record, attributes: texts(dataset(`d${i}`)) }))
  const { written } = encoded({}, logs([...records, ...records]))
  t.equal(written.length, 5000)
  t.ok(written.every(({ index, document }, i) => index === `logs-d${i % 2500}.otel-default` && document.data_stream))
})
