// Aggregates as batches, in which they wait to be sent: a histogram of deltas each, whose bounds are the values.
//
// resource {}, scope {name: namespace}, metric {name, unit: CloudWatch's, histogram {point}}
// point {attributes: dimensions, time: the period's start, bounds: the values, counts: how often each came, then 0}
import { type Batch, Builder, type HistogramPointWriter, instantFromMillis } from '../../data/index.ts'
import type { Aggregate } from './series.ts'

/** Beside the dimensions: the period is a second. No dimension can be called so. */
export const HIGH_RESOLUTION = ':1'

/** Each of one namespace, with so many aggregates at most. */
export function batchesOf(aggregates: readonly Aggregate[], maxItems: number, hasValues: boolean): Batch<'metrics'>[] {
  const byNamespace = Map.groupBy(aggregates, ({ series }) => series.namespace)
  const batches: Batch<'metrics'>[] = []
  for (const [namespace, of] of byNamespace)
    for (let from = 0; from < of.length; from += maxItems)
      batches.push(batchOf(namespace, of.slice(from, from + maxItems), hasValues))
  return batches
}

function batchOf(namespace: string, aggregates: readonly Aggregate[], hasValues: boolean): Batch<'metrics'> {
  const builder = new Builder('metrics')
  builder.resource(() => {})
  builder.scope((scope) => scope.name(namespace))
  for (const aggregate of aggregates)
    builder.add((metric) => {
      metric.name(aggregate.series.name)
      metric.unit(aggregate.series.unit)
      metric.histogram('delta', (points) => points.add((point) => writePoint(point, aggregate, hasValues)))
    })
  return builder.build()
}

function writePoint(point: HistogramPointWriter, { series, samples, startMs }: Aggregate, hasValues: boolean): void {
  for (const [name, value] of series.dimensions) point.attribute(name, value)
  if (series.resolution === 1) point.attribute(HIGH_RESOLUTION, true)
  point.time(instantFromMillis(startMs))
  point.sum(samples.sum)
  point.min(samples.min)
  point.max(samples.max)
  if (!hasValues) {
    point.count(Math.max(1, Math.round(samples.count)))
    return
  }
  const values = samples.values()
  // Counts of CloudWatch may have fractions, those of OTLP have none.
  const counts = values.map(({ count }) => Math.max(1, Math.round(count)))
  point.count(counts.reduce((sum, count) => sum + count, 0))
  point.explicitBounds(values.map(({ value }) => value))
  point.bucketCounts([...counts, 0])
}
