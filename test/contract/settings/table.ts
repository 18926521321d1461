// Every setting of every component: another value, and what can be seen to be different with it.
import type { ComponentKind } from '../../../src/contract/index.ts'
import type { ProcessMemory } from '../../../src/processors/memory_limiter/process-memory.ts'
import { limiting } from '../../../src/processors/memory_limiter/processor.ts'
import { testHost, testSettings } from '../../../src/testing/index.ts'
import { until } from '../../kit/until.ts'
import { visit } from '../driven.ts'
import { basicauth, bearertokenauth, headersSetter, oauth2client, oidc } from './authenticators.ts'
import { awsChanges, awskinesisfirehose, awss3, awsxray, sigv4auth } from './aws.ts'
import { type Change, type Changes, type Scene, under } from './change.ts'
import { grpcClientChanges, httpClientChanges } from './clients.ts'
import { emfChanges, putMetricDataChanges } from './cloudwatch.ts'
import { queueChanges, retryChanges, timeoutChange } from './delivery.ts'
import { resourceDetection } from './detection.ts'
import { filter } from './filter.ts'
import { logGroupChanges } from './log-groups.ts'
import { actionChanges, conditionChanges } from './match.ts'
import { cumulativeToDelta, deltaToRate, metricsGeneration, metricsTransform } from './metrics.ts'
import { proxyChanges } from './proxy.ts'
import { elasticsearchChanges, elasticsearchQueue, openSearchChanges } from './search.ts'
import { grpcServerChanges, httpServerChanges, pprof } from './servers.ts'
import { groupByTrace, span } from './span.ts'

const file: Changes = {
  path: { value: ({ directory }: Scene) => `${directory}/other`, change: 'which file it is' },
  append: { value: true, change: 'what the file has stays' },
  ...under('rotation', {
    max_megabytes: { value: 1, change: 'when a file is moved out of the way' },
    max_days: { value: 2, change: 'how old such files get' },
    max_backups: { value: 2, change: 'how many there are' },
    localtime: { value: true, change: 'after which clock they are called' },
  }),
  format: { value: 'proto', change: 'protobuf instead of JSON' },
  encoding: { value: 'otlp_encoding', refused: /encoding extensions are not supported/ },
  compression: { value: 'zstd', change: 'records are compressed' },
  'compression_params.level': { value: 9, with: { compression: 'zstd' }, change: 'how hard' },
  flush_interval: { value: '5s', change: 'how often data is forced to the disk' },
  'group_by.enabled': {
    value: true,
    with: ({ directory }: Scene) => ({ path: `${directory}/*.json` }),
    change: 'a file for each value',
  },
  ...under(
    'group_by',
    {
      resource_attribute: { value: 'service.name', change: 'of which attribute' },
      max_open_files: { value: 2, change: 'how many are open' },
    },
    { with: ({ directory }: Scene) => ({ path: `${directory}/*.json`, group_by: { enabled: true } }) },
  ),
  create_directory: {
    value: true,
    with: ({ directory }: Scene) => ({ path: `${directory}/new/out` }),
    change: 'missing directories are made',
  },
  directory_permissions: {
    value: '0700',
    with: ({ directory }: Scene) => ({ path: `${directory}/new/out`, create_directory: true }),
    change: 'who may use them',
  },
}

const debug: Changes = {
  verbosity: { value: 'detailed', change: 'every field is shown' },
  sampling_initial: { value: 3, with: { sampling_thereafter: 2 }, change: 'how many equal lines come before sampling' },
  sampling_thereafter: { value: 5, change: 'which lines come then' },
  use_internal_logger: {
    value: false,
    with: ({ directory }: Scene) => ({ output_paths: [`${directory}/out`] }),
    change: 'lines go elsewhere',
  },
  output_paths: {
    value: ({ directory }: Scene) => [`${directory}/out`],
    with: { use_internal_logger: false },
    change: 'where they go',
  },
}

/** What the exporters for Prometheus share. */
const translation: Changes = {
  add_metric_suffixes: { value: false, change: 'names without unit and type' },
  translation_strategy: { value: 'NoTranslation', change: 'how names are translated' },
  ...under('resource_to_telemetry_conversion', {
    enabled: { value: true, change: 'resource attributes are labels' },
    exclude_service_attributes: {
      value: true,
      with: { resource_to_telemetry_conversion: { enabled: true } },
      change: 'without those of the service',
    },
    included: { value: ['host.*'], change: 'these are labels' },
    excluded: { value: ['host.*'], change: 'these are not' },
  }),
  ...under('resource_constant_labels', {
    included: { value: ['host.*'], change: 'these are labels' },
    excluded: { value: ['host.*'], change: 'these are not' },
  }),
}

const prometheus: Changes = {
  namespace: { value: 'shop', change: 'what names begin with' },
  const_labels: { value: { region: 'eu' }, change: 'labels of every series' },
  send_timestamps: { value: true, change: 'samples have their time' },
  send_created_timestamps: { value: true, with: { enable_open_metrics: true }, change: 'there are _created series' },
  metric_expiration: { value: '1m', change: 'how long a series stays' },
  max_series: { value: 7, change: 'how many there are' },
  enable_open_metrics: { value: true, change: 'OpenMetrics for those who ask' },
  without_scope_info: { value: true, change: 'no labels of scopes' },
  ...translation,
}

const { compression: _, 'compression_params.level': __, ...remoteClient } = httpClientChanges
const compression: Changes = {
  compression: { value: 'gzip', refused: /remote write is compressed by snappy/ },
}
const walChanges: Changes = under(
  'wal',
  {
    directory: { value: ({ directory }: Scene) => `${directory}/wal`, change: 'where the log is' },
    buffer_size: { value: 7, change: 'how many requests are read at a time' },
    truncate_frequency: { value: '10s', change: 'how often it is cut' },
    lag_record_frequency: { value: '5s', change: 'how often its length is recorded' },
  },
  { with: ({ directory }: Scene) => ({ wal: { directory: `${directory}/wal-of-its-own` } }) },
)
const remoteWrite: Changes = {
  ...walChanges,
  namespace: { value: 'shop', change: 'what names begin with' },
  external_labels: { value: { region: 'eu' }, change: 'labels of every series' },
  disable_scope_info: { value: true, change: 'no labels of scopes' },
  'target_info.enabled': { value: false, change: 'no target_info' },
  send_metadata: { value: true, change: 'types and descriptions are sent' },
  protobuf_message: { value: 'io.prometheus.write.v2.Request', change: 'the second version' },
  convert_explicit_histograms_to_nhcb: { value: true, change: 'native histograms' },
  keep_classic_histograms: {
    value: true,
    with: { convert_explicit_histograms_to_nhcb: true },
    change: 'classic ones beside them',
  },
  include_metadata_keys: { value: ['x-tenant'], change: 'which headers go on' },
  max_batch_size_bytes: { value: 2000, change: 'how large requests get' },
  max_batch_request_parallelism: { value: 2, change: 'how many are under way at once' },
  ...under('remote_write_queue', {
    enabled: { value: false, change: 'senders wait' },
    queue_size: { value: 7, change: 'how many batches wait' },
    num_consumers: { value: 2, change: 'how many requests are under way at once' },
  }),
}

const batch: Changes = {
  timeout: { value: '7s', change: 'when a smaller batch leaves' },
  send_batch_size: { value: 100, change: 'when a batch leaves' },
  send_batch_max_size: { value: 10_000, change: 'how large it may be' },
  metadata_keys: { value: ['x-tenant'], change: 'what keeps batches apart' },
  metadata_cardinality_limit: { value: 3, with: { metadata_keys: ['x-tenant'] }, change: 'how many there are at once' },
}

/** The process takes more than it may, whatever is collected. */
const inNeed: Pick<Change, 'use'> = {
  async use(_one, _scene, config) {
    let allocatedBytes = 0
    const memory: ProcessMemory = {
      usage: () => ({ rssBytes: 2 ** 27, allocatedBytes }),
      totalBytes: () => 2 ** 34,
      isContained: () => false,
      collectGarbage: () => {},
    }
    const settings = testSettings()
    const processor = limiting('logs', memory)(config() as never, settings, async () => {})
    await processor.start!(testHost())
    allocatedBytes = 2 ** 40
    for (let i = 0; i < 3; i++) await settings.clock.advance(60_000)
    await processor.stop!(AbortSignal.abort())
  },
}

const memoryLimiter: Changes = {
  check_interval: { value: '5s', change: 'how often memory is looked at' },
  limit_mib: { value: 2000, change: 'when data is refused' },
  spike_limit_mib: { value: 50, change: 'how far before that' },
  limit_percentage: { value: 50, with: { limit_mib: 0 }, change: 'when data is refused, of what there is' },
  spike_limit_percentage: { value: 5, with: { limit_mib: 0, limit_percentage: 50 }, change: 'how far before that' },
  ...under(
    '',
    {
      min_gc_interval_when_soft_limited: { value: '20s', change: 'how often garbage is collected' },
      min_gc_interval_when_hard_limited: { value: '1s', change: 'how often beyond the hard limit' },
      max_gc_interval_when_soft_limited: { value: '1m', change: 'how seldom, when it frees little' },
      max_gc_interval_when_hard_limited: { value: '15s', change: 'how seldom beyond the hard limit' },
    },
    inNeed,
  ),
}

const healthCheck: Changes = {
  path: { value: '/status', change: 'where it answers' },
  'response_body.healthy': { value: 'fine', change: 'what it says' },
  'response_body.unhealthy': {
    value: 'ill',
    change: 'what it says when not',
    async use(one) {
      await one.component.start!(testHost({ health: { isReady: false } }))
      await visit(one)
      await one.stop()
    },
  },
  'check_collector_pipeline.enabled': { value: true, change: 'failing exporters make it ill' },
  ...under(
    'check_collector_pipeline',
    {
      interval: { value: '1m', change: 'how long failures count' },
      exporter_failure_threshold: { value: 2, change: 'how many there may be' },
    },
    { with: { check_collector_pipeline: { enabled: true } } },
  ),
  max_event_loop_delay: { value: '5s', change: 'standing still makes it ill' },
  use_v2: { value: true, refused: /second version/ },
  http: { value: {}, refused: /not supported by this version/ },
  grpc: { value: {}, refused: /not supported by this version/ },
  component_health: { value: {}, refused: /not supported by this version/ },
}

const statsd: Changes = {
  endpoint: { value: 'localhost:0', change: 'where it listens' },
  transport: { value: 'tcp', change: 'the kind of socket' },
  'dialer.timeout': { value: '1s', change: 'a line in the log says that it has no effect', isReadAsSection: true },
  aggregation_interval: { value: '7s', change: 'how long values are gathered' },
  aggregation_limit: { value: '1MiB', change: 'when the interval ends early' },
  enable_metric_type: { value: true, change: 'the type is an attribute' },
  enable_simple_tags: { value: true, change: 'tags without a value are taken' },
  enable_ip_only_aggregation: { value: true, change: 'ports are no senders of their own' },
  ignore_host: { value: true, change: 'all senders are one' },
  is_monotonic_counter: { value: true, change: 'counters are monotonic sums' },
  counter_type: { value: 'float', change: 'fractions stay' },
  'timer_histogram_mapping[].statsd_type': {
    value: 'distribution',
    with: { timer_histogram_mapping: [{ statsd_type: 'timer', observer_type: 'summary' }] },
    change: 'which samples',
  },
  'timer_histogram_mapping[].observer_type': {
    value: 'histogram',
    with: { timer_histogram_mapping: [{ statsd_type: 'timer', observer_type: 'summary' }] },
    change: 'what becomes of them',
  },
  ...under(
    'timer_histogram_mapping[].histogram',
    {
      max_size: { value: 4, change: 'how many buckets' },
      'explicit_buckets[].matcher_pattern': { value: '^other', change: 'which metrics have bounds' },
      'explicit_buckets[].buckets': { value: [1, 2], change: 'which bounds' },
    },
    {
      with: {
        timer_histogram_mapping: [
          {
            statsd_type: 'timer',
            observer_type: 'histogram',
            histogram: { explicit_buckets: [{ matcher_pattern: '^lat', buckets: [1] }] },
          },
        ],
      },
    },
  ),
  'timer_histogram_mapping[].summary.percentiles': {
    value: [50],
    with: { timer_histogram_mapping: [{ statsd_type: 'timer', observer_type: 'summary' }] },
    change: 'which percentiles',
  },
  socket_permissions: {
    value: 0o600,
    with: ({ sockets }: Scene) => ({ transport: 'unix', endpoint: `${sockets}/statsd` }),
    change: 'who may send',
  },
  socket_buffer_size: { value: 100_000, change: 'how much the kernel keeps' },
}

/** The same settings in a section: what they need beside them is in it too. */
const inSection = (section: string, changes: Changes): Changes =>
  under(
    section,
    Object.fromEntries(
      Object.entries(changes).map(([path, change]) => [
        path,
        {
          ...change,
          with: (scene: Scene) => ({
            [section]: typeof change.with === 'function' ? change.with(scene) : (change.with ?? {}),
          }),
        },
      ]),
    ),
  )

/** Where there is none by default. */
const compressionOn: Changes = {
  'compression_params.level': { value: 9, with: { compression: 'gzip' }, change: 'how hard', heldBy: ['test/net/'] },
}

const scrapes: Changes = {
  collection_interval: { value: '7s', change: 'how often it collects' },
  initial_delay: { value: '3s', change: 'when it begins' },
  timeout: { value: '2s', change: 'how long a collection may take' },
}

const tested = (folder: string, changes: Changes): Changes => under('', changes, { heldBy: [`test/${folder}/`] })

export const changes: Readonly<Record<ComponentKind, Readonly<Record<string, Changes>>>> = {
  receiver: {
    awscontainerinsightreceiver: tested('receivers/awscontainerinsightreceiver', {
      collection_interval: { value: '7s', change: 'how often it collects' },
      container_orchestrator: { value: 'eks', refused: /needs the kubelet/ },
      add_service_as_attribute: { value: false, change: 'it is said to have no effect' },
      prefer_full_pod_name: { value: true, change: 'it is said to have no effect' },
      add_full_pod_name_metric_label: { value: true, change: 'it is said to have no effect' },
    }),
    awsecscontainermetrics: tested('receivers/awsecscontainermetrics', scrapes),
    awsemf: tested('receivers/awsemf', {
      endpoint: { value: 'localhost:0', change: 'where it listens' },
      transports: { value: ['udp'], change: 'how lines are taken' },
      max_line_size: { value: '64KiB', change: 'longer lines are skipped' },
      max_connections: { value: 3, change: 'how many clients there are' },
      line_timeout: { value: '10s', change: 'slower clients are turned away' },
      socket_buffer_size: { value: 100_000, change: 'what the kernel keeps' },
    }),
    awslogs: {
      ...httpServerChanges(),
      ...tested('receivers/awslogs', {
        max_request_body_size: { value: 1000, change: 'larger bodies, and payloads that unfold to more, are refused' },
        path: { value: '/firehose', change: 'where payloads are taken' },
        access_key: { value: 'key', change: 'who does not show it is refused' },
        message_format: { value: 'json', change: 'a message that is a JSON object becomes a map' },
      }),
    },
    awsxray: {
      ...tested('receivers/awsxray', {
        endpoint: { value: 'localhost:0', change: 'where segments are received' },
        transport: { value: 'udp6', with: { endpoint: '[::1]:0' }, change: 'the kind of socket' },
        'dialer.timeout': {
          value: '1s',
          change: 'a line in the log says that it has no effect',
          isReadAsSection: true,
        },
      }),
      ...proxyChanges('proxy_server'),
    },
    otlp: {
      ...grpcServerChanges('protocols.grpc'),
      ...httpServerChanges('protocols.http'),
      ...tested('receivers/otlp', {
        'protocols.http.traces_url_path': { value: '/t', change: 'where spans are posted' },
        'protocols.http.metrics_url_path': { value: '/m', change: 'where metrics are posted' },
        'protocols.http.logs_url_path': { value: '/l', change: 'where log records are posted' },
      }),
    },
    statsd: tested('receivers/statsd', statsd),
  },
  processor: {
    groupbytrace: groupByTrace,
    span: span,
    metrics_transform: metricsTransform,
    metricsgeneration: metricsGeneration,
    delta_to_rate: deltaToRate,
    cumulative_to_delta: cumulativeToDelta,
    attributes: { ...conditionChanges('include'), ...conditionChanges('exclude'), ...actionChanges('actions') },
    batch: tested('processors/batch', batch),
    filter,
    memory_limiter: tested('processors/memory_limiter', memoryLimiter),
    resource: actionChanges('attributes'),
    resource_detection: resourceDetection,
  },
  exporter: {
    awscloudwatch: {
      ...awsChanges,
      ...putMetricDataChanges,
      ...queueChanges(true),
      ...retryChanges(true, {
        async fail({ settings: { clock } }, { aws }) {
          aws.faults.push('throttled')
          // It collects for a moment before it sends.
          void until(() => clock.pending > 0).then(() => clock.advance(10))
        },
      }),
      ...timeoutChange,
    },
    awscloudwatchlogs: {
      ...awsChanges,
      ...logGroupChanges,
      ...tested('exporters/awscloudwatchlogs', {
        log_group_name: { value: '/ecs/{ServiceName}', change: 'which group' },
        log_stream_name: { value: '{date}', change: 'which stream in it' },
        raw_log: { value: true, change: 'the body alone, and metric lines go where they say' },
        emf_only: { value: true, with: { raw_log: true }, change: 'what is no metric line is dropped' },
      }),
      ...queueChanges(true),
      ...retryChanges(true, { fail: async (_one, { aws }) => void aws.faults.push('throttled') }),
      ...timeoutChange,
    },
    awsemf: {
      ...awsChanges,
      ...logGroupChanges,
      ...emfChanges,
      ...queueChanges(true),
      ...retryChanges(true, { fail: async (_one, { aws }) => void aws.faults.push('throttled') }),
      ...timeoutChange,
    },
    awsxray: {
      ...awsxray,
      ...queueChanges(true),
      ...retryChanges(true, { fail: async (_one, { aws }) => void aws.faults.push('throttled') }),
      ...timeoutChange,
    },
    awskinesisfirehose: {
      ...awskinesisfirehose,
      ...queueChanges(true),
      ...retryChanges(true, { fail: async (_one, { aws }) => void aws.faults.push('unavailable') }),
      ...timeoutChange,
    },
    awss3: {
      ...awss3,
      ...queueChanges(false),
      ...retryChanges(true, { fail: async (_one, { aws }) => void aws.faults.push('unavailable') }),
      ...timeoutChange,
    },
    debug: { ...tested('exporters/debug', debug), ...queueChanges(false) },
    elasticsearch: {
      ...httpClientChanges,
      compression: { value: 'none', change: 'requests are larger', heldBy: ['test/net/'] },
      ...queueChanges(true),
      ...elasticsearchQueue,
      ...tested('exporters/elasticsearch', elasticsearchChanges),
      ...timeoutChange,
    },
    file: {
      ...tested('exporters/file', file),
      ...queueChanges(false),
      ...retryChanges(false, { with: { path: '/dev/full' } }),
      ...timeoutChange,
    },
    nop: queueChanges(false),
    opensearch: {
      ...inSection('http', { ...httpClientChanges, ...compressionOn }),
      ...tested('exporters/opensearch', openSearchChanges),
      ...queueChanges(true),
      ...retryChanges(true, { fail: async (_one, { openSearch }) => void openSearch.faults.push({ status: 503 }) }),
      ...timeoutChange,
    },
    otlp_grpc: {
      ...grpcClientChanges,
      ...queueChanges(true),
      ...retryChanges(true, { fail: async (_one, { grpc }) => void grpc.answers.push({ code: 14 }) }),
      ...timeoutChange,
    },
    otlp_http: {
      ...httpClientChanges,
      ...tested('exporters/otlp_http', {
        traces_endpoint: { value: ({ http }: Scene) => `${http.url}/v1/traces`, change: 'where spans go' },
        metrics_endpoint: { value: ({ http }: Scene) => `${http.url}/v1/metrics`, change: 'where metrics go' },
        logs_endpoint: { value: ({ http }: Scene) => `${http.url}/v1/logs`, change: 'where log records go' },
        profiles_endpoint: { value: 'http://127.0.0.1:9/p', change: 'a line in the log says that it has no effect' },
        encoding: { value: 'json', change: 'JSON instead of protobuf' },
      }),
      ...queueChanges(true),
      ...retryChanges(true, { fail: async (_one, { http }) => void http.answers.push({ status: 503 }) }),
      ...timeoutChange,
    },
    prometheusremotewrite: {
      ...remoteClient,
      ...compression,
      ...inSection('http', { ...remoteClient, ...compression }),
      ...tested('exporters/prometheusremotewrite', remoteWrite),
      ...under('', translation, { heldBy: ['test/exporters/prometheus/'] }),
      ...retryChanges(true, { fail: async (_one, { http }) => void http.answers.push({ status: 503 }) }),
      ...timeoutChange,
    },
    prometheus: { ...httpServerChanges(), ...tested('exporters/prometheus', prometheus), ...queueChanges(false) },
  },
  connector: {
    forward: {},
  },
  extension: {
    awsproxy: proxyChanges(''),
    basicauth: tested('extensions/basicauth', basicauth),
    bearertokenauth: tested('extensions/bearertokenauth', bearertokenauth),
    oauth2client: tested('extensions/oauth2client', oauth2client),
    oidc: tested('extensions/oidc', oidc),
    headers_setter: tested('extensions/headers_setter', headersSetter),
    health_check: { ...httpServerChanges(), ...tested('extensions/health_check', healthCheck) },
    pprof: tested('extensions/pprof', pprof),
    sigv4auth: tested('extensions/sigv4auth', sigv4auth),
    zpages: {
      ...httpServerChanges(),
      ...tested('extensions/zpages', { 'expvar.enabled': { value: true, change: '/debug/expvarz answers' } }),
    },
  },
}
