// The transforms, on the metrics of one scope: a list of them becomes another one.
import type { Attributes, MetricPart, Visitor } from '../../data/index.ts'
import { aggregate } from './aggregate.ts'
import { type Change, createChange, isAnyMeant, type Work } from './change.ts'
import { whyNotCombined } from './combinable.ts'
import type { TransformConfig } from './config.ts'
import { createFilter, type Filter } from './filter.ts'

/** Metrics that go on under a resource of their own. */
export type TakeGroup = (metrics: readonly MetricPart[], labels: ReadonlyMap<string, string>) => void

export interface Step {
  readonly filter: Filter
  run(metrics: readonly MetricPart[], work: Work, take: TakeGroup): readonly MetricPart[]
}

export function createStep(config: TransformConfig, version: string): Step {
  const filter = createFilter(config)
  const change = createChange(config, filter, version)
  switch (config.action) {
    case 'update':
      return { filter, run: updating(filter, change) }
    case 'insert':
      return { filter, run: inserting(filter, change) }
    case 'combine':
      return { filter, run: combining(config, filter, change) }
    case 'group':
      return { filter, run: grouping(config, filter) }
  }
}

function updating(filter: Filter, change: Change): Step['run'] {
  return (metrics, work) =>
    metrics.flatMap((metric) => {
      const { labels } = filter
      if (!filter.matches(metric.name) || (labels !== undefined && !isAnyMeant(metric, labels))) return [metric]
      return change(metric, work) ?? []
    })
}

/** What is inserted is not looked at again by the same transform. */
function inserting(filter: Filter, change: Change): Step['run'] {
  const split = splitting(filter)
  return (metrics, work) => {
    const inserted: MetricPart[] = []
    for (const metric of metrics) {
      const copy = filter.matches(metric.name) ? split(metric, work).meant : undefined
      if (copy === undefined) continue
      work.created += copy.items
      const changed = change(copy, work)
      if (changed !== undefined) inserted.push(changed)
    }
    return inserted.length === 0 ? metrics : [...metrics, ...inserted]
  }
}

function combining(config: TransformConfig, filter: Filter, change: Change): Step['run'] {
  const { new_name, aggregation_type } = config
  const split = splitting(filter)
  let attributes: ReturnType<Filter['submatches']> = []
  const labelled: readonly Visitor<'metrics'>[] = [
    {
      onPoint(point) {
        for (const [key, value] of attributes) point.attributes.set(key, value)
      },
    },
  ]
  const named: readonly Visitor<'metrics'>[] = [{ onMetric: (metric) => void (metric.name = new_name) }]
  return (metrics, work) => {
    const { labels } = filter
    const found = metrics.filter(
      (metric) => filter.matches(metric.name) && (labels === undefined || isAnyMeant(metric, labels)),
    )
    if (found.length === 0) return metrics
    const why = whyNotCombined(found)
    if (why !== undefined) {
      work.complain(why, found[0]!.name)
      return metrics
    }
    const left: MetricPart[] = []
    const taken: MetricPart[] = []
    for (const metric of metrics) {
      const { meant, others } = found.includes(metric) ? split(metric, work) : { meant: undefined, others: metric }
      if (others !== undefined) left.push(others)
      if (meant === undefined) continue
      attributes = filter.submatches(metric.name)
      taken.push(attributes.length === 0 ? meant : meant.edit(labelled, work.context)!)
    }
    const [first, ...more] = taken
    const joined = first!.joined(more).edit(named, work.context)!
    const { metric: combined, merged } = aggregate(joined, aggregation_type, work.context)
    work.merged += merged
    const changed = change(combined, work)
    return changed === undefined ? left : [...left, changed]
  }
}

function grouping({ group_resource_labels = {} }: TransformConfig, filter: Filter): Step['run'] {
  const split = splitting(filter)
  const labels = new Map(Object.entries(group_resource_labels))
  return (metrics, work, take) => {
    const grouped: MetricPart[] = []
    const left = metrics.flatMap((metric) => {
      if (!filter.matches(metric.name)) return [metric]
      const { meant, others } = split(metric, work)
      if (meant !== undefined) grouped.push(meant)
      return others ?? []
    })
    if (grouped.length > 0) take(grouped, labels)
    return left
  }
}

interface Split {
  /** The metric with those of its points that are meant; undefined without any. */
  readonly meant: MetricPart | undefined
  /** With the rest of them. */
  readonly others: MetricPart | undefined
}

function splitting({ labels }: Filter): (metric: MetricPart, work: Work) => Split {
  if (labels === undefined) return (metric) => ({ meant: metric, others: undefined })
  const only = (isWanted: boolean): readonly Visitor<'metrics'>[] => [
    { onPoint: (point: { readonly attributes: Attributes }) => labels(point.attributes) === isWanted },
  ]
  const meant = only(true)
  const others = only(false)
  return (metric, { context }) => {
    if (metric.items === 0) return { meant: metric, others: undefined }
    return { meant: metric.edit(meant, context), others: metric.edit(others, context) }
  }
}
