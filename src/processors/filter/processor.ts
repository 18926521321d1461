import type { ItemProcessor, Settings } from '../../contract/index.ts'
import type { Attributes } from '../../data/index.ts'
import { matchAttributes } from '../../match/attributes.ts'
import type { MatchProperties } from '../../match/config.ts'
import { selectLogs, selectSpans } from '../../match/select.ts'
import { type Matches, matchTexts, type TextRules } from '../../match/texts.ts'
import type { FilterConfig, LogProperties, MetricProperties } from './config.ts'

export function tracesProcessor(config: FilterConfig, { log }: Settings): ItemProcessor<'traces'> {
  note(config, log)
  const isSelected = selectSpans(config.spans)
  return { visitor: isSelected === undefined ? {} : { onSpan: isSelected } }
}

export function logsProcessor(config: FilterConfig, { log }: Settings): ItemProcessor<'logs'> {
  note(config, log)
  const { include, exclude } = config.logs
  const isSelected = selectLogs({ include: include && matchOf(include), exclude: exclude && matchOf(exclude) })
  return { visitor: isSelected === undefined ? {} : { onLog: isSelected } }
}

/**
 * By resource and by name, each for itself: what goes on is included by both, and excluded by neither.
 */
export function metricsProcessor(config: FilterConfig, { log }: Settings): ItemProcessor<'metrics'> {
  note(config, log)
  const include = compile(config.metrics.include)
  const exclude = compile(config.metrics.exclude)
  const byResource = both(include?.resource, exclude?.resource)
  const byName = both(include?.name, exclude?.name)
  return {
    visitor: {
      ...(byResource && { onResource: ({ attributes }) => byResource(attributes) }),
      ...(byName && { onMetric: ({ name }) => byName(name) }),
    },
  }
}

type Test<T> = (value: T) => boolean

/** Undefined when everything passes. */
function both<T>(included: Test<T> | undefined, excluded: Test<T> | undefined): Test<T> | undefined {
  if (excluded === undefined) return included
  if (included === undefined) return (value) => !excluded(value)
  return (value) => included(value) && !excluded(value)
}

interface MetricTests {
  readonly resource: Test<Attributes> | undefined
  readonly name: Matches | undefined
}

function compile(properties: MetricProperties | undefined): MetricTests | undefined {
  if (properties === undefined) return undefined
  const { match_type, regexp, metric_names, resource_attributes } = properties
  const rules: TextRules = { match_type: match_type === 'regexp' ? 'regexp' : 'strict', regexp }
  return {
    resource: matchAttributes(resource_attributes, rules),
    name: metric_names.length === 0 ? undefined : matchTexts(metric_names, rules),
  }
}

/** As the attributes processor spells it; undefined when nothing is asked for. */
function matchOf(properties: LogProperties): MatchProperties | undefined {
  const {
    match_type = 'strict',
    resource_attributes,
    record_attributes,
    severity_texts,
    severity_number,
    bodies,
  } = properties
  const lists = [resource_attributes, record_attributes, severity_texts, bodies]
  if (severity_number === undefined && lists.every((list) => list.length === 0)) return undefined
  return {
    match_type,
    regexp: { cacheenabled: false, cachemaxnumentries: 0 },
    services: [],
    span_names: [],
    span_kinds: [],
    metric_names: [],
    libraries: [],
    attributes: record_attributes,
    resources: resource_attributes,
    log_bodies: bodies,
    log_severity_texts: severity_texts,
    log_severity_number: severity_number,
  }
}

/** Settings that change nothing. */
function note({ error_mode, metrics }: FilterConfig, log: Settings['log']): void {
  if (error_mode !== undefined)
    log.info('setting has no effect', { setting: 'error_mode', why: 'include and exclude cannot fail' })
  if (metrics.regexp !== undefined)
    log.info('setting has no effect', { setting: 'metrics::regexp', why: 'give it under include or exclude' })
}
