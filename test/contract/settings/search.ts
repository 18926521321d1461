// What the OpenSearch and Elasticsearch exporters share.
import { type Changes, type Scene, under } from './change.ts'

const deadLetterChanges: Changes = under(
  'dead_letter',
  {
    index: { value: 'dead', change: 'refused documents go there' },
    file: { value: ({ directory }: Scene) => `${directory}/dead.jsonl`, change: 'refused documents go there' },
    max_megabytes: {
      value: 1,
      with: ({ directory }: Scene) => ({ dead_letter: { file: `${directory}/dead.jsonl` } }),
      change: 'when the file begins anew',
    },
  },
  { heldBy: ['test/exporters/opensearch/'] },
)

const discoverChanges: Changes = under('discover', {
  on_start: { value: true, change: 'the nodes of the cluster are asked for at the start' },
  interval: { value: '1m', change: 'and again after that time' },
})

export const openSearchChanges: Changes = {
  'http.timeout': { value: '3s', change: 'a request that takes longer is given up' },
  endpoints: { value: ({ http }: Scene) => [`${http.url}/second`], change: 'the nodes that are there besides' },
  ...discoverChanges,
  user: { value: 'admin', change: 'who we are' },
  password: { value: 'secret', with: { user: 'admin' }, change: 'how we show it' },
  dataset: { value: 'd', change: 'a part of the name of the index' },
  namespace: { value: 'n', change: 'a part of the name of the index' },
  ...under('', {
    logs_index: { value: 'x-%{service.name}', change: 'which index' },
    logs_index_fallback: { value: 'other', change: 'what stands for a missing attribute' },
    logs_index_time_format: { value: 'yyyy', change: 'the date behind it' },
    traces_index: { value: 'x-%{service.name}', change: 'which index' },
    traces_index_fallback: { value: 'other', change: 'what stands for a missing attribute' },
    traces_index_time_format: { value: 'yyyy', change: 'the date behind it' },
  }),
  metrics_index: { value: 'x-%{service.name}', change: 'which index' },
  metrics_index_fallback: { value: 'other', change: 'what stands for a missing attribute' },
  metrics_index_time_format: { value: 'yyyy', change: 'the date behind it' },
  'mapping.mode': { value: 'otel-v1', change: 'how documents look' },
  ...under(
    'mapping',
    {
      fields: { value: { a: 'b' }, change: 'other names' },
      file: { value: ({ tls }: Scene) => tls.ca, change: 'more other names' },
      timestamp_field: { value: 'time', change: 'the field of the time' },
      unix_timestamp: { value: true, change: 'the time is a number' },
      dedup: { value: true, change: 'a line in the log says that it has no effect' },
      dedot: { value: true, change: 'names with dots become objects' },
    },
    { with: { mapping: { mode: 'ecs' } } },
  ),
  bulk_action: { value: 'index', change: 'documents of the same id are replaced' },
  document_id_attribute: { value: 'id', change: 'the id is that attribute' },
  pipeline: { value: 'p', change: 'documents go through it' },
  max_bulk_size: { value: 1000, change: 'larger requests are cut' },
  ...deadLetterChanges,
}

const older = 'the older way of saying it'
const elasticBatch = under(
  'sending_queue.batch',
  {
    max_size: { value: 6_000_000, change: 'a batch has no more' },
    sizer: { value: 'items', change: 'min_size and max_size count items' },
  },
  { heldBy: ['test/delivery/'] },
)

export const elasticsearchChanges: Changes = {
  endpoints: {
    value: ({ elasticsearch }: Scene) => [elasticsearch.url, 'http://127.0.0.1:9'],
    with: { endpoint: '' },
    change: 'the nodes that there are',
  },
  cloudid: { value: `n:${Buffer.from('localhost$x').toString('base64')}`, with: { endpoint: '' }, change: 'the node' },
  ...discoverChanges,
  user: { value: 'elastic', change: 'who we are' },
  password: { value: 'secret', with: { user: 'elastic' }, change: 'how we show it' },
  api_key: { value: 'a2V5', change: 'how we show it' },
  num_workers: { value: 3, change: older },
  index: { value: 'x', change: older },
  logs_index: { value: 'x', change: 'which index' },
  traces_index: { value: 'x', change: 'which index' },
  metrics_index: { value: 'x', change: 'which index' },
  ...under(
    '',
    {
      'logs_dynamic_index.enabled': { value: true, change: older },
      'traces_dynamic_index.enabled': { value: true, change: older },
      'metrics_dynamic_index.enabled': { value: true, change: older },
    },
    { with: { logs_dynamic_index: {}, traces_dynamic_index: {}, metrics_dynamic_index: {} } },
  ),
  'logs_dynamic_id.enabled': { value: true, change: 'the id is an attribute' },
  'traces_dynamic_id.enabled': { value: true, change: 'the id is an attribute' },
  'logs_dynamic_pipeline.enabled': { value: true, change: 'the pipeline is an attribute' },
  pipeline: { value: 'p', change: 'documents go through it' },
  bulk_action: { value: 'index', change: 'documents of the same id are replaced' },
  'mapping.mode': { value: 'ecs', change: 'how documents look' },
  'mapping.allowed_modes': { value: ['otel'], change: 'which modes others may ask for' },
  'mapping.dedup': { value: true, change: 'a line in the log says that it has no effect' },
  'mapping.dedot': { value: true, change: 'a line in the log says that it has no effect' },
  'logstash_format.enabled': { value: true, change: 'the day stands behind the name' },
  'logstash_format.prefix_separator': {
    value: '_',
    with: { logstash_format: { enabled: true } },
    change: 'what stands between them',
  },
  'logstash_format.date_format': {
    value: '%Y',
    with: { logstash_format: { enabled: true } },
    change: 'how it is written',
  },
  ...under('retry', {
    enabled: { value: false, change: 'a failure is final' },
    max_retries: { value: 1, change: 'how often' },
    max_requests: { value: 2, change: older },
    initial_interval: { value: '1s', change: 'the first wait' },
    max_interval: { value: '10s', change: 'the longest wait' },
    max_elapsed_time: { value: '1m', change: 'when it is given up' },
    retry_on_status: { value: [429], change: 'after what' },
    retry_on_document_status: { value: [429], change: 'after what' },
  }),
  'flush.bytes': { value: 1000, change: 'larger requests are cut' },
  'flush.interval': { value: '1s', change: older },
  ...under(
    'batcher',
    {
      enabled: { value: true, change: older },
      min_size: { value: 7, with: { batcher: { enabled: true } }, change: older },
      max_size: { value: 9000, with: { batcher: { enabled: true } }, change: older },
      min_size_items: { value: 7, with: { batcher: { enabled: true } }, change: older },
      max_size_items: { value: 9000, with: { batcher: { enabled: true } }, change: older },
      sizer: { value: 'bytes', with: { batcher: { enabled: true } }, change: older },
      flush_timeout: { value: '1s', with: { batcher: { enabled: true } }, change: older },
    },
    { with: { batcher: {} } },
  ),
  metadata_keys: { value: ['x-tenant'], change: 'batches of different tenants stay apart' },
  ...under('telemetry', {
    log_request_body: { value: true, change: 'requests are logged' },
    log_response_body: { value: true, change: 'answers are logged' },
    log_failed_docs_input: { value: true, change: 'refused documents are logged' },
    log_failed_docs_input_rate_limit: { value: '1m', change: 'one in that time' },
  }),
  include_source_on_error: { value: false, change: 'errors do not cite documents' },
  bulk_response_filter_path: { value: 'items.*.error.type', change: 'answers are shorter' },
  suppress_conflict_errors: { value: true, change: 'a line in the log says that it has no effect' },
  ...deadLetterChanges,
}

/** Where its queue differs from that of others. */
export const elasticsearchQueue: Changes = {
  'sending_queue.block_on_overflow': {
    value: false,
    change: 'a full queue refuses',
    heldBy: ['test/delivery/'],
  },
  ...elasticBatch,
}
