// What a transform does to one metric: its new name, then its operations.
import type { Attributes, Context, MetricPart, Visitor } from '../../data/index.ts'
import { keyOf } from '../../data/index.ts'
import { aggregate } from './aggregate.ts'
import type { OperationConfig, TransformConfig } from './config.ts'
import type { Filter } from './filter.ts'
import { isAllOrNothing, type PointEdit, pointEdit } from './points.ts'
import { scaling } from './scale.ts'

/** What belongs to the batch at hand. */
export interface Work {
  readonly context: Context
  /** Points that have been made, that have become part of others, that `delete_label_value` has dropped. */
  created: number
  merged: number
  dropped: number
  /** What cannot be done, and to which metric. */
  complain(why: string, metric: string): void
}

/** Undefined when all of its points are gone. */
export type Change = (metric: MetricPart, work: Work) => MetricPart | undefined

interface Operation {
  /** Whether it changes a metric only when all of its points are meant. */
  readonly isAllOrNothing: boolean
  /** Whether it can be done to summaries. */
  readonly takesSummaries: boolean
  readonly name: string
  readonly run: Change
}

export function createChange(config: TransformConfig, filter: Filter, version: string): Change {
  const rename = renaming(filter)
  const operations = config.operations.map((one) => createOperation(one, filter, version))
  const { labels } = filter
  const partly = config.action === 'update' ? labels : undefined
  return (metric, work) => {
    const isWhole = partly === undefined || isAllMeant(metric, partly)
    let changed = isWhole ? rename(metric, work.context) : metric
    for (const operation of operations) {
      if (operation.isAllOrNothing && !isWhole) continue
      if (!operation.takesSummaries && changed.type === 'summary') {
        work.complain(`${operation.name} is not for summaries`, changed.name)
        return changed
      }
      const next = operation.run(changed, work)
      if (next === undefined) return undefined
      changed = next
    }
    return changed
  }
}

function isAllMeant(metric: MetricPart, labels: (attributes: Attributes) => boolean): boolean {
  let isAll = true
  metric.visit({ onPoint: ({ attributes }) => void (isAll &&= labels(attributes)) })
  return isAll
}

/** A metric without points is meant. */
export function isAnyMeant(metric: MetricPart, labels: (attributes: Attributes) => boolean): boolean {
  let isAny = metric.items === 0
  metric.visit({ onPoint: ({ attributes }) => void (isAny ||= labels(attributes)) })
  return isAny
}

function renaming(filter: Filter): (metric: MetricPart, context: Context) => MetricPart {
  let name = ''
  const visitors: readonly Visitor<'metrics'>[] = [{ onMetric: (metric) => void (metric.name = name) }]
  return (metric, context) => {
    name = filter.rename(metric.name)
    return name === '' || name === metric.name ? metric : metric.edit(visitors, context)!
  }
}

function createOperation(config: OperationConfig, filter: Filter, version: string): Operation {
  const { action } = config
  const takesSummaries = action !== 'aggregate_labels' && action !== 'aggregate_label_values'
  return { name: action, isAllOrNothing: isAllOrNothing(config), takesSummaries, run: runOf(config, filter, version) }
}

function runOf(config: OperationConfig, filter: Filter, version: string): Change {
  switch (config.action) {
    case 'aggregate_labels':
      return aggregating(onlyLabels(config), config)
    case 'aggregate_label_values':
      return aggregating(oneValue(config, version), config)
    case 'experimental_scale_value': {
      const scale = scaling(config.experimental_scale, filter)
      return (metric, { context }) => scale(metric, context)
    }
    default:
      return editing(pointEdit(config, filter, version)!)
  }
}

function editing(edit: PointEdit): Change {
  const visitors: readonly Visitor<'metrics'>[] = [{ onPoint: edit }]
  return (metric, work) => {
    const left = metric.edit(visitors, work.context)
    work.dropped += metric.items - (left?.items ?? 0)
    return left
  }
}

function aggregating(edit: PointEdit, { aggregation_type }: OperationConfig): Change {
  const visitors: readonly Visitor<'metrics'>[] = [{ onPoint: edit }]
  return (metric, work) => {
    const { metric: left, merged } = aggregate(metric.edit(visitors, work.context)!, aggregation_type, work.context)
    work.merged += merged
    return left
  }
}

function onlyLabels({ label_set }: OperationConfig): PointEdit {
  const kept = new Set(label_set)
  return ({ attributes }) => {
    let gone: Set<string> | undefined
    attributes.forEachKey((key) => {
      if (!kept.has(key)) (gone ??= new Set()).add(key)
    })
    if (gone !== undefined) for (const key of gone) attributes.delete(key)
  }
}

function oneValue({ label, new_value, aggregated_values }: OperationConfig, version: string): PointEdit {
  const key = keyOf(label)
  const values = new Set(aggregated_values)
  const value = new_value.replaceAll('{{version}}', version)
  return ({ attributes }) => {
    if (attributes.has(key) && values.has(attributes.getString(key) ?? '')) attributes.set(key, value)
  }
}
