// Points of a metric that are alike become one.
import type { Context, DataPoint, Instant, MetricPart, Visitor } from '../../data/index.ts'
import type { Aggregation } from './config.ts'
import { exemplarsOf } from './exemplars.ts'
import { attributesKey } from './key.ts'
import { type Merged, mergeExponential, mergeHistogram, mergeNumbers, readMember } from './merge.ts'

/**
 * Alike are points of the same attributes and time, of deltas also of the same start, and of histograms with the same
 * bounds or scale. The first one of a group carries what becomes of it. Not for summaries.
 */
export function aggregate(
  metric: MetricPart,
  type: Aggregation | undefined,
  context: Context,
): { readonly metric: MetricPart; readonly merged: number } {
  const groups = grouped(metric)
  const merged = metric.items - new Set(groups).size
  if (merged === 0) return { metric, merged }
  const seen = new Set<Group>()
  let index = 0
  const visitors: readonly Visitor<'metrics'>[] = [
    {
      onPoint(point) {
        const group = groups[index++]!
        if (seen.has(group)) return false
        seen.add(group)
        if (group.members.length > 1) write(point, group, type)
      },
    },
  ]
  const left = metric.edit(visitors, context)!
  return { metric: withExemplars(left, [...seen]), merged }
}

interface Group {
  readonly members: Merged[]
  /** The earliest of all that count. */
  start: Instant
  /** Of all but the first, serialized. */
  readonly exemplars: Buffer[]
}

/** By point. */
function grouped(metric: MetricPart): Group[] {
  const byKey = new Map<string, Group>()
  const groups: Group[] = []
  let isDelta = false
  metric.visit({
    onMetric: ({ temporality }) => void (isDelta = temporality === 'delta'),
    onPoint(point) {
      const key = keyOf(point, isDelta)
      const member = readMember(point)
      let group = byKey.get(key)
      if (group === undefined) byKey.set(key, (group = { members: [], start: point.start, exemplars: [] }))
      else if (member.type === 'number' || member.count > 0n) {
        if (isBefore(point.start, group.start)) group.start = point.start
        if (member.type !== 'number') group.exemplars.push(...exemplarsOf(point))
      }
      group.members.push(member)
      groups.push(group)
    },
  })
  return groups
}

function keyOf(point: DataPoint, isDelta: boolean): string {
  const { time, start, type } = point
  const parts: (string | number | boolean)[] = [time.seconds, time.nanos]
  if (isDelta) parts.push(start.seconds, start.nanos)
  if (type === 'histogram') parts.push(point.explicitBounds.join())
  if (type === 'exponentialHistogram') parts.push(point.scale)
  if (type === 'histogram' || type === 'exponentialHistogram')
    parts.push(point.min !== undefined, point.max !== undefined, point.flags)
  return `${parts.join(' ')} ${attributesKey(point.attributes)}`
}

const isBefore = (a: Instant, b: Instant): boolean =>
  a.seconds < b.seconds || (a.seconds === b.seconds && a.nanos < b.nanos)

function write(point: DataPoint, { members, start }: Group, type: Aggregation | undefined): void {
  const [first] = members
  switch (first!.type) {
    case 'number':
      mergeNumbers(point, members, type)
      break
    case 'histogram':
      mergeHistogram(point, members)
      break
    case 'exponentialHistogram':
      mergeExponential(point, members)
      break
  }
  if (isBefore(start, point.start)) point.start = start
}

/** Those of the points that have gone, behind those of the first. */
function withExemplars(metric: MetricPart, groups: readonly Group[]): MetricPart {
  if (groups.every(({ exemplars }) => exemplars.length === 0)) return metric
  return metric.withPoints((point, i) => Buffer.concat([point, ...groups[i]!.exemplars]))
}
