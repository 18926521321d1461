// `include` and `exclude`: which spans, log records and metrics a processor works on.
import type { Attributes, LogRecord, Metric, Resource, Scope, Signal, Span } from '../data/index.ts'
import { type Key, keyOf, textOfValue } from '../data/index.ts'
import { matchAttributes } from './attributes.ts'
import { type MatchConfig, type MatchProperties, SPAN_KINDS } from './config.ts'
import { matchTexts } from './texts.ts'

export type Selects<Item> = (item: Item, scope: Scope, resource: Resource) => boolean

/** Undefined when everything is selected. Throws when the settings are not for that signal. */
export const selectSpans = (config: MatchConfig): Selects<Span> | undefined => select(config, 'traces', spanConditions)
export const selectLogs = (config: MatchConfig): Selects<LogRecord> | undefined => select(config, 'logs', logConditions)
export const selectMetrics = (config: MatchConfig): Selects<Metric> | undefined =>
  select(config, 'metrics', metricConditions)

type Conditions<Item> = (properties: MatchProperties) => Selects<Item>[]

function select<Item>(
  { include, exclude }: MatchConfig,
  signal: Signal,
  conditions: Conditions<Item>,
): Selects<Item> | undefined {
  const compile = (name: string, properties: MatchProperties): Selects<Item> => {
    checkFits(name, properties, signal)
    return all(conditions(properties))
  }
  const included = include && compile('include', include)
  const excluded = exclude && compile('exclude', exclude)
  if (excluded === undefined) return included
  if (included === undefined) return (item, scope, resource) => !excluded(item, scope, resource)
  return (item, scope, resource) => included(item, scope, resource) && !excluded(item, scope, resource)
}

function all<Item>(conditions: readonly Selects<Item>[]): Selects<Item> {
  const [first, ...others] = conditions
  if (first !== undefined && others.length === 0) return first
  return (item, scope, resource) => conditions.every((holds) => holds(item, scope, resource))
}

const NAMES: Readonly<Record<Signal, string>> = { traces: 'spans', logs: 'log records', metrics: 'metrics' }
const FITTING = {
  traces: ['services', 'span_names', 'span_kinds', 'attributes', 'resources', 'libraries'],
  logs: ['log_bodies', 'log_severity_texts', 'log_severity_number', 'attributes', 'resources', 'libraries'],
  metrics: ['metric_names', 'resources'],
} as const satisfies Record<Signal, readonly (keyof MatchProperties)[]>
const EVERY = [...new Set(Object.values(FITTING).flat())]

function checkFits(name: string, properties: MatchProperties, signal: Signal): void {
  const fitting: readonly string[] = FITTING[signal]
  const given = EVERY.filter((key) => {
    const value = properties[key]
    return Array.isArray(value) ? value.length > 0 : value !== undefined
  })
  const strange = given.find((key) => !fitting.includes(key))
  if (strange !== undefined)
    throw new Error(`${name}.${strange}: is not for ${NAMES[signal]}, which have ${fitting.join(', ')}`)
  if (given.length === 0) throw new Error(`${name}: must have one of ${fitting.join(', ')}`)
}

function spanConditions(properties: MatchProperties): Selects<Span>[] {
  const { services, span_names, span_kinds } = properties
  const conditions: Selects<Span>[] = []
  if (services.length > 0) {
    const matches = matchTexts(services, properties)
    conditions.push((_span, _scope, resource) => matches(serviceOf(resource)))
  }
  if (span_names.length > 0) {
    const matches = matchTexts(span_names, properties)
    conditions.push(({ name }) => matches(name))
  }
  if (span_kinds.length > 0) {
    const matches = SPAN_KINDS.map(matchTexts(span_kinds, properties))
    conditions.push(({ kind }) => matches[kind] ?? false)
  }
  return [...conditions, ...itemConditions(properties)]
}

const serviceName: Key = keyOf('service.name')

function serviceOf({ attributes }: Resource): string {
  const name = attributes.get(serviceName)
  return name === undefined ? '<nil-service-name>' : textOfValue(name)
}

function logConditions(properties: MatchProperties): Selects<LogRecord>[] {
  const { log_bodies, log_severity_texts, log_severity_number } = properties
  const conditions: Selects<LogRecord>[] = []
  if (log_bodies.length > 0) {
    const matches = matchTexts(log_bodies, properties)
    conditions.push(({ body }) => matches(textOfValue(body)))
  }
  if (log_severity_texts.length > 0) {
    const matches = matchTexts(log_severity_texts, properties)
    conditions.push(({ severityText }) => matches(severityText))
  }
  if (log_severity_number !== undefined) {
    const { min, match_undefined } = log_severity_number
    conditions.push(({ severityNumber }) => (severityNumber === 0 ? match_undefined : severityNumber >= min))
  }
  return [...conditions, ...itemConditions(properties)]
}

function metricConditions(properties: MatchProperties): Selects<Metric>[] {
  const { metric_names } = properties
  if (metric_names.length === 0) return outerConditions(properties)
  const matches = matchTexts(metric_names, properties)
  return [({ name }) => matches(name), ...outerConditions(properties)]
}

/** Of items that have attributes of their own. */
function itemConditions(properties: MatchProperties): Selects<Attributed>[] {
  const inItem = matchAttributes(properties.attributes, properties)
  return [...outerConditions(properties), ...(inItem ? [({ attributes }: Attributed) => inItem(attributes)] : [])]
}

interface Attributed {
  readonly attributes: Attributes
}

/** Of scope and resource. */
function outerConditions(properties: MatchProperties): Selects<unknown>[] {
  const conditions: Selects<unknown>[] = []
  for (const { name, version } of properties.libraries) {
    const isNamed = matchTexts([name], properties)
    const hasVersion = version === undefined ? undefined : matchTexts([version], properties)
    conditions.push((_item, scope) => isNamed(scope.name) && (hasVersion?.(scope.version) ?? true))
  }
  const inResource = matchAttributes(properties.resources, properties)
  if (inResource) conditions.push((_item, _scope, { attributes }) => inResource(attributes))
  return conditions
}
