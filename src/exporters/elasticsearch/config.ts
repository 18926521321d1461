import * as v from 'valibot'
import { coded } from '../../config/coded.ts'
import { list, oneOf, optional, section, setting } from '../../config/schema.ts'
import { duration, flag, integer, secret, text } from '../../config/values.ts'
import { messageOf } from '../../contract/index.ts'
import { deliverySettings } from '../../delivery/index.ts'
import { checkHttpClient, httpClientSettings, httpUrl } from '../../net/client-config.ts'
import { deadLetterSettings } from '../../search/dead-letters.ts'
import { strftime } from '../../search/time-format.ts'
import { nodesProblem } from './nodes.ts'

const MODES = ['otel', 'ecs', 'none', 'raw', 'bodymap'] as const
export type ModeName = (typeof MODES)[number]

/** `none` has other names, too. */
const ALL_NAMES = [...MODES, 'no', ''] as const
export const modeNamed = (name: string): ModeName | undefined =>
  name === '' || name === 'no' ? 'none' : MODES.find((mode) => mode === name)

const index = (what: string, signal: string) =>
  setting(
    text,
    '',
    `The index, alias or data stream for all ${what}; %{key} is an attribute. Default: ${signal}-<dataset>-<namespace>, by attributes.`,
  )
const dynamic = (what: string) => section({ enabled: setting(flag, false, what) })
const dynamicIndex = (signal: string) =>
  optional(
    dynamic(`Is so without ${signal}_index, and cannot be with it.`),
    `The older way of saying that indices of ${signal} depend on attributes.`,
  )

const mapping = section({
  mode: setting(
    oneOf(ALL_NAMES),
    'otel',
    "How documents look: OpenTelemetry's structure (otel), the Elastic Common Schema (ecs), flat fields (none; raw is the same without prefixes), the body of a log record alone (bodymap). A scope (elastic.mapping.mode) or a sender (X-Elastic-Mapping-Mode) may ask for another.",
  ),
  allowed_modes: setting(
    list(oneOf(ALL_NAMES)),
    [...MODES],
    'Which modes a scope or a sender may ask for. Default: all of them.',
  ),
  dedup: optional(flag, 'Has no effect here: names that stand twice never get into a document.'),
  dedot: optional(flag, 'Has no effect here: ecs makes objects of dots, the other modes do not.'),
})

const strftimeFormat = v.pipe(
  text,
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    try {
      strftime(dataset.value)
    } catch (error) {
      addIssue({ message: messageOf(error) })
    }
  }),
)

const logstashFormat = section({
  enabled: setting(flag, false, 'Whether the day of the event stands behind the name of the index.'),
  prefix_separator: setting(text, '-', 'What stands between the two.'),
  date_format: setting(strftimeFormat, '%Y.%m.%d', 'How the day is written, as for strftime.'),
})

const status = integer(100, 599)
const retry = section({
  enabled: setting(flag, true, 'Whether what failed is sent again.'),
  max_retries: optional(integer(), 'How often. Default: until max_elapsed_time.'),
  max_requests: optional(integer(), 'How often in all; the older way of saying max_retries.'),
  initial_interval: setting(duration, '100ms', 'The wait after the first failure.'),
  max_interval: setting(duration, '1m', 'The longest wait.'),
  max_elapsed_time: setting(duration, '5m', 'The time after which a batch is given up and counted as lost. 0: never.'),
  retry_on_status: optional(
    list(status),
    'The statuses of requests, and of documents, after which they are sent again. Default: 429 and all of 500 and above that may pass.',
  ),
  retry_on_document_status: optional(
    list(status),
    'The same for documents alone, where that differs from retry_on_status.',
  ),
})

const flush = section({
  bytes: setting(
    integer(1),
    5_000_000,
    'The size of a bulk request, before compression. Larger ones are cut, between documents.',
  ),
  interval: optional(duration, 'The older way of saying sending_queue::batch::flush_timeout.'),
})

const batcher = section({
  enabled: optional(flag, 'Whether batches are joined.'),
  min_size: optional(integer(), 'The items at which a batch is sent at once.'),
  max_size: optional(integer(), 'The items above which a batch is cut. 0 means no limit.'),
  min_size_items: optional(integer(), 'The same as min_size.'),
  max_size_items: optional(integer(), 'The same as max_size.'),
  sizer: optional(oneOf(['items', 'bytes']), 'What min_size and max_size count. Default: items.'),
  flush_timeout: optional(duration, 'The time after which a batch is sent whatever its size.'),
})

const telemetry = section({
  log_request_body: setting(flag, false, 'Whether requests are logged, at the level debug. They may be secret.'),
  log_response_body: setting(flag, false, 'Whether answers are logged, at the level debug. They may be secret.'),
  log_failed_docs_input: setting(
    flag,
    false,
    'Whether documents that are refused are logged, at the level debug. They may be secret.',
  ),
  log_failed_docs_input_rate_limit: setting(duration, '1s', 'One of them in this time; 0 is no limit.'),
})

const discover = section({
  on_start: setting(flag, false, 'Whether to ask for the nodes of the cluster at the start.'),
  interval: setting(duration, '0s', 'How often to ask for them. 0 means never.'),
})

const { retry_on_failure: _, ...delivery } = deliverySettings({
  timeout: '90s',
  queueSize: 10,
  blockOnOverflow: true,
  batch: { flushTimeout: '10s', minSize: 1e6, maxSize: 5e6, sizer: 'bytes' },
})

export const config = v.pipe(
  section({
    ...httpClientSettings({ compression: 'gzip' }),
    endpoints: setting(list(httpUrl), [], 'Several nodes, which are used in turn, instead of endpoint.'),
    cloudid: setting(text, '', 'The id of a deployment of Elastic Cloud, instead of endpoint.'),
    user: setting(text, '', 'The user, for basic authentication.'),
    password: optional(secret, 'The password of the user.'),
    api_key: optional(secret, 'An API key, encoded; instead of a user.'),
    num_workers: optional(integer(1), 'The older way of saying sending_queue::num_consumers.'),
    index: setting(text, '', 'The older way of saying logs_index.'),
    logs_index: index('log records', 'logs'),
    traces_index: index('spans', 'traces'),
    metrics_index: index('data points', 'metrics'),
    logs_dynamic_index: dynamicIndex('logs'),
    traces_dynamic_index: dynamicIndex('traces'),
    metrics_dynamic_index: dynamicIndex('metrics'),
    logs_dynamic_id: setting(
      dynamic('Whether the attribute elasticsearch.document_id is the id of the document.'),
      {},
      'Ids of documents, so that what is sent twice is there once.',
    ),
    traces_dynamic_id: setting(
      dynamic('Whether the attribute elasticsearch.document_id is the id of the document.'),
      {},
      'The same for spans.',
    ),
    logs_dynamic_pipeline: setting(
      dynamic('Whether the attribute elasticsearch.ingest_pipeline is the ingest pipeline of the document.'),
      {},
      'Ingest pipelines of single log records.',
    ),
    pipeline: setting(text, '', 'The ingest pipeline that documents go through.'),
    bulk_action: setting(
      oneOf(['create', 'index']),
      'create',
      'create keeps a document that is there already and is what data streams take; index replaces it.',
    ),
    mapping: setting(mapping, {}, 'How documents look.'),
    logstash_format: setting(logstashFormat, {}, 'A day in the names of indices, as Logstash has it.'),
    discover: setting(discover, {}, 'Finds the nodes of the cluster. Not behind a load balancer.'),
    retry: setting(
      retry,
      {},
      'How a request, or single documents of it, that failed and may work later is sent again.',
    ),
    flush: setting(flush, {}, 'How large bulk requests are.'),
    batcher: optional(batcher, 'The older way of saying sending_queue::batch.'),
    metadata_keys: setting(
      list(text),
      [],
      'Client metadata whose values keep batches apart; the same as sending_queue::batch::partition::metadata_keys.',
    ),
    telemetry: setting(telemetry, {}, 'What is logged of requests, for those who look for a mistake.'),
    include_source_on_error: optional(
      flag,
      'Whether the server may cite documents in errors. Default: what the server does by itself.',
    ),
    bulk_response_filter_path: setting(
      text,
      '',
      'Which fields of answers are wanted besides errors and items.*.status. Default: items.*.error.',
    ),
    suppress_conflict_errors: optional(
      flag,
      'Has no effect here: a document that is there already under its own id counts as delivered.',
    ),
    dead_letter: setting(
      deadLetterSettings,
      {},
      'Where documents go that the server refuses. Default: counted and logged.',
    ),
    ...delivery,
  }),
  checkHttpClient(),
  v.forward(
    v.check(
      ({ compression }) => compression === '' || compression === 'none' || compression === 'gzip',
      coded('unknown_choice', 'Elasticsearch reads gzip only: gzip or none'),
    ),
    ['compression'],
  ),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    const config = dataset.value
    const problem = nodesProblem(config, process.env)
    if (problem !== undefined) addIssue({ message: coded(problem.code, problem.message) })
    for (const signal of ['logs', 'traces', 'metrics'] as const)
      if (config[`${signal}_index`] !== '' && config[`${signal}_dynamic_index`]?.enabled)
        addIssue({
          message: `${signal}_index and ${signal}_dynamic_index: give one: all documents go to one index, or each to that of its attributes`,
        })
    if (!config.mapping.allowed_modes.map(modeNamed).includes(modeNamed(config.mapping.mode)))
      addIssue({ message: 'mapping::mode must be one of mapping::allowed_modes' })
  }),
)
export type ElasticsearchConfig = v.InferOutput<typeof config>
