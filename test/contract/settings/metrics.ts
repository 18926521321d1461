// Processors that change metrics.
import { type Changes, under } from './change.ts'
import { inSection } from './match.ts'

const selection = (what: string): Changes => ({
  match_type: { value: 'regexp', change: 'names are patterns' },
  'regexp.cacheenabled': { value: true, change: 'a name is looked at once' },
  'regexp.cachemaxnumentries': { value: 2, change: 'older names are looked at again' },
  metrics: { value: ['latency'], with: { match_type: 'strict' }, change: `only these are ${what}` },
})

/** Types need no `match_type`, and names need one. */
const ofDeltas = (prefix: string, what: string): Changes => ({
  ...under(prefix, inSection(prefix, selection(what), { metrics: ['x'] })),
  [`${prefix}.metric_types`]: { value: ['sum'], change: `only these types are ${what}` },
})

export const cumulativeToDelta: Changes = under(
  '',
  {
    ...ofDeltas('include', 'converted'),
    ...ofDeltas('exclude', 'left alone'),
    initial_value: { value: 'keep', change: 'the first point is sent' },
    max_staleness: { value: '1m', change: 'streams are forgotten sooner' },
    max_streams: { value: 1, change: 'fewer streams are remembered' },
  },
  { heldBy: ['test/processors/cumulative_to_delta/', 'test/match/'] },
)

export const deltaToRate: Changes = {
  metrics: {
    value: ['other'],
    change: 'these become rates',
    heldBy: ['test/processors/delta_to_rate/'],
  },
}

const rule = { name: 'a', type: 'calculate', metric1: 'b', metric2: 'c', operation: 'add' }
const scaled = { name: 'a', type: 'scale', metric1: 'b', operation: 'add', scale_by: 2 }
const around = (one: object): object => ({ rules: [one] })

export const metricsGeneration: Changes = under(
  'rules[]',
  {
    name: { value: 'd', with: around(rule), change: 'what it is called' },
    unit: { value: 'By', with: around(rule), change: 'its unit' },
    type: { value: 'scale', with: around({ ...rule, scale_by: 2 }), change: 'what it is made of' },
    metric1: { value: 'd', with: around(rule), change: 'the first operand' },
    metric2: { value: 'd', with: around(rule), change: 'the second operand' },
    operation: { value: 'divide', with: around(rule), change: 'what is done with them' },
    scale_by: { value: 3, with: around(scaled), change: 'the number' },
  },
  { heldBy: ['test/processors/metricsgeneration/'] },
)

const transform = { include: 'a', action: 'insert', new_name: 'b' }
const operation = { action: 'update_label', label: 'c' }
const withTransform = (of: object = {}): object => ({ with: { transforms: [{ ...transform, ...of }] } })
const withOperation = (of: object): object => withTransform({ operations: [{ ...operation, ...of }] })

/** Operations are made when the processor is. */
const operations: Changes = {
  action: { value: 'toggle_scalar_data_type', change: 'what is done', ...withOperation({}) },
  label: { value: 'd', change: 'to which label', ...withOperation({}) },
  new_label: { value: 'd', change: 'the new name of the label', ...withOperation({}) },
  new_value: {
    value: 'd',
    change: 'the value that is added',
    ...withOperation({ action: 'add_label', new_label: 'e', new_value: 'f' }),
  },
  'value_actions[].value': { value: 'd', change: 'which value becomes another', ...withOperation({}) },
  'value_actions[].new_value': { value: 'd', change: 'what it becomes', ...withOperation({}) },
  label_value: { value: 'd', change: 'which points go', ...withOperation({ action: 'delete_label_value' }) },
  label_set: { value: ['d'], change: 'which labels stay', ...withOperation({ action: 'aggregate_labels' }) },
  aggregated_values: {
    value: ['d'],
    change: 'which values become one',
    ...withOperation({ action: 'aggregate_label_values' }),
  },
  aggregation_type: {
    value: 'max',
    change: 'what becomes of points',
    ...withOperation({ action: 'aggregate_labels' }),
  },
  experimental_scale: {
    value: 3,
    change: 'how much larger values are',
    ...withOperation({ action: 'experimental_scale_value', experimental_scale: 2 }),
  },
}

export const metricsTransform: Changes = under(
  'transforms[]',
  {
    include: { value: 'd', change: 'which metrics', ...withTransform() },
    match_type: { value: 'regexp', change: 'names are patterns', ...withTransform() },
    experimental_match_labels: { value: { d: 'e' }, change: 'which of their points', ...withTransform() },
    action: { value: 'update', change: 'whether they are copied', ...withTransform() },
    new_name: { value: 'd', change: 'the new name', ...withTransform() },
    group_resource_labels: {
      value: { d: 'e' },
      change: 'the resource of a group',
      ...withTransform({ action: 'group' }),
    },
    aggregation_type: {
      value: 'max',
      change: 'what becomes of points',
      ...withTransform({ action: 'combine', aggregation_type: 'sum' }),
    },
    submatch_case: {
      value: 'upper',
      change: 'the case of values from names',
      ...withTransform({ match_type: 'regexp' }),
    },
    ...under('operations[]', operations),
  },
  { heldBy: ['test/processors/metrics_transform/'] },
)
