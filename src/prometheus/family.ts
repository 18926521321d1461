import type { MetricType } from '../data/index.ts'

export type FamilyType = 'counter' | 'gauge' | 'histogram' | 'summary'

/** What Prometheus calls the type of a metric. A sum that can go down is a gauge. */
export function familyTypeOf(type: MetricType, isMonotonic: boolean): FamilyType {
  switch (type) {
    case 'gauge':
      return 'gauge'
    case 'sum':
      return isMonotonic ? 'counter' : 'gauge'
    case 'histogram':
    case 'exponentialHistogram':
      return 'histogram'
    case 'summary':
      return 'summary'
  }
}
