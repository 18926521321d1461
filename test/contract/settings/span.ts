// `span` and `groupbytrace`.
import { type Changes, under } from './change.ts'
import { spanConditionChanges } from './match.ts'

const heldBy = ['test/processors/span/']
const withStatus = (changes: Changes): Changes =>
  Object.fromEntries(
    Object.entries(changes).map(([path, change]) => [
      path,
      { ...change, with: { status: { code: 'Ok' }, ...(typeof change.with === 'object' ? change.with : {}) } },
    ]),
  )

export const span: Changes = {
  ...withStatus({ ...spanConditionChanges('include'), ...spanConditionChanges('exclude') }),
  ...under(
    '',
    {
      'name.from_attributes': { value: ['count'], change: 'attributes make the name' },
      'name.separator': {
        value: '/',
        with: { name: { from_attributes: ['a', 'b'] } },
        change: 'what stands between them',
      },
      'name.to_attributes.rules': { value: ['(?P<a>.)'], change: 'the name makes attributes' },
      'name.to_attributes.break_after_match': {
        value: true,
        with: { name: { to_attributes: { rules: ['a'] } } },
        change: 'one pattern is enough',
      },
      'name.to_attributes.keep_original_name': {
        value: true,
        with: { name: { to_attributes: { rules: ['a'] } } },
        change: 'the name stays',
      },
      'status.code': { value: 'Error', change: 'the status' },
      'status.description': { value: 'd', with: { status: { code: 'Error' } }, change: 'what went wrong' },
    },
    { heldBy },
  ),
}

const grouping = { heldBy: ['test/processors/groupbytrace/'] }
export const groupByTrace: Changes = {
  ...under(
    '',
    {
      wait_duration: { value: '3s', change: 'when a trace goes on' },
      num_traces: { value: 3, change: 'how many wait' },
      num_workers: { value: 3, change: 'a note that it has no effect' },
    },
    grouping,
  ),
  discard_orphans: { value: true, refused: /is not supported, as in the collector/ },
  store_on_disk: { value: true, refused: /is not supported, as in the collector/ },
}
