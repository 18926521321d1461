import * as v from 'valibot'
import { coded } from '../../config/coded.ts'
import { list, oneOf, optional, record, required, section, setting, texts } from '../../config/schema.ts'
import { nonEmptyText, number, text } from '../../config/values.ts'
import { type Problem, patternProblems } from '../../match/config.ts'
import { problem } from '../../match/problem.ts'

const aggregation = oneOf(['sum', 'mean', 'min', 'max', 'median', 'count'])
export type Aggregation = v.InferOutput<typeof aggregation>

const operation = v.pipe(
  section({
    action: required(
      oneOf([
        'add_label',
        'update_label',
        'delete_label_value',
        'toggle_scalar_data_type',
        'experimental_scale_value',
        'aggregate_labels',
        'aggregate_label_values',
      ]),
      'What is done to the data points.',
    ),
    label: setting(text, '', 'The attribute: of `update_label`, `delete_label_value` and `aggregate_label_values`.'),
    new_label: setting(text, '', 'The attribute that `add_label` adds, or the name that `update_label` gives it.'),
    new_value: setting(
      text,
      '',
      'The value that `add_label` or `aggregate_label_values` sets; {{version}} is that of the agent.',
    ),
    value_actions: setting(
      list(
        section({
          value: setting(text, '', 'The value that there is.'),
          new_value: setting(text, '', 'What it becomes; {{version}} is that of the agent.'),
        }),
      ),
      [],
      'Other values for `update_label`.',
    ),
    label_value: setting(text, '', 'The value whose points `delete_label_value` drops.'),
    label_set: setting(texts, [], 'The attributes that are left by `aggregate_labels`.'),
    aggregated_values: setting(texts, [], 'The values that `aggregate_label_values` makes one.'),
    aggregation_type: optional(
      aggregation,
      'What becomes of points that `aggregate_labels` or `aggregate_label_values` has made alike; the first one when left out.',
    ),
    experimental_scale: setting(number(), 0, 'The number that `experimental_scale_value` multiplies by.'),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    const given = dataset.value
    for (const key of NEEDS[given.action] ?? [])
      if (!given[key]) addIssue(problem(given, [], coded('missing_setting', `${given.action} needs ${key}`)))
  }),
)
export type OperationConfig = v.InferOutput<typeof operation>

const NEEDS: Readonly<
  Partial<Record<string, readonly ('label' | 'new_label' | 'new_value' | 'experimental_scale')[]>>
> = {
  update_label: ['label'],
  add_label: ['new_label', 'new_value'],
  experimental_scale_value: ['experimental_scale'],
}

const transform = v.pipe(
  section({
    include: required(nonEmptyText, 'The name of the metrics, or a pattern for it.'),
    match_type: setting(oneOf(['strict', 'regexp']), 'strict', 'Whether `include` is a name or a regular expression.'),
    experimental_match_labels: setting(
      record(text),
      {},
      'Values of attributes, or patterns for them, that data points must have; "" is that of an attribute that is not there.',
    ),
    action: required(
      oneOf(['update', 'insert', 'combine', 'group']),
      '`update` the metrics, `insert` changed copies, `combine` them into one, `group` them under another resource.',
    ),
    new_name: setting(text, '', 'The new name; with `regexp` ${1} and ${name} stand for groups of the pattern.'),
    group_resource_labels: optional(record(text), 'The resource attributes that `group` sets.'),
    aggregation_type: optional(aggregation, 'What becomes of points that `combine` has made alike.'),
    submatch_case: optional(oneOf(['lower', 'upper']), 'The case of the values that `combine` takes from names.'),
    operations: setting(list(operation), [], 'What is done to the points, in this order.'),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    for (const { path, message } of problemsOf(dataset.value)) addIssue(problem(dataset.value, path, message))
  }),
)
export type TransformConfig = v.InferOutput<typeof transform>

export const config = section({
  transforms: setting(list(transform), [], 'What is done to which metrics, in this order.'),
})
export type MetricsTransformConfig = v.InferOutput<typeof config>

function problemsOf(given: TransformConfig): Problem[] {
  const { action, new_name, aggregation_type, group_resource_labels, match_type } = given
  const needs = (what: string): Problem => ({ path: [], message: coded('missing_setting', `${action} needs ${what}`) })
  const problems: Problem[] = []
  if ((action === 'insert' || action === 'combine') && new_name === '') problems.push(needs('new_name'))
  if (action === 'combine' && aggregation_type === undefined) problems.push(needs('aggregation_type'))
  if (action === 'group' && group_resource_labels === undefined) problems.push(needs('group_resource_labels'))
  if (match_type === 'regexp') {
    const labels = Object.entries(given.experimental_match_labels)
    problems.push(
      ...patternProblems([
        [['include'], given.include],
        ...labels.map(([key, pattern]): [string[], string] => [['experimental_match_labels', key], pattern]),
      ]),
    )
  }
  return problems
}
