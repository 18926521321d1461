import * as v from 'valibot'
import { coded } from '../../config/coded.ts'
import { list, oneOf, optional, section, setting, texts } from '../../config/schema.ts'
import { duration, integer } from '../../config/values.ts'
import { type Problem, patternProblems, regexpSettings } from '../../match/config.ts'
import { problem } from '../../match/problem.ts'

const TYPES = ['sum', 'histogram', 'exponentialhistogram'] as const

const metricType = v.pipe(
  v.string('must be a text'),
  v.transform((spelled) => spelled.toLowerCase()),
  oneOf(TYPES),
  v.metadata({ kind: 'choice', allowed: TYPES }),
)

const properties = v.pipe(
  section({
    match_type: optional(
      oneOf(['strict', 'regexp']),
      'Whether `metrics` are names or regular expressions; given with them.',
    ),
    regexp: regexpSettings,
    metrics: setting(texts, [], 'The name of the metric is one of these.'),
    metric_types: setting(
      list(metricType),
      [],
      'The metric is of one of these types: sum, histogram, exponentialhistogram.',
    ),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    for (const { path, message } of problemsOf(dataset.value)) addIssue(problem(dataset.value, path, message))
  }),
)
export type MetricSelection = v.InferOutput<typeof properties>

export const config = section({
  include: setting(properties, {}, 'The metrics that are converted; all when empty.'),
  exclude: setting(properties, {}, 'The metrics that are not. Looked at after `include`.'),
  initial_value: setting(
    oneOf(['auto', 'keep', 'drop']),
    'auto',
    'The first point of a stream: `keep` sends it as it is, `drop` does not, `auto` sends it when the stream has started after the agent.',
  ),
  max_staleness: setting(duration, '1h', 'How long a stream is remembered after its last point; 0 is for ever.'),
  max_streams: setting(
    integer(),
    1_000_000,
    'How many streams are remembered; those not heard of for longest make room. 0 is no limit. Not in the collector.',
  ),
})
export type CumulativeToDeltaConfig = v.InferOutput<typeof config>

function problemsOf({ match_type, metrics }: MetricSelection): Problem[] {
  if (metrics.length > 0 && match_type === undefined)
    return [{ path: [], message: coded('missing_setting', 'match_type must be given with metrics: strict or regexp') }]
  if (metrics.length === 0 && match_type !== undefined)
    return [{ path: ['metrics'], message: coded('missing_setting', 'must be given with match_type') }]
  return match_type === 'regexp' ? patternProblems(metrics.map((text, i) => [['metrics', i], text])) : []
}
