// What an interval has gathered, as metrics.
import { type Batch, Builder, type Instant, instantFromMillis, type Key, type MetricWriter } from '../../data/index.ts'
import type { Metric } from './aggregation.ts'
import { quantilesOf } from './samples.ts'
import type { Gathered, Series } from './series.ts'

/** The collector's, so that whoever filters by it goes on. */
const SCOPE = 'github.com/open-telemetry/opentelemetry-collector-contrib/receiver/statsdreceiver'

export interface Interval {
  readonly startMs: number
  readonly endMs: number
}

export interface WriteSettings {
  readonly version: string
  readonly isMonotonic: boolean
}

/** A batch has about so many points: what comes behind need not cut them. */
export const MAX_POINTS = 8192

/** The metrics of one sender. */
export function* write(
  metrics: ReadonlyMap<Metric, readonly Series[]>,
  interval: Interval,
  { version, isMonotonic }: WriteSettings,
): Generator<Batch<'metrics'>> {
  const builder = new Builder('metrics')
  const begin = (): void => {
    builder.resource(() => {})
    builder.scope((scope) => {
      scope.name(SCOPE)
      scope.version(version)
    })
  }
  const times = { start: instantFromMillis(interval.startMs), end: instantFromMillis(interval.endMs) }
  begin()
  for (const [{ name }, all] of metrics)
    for (let from = 0; from < all.length; from += MAX_POINTS) {
      if (builder.items >= MAX_POINTS) {
        yield builder.build()
        begin()
      }
      builder.add((metric) => {
        metric.name(name)
        writePoints(metric, all.slice(from, from + MAX_POINTS), times, isMonotonic)
      })
    }
  yield builder.build()
}

interface Times {
  readonly start: Instant
  readonly end: Instant
}

interface AnyPoint {
  attribute(key: Key | string, value: string): void
  start(start: Instant): void
  time(time: Instant): void
}

/** Series of one metric gather alike: what becomes of them depends on type and name. */
function writePoints(metric: MetricWriter, all: readonly Series[], times: Times, isMonotonic: boolean): void {
  const kind = all[0]!.gathered.kind
  switch (kind) {
    case 'counter':
      return metric.sum('delta', isMonotonic, (points) =>
        eachOf(all, kind, (series, { sum, isWhole }) =>
          points.add((point) => {
            writeFrame(point, series, times)
            if (isWhole) point.intValue(wholeOf(sum))
            else point.value(sum)
          }),
        ),
      )
    case 'gauge':
      return metric.gauge((points) =>
        eachOf(all, kind, (series, { value, timeMs }) =>
          points.add((point) => {
            writeAttributes(point, series)
            point.time(instantFromMillis(series.timeMs || timeMs))
            point.value(value)
          }),
        ),
      )
    case 'distinct':
      return metric.gauge((points) =>
        eachOf(all, kind, (series, { texts }) =>
          points.add((point) => {
            writeAttributes(point, series)
            point.time(times.end)
            point.intValue(texts.size)
          }),
        ),
      )
    case 'each':
      return metric.gauge((points) =>
        eachOf(all, kind, (series, { samples }) => {
          for (let i = 0; i < samples.size; i++)
            points.add((point) => {
              writeAttributes(point, series)
              point.time(instantFromMillis(samples.others[i]!))
              point.value(samples.values[i]!)
            })
        }),
      )
    case 'summary':
    case 'exponential':
    case 'explicit':
      return writeDistributions(metric, kind, all, times)
  }
}

function writeDistributions(
  metric: MetricWriter,
  kind: 'summary' | 'exponential' | 'explicit',
  all: readonly Series[],
  times: Times,
): void {
  switch (kind) {
    case 'summary':
      return metric.summary((points) =>
        eachOf(all, kind, (series, { samples, percentiles }) =>
          points.add((point) => {
            writeFrame(point, series, times)
            const { count, sum, values } = quantilesOf(samples, percentiles)
            point.count(count)
            point.sum(sum)
            for (const [i, value] of values.entries()) point.quantileValue(percentiles[i]! / 100, value)
          }),
        ),
      )
    case 'exponential':
      return metric.exponentialHistogram('delta', (points) =>
        eachOf(all, kind, (series, { histogram }) =>
          points.add((point) => {
            writeFrame(point, series, times)
            writeTotals(point, histogram)
            point.scale(histogram.scale)
            point.zeroCount(histogram.zeroCount)
            point.positive(histogram.positive.offset, histogram.positive.counts)
            point.negative(histogram.negative.offset, histogram.negative.counts)
          }),
        ),
      )
    case 'explicit':
      return metric.histogram('delta', (points) =>
        eachOf(all, kind, (series, explicit) =>
          points.add((point) => {
            writeFrame(point, series, times)
            writeTotals(point, explicit)
            point.bucketCounts(explicit.counts)
            point.explicitBounds(explicit.bounds)
          }),
        ),
      )
  }
}

function eachOf<K extends Gathered['kind']>(
  all: readonly Series[],
  kind: K,
  run: (series: Series, gathered: Extract<Gathered, { readonly kind: K }>) => void,
): void {
  for (const series of all) {
    const gathered = series.unwritten ?? series.gathered
    if (isKind(gathered, kind)) run(series, gathered)
  }
}

const isKind = <K extends Gathered['kind']>(
  gathered: Gathered,
  kind: K,
): gathered is Extract<Gathered, { readonly kind: K }> => gathered.kind === kind

/** Attributes and times; a point with a time of its own does not begin after it. */
function writeFrame(point: AnyPoint, series: Series, { start, end }: Times): void {
  writeAttributes(point, series)
  if (series.timeMs === 0) {
    point.start(start)
    point.time(end)
    return
  }
  const time = instantFromMillis(series.timeMs)
  point.start(time.seconds < start.seconds ? time : start)
  point.time(time)
}

function writeAttributes(point: AnyPoint, { attributes }: Series): void {
  for (const { key, value } of attributes) point.attribute(key, value)
}

interface Totals {
  readonly count: number
  readonly sum: number
  readonly min: number
  readonly max: number
}

function writeTotals(
  point: { count(count: number): void; sum(sum: number): void; min(min: number): void; max(max: number): void },
  { count, sum, min, max }: Totals,
): void {
  point.count(count)
  point.sum(sum)
  if (count === 0) return
  point.min(min)
  point.max(max)
}

const MAX_INT64 = 2n ** 63n - 1n

/** What 64 bits hold of it. */
function wholeOf(sum: number): number | bigint {
  if (Number.isSafeInteger(sum)) return sum
  const whole = BigInt(sum)
  return whole > MAX_INT64 ? MAX_INT64 : whole < -MAX_INT64 ? -MAX_INT64 : whole
}
