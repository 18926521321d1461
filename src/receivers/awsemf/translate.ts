// Lines as telemetry: each a log record with the line as it came, each metric in each of its dimension sets a data point.
import { NAMESPACE, STORAGE_RESOLUTION, VALUE_COUNT } from '../../aws/cloudwatch/attributes.ts'
import {
  type Batch,
  Builder,
  type ExponentialHistogramPointWriter,
  type Instant,
  instantFromMillis,
  type Points,
  type ResourceWriter,
} from '../../data/index.ts'
import { bucketsOf } from './buckets.ts'
import type { DimensionSet, Directive, EmfLine, EmfMetric, MetricFault } from './line.ts'
import { Times } from './times.ts'
import { unitOf } from './units.ts'

/** Points of one line; and their bytes, nearly. A line of a megabyte could ask for a million times more. */
const MAX_POINTS = 10_000
const MAX_POINT_BYTES = 16 * 1024 * 1024

export class LogTranslation {
  readonly #builder = new Builder('logs')

  add(text: string, line: EmfLine, nowMs: number): void {
    const { timeMs = nowMs } = line
    this.#builder.resource((resource) => writeNames(resource, line))
    this.#builder.add((record) => {
      record.time(instantFromMillis(timeMs))
      record.observedTime(instantFromMillis(nowMs))
      record.body(text)
    })
  }

  get sizeBytes(): number {
    return this.#builder.sizeBytes
  }

  build(): Batch<'logs'> {
    return this.#builder.build()
  }
}

/**
 * Every metric is an exponential histogram of deltas, since a metric of CloudWatch is a distribution: counts and sums add up
 * whoever reads them. What the line says to the letter stands beside the buckets: namespace, storage resolution, and as
 * exemplars the values, where there are several.
 */
export class MetricTranslation {
  readonly #builder = new Builder('metrics')
  readonly #times = new Times()

  add(line: EmfLine, nowMs: number, onFault: (fault: MetricFault, name: string) => void): void {
    const { timeMs = nowMs } = line
    if (isTooMuch(line)) return onFault('too_many_points', line.directives[0]!.namespace)
    for (const directive of line.directives) this.#addDirective(directive, line, timeMs)
  }

  #addDirective({ namespace, dimensionSets, metrics }: Directive, line: EmfLine, timeMs: number): void {
    if (dimensionSets.length === 0 || metrics.length === 0) return
    this.#builder.resource((resource) => {
      resource.attribute(NAMESPACE, namespace)
      writeNames(resource, line)
    })
    const time = this.#times.of(
      timeMs,
      metrics.some(({ isHighResolution }) => isHighResolution),
    )
    for (const metric of metrics)
      this.#builder.add((writer) => {
        writer.name(metric.name)
        writer.unit(unitOf(metric.unit))
        writer.exponentialHistogram('delta', (points) => {
          for (const dimensions of dimensionSets) addPoint(points, metric, dimensions, time)
        })
      })
  }

  get sizeBytes(): number {
    return this.#builder.sizeBytes
  }

  build(): Batch<'metrics'> {
    return this.#builder.build()
  }
}

function addPoint(
  points: Points<ExponentialHistogramPointWriter>,
  { measured, isHighResolution }: EmfMetric,
  dimensions: DimensionSet,
  time: Instant,
): void {
  const { values, counts, sum, isExact } = measured
  const whole = counts.map((count) => Math.max(1, Math.round(count)))
  const { scale, zeroCount, positive, negative } = bucketsOf(values, whole)
  points.add((point) => {
    for (const [name, value] of dimensions) point.attribute(name, value)
    if (isHighResolution) point.attribute(STORAGE_RESOLUTION, 1)
    point.start(time)
    point.time(time)
    point.count(whole.reduce((total, count) => total + count, 0))
    point.sum(sum)
    point.min(values[0]!)
    point.max(values.at(-1)!)
    point.scale(scale)
    point.zeroCount(zeroCount)
    point.positive(positive.offset, positive.counts)
    point.negative(negative.offset, negative.counts)
    if (!isExact || (values.length === 1 && counts[0] === whole[0])) return
    for (const [i, value] of values.entries())
      point.exemplar((exemplar) => {
        exemplar.time(time)
        exemplar.value(value)
        if (counts[i] !== 1) exemplar.filteredAttribute(VALUE_COUNT, counts[i]!)
      })
  })
}

/** The same names that the `awslogs` receiver gives. */
function writeNames(resource: ResourceWriter, { group, stream }: EmfLine): void {
  if (group !== undefined) {
    resource.attribute('aws.log.group.names', [group])
    resource.attribute('cloudwatch.log.group.name', group)
  }
  if (stream !== undefined) {
    resource.attribute('aws.log.stream.names', [stream])
    resource.attribute('cloudwatch.log.stream', stream)
  }
}

function isTooMuch({ directives }: EmfLine): boolean {
  let points = 0
  let sizeBytes = 0
  for (const { dimensionSets, metrics } of directives) {
    points += dimensionSets.length * metrics.length
    let setBytes = 0
    for (const set of dimensionSets) for (const [name, value] of set) setBytes += 16 + 3 * (name.length + value.length)
    let valueBytes = 0
    for (const { measured } of metrics) valueBytes += 400 + 50 * measured.values.length
    sizeBytes += setBytes * metrics.length + valueBytes * dimensionSets.length
  }
  return points > MAX_POINTS || sizeBytes > MAX_POINT_BYTES
}
