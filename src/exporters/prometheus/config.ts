import * as v from 'valibot'
import { coded } from '../../config/coded.ts'
import { record, required, section, setting } from '../../config/schema.ts'
import { duration, flag, integer, nonEmptyText, text } from '../../config/values.ts'
import { deliverySettings } from '../../delivery/index.ts'
import { httpServerEntries } from '../../net/http-server.ts'
import { addressIsValid } from '../../net/listen.ts'
import { NAMED_TWICE, namesResourceLabelsOnce, translationSettings } from '../../prometheus/settings.ts'

const labelValue = v.pipe(
  v.union([v.string(), v.number(), v.boolean()], 'must be a text'),
  v.transform((value) => String(value)),
  v.metadata({ kind: 'text' }),
)

/** Names that no constant label can have. */
const RESERVED = ['le', 'quantile']

const constLabels = v.pipe(
  record(labelValue),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    for (const name of Object.keys(dataset.value)) {
      const problem = problemWith(name)
      if (problem !== undefined)
        addIssue({
          message: coded('invalid_setting', `${JSON.stringify(name)} cannot be the name of a label: ${problem}`),
        })
    }
  }),
)

function problemWith(name: string): string | undefined {
  if (/^_*$/.test(name)) return 'it has nothing but underscores'
  if (name.startsWith('__')) return 'names that begin with __ belong to Prometheus'
  return RESERVED.includes(name) ? 'buckets and quantiles have it' : undefined
}

const { sending_queue } = deliverySettings({ queueEnabled: false })
const timeouts = { read_header_timeout: '1m', write_timeout: '30s', idle_timeout: '1m' }
const { endpoint: _, ...server } = httpServerEntries('', timeouts)

const settings = section({
  endpoint: required(
    nonEmptyText,
    'Where scrapers find /metrics: host:port, such as 0.0.0.0:8889; port 0 is any free one.',
  ),
  namespace: setting(text, '', 'Stands in front of the name of every metric, with an underscore.'),
  const_labels: setting(constLabels, {}, 'Labels that every series gets.'),
  send_timestamps: setting(
    flag,
    false,
    "Writes each sample's own time; without it Prometheus uses the time of the scrape.",
  ),
  send_created_timestamps: setting(
    flag,
    false,
    'In OpenMetrics, writes when a counter, histogram or summary began to count, as a series of its own (`_created`).',
  ),
  metric_expiration: setting(
    v.pipe(duration, v.gtValue(0, 'must be more than 0, or every series would be gone at once')),
    '5m',
    'How long a series is shown without a new point.',
  ),
  max_series: setting(
    integer(),
    0,
    'How many series are held at most; points that would make another one are dropped. 0 is no limit.',
  ),
  enable_open_metrics: setting(flag, false, 'Answers in OpenMetrics, with exemplars, when a scraper asks for it.'),
  without_scope_info: setting(flag, false, 'Leaves out the labels of the instrumentation scope (otel_scope_…).'),
  ...translationSettings,
  sending_queue,
  ...server,
})

export const config = v.pipe(
  settings,
  addressIsValid(),
  v.forward(
    v.partialCheck(
      [['resource_to_telemetry_conversion'], ['resource_constant_labels']],
      namesResourceLabelsOnce,
      NAMED_TWICE,
    ),
    ['resource_to_telemetry_conversion'],
  ),
)
export type PrometheusConfig = v.InferOutput<typeof config>
