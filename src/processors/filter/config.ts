import * as v from 'valibot'
import { coded } from '../../config/coded.ts'
import { anything, oneOf, optional, section, setting, texts } from '../../config/schema.ts'
import { flag } from '../../config/values.ts'
import {
  type Problem,
  patternProblems,
  regexpSettings,
  spanMatchSettings,
  wantedAttributes,
} from '../../match/config.ts'
import { problem } from '../../match/problem.ts'
import { severity } from './severity.ts'

const OTTL = 'conditions in OTTL are not supported by this version: use include and exclude'

const ottl = v.pipe(
  v.nullish(anything, undefined),
  v.check(
    (value) => value === undefined || value === null || (Array.isArray(value) && value.length === 0),
    coded('unsupported_setting', OTTL),
  ),
  v.transform(() => undefined),
  v.description('Not supported by this version: conditions in OTTL.'),
)

const metricProperties = v.pipe(
  section({
    match_type: optional(
      oneOf(['strict', 'regexp', 'expr']),
      'Whether the texts below are compared (`strict`) or are regular expressions (`regexp`). Needed when any is given.',
    ),
    regexp: regexpSettings,
    metric_names: setting(texts, [], 'The name of the metric is one of these.'),
    expressions: v.pipe(
      setting(texts, [], 'Not supported by this version: expressions.'),
      v.check(
        (list) => list.length === 0,
        coded('unsupported_setting', 'expressions are not supported by this version: use metric_names'),
      ),
    ),
    resource_attributes: setting(wantedAttributes, [], 'All of these resource attributes match.'),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    for (const { path, message } of metricProblems(dataset.value)) addIssue(problem(dataset.value, path, message))
  }),
)
export type MetricProperties = v.InferOutput<typeof metricProperties>

const logProperties = v.pipe(
  section({
    match_type: optional(
      oneOf(['strict', 'regexp']),
      'Whether the texts below are compared (`strict`) or are regular expressions (`regexp`). Needed when any is given.',
    ),
    resource_attributes: setting(wantedAttributes, [], 'All of these resource attributes match.'),
    record_attributes: setting(wantedAttributes, [], 'All of these attributes of the record match.'),
    severity_texts: setting(texts, [], 'The severity text is one of these.'),
    severity_number: optional(
      section({
        min: setting(severity, 0, 'The lowest severity that matches: `INFO`, `WARN2`, `9`. Any when empty.'),
        match_undefined: setting(flag, false, 'Whether records without a severity number match.'),
      }),
      'How severe the record is.',
    ),
    bodies: setting(texts, [], 'The body, as text, is one of these.'),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    for (const { path, message } of logProblems(dataset.value)) addIssue(problem(dataset.value, path, message))
  }),
)
export type LogProperties = v.InferOutput<typeof logProperties>

const metrics = section({
  include: optional(metricProperties, 'Only what matches goes on; everything when left out.'),
  exclude: optional(metricProperties, 'What matches by name or by resource is dropped. Looked at after `include`.'),
  regexp: optional(regexpSettings, 'Has no effect, as in the collector: give it under include or exclude.'),
  resource: ottl,
  metric: ottl,
  datapoint: ottl,
})

const logs = section({
  include: optional(logProperties, 'Only records that match all of this go on; everything when left out.'),
  exclude: optional(logProperties, 'Records that match all of this are dropped. Looked at after `include`.'),
  resource: ottl,
  log_record: ottl,
})

export const config = section({
  error_mode: optional(
    oneOf(['ignore', 'silent', 'propagate']),
    'Has no effect: it is for conditions in OTTL, which this version does not support.',
  ),
  metrics: setting(metrics, {}, 'Which metrics go on.'),
  logs: setting(logs, {}, 'Which log records go on.'),
  spans: setting(section(spanMatchSettings), {}, 'Which spans go on.'),
  traces: setting(
    section({ resource: ottl, span: ottl, spanevent: ottl }),
    {},
    'Not supported by this version: conditions in OTTL.',
  ),
  profiles: ottl,
  trace_conditions: ottl,
  metric_conditions: ottl,
  log_conditions: ottl,
  profile_conditions: ottl,
})
export type FilterConfig = v.InferOutput<typeof config>

function metricProblems({ match_type, metric_names, resource_attributes }: MetricProperties): Problem[] {
  if (match_type === 'expr')
    return [
      {
        path: ['match_type'],
        message: coded('unsupported_setting', 'expr is not supported by this version: use strict or regexp'),
      },
    ]
  const hasTexts = metric_names.length > 0 || resource_attributes.some(({ value }) => value !== undefined)
  if (match_type === undefined) return hasTexts ? [missing] : []
  if (match_type === 'strict') return []
  return patternProblems([
    ...each('metric_names', metric_names),
    ...valuesOf('resource_attributes', resource_attributes),
  ])
}

function logProblems(properties: LogProperties): Problem[] {
  const { match_type, resource_attributes, record_attributes, severity_texts, bodies } = properties
  const attributes = [...resource_attributes, ...record_attributes]
  const hasTexts = severity_texts.length > 0 || bodies.length > 0 || attributes.some(({ value }) => value !== undefined)
  if (match_type === undefined) return hasTexts ? [missing] : []
  if (match_type === 'strict') return []
  return patternProblems([
    ...each('severity_texts', severity_texts),
    ...each('bodies', bodies),
    ...valuesOf('resource_attributes', resource_attributes),
    ...valuesOf('record_attributes', record_attributes),
  ])
}

const missing: Problem = { path: [], message: coded('missing_setting', 'match_type must be given: strict or regexp') }

type Spelled = readonly (readonly [path: readonly (string | number)[], pattern: unknown])[]
const each = (key: string, list: readonly string[]): Spelled => list.map((text, i) => [[key, i], text])
const valuesOf = (key: string, list: readonly { readonly value?: unknown }[]): Spelled =>
  list.map(({ value }, i) => [[key, i, 'value'], value])
