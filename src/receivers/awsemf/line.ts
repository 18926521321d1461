// A line of the embedded metric format.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
//
//   { "_aws": { "Timestamp": ms, "LogGroupName": "…", "LogStreamName": "…",
//               "CloudWatchMetrics": [{ "Namespace": "…", "Dimensions": [["a", "b"], …],
//                                       "Metrics": [{ "Name": "m", "Unit": "…", "StorageResolution": 1 }, …] }, …] },
//     "a": "…", "b": "…", "m": number | [number, …] | { "Values": […], "Counts": […], "Max", "Min", "Count", "Sum" }, … }
//
// Version 0 has the members of `_aws` beside the others, and calls the names log_group_name and log_stream_name.
import { type Measured, measuredOf } from './measured.ts'

export interface EmfLine {
  /** Milliseconds since the epoch; undefined when the line does not say. */
  readonly timeMs: number | undefined
  readonly group: string | undefined
  readonly stream: string | undefined
  readonly directives: readonly Directive[]
}

export interface Directive {
  readonly namespace: string
  readonly dimensionSets: readonly DimensionSet[]
  readonly metrics: readonly EmfMetric[]
}

export type DimensionSet = readonly (readonly [name: string, value: string])[]

export interface EmfMetric {
  readonly name: string
  /** As CloudWatch calls it; "" when the line does not say. */
  readonly unit: string
  /** StorageResolution: 1. */
  readonly isHighResolution: boolean
  readonly measured: Measured
}

/** Why a line is none. */
export type LineFault = 'bad_json' | 'not_emf'
/** Why a part of one says nothing. `missing_value`, `missing_dimension`: nothing in the line has that name. */
export type MetricFault =
  | 'bad_directive'
  | 'bad_metric'
  | 'bad_value'
  | 'missing_dimension'
  | 'missing_value'
  | 'too_many_points'

type Fields = Readonly<Record<string, unknown>>
type OnFault = (fault: MetricFault, name: string) => void

/** `onFault` hears of every metric and every dimension set that is left out. */
export function readLine(text: string, onFault: OnFault): EmfLine | LineFault {
  const line = parse(text)
  if (!isFields(line)) return 'bad_json'
  const aws = own(line, '_aws')
  const head = isFields(aws) ? aws : line
  const directives = own(head, 'CloudWatchMetrics')
  if (!Array.isArray(directives)) return 'not_emf'
  return {
    timeMs: timeOf(own(head, 'Timestamp')),
    group: nameOf(isFields(aws) ? own(aws, 'LogGroupName') : own(line, 'log_group_name')),
    stream: nameOf(isFields(aws) ? own(aws, 'LogStreamName') : own(line, 'log_stream_name')),
    directives: directives.flatMap((directive) => directiveOf(directive, line, onFault) ?? []),
  }
}

function directiveOf(directive: unknown, line: Fields, onFault: OnFault): Directive | undefined {
  const namespace = isFields(directive) ? nameOf(own(directive, 'Namespace')) : undefined
  const metrics = isFields(directive) ? own(directive, 'Metrics') : undefined
  const sets = isFields(directive) ? (own(directive, 'Dimensions') ?? [[]]) : undefined
  if (namespace === undefined || !Array.isArray(metrics) || !Array.isArray(sets)) {
    onFault('bad_directive', namespace ?? '')
    return undefined
  }
  return {
    namespace,
    // No set at all is one without dimensions.
    dimensionSets: (sets.length === 0 ? [[]] : sets).flatMap((set) => setOf(set, line, onFault) ?? []),
    metrics: metrics.flatMap((metric) => metricOf(metric, line, onFault) ?? []),
  }
}

/** Undefined when one of its dimensions is not there: CloudWatch has no other way with such a set either. */
function setOf(names: unknown, line: Fields, onFault: OnFault): [DimensionSet] | undefined {
  if (!Array.isArray(names)) {
    onFault('bad_directive', '')
    return undefined
  }
  const set: [string, string][] = []
  for (const name of new Set(names)) {
    const value = typeof name === 'string' && name !== '' ? textOf(own(line, name)) : undefined
    if (value === undefined) {
      onFault('missing_dimension', String(name))
      return undefined
    }
    set.push([name, value])
  }
  return [set]
}

function metricOf(metric: unknown, line: Fields, onFault: OnFault): EmfMetric | undefined {
  const name = isFields(metric) ? nameOf(own(metric, 'Name')) : undefined
  if (!isFields(metric) || name === undefined) {
    onFault('bad_metric', '')
    return undefined
  }
  const value = own(line, name)
  const measured = value === undefined ? undefined : measuredOf(value)
  if (measured === undefined) {
    onFault(value === undefined ? 'missing_value' : 'bad_value', name)
    return undefined
  }
  const unit = own(metric, 'Unit')
  return {
    name,
    unit: typeof unit === 'string' ? unit : '',
    isHighResolution: own(metric, 'StorageResolution') === 1,
    measured,
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What the line says; what objects have anyway is not of it. */
export const own = (fields: Fields, name: string): unknown => (Object.hasOwn(fields, name) ? fields[name] : undefined)

const nameOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

/** A dimension's; numbers and truth values are taken for their texts. */
const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined

/** Version 0 has texts. */
function timeOf(value: unknown): number | undefined {
  const ms = typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof ms === 'number' && ms > 0 && ms <= MAX_TIME_MS ? Math.floor(ms) : undefined
}
/** What nanoseconds of 64 bits hold. */
const MAX_TIME_MS = 2 ** 64 / 1e6
