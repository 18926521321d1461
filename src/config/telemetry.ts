// service::telemetry: the agent's own logs, metrics and traces, in the collector's declarative form.
import * as v from 'valibot'
import { coded } from './coded.ts'
import { parsedText, parseHttpUrl } from './endpoint.ts'
import { headers, headersList } from './headers.ts'
import { anything, list, named, oneOf, optional, record, required, section, setting, texts } from './schema.ts'
import { resource } from './telemetry-resource.ts'
import { duration, flag, integer, nonEmptyText, number, text } from './values.ts'

/** How much the agent says about itself. */
const level = (byDefault: 'none' | 'basic' | 'normal' | 'detailed', about: string) =>
  setting(
    v.pipe(
      v.string('must be one of none, basic, normal, detailed'),
      v.toLowerCase(),
      v.picklist(['none', 'basic', 'normal', 'detailed'], 'must be one of none, basic, normal, detailed'),
      v.metadata({ kind: 'choice', allowed: ['none', 'basic', 'normal', 'detailed'], isCaseless: true }),
    ),
    byDefault,
    about,
  )

/** Of these keys exactly one must be there. */
const onlyOne = <const S extends v.GenericSchema<unknown, object>>(schema: S, keys: readonly string[]): S =>
  v.pipe(
    schema as v.GenericSchema<unknown, Record<string, unknown>>,
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return
      const given = keys.filter((key) => dataset.value[key] !== undefined).length
      const code = given === 0 ? 'missing_setting' : 'conflicting_settings'
      const what = keys.length === 1 ? keys[0] : `exactly one of ${keys.join(', ')}`
      if (given !== 1) addIssue({ message: coded(code, `must have ${what}`) })
    }),
  ) as never

/** Declarative configuration counts in milliseconds; the collector's form in durations. Both are taken. */
const millis = (byDefault: number, about: string) =>
  setting(
    v.pipe(
      v.union(
        [v.pipe(v.number(), v.finite(), v.minValue(0, 'must not be negative')), duration],
        'must be a number of milliseconds, or a duration such as 5s',
      ),
      v.metadata({ kind: 'milliseconds' }),
    ),
    byDefault,
    about,
  )

const names = section({
  included: optional(texts, 'Those to keep; all when left out.'),
  excluded: optional(texts, 'Those to leave out.'),
})

const PROTOCOLS = ['http/protobuf', 'http/json'] as const
const protocol = v.pipe(
  v.picklist([...PROTOCOLS, 'grpc'], `must be one of ${PROTOCOLS.join(', ')}`),
  v.check(
    (name) => name !== 'grpc',
    coded('unsupported_setting', 'own telemetry is sent over HTTP; use http/protobuf (port 4318), not grpc'),
  ),
  v.metadata({ kind: 'choice', allowed: PROTOCOLS }),
)

/** Without a scheme `insecure` says which. */
const address = parsedText(
  (written) =>
    written === '' || parseHttpUrl(/^[a-z][a-z0-9+.-]*:\/\//i.test(written) ? written : `https://${written}`),
  'text',
  'bad_url',
)

const otlp = {
  protocol: setting(protocol, 'http/protobuf', 'How it is sent.'),
  endpoint: setting(address, '', 'Where to; http://localhost:4318 when left out.'),
  headers: setting(headers, {}, 'Headers of every request.'),
  headers_list: setting(
    headersList,
    '',
    'The same as text: `k1=v1,k2=v2`, values percent-encoded; `headers` go first.',
  ),
  compression: setting(oneOf(['', 'none', 'gzip']), '', 'How bodies are compressed.'),
  timeout: millis(10_000, 'How long one attempt may take.'),
  insecure: setting(flag, false, 'Without TLS, when the endpoint says no scheme.'),
  certificate: setting(text, '', 'File with the authorities that are trusted (PEM).'),
  client_certificate: setting(text, '', 'File with the own certificate (PEM).'),
  client_key: setting(text, '', 'File with the own key (PEM).'),
}

/** Where own telemetry is sent. */
const otlpExporter = section(otlp)
const otlpMetricExporter = section({
  ...otlp,
  temporality_preference: setting(
    oneOf(['cumulative', 'delta', 'lowmemory']),
    'cumulative',
    'Since start, or since the last time.',
  ),
  default_histogram_aggregation: setting(
    oneOf(['explicit_bucket_histogram', 'base2_exponential_bucket_histogram']),
    'explicit_bucket_histogram',
    'How histograms are counted.',
  ),
})
const console_ = section({})

const batch = <const E extends v.GenericSchema>(exporter: E) =>
  section({
    exporter: required(exporter, 'Where it goes.'),
    schedule_delay: millis(5_000, 'How long records wait for others.'),
    export_timeout: millis(30_000, 'How long an export may take.'),
    max_queue_size: setting(integer(1), 2048, 'How many records wait at most.'),
    max_export_batch_size: setting(integer(1), 512, 'How many records are sent at once.'),
  })

const exporter = onlyOne(
  section({
    otlp: named(otlpExporter, 'Sends OTLP.'),
    console: named(console_, 'Prints to standard output.'),
  }),
  ['otlp', 'console'],
)
/** Span processors and log record processors have the same form. */
const processor = onlyOne(
  section({
    batch: named(batch(exporter), 'Collects records and sends them together.'),
    simple: named(section({ exporter: required(exporter, 'Where it goes.') }), 'Sends each at once.'),
  }),
  ['batch', 'simple'],
)

const metricExporter = onlyOne(
  section({
    otlp: named(otlpMetricExporter, 'Sends OTLP.'),
    console: named(console_, 'Prints to standard output.'),
  }),
  ['otlp', 'console'],
)
const prometheus = section({
  host: setting(nonEmptyText, 'localhost', 'The address to listen on.'),
  port: setting(integer(0, 65_535), 8888, 'The port to listen on.'),
  without_scope_info: setting(flag, true, 'Leaves out the scope’s labels.'),
  without_units: setting(flag, true, 'Leaves the unit out of names.'),
  without_type_suffix: setting(flag, true, 'Leaves `_total` out of names.'),
  with_resource_constant_labels: optional(names, 'Resource attributes that become labels of every series.'),
})

const reader = onlyOne(
  section({
    pull: named(
      section({
        exporter: required(
          onlyOne(section({ prometheus: named(prometheus, 'A Prometheus page.') }), ['prometheus']),
          'How others fetch them.',
        ),
      }),
      'Metrics that others fetch.',
    ),
    periodic: named(
      section({
        exporter: required(metricExporter, 'Where they go.'),
        interval: millis(60_000, 'How often.'),
        timeout: millis(30_000, 'How long one export may take.'),
      }),
      'Metrics that are sent.',
    ),
  }),
  ['pull', 'periodic'],
)

const selector = section({
  instrument_name: optional(text, 'The instrument; `*` and `?` stand for any text and any character.'),
  instrument_type: optional(
    oneOf([
      'counter',
      'gauge',
      'histogram',
      'observable_counter',
      'observable_gauge',
      'observable_up_down_counter',
      'up_down_counter',
    ]),
    'The kind of instrument.',
  ),
  unit: optional(text, 'The instrument’s unit.'),
  meter_name: optional(text, 'The scope’s name.'),
  meter_version: optional(text, 'The scope’s version.'),
  meter_schema_url: optional(text, 'The scope’s schema.'),
})

const explicitBuckets = section({
  boundaries: optional(list(number()), 'The upper bounds of the buckets.'),
  record_min_max: setting(flag, true, 'Keeps the smallest and the largest value.'),
})
const exponentialBuckets = section({
  max_scale: setting(integer(-10, 20), 20, 'The finest resolution.'),
  max_size: setting(integer(2), 160, 'How many buckets at most.'),
  record_min_max: setting(flag, true, 'Keeps the smallest and the largest value.'),
})
const aggregations = {
  default: named(section({}), 'As the instrument says.'),
  drop: named(section({}), 'Not at all.'),
  last_value: named(section({}), 'The last value.'),
  sum: named(section({}), 'The sum.'),
  explicit_bucket_histogram: named(explicitBuckets, 'A histogram with these buckets.'),
  base2_exponential_bucket_histogram: named(exponentialBuckets, 'An exponential histogram.'),
}
const aggregation = onlyOne(section(aggregations), Object.keys(aggregations))

const stream = section({
  name: optional(text, 'The new name.'),
  description: optional(text, 'The new description.'),
  aggregation: optional(aggregation, 'How values are counted.'),
  attribute_keys: optional(names, 'Which attributes stay.'),
})

const view = section({
  selector: setting(selector, {}, 'Which instruments.'),
  stream: setting(stream, {}, 'What becomes of them.'),
})

const LOG_LEVELS = ['debug', 'info', 'warn', 'warning', 'error', 'dpanic', 'panic', 'fatal'] as const

const logs = section({
  level: setting(
    v.pipe(
      v.string('must be one of debug, info, warn, error'),
      v.toLowerCase(),
      v.picklist(LOG_LEVELS, 'must be one of debug, info, warn, error'),
      v.transform((name): 'debug' | 'info' | 'warn' | 'error' =>
        name === 'debug' || name === 'info' ? name : name.startsWith('warn') ? 'warn' : 'error',
      ),
      v.metadata({ kind: 'choice', allowed: LOG_LEVELS, isCaseless: true }),
    ),
    'info',
    'The least severe lines that are written.',
  ),
  encoding: setting(oneOf(['console', 'json']), 'console', 'Lines for people, or JSON.'),
  development: setting(flag, false, 'Adds stack traces from warnings on, and where in the source a line comes from.'),
  disable_caller: setting(
    flag,
    false,
    'Leaves out where in the source a line comes from; only lines of development have it.',
  ),
  disable_stacktrace: setting(flag, false, 'Leaves out stack traces.'),
  disable_zap_resource: setting(flag, false, 'Leaves the resource out of lines of JSON; those for people have none.'),
  sampling: setting(
    section({
      enabled: setting(flag, true, 'Whether equal lines are thinned out.'),
      tick: setting(duration, '10s', 'The span of time that is looked at.'),
      initial: setting(integer(0), 10, 'So many equal lines of it are written…'),
      thereafter: setting(integer(0), 100, '…then every so many-th; 0 writes no more.'),
    }),
    {},
    'Thins out lines that repeat.',
  ),
  output_paths: setting(texts, ['stderr'], 'Where lines go: stdout, stderr or files.'),
  error_output_paths: setting(texts, ['stderr'], 'Where the logger’s own failures go.'),
  initial_fields: setting(record(anything), {}, 'Fields of every line.'),
  processors: setting(list(processor), [], 'Sends the lines as log records, too.'),
})

const metrics = v.pipe(
  section({
    level: level('normal', 'How much is measured.'),
    readers: setting(list(reader), [{ pull: { exporter: { prometheus: {} } } }], 'How the metrics leave.'),
    views: setting(list(view), [], 'What is measured in another way; needs `level: detailed`.'),
  }),
  v.forward(
    v.check(
      ({ level, readers }) => level === 'none' || readers.length > 0,
      coded('missing_setting', 'must have a reader unless level is none'),
    ),
    ['readers'],
  ),
  v.forward(
    v.check(({ level, views }) => level === 'detailed' || views.length === 0, 'need level: detailed'),
    ['views'],
  ),
)

const samplers = {
  always_on: named(section({}), 'Every trace.'),
  always_off: named(section({}), 'No trace.'),
  trace_id_ratio_based: named(
    section({ ratio: setting(number(0, 1), 1, 'The share of traces.') }),
    'A share of the traces, chosen by their id.',
  ),
  parent_based: named(
    section({
      root: optional(
        v.lazy(() => sampler),
        'For spans without a parent.',
      ),
      remote_parent_sampled: optional(
        v.lazy(() => sampler),
        'When the remote parent is sampled.',
      ),
      remote_parent_not_sampled: optional(
        v.lazy(() => sampler),
        'When the remote parent is not.',
      ),
      local_parent_sampled: optional(
        v.lazy(() => sampler),
        'When the local parent is sampled.',
      ),
      local_parent_not_sampled: optional(
        v.lazy(() => sampler),
        'When the local parent is not.',
      ),
    }),
    'As the parent.',
  ),
}
const sampler: v.GenericSchema<unknown, Sampler> = onlyOne(section(samplers), Object.keys(samplers))

/** Which of the agent's own traces are kept; one of the four is set. */
export interface Sampler {
  readonly always_on?: object | undefined
  readonly always_off?: object | undefined
  readonly trace_id_ratio_based?: { readonly ratio: number } | undefined
  readonly parent_based?:
    | {
        readonly root?: Sampler | undefined
        readonly remote_parent_sampled?: Sampler | undefined
        readonly remote_parent_not_sampled?: Sampler | undefined
        readonly local_parent_sampled?: Sampler | undefined
        readonly local_parent_not_sampled?: Sampler | undefined
      }
    | undefined
}

const limits = section({
  attribute_count_limit: optional(integer(0), 'Attributes of a span.'),
  attribute_value_length_limit: optional(integer(0), 'Characters of an attribute’s value.'),
  event_count_limit: optional(integer(0), 'Events of a span.'),
  link_count_limit: optional(integer(0), 'Links of a span.'),
  event_attribute_count_limit: optional(integer(0), 'Attributes of an event.'),
  link_attribute_count_limit: optional(integer(0), 'Attributes of a link.'),
})

const traces = section({
  level: level('basic', 'Whether own spans are made: none, or anything else.'),
  processors: setting(list(processor), [], 'How spans leave; without one, none are made.'),
  propagators: setting(
    v.pipe(texts, v.array(v.picklist(['tracecontext', 'b3'], 'must be one of tracecontext, b3'))),
    [],
    'How traces go on in what is sent and received.',
  ),
  sampler: optional(sampler, 'Which traces are kept; all when left out.'),
  limits: optional(limits, 'How large a span may be.'),
})

/** What `observe` works from. Headers are secrets; times are milliseconds. */
export const telemetrySettings = section({
  logs: setting(logs, {}, 'The agent’s own log.'),
  metrics: setting(metrics, {}, 'The agent’s own metrics.'),
  traces: setting(traces, {}, 'The agent’s own traces.'),
  resource: setting(resource, {}, 'Attributes of the agent itself; null leaves one out that is there by default.'),
})

export type TelemetrySettings = v.InferOutput<typeof telemetrySettings>
export type MetricReader = v.InferOutput<typeof reader>
export type TelemetryProcessor = v.InferOutput<typeof processor>
export type TelemetryView = v.InferOutput<typeof view>
