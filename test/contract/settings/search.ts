// What the OpenSearch and Elasticsearch exporters share.
import { type Changes, type Scene, under } from './change.ts'

const deadLetterChanges: Changes = under('dead_letter', {
  index: { value: 'dead', change: 'refused documents go there' },
  file: { value: ({ directory }: Scene) => `${directory}/dead.jsonl`, change: 'refused documents go there' },
  max_megabytes: {
    value: 1,
    with: ({ directory }: Scene) => ({ dead_letter: { file: `${directory}/dead.jsonl` } }),
    change: 'when the file begins anew',
  },
})

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
