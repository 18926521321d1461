import * as v from 'valibot'
import { coded } from '../../config/coded.ts'
import { parseEndpoint } from '../../config/endpoint.ts'
import { list, oneOf, optional, required, section, setting } from '../../config/schema.ts'
import { duration, flag, integer, nonEmptyText, number, size, text } from '../../config/values.ts'
import { messageOf } from '../../contract/index.ts'
import { compilePattern } from '../../match/regexp.ts'

const DEFAULT_ADDRESS = 'localhost:8125'
const DEFAULT_SOCKET = '/var/run/statsd-receiver.sock'
/** The most and the fewest buckets on one side of an exponential histogram. */
const MAX_BUCKETS = 16_384
const MIN_BUCKETS = 2
export const DEFAULT_BUCKETS = 160
export const DEFAULT_PERCENTILES: readonly number[] = [0, 10, 50, 90, 95, 100]

const pattern = v.pipe(
  nonEmptyText,
  v.rawTransform<string, ReturnType<typeof compilePattern>>(({ dataset, addIssue, NEVER }) => {
    try {
      return compilePattern(dataset.value)
    } catch (error) {
      addIssue({ message: coded('bad_pattern', messageOf(error)) })
      return NEVER
    }
  }),
)

const isAscending = (bounds: number[]): boolean => bounds.every((bound, i) => i === 0 || bounds[i - 1]! < bound)

const explicitBuckets = section({
  matcher_pattern: required(pattern, 'A regular expression, looked for in the name of the metric.'),
  buckets: required(
    v.pipe(
      list(number()),
      v.nonEmpty('must have at least one bound'),
      v.check(isAscending, 'must be in ascending order, each bound once'),
    ),
    'The upper bounds of its buckets, ascending.',
  ),
})

const mapping = v.pipe(
  section({
    statsd_type: required(
      oneOf(['timer', 'timing', 'histogram', 'distribution']),
      'Which samples: `timer` and `timing` are `|ms`, `histogram` is `|h`, `distribution` is `|d`.',
    ),
    observer_type: required(
      oneOf(['gauge', 'summary', 'histogram', 'disabled']),
      'What becomes of them: `gauge`, each sample a point; `summary`, percentiles of the interval; `histogram`, an exponential one unless a pattern of `explicit_buckets` matches; `disabled`, dropped and counted.',
    ),
    histogram: setting(
      section({
        max_size: setting(
          v.pipe(
            integer(0, MAX_BUCKETS),
            v.check(
              (size) => size === 0 || size >= MIN_BUCKETS,
              coded('out_of_range', `must be 0 or at least ${MIN_BUCKETS}`),
            ),
          ),
          0,
          `The most buckets on either side of zero of an exponential histogram; 0 means ${DEFAULT_BUCKETS}.`,
        ),
        explicit_buckets: setting(
          list(explicitBuckets),
          [],
          'Metrics that get buckets with these bounds; the first match counts.',
        ),
      }),
      {},
      'Only with `observer_type: histogram`.',
    ),
    summary: setting(
      section({
        percentiles: setting(
          list(number(0, 100)),
          [],
          `Which percentiles a summary has; none named means ${DEFAULT_PERCENTILES.join(', ')}.`,
        ),
      }),
      {},
      'Only with `observer_type: summary`.',
    ),
  }),
  v.check(
    ({ observer_type, histogram: { max_size, explicit_buckets } }) =>
      observer_type === 'histogram' || (max_size === 0 && explicit_buckets.length === 0),
    'histogram settings need observer_type: histogram',
  ),
  v.check(
    ({ observer_type, summary }) => observer_type === 'summary' || summary.percentiles.length === 0,
    'summary settings need observer_type: summary',
  ),
)
export type Mapping = v.InferOutput<typeof mapping>

const settings = section({
  endpoint: optional(
    text,
    `Where to listen: host:port, or the path of a unix socket. By default ${DEFAULT_ADDRESS}, for unix sockets ${DEFAULT_SOCKET}.`,
  ),
  transport: setting(
    oneOf(['udp', 'udp4', 'udp6', 'tcp', 'tcp4', 'tcp6', 'unixgram', 'unix']),
    'udp',
    'The kind of socket. `udp4` and `udp6` take one family only; over `tcp` and `unix` lines end with a line break, `unixgram` takes packets.',
  ),
  dialer: optional(
    section({ timeout: optional(duration, 'How long a connection may take to open.') }),
    'For whoever connects; a listener has no use for it.',
  ),
  aggregation_interval: setting(
    v.pipe(
      duration,
      v.check((ms) => ms > 0, coded('out_of_range', 'must be more than 0')),
    ),
    '60s',
    'How long values are gathered before they are handed on.',
  ),
  aggregation_limit: setting(
    size,
    '64MiB',
    'How much memory the values of one interval may take. When that is used up the interval ends early: nothing is lost, there are more points.',
  ),
  enable_metric_type: setting(flag, false, 'Give every point an attribute `metric_type`: counter, gauge, timing, ….'),
  enable_simple_tags: setting(
    flag,
    false,
    'Take tags without a value (`#canary`); otherwise a line with one is refused.',
  ),
  enable_ip_only_aggregation: setting(
    flag,
    false,
    'Gather by the address of the sender without its port; otherwise each port is a sender of its own.',
  ),
  ignore_host: setting(flag, false, 'Gather the values of all senders together.'),
  is_monotonic_counter: setting(flag, false, 'Counters are monotonic sums.'),
  counter_type: setting(
    oneOf(['', 'int', 'float', 'stochastic_int']),
    'int',
    '`int` cuts each value to a whole number, `float` keeps fractions, `stochastic_int` rounds up as often as the fraction says.',
  ),
  timer_histogram_mapping: setting(
    list(mapping),
    [
      { statsd_type: 'timer', observer_type: 'gauge' },
      { statsd_type: 'histogram', observer_type: 'gauge' },
      { statsd_type: 'distribution', observer_type: 'gauge' },
    ],
    'What becomes of timers, histograms and distributions.',
  ),
  socket_permissions: setting(
    integer(0, 0o777),
    0o622,
    'Permissions of a unix socket, in octal: whoever may write to it may send.',
  ),
  socket_buffer_size: setting(
    integer(),
    0,
    'How many bytes of packets the kernel keeps for us (SO_RCVBUF), as far as the system allows; 0 asks for 16 MiB. Not for streams.',
  ),
})

export const config = v.pipe(
  settings,
  v.transform((given) => ({
    ...given,
    endpoint: given.endpoint || (isPath(given.transport) ? DEFAULT_SOCKET : DEFAULT_ADDRESS),
  })),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    const problem = problemWith(dataset.value)
    if (problem === undefined) return
    const { endpoint } = dataset.value
    const item = { type: 'object', origin: 'value', input: { ...dataset.value }, key: 'endpoint', value: endpoint }
    addIssue({ message: coded('bad_endpoint', problem), path: [item as v.IssuePathItem] })
  }),
)
export type StatsdConfig = v.InferOutput<typeof config>

const isPath = (transport: string): boolean => transport.startsWith('unix')

function problemWith({
  endpoint,
  transport,
}: {
  endpoint: string
  transport: StatsdConfig['transport']
}): string | undefined {
  if (isPath(transport))
    return endpoint.startsWith('/') ? undefined : `must be an absolute path, as transport is ${transport}`
  try {
    return parseEndpoint(endpoint).path === undefined ? undefined : `must be host:port, as transport is ${transport}`
  } catch (error) {
    return `must be host:port, such as ${DEFAULT_ADDRESS}: ${messageOf(error)}`
  }
}
