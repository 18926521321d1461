// Batches of metrics from a short form, for golden cases: attributes are mappings, times are seconds of the fake clock's first day.
import type { Batch } from '../../src/data/index.ts'
import type { Plain } from '../data/random.ts'
import { batchOf } from './otlp.ts'

export interface ShortResource {
  readonly resource?: ShortAttributes
  readonly scope?: string | { readonly name: string; readonly attributes?: ShortAttributes }
  readonly metrics: readonly ShortMetric[]
}
export interface ShortMetric {
  readonly name: string
  readonly unit?: string
  /** gauge when not given. */
  readonly type?: 'gauge' | 'sum' | 'histogram' | 'exponentialHistogram' | 'summary'
  /** delta when not given. */
  readonly temporality?: 'delta' | 'cumulative'
  /** true when not given. */
  readonly monotonic?: boolean
  readonly metadata?: ShortAttributes
  /** What is not named here is as in OTLP. */
  readonly points: readonly ({
    readonly labels?: ShortAttributes
    readonly time?: number
    readonly start?: number
    readonly value?: number
    readonly int?: number
  } & Plain)[]
}
/** A text, a whole number, a number, a flag, a list or a mapping. */
export type ShortAttributes = Readonly<Record<string, unknown>>

const DAY_NANOS = BigInt(Date.UTC(2026, 0, 1)) * 1_000_000n
const nanosAt = (second: number): string => String(DAY_NANOS + BigInt(Math.round(second * 1e9)))

export const metricsOf = (resources: readonly ShortResource[]): Batch<'metrics'> =>
  batchOf('metrics', {
    resourceMetrics: resources.map(({ resource = {}, scope, metrics }) => ({
      resource: { attributes: attributesOf(resource) },
      scopeMetrics: [{ ...(scope !== undefined && { scope: scopeOf(scope) }), metrics: metrics.map(metricOf) }],
    })),
  })

const scopeOf = (scope: NonNullable<ShortResource['scope']>): Plain =>
  typeof scope === 'string' ? { name: scope } : { name: scope.name, attributes: attributesOf(scope.attributes ?? {}) }

function metricOf({ name, unit = '', type = 'gauge', points, ...rest }: ShortMetric): Plain {
  const { temporality = 'delta', monotonic = true, metadata = {} } = rest
  const dataPoints = points.map(pointOf)
  const aggregationTemporality = temporality === 'delta' ? 1 : 2
  const data: Readonly<Record<typeof type, Plain>> = {
    gauge: { dataPoints },
    sum: { dataPoints, aggregationTemporality, isMonotonic: monotonic },
    histogram: { dataPoints, aggregationTemporality },
    exponentialHistogram: { dataPoints, aggregationTemporality },
    summary: { dataPoints },
  }
  return { name, unit, metadata: attributesOf(metadata), [type]: data[type] }
}

const pointOf = ({ labels = {}, time, start, value, int, ...rest }: ShortMetric['points'][number]): Plain => ({
  attributes: attributesOf(labels),
  ...(time !== undefined && { timeUnixNano: nanosAt(time) }),
  ...(start !== undefined && { startTimeUnixNano: nanosAt(start) }),
  ...(value !== undefined && { asDouble: value }),
  ...(int !== undefined && { asInt: int }),
  ...rest,
})

export const attributesOf = (attributes: ShortAttributes): Plain[] =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: anyValueOf(value) }))

function anyValueOf(value: unknown): Plain {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'number') return Number.isInteger(value) ? { intValue: value } : { doubleValue: value }
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValueOf) } }
  return { kvlistValue: { values: attributesOf(value as ShortAttributes) } }
}
