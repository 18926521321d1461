// A metric with every field of its points, a line each.
import { attributeLines } from './detailed.ts'
import { fixed, timeOf } from './numbers.ts'
import type {
  BucketsJson,
  DistributionJson,
  ExemplarJson,
  ExponentialPointJson,
  HistogramPointJson,
  MetricJson,
  NumberJson,
  NumberPointJson,
  PointJson,
  SummaryPointJson,
} from './otlp.ts'

export function metricLines(i: number, metric: MetricJson): string[] {
  const {
    name = '',
    description = '',
    unit = '',
    metadata,
    gauge,
    sum,
    histogram,
    exponentialHistogram,
    summary,
  } = metric
  const head = (type: string): string[] => [
    `Metric #${i}`,
    'Descriptor:',
    `     -> Name: ${name}`,
    `     -> Description: ${description}`,
    `     -> Unit: ${unit}`,
    `     -> DataType: ${type}`,
    ...attributeLines('     -> Metadata', metadata),
  ]
  if (gauge) return [...head('Gauge'), ...(gauge.dataPoints ?? []).flatMap(numberLines)]
  if (sum)
    return [
      ...head('Sum'),
      `     -> IsMonotonic: ${sum.isMonotonic ?? false}`,
      temporality(sum.aggregationTemporality),
      ...(sum.dataPoints ?? []).flatMap(numberLines),
    ]
  if (histogram)
    return [
      ...head('Histogram'),
      temporality(histogram.aggregationTemporality),
      ...(histogram.dataPoints ?? []).flatMap(histogramLines),
    ]
  if (exponentialHistogram)
    return [
      ...head('ExponentialHistogram'),
      temporality(exponentialHistogram.aggregationTemporality),
      ...(exponentialHistogram.dataPoints ?? []).flatMap(exponentialLines),
    ]
  if (summary) return [...head('Summary'), ...(summary.dataPoints ?? []).flatMap(summaryLines)]
  return head('Empty')
}

const TEMPORALITIES = ['Unspecified', 'Delta', 'Cumulative']
const temporality = (number = 0): string => `     -> AggregationTemporality: ${TEMPORALITIES[number] ?? ''}`

const pointLines = (title: string, i: number, { attributes, startTimeUnixNano, timeUnixNano }: PointJson): string[] => [
  `${title} #${i}`,
  ...attributeLines('Data point attributes', attributes),
  `StartTimestamp: ${timeOf(startTimeUnixNano)}`,
  `Timestamp: ${timeOf(timeUnixNano)}`,
]

const valueLines = (prefix: string, { asInt, asDouble }: NumberJson): string[] =>
  asInt !== undefined ? [`${prefix}${asInt}`] : asDouble !== undefined ? [`${prefix}${fixed(asDouble)}`] : []

const numberLines = (point: NumberPointJson, i: number): string[] => [
  ...pointLines('NumberDataPoints', i, point),
  ...valueLines('Value: ', point),
  ...exemplarLines(point.exemplars),
]

function distributionLines({ count = '0', sum, min, max }: DistributionJson): string[] {
  const optional = (name: string, value: DistributionJson['sum']): string[] =>
    value === undefined ? [] : [`${name}: ${fixed(value)}`]
  return [`Count: ${count}`, ...optional('Sum', sum), ...optional('Min', min), ...optional('Max', max)]
}

const histogramLines = (point: HistogramPointJson, i: number): string[] => [
  ...pointLines('HistogramDataPoints', i, point),
  ...distributionLines(point),
  ...(point.explicitBounds ?? []).map((bound, position) => `ExplicitBounds #${position}: ${fixed(bound)}`),
  ...(point.bucketCounts ?? []).map((count, position) => `Buckets #${position}, Count: ${count}`),
  ...exemplarLines(point.exemplars),
]

function exponentialLines(point: ExponentialPointJson, i: number): string[] {
  const { scale = 0, zeroCount = '0', negative, positive } = point
  const factor = Math.LN2 * 2 ** -scale
  const buckets = (
    { offset = 0, bucketCounts = [] }: BucketsJson = {},
    write: (lower: number, upper: number, count: string) => string,
  ): string[] =>
    bucketCounts.map((count, position) => {
      const index = offset + position
      return write(Math.exp(index * factor), Math.exp((index + 1) * factor), count)
    })
  return [
    ...pointLines('ExponentialHistogramDataPoints', i, point),
    ...distributionLines(point),
    ...buckets(
      negative,
      (lower, upper, count) => `Bucket [${fixed(-upper)}, ${fixed(-lower)}), Count: ${count}`,
    ).reverse(),
    ...(zeroCount === '0' ? [] : [`Bucket [0, 0], Count: ${zeroCount}`]),
    ...buckets(positive, (lower, upper, count) => `Bucket (${fixed(lower)}, ${fixed(upper)}], Count: ${count}`),
    ...exemplarLines(point.exemplars),
  ]
}

const summaryLines = (point: SummaryPointJson, i: number): string[] => [
  ...pointLines('SummaryDataPoints', i, point),
  `Count: ${point.count ?? '0'}`,
  `Sum: ${fixed(point.sum)}`,
  ...(point.quantileValues ?? []).map(
    ({ quantile, value }, position) => `QuantileValue #${position}: Quantile ${fixed(quantile)}, Value ${fixed(value)}`,
  ),
]

function exemplarLines(exemplars: readonly ExemplarJson[] = []): string[] {
  if (exemplars.length === 0) return []
  return [
    'Exemplars:',
    ...exemplars.flatMap((exemplar, i) => [
      `Exemplar #${i}`,
      `     -> Trace ID: ${exemplar.traceId ?? ''}`,
      `     -> Span ID: ${exemplar.spanId ?? ''}`,
      `     -> Timestamp: ${timeOf(exemplar.timeUnixNano)}`,
      ...valueLines('     -> Value: ', exemplar),
      ...attributeLines('     -> FilteredAttributes', exemplar.filteredAttributes),
    ]),
  ]
}
