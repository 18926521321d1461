// Settings that the exporters to CloudWatch's metrics share.
import * as v from 'valibot'
import { coded } from '../../config/coded.ts'
import { list, oneOf, required, section, setting } from '../../config/schema.ts'
import { duration, flag, integer, nonEmptyText } from '../../config/values.ts'
import { type Logger, messageOf } from '../../contract/index.ts'
import { compilePattern } from '../../match/regexp.ts'
import { MAX_DIMENSIONS } from './names.ts'
import { cloudWatchUnits } from './units.ts'

/** A regular expression in Go's spelling. */
export const pattern = v.pipe(
  nonEmptyText,
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    try {
      compilePattern(dataset.value)
    } catch (error) {
      addIssue({ message: coded('bad_pattern', messageOf(error)) })
    }
  }),
  v.metadata({ kind: 'text' }),
)

export const dimensionSet = v.pipe(
  list(nonEmptyText),
  v.check(
    (names) => names.length <= MAX_DIMENSIONS,
    coded(
      'out_of_range',
      ({ input }: v.CheckIssue<string[]>) => `must be at most ${MAX_DIMENSIONS} dimensions, has ${input.length}`,
    ),
  ),
)

const metricDescriptor = section({
  metric_name: required(nonEmptyText, 'The metric.'),
  unit: required(oneOf(cloudWatchUnits), "Its unit, one of CloudWatch's."),
  overwrite: setting(flag, false, 'Whether a unit that the metric has gives way.'),
})

export const cloudWatchSettings = {
  metric_descriptors: setting(list(metricDescriptor), [], 'Units of metrics that have none, or a wrong one.'),
  retain_initial_value_of_delta_metric: setting(
    flag,
    false,
    'The first point of a cumulative metric counts from zero; if not, it is only what the next one is compared with.',
  ),
  storage_resolution: setting(
    v.pipe(
      integer(1, 60),
      v.check((seconds) => seconds === 1 || seconds === 60, coded('unknown_choice', 'must be 1 or 60')),
    ),
    60,
    'In seconds: 60, or 1 for high resolution, which costs more. An attribute aws.emf.storage_resolution of a point comes first.',
  ),
  high_resolution_metrics: setting(
    list(pattern),
    [],
    'Patterns (RE2) of names of metrics that have a storage resolution of 1 s.',
  ),
  max_series: setting(
    integer(1),
    100_000,
    'How many cumulative series are remembered at most; the one not seen for longest gives way.',
  ),
  max_staleness: setting(
    v.pipe(duration, v.gtValue(0, 'must be more than 0, or no series would ever be remembered')),
    '1h',
    'How long a cumulative series is remembered without a new point.',
  ),
}

/** AWS's documentation: "you should not specify a namespace that begins with AWS/"; CloudWatch has refused such. */
export function noteNamespaceOfAws(namespace: string, log: Logger): void {
  if (namespace.startsWith('AWS/'))
    log.warn(
      'the namespace begins with AWS/, which is for the metrics of AWS itself: CloudWatch may refuse what is sent',
      {
        namespace,
      },
    )
}

export interface CloudWatchConfig {
  readonly metric_descriptors: readonly {
    readonly metric_name: string
    readonly unit: (typeof cloudWatchUnits)[number]
    readonly overwrite: boolean
  }[]
  readonly retain_initial_value_of_delta_metric: boolean
  readonly storage_resolution: number
  readonly high_resolution_metrics: readonly string[]
  readonly max_series: number
  readonly max_staleness: number
}
