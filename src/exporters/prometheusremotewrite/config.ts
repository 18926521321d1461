import * as v from 'valibot'
import { coded } from '../../config/coded.ts'
import { list, oneOf, optional, record, section, setting } from '../../config/schema.ts'
import { duration, flag, integer, nonEmptyText, text } from '../../config/values.ts'
import { deliverySettings } from '../../delivery/index.ts'
import { type HttpClientConfig, httpClientSettings, keepaliveProblems } from '../../net/client-config.ts'
import { NAMED_TWICE, namesResourceLabelsOnce, translationSettings } from '../../prometheus/settings.ts'

const MESSAGES = ['prometheus.WriteRequest', 'io.prometheus.write.v2.Request'] as const

const { timeout, retry_on_failure } = deliverySettings({ retryInterval: '50ms' })

const { compression: _compression, compression_params: _params, ...transport } = httpClientSettings({ compression: '' })
/** A body of remote write is compressed by snappy, and by nothing else. */
const client = {
  ...transport,
  compression: optional(
    v.pipe(
      text,
      v.check(
        (name) => name === 'snappy' || name === '',
        coded('unsupported_setting', 'remote write is compressed by snappy: remove this line'),
      ),
    ),
    'snappy, which is what bodies are compressed by in any case.',
  ),
}

const wal = section({
  directory: setting(nonEmptyText, './wal', 'A folder of its own, which is made when it is missing.'),
  buffer_size: setting(integer(1), 300, 'How many requests are read from it at a time.'),
  truncate_frequency: setting(
    v.pipe(duration, v.gtValue(0, 'must be more than 0')),
    '1m',
    'How often what has been sent is removed from the disk.',
  ),
  lag_record_frequency: setting(
    v.pipe(duration, v.gtValue(0, 'must be more than 0')),
    '15s',
    'How often the number of requests that wait is recorded as a metric.',
  ),
})

const settings = section({
  ...client,
  http: optional(
    section(client),
    'The same settings of the HTTP client in a section of their own; when it is there, it counts in place of those outside (but for the endpoint, which may stand in either).',
  ),
  namespace: setting(text, '', 'Stands in front of the name of every metric, with an underscore.'),
  external_labels: setting(
    record(
      v.pipe(
        v.union([v.string(), v.number(), v.boolean()], 'must be a text'),
        v.transform((value) => String(value)),
        v.check(
          (value) => value !== '',
          coded('missing_setting', 'must not be empty: a label without a value is no label'),
        ),
        v.metadata({ kind: 'text' }),
      ),
    ),
    {},
    'Labels that every series gets, unless an attribute of the series has the name.',
  ),
  ...translationSettings,
  disable_scope_info: setting(flag, false, 'Leaves out the labels of the instrumentation scope (otel_scope_…).'),
  target_info: setting(
    section({ enabled: setting(flag, true, 'Whether it is sent.') }),
    {},
    'The series `target_info`, which has the attributes of a resource as its labels.',
  ),
  send_metadata: setting(
    flag,
    false,
    'Sends type, unit and description of metrics too; the second version always does.',
  ),
  protobuf_message: setting(
    oneOf(MESSAGES),
    'prometheus.WriteRequest',
    'The first version of remote write, or the second, which is smaller and has metadata and times of creation.',
  ),
  convert_explicit_histograms_to_nhcb: setting(
    flag,
    false,
    'Sends histograms with explicit bounds as native histograms with custom buckets, one series each.',
  ),
  keep_classic_histograms: setting(
    flag,
    false,
    'Sends the classic series beside those; only with convert_explicit_histograms_to_nhcb.',
  ),
  include_metadata_keys: setting(
    list(nonEmptyText),
    [],
    'Headers of the sender that become headers of the request, in any case: X-Scope-OrgID.',
  ),
  max_batch_size_bytes: setting(integer(1), 3_000_000, 'How large a request gets at most, before compression.'),
  max_batch_request_parallelism: optional(
    integer(1),
    'How many requests of one batch are under way at once. Default: num_consumers of remote_write_queue.',
  ),
  remote_write_queue: setting(
    section({
      enabled: setting(flag, true, 'Without it senders wait for the answer.'),
      queue_size: setting(integer(1), 10_000, 'How many batches wait at most.'),
      num_consumers: setting(
        integer(1),
        5,
        'How many requests of one batch are under way at once. Batches are sent one after the other, as their samples must be.',
      ),
    }),
    {},
    'Batches that wait for the destination.',
  ),
  wal: optional(
    wal,
    'Requests are written to the disk before they are sent, survive a restart, and are sent until they are taken; takes the place of the queue.',
  ),
  timeout,
  retry_on_failure,
})

export const config = v.pipe(
  settings,
  v.check(
    ({ endpoint, http }) => (http?.endpoint || endpoint) !== '',
    coded('missing_setting', 'needs to know where to write to: endpoint: http://prometheus:9090/api/v1/write'),
  ),
  v.check(
    ({ keep_classic_histograms, convert_explicit_histograms_to_nhcb }) =>
      !keep_classic_histograms || convert_explicit_histograms_to_nhcb,
    'keep_classic_histograms: does nothing without convert_explicit_histograms_to_nhcb: true',
  ),
  v.forward(
    v.partialCheck(
      [['resource_to_telemetry_conversion'], ['resource_constant_labels']],
      namesResourceLabelsOnce,
      NAMED_TWICE,
    ),
    ['resource_to_telemetry_conversion'],
  ),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    for (const message of keepaliveProblems(clientOf(dataset.value))) addIssue({ message })
  }),
)
export type RemoteWriteConfig = v.InferOutput<typeof config>
export type WalConfig = NonNullable<RemoteWriteConfig['wal']>

/** The client that the config describes; without compression of its own. */
export function clientOf({ http, ...config }: v.InferOutput<typeof settings>): HttpClientConfig {
  const { compression: _, ...client } = http ?? config
  const endpoint = client.endpoint || config.endpoint
  return { ...client, endpoint, compression: '', compression_params: { level: 0 } }
}
export const parallelismOf = (config: RemoteWriteConfig): number =>
  config.max_batch_request_parallelism ?? config.remote_write_queue.num_consumers
