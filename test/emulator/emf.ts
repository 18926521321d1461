// What CloudWatch asks of an event of the embedded metric format; it takes no metric of one that breaks a rule, and says nothing.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
import { StandardUnit } from '@aws-sdk/client-cloudwatch'

const MAX_METRICS = 100
const MAX_VALUES = 100
const MAX_DIMENSIONS = 30
const ASCII = /^[\x20-\x7e]+$/
const NAMESPACE = /^[A-Za-z0-9 ._#/-][A-Za-z0-9 ._#:/-]{0,254}$/
const units: readonly string[] = Object.values(StandardUnit)

type Fields = Readonly<Record<string, unknown>>
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What is wrong with an event of version 1; nothing when it is fine, or no metrics are to be made of it. */
export function emfViolations(event: unknown): string[] {
  const found: string[] = []
  if (!isFields(event)) return ['the event is no object']
  const aws = event._aws
  if (aws === undefined) return []
  if (!isFields(aws) || !Array.isArray(aws.CloudWatchMetrics)) return ['_aws: has no CloudWatchMetrics']
  if (!Number.isInteger(aws.Timestamp)) found.push(`_aws.Timestamp: ${aws.Timestamp}`)
  if (aws.CloudWatchMetrics.length === 0) found.push('CloudWatchMetrics: is empty')
  let metrics = 0
  for (const directive of aws.CloudWatchMetrics as unknown[]) {
    if (!isFields(directive)) return [...found, 'a directive is no object']
    const { Namespace, Dimensions, Metrics } = directive
    if (typeof Namespace !== 'string' || !NAMESPACE.test(Namespace)) found.push(`Namespace: ${Namespace}`)
    if (!Array.isArray(Metrics) || Metrics.length === 0) found.push('Metrics: is empty')
    else {
      metrics += Metrics.length
      for (const metric of Metrics as unknown[]) found.push(...metricViolations(metric, event))
    }
    if (!Array.isArray(Dimensions) || Dimensions.length === 0) found.push('Dimensions: is empty')
    else for (const set of Dimensions as unknown[]) found.push(...setViolations(set, event))
  }
  if (metrics > MAX_METRICS) found.push(`${metrics} metrics`)
  return found
}

function metricViolations(metric: unknown, event: Fields): string[] {
  if (!isFields(metric)) return ['a metric is no object']
  const { Name, Unit, StorageResolution, ...more } = metric
  const found: string[] = []
  if (typeof Name !== 'string' || !ASCII.test(Name) || Name.trim() === '' || Name.length > 255)
    found.push(`Name: ${Name}`)
  else found.push(...valueViolations(event[Name]).map((problem) => `${Name}: ${problem}`))
  if (Unit !== undefined && !units.includes(String(Unit))) found.push(`Unit: ${Unit}`)
  if (StorageResolution !== undefined && StorageResolution !== 1 && StorageResolution !== 60)
    found.push(`StorageResolution: ${StorageResolution}`)
  return [...found, ...Object.keys(more).map((key) => `a metric has ${key}`)]
}

const isValue = (value: unknown): value is number => typeof value === 'number' && Math.abs(value) <= 2 ** 360

function valueViolations(value: unknown): string[] {
  if (isValue(value)) return []
  if (!isFields(value)) return [`is ${JSON.stringify(value)}`]
  const { Max, Min, Count, Sum, Values, Counts } = value
  if (!isValue(Max) || !isValue(Min) || !isValue(Count) || !isValue(Sum)) return [`is ${JSON.stringify(value)}`]
  const found: string[] = []
  if (Min > Max) found.push(`Min ${Min} > Max ${Max}`)
  if (!(Count > 0)) found.push(`Count ${Count}`)
  if (Values === undefined) return found
  if (!Array.isArray(Values) || !Array.isArray(Counts) || Values.length !== Counts.length || Values.length === 0)
    return [...found, 'Values and Counts do not fit']
  if (Values.length > MAX_VALUES) found.push(`${Values.length} values`)
  if (!Values.every(isValue) || !Values.every((one) => one >= Min && one <= Max))
    found.push('a value beyond its bounds')
  if (!Counts.every((one) => isValue(one) && one > 0)) found.push('a count that is none')
  const total = (Counts as number[]).reduce((sum, one) => sum + one, 0)
  if (Math.abs(total - Count) > Count * 1e-9) found.push(`Counts make ${total}, Count says ${Count}`)
  return found
}

function setViolations(set: unknown, event: Fields): string[] {
  if (!Array.isArray(set)) return ['a set of dimensions is no list']
  const found: string[] = []
  if (set.length > MAX_DIMENSIONS) found.push(`${set.length} dimensions`)
  if (new Set(set).size !== set.length) found.push(`a dimension twice: ${set}`)
  for (const name of set as unknown[]) {
    if (
      typeof name !== 'string' ||
      !ASCII.test(name) ||
      name.trim() === '' ||
      name.startsWith(':') ||
      name.length > 250
    )
      found.push(`dimension: ${name}`)
    else {
      const value = event[name]
      if (typeof value !== 'string' || !ASCII.test(value) || value.trim() === '' || value.length > 1024)
        found.push(`dimension ${name}: ${JSON.stringify(value)}`)
    }
  }
  return found
}
