// Data points as plain data, a shape for each type.
import type { Buckets } from './buckets.ts'
import type { DataPoint, QuantileValue } from './datapoint.ts'
import type { ExemplarObject } from './exemplar.ts'
import type { MetricType } from './metric.ts'
import type { AnyValue } from './value.ts'

interface AnyPointObject<T extends MetricType> {
  readonly type: T
  readonly startTimeUnixNano: bigint
  readonly timeUnixNano: bigint
  readonly flags: number
  readonly attributes: ReadonlyMap<string, AnyValue>
}
/** A point of a gauge or a sum. */
export interface NumberPointObject extends AnyPointObject<'gauge' | 'sum'> {
  /** An integer on the wire is a number when safe, else a bigint; undefined where there is no value. */
  readonly value: number | bigint | undefined
  readonly exemplars: readonly ExemplarObject[]
}
/** One more bucket than there are bounds, or none of either. */
export interface HistogramPointObject extends AnyPointObject<'histogram'> {
  readonly count: bigint
  readonly sum: number | undefined
  readonly min: number | undefined
  readonly max: number | undefined
  readonly bucketCounts: readonly bigint[]
  readonly explicitBounds: readonly number[]
  readonly exemplars: readonly ExemplarObject[]
}
/** Buckets in a row; the first has the index `offset`. */
export interface BucketsObject {
  readonly offset: number
  readonly bucketCounts: readonly bigint[]
}
/** Buckets that grow by 2^(2^-scale). */
export interface ExponentialHistogramPointObject extends AnyPointObject<'exponentialHistogram'> {
  readonly count: bigint
  readonly sum: number | undefined
  readonly min: number | undefined
  readonly max: number | undefined
  readonly scale: number
  readonly zeroCount: bigint
  readonly zeroThreshold: number
  readonly positive: BucketsObject
  readonly negative: BucketsObject
  readonly exemplars: readonly ExemplarObject[]
}
/** Quantiles that the source has computed. */
export interface SummaryPointObject extends AnyPointObject<'summary'> {
  readonly count: bigint
  readonly sum: number
  readonly quantileValues: readonly QuantileValue[]
}
/** A data point of any type as plain data; counts are exact. */
export type DataPointObject =
  | NumberPointObject
  | HistogramPointObject
  | ExponentialHistogramPointObject
  | SummaryPointObject

/** `value` is exact, which that of the view is not. */
export function pointObject(point: DataPoint, value: number | bigint | undefined): DataPointObject {
  const common = {
    startTimeUnixNano: point.start.toBigInt(),
    timeUnixNano: point.time.toBigInt(),
    flags: point.flags,
    attributes: point.attributes.toMap(),
  }
  const { type } = point
  switch (type) {
    case 'gauge':
    case 'sum':
      return { type, ...common, value, exemplars: exemplarObjects(point) }
    case 'histogram':
      return {
        type,
        ...common,
        ...totals(point),
        bucketCounts: point.exactBucketCounts,
        explicitBounds: point.explicitBounds,
        exemplars: exemplarObjects(point),
      }
    case 'exponentialHistogram':
      return {
        type,
        ...common,
        ...totals(point),
        scale: point.scale,
        zeroCount: point.exactZeroCount,
        zeroThreshold: point.zeroThreshold,
        positive: bucketsObject(point.positive),
        negative: bucketsObject(point.negative),
        exemplars: exemplarObjects(point),
      }
    case 'summary':
      return { type, ...common, count: point.exactCount, sum: point.sum ?? 0, quantileValues: point.quantileValues }
  }
}

const totals = (point: DataPoint) => ({ count: point.exactCount, sum: point.sum, min: point.min, max: point.max })

const bucketsObject = ({ offset, exactBucketCounts: bucketCounts }: Buckets): BucketsObject => ({
  offset,
  bucketCounts,
})

function exemplarObjects(point: DataPoint): ExemplarObject[] {
  const list: ExemplarObject[] = []
  point.eachExemplar((exemplar) => list.push(exemplar.toObject()))
  return list
}
