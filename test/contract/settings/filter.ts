// `filter`: what it lets through.
import { type Change, type Changes, under } from './change.ts'
import { inSection, spanConditionChanges } from './match.ts'

const heldBy = ['test/processors/filter/']
const isIt = (what: string): string => `only ${what} go on, or are dropped`

const attributes = (list: string, of: string): Changes => ({
  [`${list}[].key`]: { value: 'host.name', change: isIt(`what has it in its ${of}`) },
  [`${list}[].value`]: {
    value: 'host-1',
    with: { [list]: [{ key: 'host.name' }] },
    change: isIt(`what has that value in its ${of}`),
  },
})

const metricProperties: Changes = {
  match_type: { value: 'regexp', change: 'texts are patterns' },
  'regexp.cacheenabled': { value: true, change: 'a text is looked at once' },
  'regexp.cachemaxnumentries': { value: 2, change: 'older texts are looked at again' },
  metric_names: { value: ['gauge'], change: isIt('metrics of these names') },
  expressions: { value: ['true'], refused: /expressions are not supported/ },
  ...attributes('resource_attributes', 'resource'),
}

const logProperties: Changes = {
  match_type: { value: 'regexp', change: 'texts are patterns' },
  bodies: { value: ['log-0'], change: isIt('records with these bodies') },
  severity_texts: { value: ['info'], change: isIt('records of these severities') },
  'severity_number.min': { value: 'INFO', change: isIt('records as severe as that') },
  'severity_number.match_undefined': { value: true, change: 'records without a severity, too' },
  ...attributes('resource_attributes', 'resource'),
  ...attributes('record_attributes', 'attributes'),
}

const side = (prefix: string, changes: Changes, text: object): Changes =>
  under(prefix, inSection(prefix, changes, text), { heldBy })

const ottl = (...paths: string[]): Changes =>
  Object.fromEntries(paths.map((path) => [path, { value: ['true'], refused: /conditions in OTTL are not supported/ }]))

const noEffect = 'a line in the log says that it has no effect'
const metricsRegexp: Record<string, Change> = {
  'metrics.regexp.cacheenabled': { value: true, change: noEffect, heldBy, isReadAsSection: true },
  'metrics.regexp.cachemaxnumentries': { value: 1, change: noEffect, heldBy, isReadAsSection: true },
}

export const filter: Changes = {
  error_mode: { value: 'silent', change: noEffect, heldBy },
  ...metricsRegexp,
  ...side('metrics.include', metricProperties, { metric_names: ['x'] }),
  ...side('metrics.exclude', metricProperties, { metric_names: ['x'] }),
  ...side('logs.include', logProperties, { bodies: ['x'] }),
  ...side('logs.exclude', logProperties, { bodies: ['x'] }),
  ...spanConditionChanges('spans.include'),
  ...spanConditionChanges('spans.exclude'),
  ...ottl('metrics.resource', 'metrics.metric', 'metrics.datapoint', 'logs.resource', 'logs.log_record'),
  ...ottl('traces.resource', 'traces.span', 'traces.spanevent', 'profiles'),
  ...ottl('trace_conditions', 'metric_conditions', 'log_conditions', 'profile_conditions'),
}
