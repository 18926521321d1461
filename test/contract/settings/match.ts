// Conditions and attribute actions.
import { type Changes, under } from './change.ts'
import { treeOf } from './paths.ts'

const heldBy = ['test/processors/attributes/', 'test/match/']
const isIt = (what: string): string => `only ${what} are worked on`

const conditions: Changes = {
  match_type: { value: 'regexp', change: 'texts are patterns' },
  'regexp.cacheenabled': { value: true, change: 'a text is looked at once' },
  'regexp.cachemaxnumentries': { value: 2, change: 'older texts are looked at again' },
  services: { value: ['shop'], change: isIt('spans of these services') },
  span_names: { value: ['span-0'], change: isIt('spans of these names') },
  span_kinds: { value: ['SPAN_KIND_SERVER'], change: isIt('spans of these kinds') },
  log_bodies: { value: ['log-0'], change: isIt('records with these bodies') },
  log_severity_texts: { value: ['info'], change: isIt('records of these severities') },
  'log_severity_number.min': { value: 9, change: isIt('records as severe as that') },
  'log_severity_number.match_undefined': { value: true, change: 'records without a severity, too' },
  metric_names: { value: ['gauge'], change: isIt('metrics of these names') },
  'attributes[].key': { value: 'count', change: isIt('items that have it') },
  'attributes[].value': {
    value: '42',
    with: { attributes: [{ key: 'count' }] },
    change: isIt('items that have that value'),
  },
  'resources[].key': { value: 'host.name', change: isIt('items of resources that have it') },
  'resources[].value': {
    value: 'host-1',
    with: { resources: [{ key: 'host.name' }] },
    change: isIt('items of resources with that value'),
  },
  'libraries[].name': { value: 'library', change: isIt('items of that scope') },
  'libraries[].version': {
    value: '1.0.0',
    with: { libraries: [{ name: 'library' }] },
    change: isIt('items of that version'),
  },
}

/** With as little around it as makes a condition of each. */
export const conditionChanges = (prefix: string): Changes =>
  under(prefix, inSection(prefix, conditions, { services: ['shop'] }), { heldBy })

/** The same for processors that only know spans. */
export const spanConditionChanges = (prefix: string): Changes =>
  Object.fromEntries(Object.entries(conditionChanges(prefix)).filter(([path]) => !/\.(log|metric)_/.test(path)))

/** Each with `match_type`, and with `text` where a text is needed for it to matter. */
export function inSection(prefix: string, changes: Changes, text: object): Changes {
  const base: Readonly<Record<string, object>> = {
    match_type: text,
    'regexp.cacheenabled': { match_type: 'regexp', ...text },
    'regexp.cachemaxnumentries': { match_type: 'regexp', regexp: { cacheenabled: true }, ...text },
  }
  return Object.fromEntries(
    Object.entries(changes).map(([path, change]) => {
      const around = { match_type: 'strict', ...base[path], ...(typeof change.with === 'object' ? change.with : {}) }
      return [path, { ...change, with: treeOf(prefix, around) }]
    }),
  )
}

export const actionChanges = (list: 'actions' | 'attributes'): Changes => {
  const around = (action: object): object => ({ with: { [list]: [{ key: 'x', ...action }] } })
  return under(
    `${list}[]`,
    {
      key: { value: 'y', change: 'what is acted on' },
      action: { value: 'hash', change: 'what is done', ...around({}) },
      value: { value: [1, { a: 'b' }], change: 'what is put there', ...around({ action: 'insert' }) },
      from_attribute: { value: 'count', change: 'whose value is put there', ...around({ action: 'insert' }) },
      from_context: { value: 'metadata.x', change: 'which header is put there', ...around({ action: 'insert' }) },
      default_value: {
        value: 'none',
        change: 'what is put there when there is nothing',
        ...around({ action: 'insert', from_attribute: 'y' }),
      },
      pattern: { value: '^x', change: 'which keys are acted on', ...around({ action: 'delete' }) },
      converted_type: { value: 'int', change: 'what it becomes', ...around({ action: 'convert' }) },
    },
    { heldBy },
  )
}
