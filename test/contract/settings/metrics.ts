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
