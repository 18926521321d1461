// About a line an item: names, values, attributes.
import type { Signal } from '../../data/index.ts'
import { fixed, shortest } from './numbers.ts'
import {
  type BucketsJson,
  type DistributionJson,
  type ExponentialPointJson,
  type HistogramPointJson,
  type KeyValues,
  type LogRecordJson,
  type MetricJson,
  type NumberPointJson,
  type SpanJson,
  type SummaryPointJson,
  textOf,
} from './otlp.ts'
import type { Format } from './walk.ts'

const pairs = (attributes: KeyValues = []): string[] =>
  attributes.map(({ key = '', value }) => `${key}=${textOf(value)}`)
const spaced = (parts: readonly string[]): string => parts.map((part) => ` ${part}`).join('')
const bracketed = (schemaUrl: string): string => (schemaUrl === '' ? '' : ` [${schemaUrl}]`)

const titles: Readonly<Record<Signal, readonly [resource: string, scope: string]>> = {
  traces: ['ResourceTraces', 'ScopeTraces'],
  metrics: ['ResourceMetrics', 'ScopeMetrics'],
  logs: ['ResourceLog', 'ScopeLog'],
}

export const normal: Format = {
  resource: (signal, i, { attributes } = {}, schemaUrl) => [
    `${titles[signal][0]} #${i}${bracketed(schemaUrl)}${spaced(pairs(attributes))}`,
  ],
  scope(signal, i, { name = '', version = '', attributes } = {}, schemaUrl) {
    const called = name + (version === '' ? '' : `@${version}`)
    const details = called === '' ? bracketed(schemaUrl) : ` ${called}${bracketed(schemaUrl)}`
    return [`${titles[signal][1]} #${i}${details}${spaced(pairs(attributes))}`]
  },
  span: (_i, { name = '', traceId = '', spanId = '', attributes }: SpanJson) => [
    `${name} ${traceId} ${spanId}${spaced(pairs(attributes))}`,
  ],
  logRecord: (_i, { body, attributes }: LogRecordJson) => [`${textOf(body)} ${pairs(attributes).join(' ')}`],
  metric(_i, metric: MetricJson) {
    const { name = '', gauge, sum, histogram, exponentialHistogram, summary } = metric
    const line = ({ attributes }: { attributes?: KeyValues }, value: string): string =>
      `${name}{${pairs(attributes).join(',')}} ${value}`
    return [
      ...[...(gauge?.dataPoints ?? []), ...(sum?.dataPoints ?? [])].map((point) => line(point, numberOf(point))),
      ...(histogram?.dataPoints ?? []).map((point) => line(point, histogramOf(point))),
      ...(exponentialHistogram?.dataPoints ?? []).map((point) => line(point, exponentialOf(point))),
      ...(summary?.dataPoints ?? []).map((point) => line(point, summaryOf(point))),
    ]
  },
}

const numberOf = ({ asInt, asDouble }: NumberPointJson): string =>
  asInt ?? (asDouble === undefined ? '' : shortest(asDouble))

function distributionOf({ count = '0', sum, min, max }: DistributionJson): string {
  const has = (name: string, value: DistributionJson['sum']): string =>
    value === undefined ? '' : ` ${name}=${shortest(value)}`
  return `count=${count}${has('sum', sum)}${has('min', min)}${has('max', max)}`
}

function histogramOf(point: HistogramPointJson): string {
  const { bucketCounts = [], explicitBounds = [] } = point
  const buckets = bucketCounts.map((count, i) =>
    i < explicitBounds.length ? ` le${shortest(explicitBounds[i])}=${count}` : ` ${count}`,
  )
  return distributionOf(point) + buckets.join('')
}

function exponentialOf(point: ExponentialPointJson): string {
  const { scale = 0, zeroCount = '0', negative, positive } = point
  const factor = Math.LN2 * 2 ** -scale
  const buckets = ({ offset = 0, bucketCounts = [] }: BucketsJson = {}, boundOf: (index: number) => number): string[] =>
    bucketCounts.map((count, i) => ` le${shortest(boundOf(offset + i))}=${count}`)
  return [
    distributionOf(point),
    ...buckets(negative, (index) => -Math.exp(index * factor)).reverse(),
    zeroCount === '0' ? '' : ` zero=${zeroCount}`,
    ...buckets(positive, (index) => Math.exp((index + 1) * factor)),
  ].join('')
}

function summaryOf({ count = '0', sum = 0, quantileValues = [] }: SummaryPointJson): string {
  const quantiles = quantileValues.map(({ quantile, value }) => ` q${shortest(quantile)}=${shortest(value)}`)
  return `count=${count} sum=${fixed(sum)}${quantiles.join('')}`
}
