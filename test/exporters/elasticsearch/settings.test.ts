import { test } from 'tap'
import * as v from 'valibot'
import { config } from '../../../src/exporters/elasticsearch/config.ts'
import { deliveryOf, maxRetriesOf, retryable } from '../../../src/exporters/elasticsearch/delivery.ts'
import { nodesOf, nodesProblem } from '../../../src/exporters/elasticsearch/nodes.ts'

const parse = (settings: object = {}) => v.parse(config, { endpoint: 'http://localhost:9200', ...settings })
const problem = (settings: object): string | undefined =>
  v
    .safeParse(config, settings)
    .issues?.map(({ message }) => message)
    .join()

const places = { endpoint: '', endpoints: [], cloudid: '' }
const cloudid = (text: string): string => `name:${Buffer.from(text).toString('base64')}`

test('where the nodes are', async (t) => {
  t.same(nodesOf({ ...places, endpoint: 'http://a:9200' }, {}), ['http://a:9200'])
  t.same(nodesOf({ ...places, endpoints: ['http://a', 'https://b'] }, {}), ['http://a', 'https://b'])
  t.same(nodesOf({ ...places, cloudid: cloudid('cloud.es.io$abc123$def') }, {}), ['https://abc123.cloud.es.io'])
  t.same(nodesOf({ ...places, cloudid: cloudid('es.io:9243$abc') }, {}), ['https://abc.es.io:9243'])
  t.same(nodesOf({ ...places, cloudid: cloudid('es.io$abc:9243') }, {}), ['https://abc.es.io:9243'])
  t.same(nodesOf(places, { ELASTICSEARCH_URL: 'http://a, http://b' }), ['http://a', 'http://b'])
})

test('what is wrong with where they are', async (t) => {
  t.match(nodesProblem(places, {})?.message, /needs to know where to send to.*ELASTICSEARCH_URL/)
  t.equal(nodesProblem(places, { ELASTICSEARCH_URL: 'http://a' })?.message, undefined)
  t.match(nodesProblem(places, { ELASTICSEARCH_URL: 'a' })?.message, /^ELASTICSEARCH_URL: /)
  t.match(nodesProblem({ ...places, endpoint: 'http://a', endpoints: ['http://b'] }, {})?.message, /give one of/)
  t.match(nodesProblem({ ...places, endpoint: 'http://a', cloudid: 'x' }, {})?.message, /give one of/)
  t.match(nodesProblem({ ...places, endpoints: ['http://a', ''] }, {})?.message, /an entry is empty/)
  for (const wrong of ['x', 'x:', cloudid('one'), cloudid('a b$c'), cloudid('$x')])
    t.match(nodesProblem({ ...places, cloudid: wrong }, {})?.message, /^cloudid: must be the Cloud ID/, wrong)
})

test('what is wrong in a config is said', async (t) => {
  const endpoint = 'http://x'
  t.match(problem({ endpoint, endpoints: [endpoint] }), /give one of endpoint, endpoints and cloudid/)
  t.match(problem({ endpoint, compression: 'zstd' }), /gzip or none/)
  t.match(problem({ endpoint, logs_index: 'x', logs_dynamic_index: { enabled: true } }), /logs_index and logs_dynamic_/)
  t.equal(problem({ endpoint, logs_index: 'x', logs_dynamic_index: { enabled: false } }), undefined)
  t.equal(problem({ endpoint, traces_dynamic_index: { enabled: true }, metrics_dynamic_index: {} }), undefined)
  t.match(problem({ endpoint, mapping: { mode: 'ecs', allowed_modes: ['otel'] } }), /one of mapping::allowed_modes/)
  t.equal(problem({ endpoint, mapping: { mode: 'no', allowed_modes: ['none'] } }), undefined)
  t.match(problem({ endpoint, mapping: { mode: 'jaeger' } }), /must be one of otel, ecs, none, raw, bodymap, no/)
  t.match(problem({ endpoint, logstash_format: { date_format: '%Q' } }), /%Q is no part of a date: %Y/)
  t.ok(problem({ endpoint, type: '_doc' }), 'types are no more')
})

test('the queue joins batches by default, by bytes, and keeps senders of different modes apart', async (t) => {
  t.match(deliveryOf(parse()), {
    timeout: 90_000,
    sending_queue: {
      enabled: true,
      num_consumers: 10,
      queue_size: 10,
      sizer: 'requests',
      block_on_overflow: true,
      batch: {
        flush_timeout: 10_000,
        min_size: 1e6,
        max_size: 5e6,
        sizer: 'bytes',
        partition: { metadata_keys: ['x-elastic-mapping-mode'] },
      },
    },
    retry_on_failure: { enabled: true, initial_interval: 100, max_interval: 60_000, max_elapsed_time: 300_000 },
  })
  const keys = { metadata_keys: ['X-Tenant'], sending_queue: { batch: { partition: { metadata_keys: ['a'] } } } }
  t.same(deliveryOf(parse(keys)).sending_queue.batch?.partition.metadata_keys, [
    'a',
    'x-tenant',
    'x-elastic-mapping-mode',
  ])
})

test('the older ways of saying it', async (t) => {
  t.equal(deliveryOf(parse({ num_workers: 3 })).sending_queue.num_consumers, 3)
  t.equal(deliveryOf(parse({ flush: { interval: '3s' } })).sending_queue.batch?.flush_timeout, 3000)
  const batch = (batcher: object) => deliveryOf(parse({ batcher })).sending_queue.batch
  t.equal(batch({ enabled: false }), undefined)
  t.match(batch({ min_size: 7 }), { min_size: 1e6, sizer: 'bytes' }, 'not on')
  t.match(batch({ enabled: true }), { min_size: 5000, max_size: 0, sizer: 'items', flush_timeout: 10_000 })
  const older = { enabled: true, min_size_items: 7, max_size_items: 8, flush_timeout: '1s' }
  t.match(batch(older), { min_size: 7, max_size: 8, sizer: 'items', flush_timeout: 1000 })
  t.match(batch({ enabled: true, min_size: 7, max_size: 8, sizer: 'bytes' }), {
    min_size: 7,
    max_size: 8,
    sizer: 'bytes',
  })
})

test('how often, and after which statuses', async (t) => {
  t.equal(maxRetriesOf(parse().retry), undefined)
  t.equal(maxRetriesOf(parse({ retry: { max_retries: 2 } }).retry), 2)
  t.equal(maxRetriesOf(parse({ retry: { max_requests: 3 } }).retry), 2)
  t.equal(maxRetriesOf(parse({ retry: { max_requests: 0 } }).retry), 0)
  const statuses = (retry: object) => {
    const { request, document } = retryable(parse({ retry }).retry)
    return [429, 503, 400].map((status) => [request(status, ''), document(status, '')])
  }
  t.same(statuses({}), [
    [true, true],
    [true, true],
    [false, false],
  ])
  t.same(statuses({ retry_on_status: [429] }), [
    [true, true],
    [false, false],
    [false, false],
  ])
  t.same(statuses({ retry_on_status: [503], retry_on_document_status: [400] }), [
    [false, false],
    [true, false],
    [false, true],
  ])
})
