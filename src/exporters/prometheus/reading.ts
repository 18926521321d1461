// What a data point says that only this exporter has its own mind about.
import { type DataPoint, type PointFault, readExponentialHistogram } from '../../data/index.ts'
import { type ExponentialCounts, fitted } from './exponential.ts'

/** Why a point is not taken: the label of its drop. */
export type Refusal = PointFault | 'out_of_order'

/** NaN is a number, but nothing at all is not. A delta that cannot be added does no harm to the sum: it is left out. */
export function readNumber(point: DataPoint, isDelta: boolean): number | bigint | Refusal {
  const value = point.isInt ? point.intValue : point.value
  if (isDelta) return value >= 0 && value !== Number.POSITIVE_INFINITY ? value : 'invalid_value'
  return Number.isNaN(value) && !hasValue(point) ? 'invalid_value' : value
}

function hasValue(point: DataPoint): boolean {
  const object = point.toObject()
  return 'value' in object && object.value !== undefined
}

export function readExponential(point: DataPoint): ExponentialCounts | Refusal {
  const counts = readExponentialHistogram(point)
  return typeof counts === 'string' ? counts : fitted(counts)
}
