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
