// `experimental_scale_value`: every number of a point, its exemplars among them.
import type { Context, DataPoint, MetricPart, Visitor } from '../../data/index.ts'
import { withScaledExemplars } from './exemplars.ts'
import type { Filter } from './filter.ts'
import { truncated } from './points.ts'

export function scaling(scale: number, { labels }: Filter): (metric: MetricPart, context: Context) => MetricPart {
  const isMeant = (point: DataPoint): boolean => labels === undefined || labels(point.attributes)
  const visitors: readonly Visitor<'metrics'>[] = [
    {
      onPoint(point) {
        if (isMeant(point)) scalePoint(point, scale)
      },
    },
  ]
  return (metric, context) => {
    const { type } = metric
    const scaled = metric.edit(visitors, context)!
    if (type !== 'histogram' && type !== 'exponentialHistogram') return scaled
    const meant: boolean[] = []
    metric.visit({ onPoint: (point) => void meant.push(isMeant(point)) })
    return scaled.withPoints((point, i) => (meant[i] ? withScaledExemplars(point, type, scale) : point))
  }
}

function scalePoint(point: DataPoint, scale: number): void {
  switch (point.type) {
    case 'gauge':
    case 'sum':
      if (point.isInt) point.intValue = truncated(Number(point.intValue) * scale)
      else if (point.hasValue) point.doubleValue = point.value * scale
      return
    case 'histogram': {
      scaleTotals(point, scale)
      const bounds = point.explicitBounds
      if (bounds.length > 0) point.explicitBounds = bounds.map((bound) => bound * scale)
      return
    }
    case 'exponentialHistogram':
      scaleTotals(point, scale)
      return scaleBuckets(point, scale)
    case 'summary':
      return
  }
}

function scaleTotals(point: DataPoint, scale: number): void {
  const { sum, min, max } = point
  if (sum !== undefined) point.sum = sum * scale
  if (min !== undefined) point.min = min * scale
  if (max !== undefined) point.max = max * scale
}

/** Buckets move, as far as the middle of the first one does; how many there are and how wide stays. */
function scaleBuckets(point: DataPoint, scale: number): void {
  if (point.zeroThreshold !== 0) point.zeroThreshold = point.zeroThreshold * scale
  const { positive, negative } = point
  const above = positive.exactBucketCounts
  const below = negative.exactBucketCounts
  if (above.length > 0) point.setPositive(moved(point.scale, positive.offset, scale), above)
  if (below.length > 0) point.setNegative(moved(point.scale, negative.offset, scale), below)
}

function moved(resolution: number, offset: number, scale: number): number {
  const base = 2 ** (2 ** -resolution)
  const middle = (base ** offset + base ** (offset + 1)) / 2
  const index = Math.ceil(Math.log(middle * scale) * Math.LOG2E * 2 ** resolution) - 1
  return Number.isSafeInteger(index) ? index | 0 : offset
}
