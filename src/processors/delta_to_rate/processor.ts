import type { BatchProcessor, Consume, Settings } from '../../contract/index.ts'
import type { Batch, Context, DataPoint, MetricPart, Visitor } from '../../data/index.ts'
import { putTogether, takeApart } from '../../data/index.ts'
import type { DeltaToRateConfig } from './config.ts'

/** A batch without the metrics that are meant goes on as it is. */
export function createDeltaToRate(
  { metrics }: DeltaToRateConfig,
  { log }: Settings,
  next: Consume<'metrics'>,
): BatchProcessor<'metrics'> {
  const names = new Set(metrics)
  return {
    consume(batch, context) {
      return next(hasAny(batch, names) ? converted(batch, context) : batch, context)
    },
  }

  function converted(batch: Batch<'metrics'>, context: Context): Batch<'metrics'> {
    const resources = takeApart(batch)
    for (const { scopes } of resources)
      for (const scope of scopes)
        for (const [i, metric] of scope.metrics.entries()) scope.metrics[i] = rateOf(metric, context)
    return putTogether(resources)
  }

  function rateOf(metric: MetricPart, context: Context): MetricPart {
    if (!names.has(metric.name)) return metric
    if (!isDeltaSum(metric)) {
      log.info('a metric is no delta sum and stays as it is', { metric: metric.name })
      return metric
    }
    return metric.edit(toRate, context)!.retyped('gauge')
  }
}

function hasAny(batch: Batch<'metrics'>, names: ReadonlySet<string>): boolean {
  let isThere = false
  batch.visit({ onMetric: ({ name }) => void (isThere ||= names.has(name)) })
  return isThere
}

function isDeltaSum(metric: MetricPart): boolean {
  let isDelta = false
  metric.visit({ onMetric: ({ type, temporality }) => void (isDelta = type === 'sum' && temporality === 'delta') })
  return isDelta
}

const toRate: readonly Visitor<'metrics'>[] = [
  {
    onMetric(metric) {
      if (metric.unit !== '') metric.unit = `${metric.unit}/s`
    },
    onPoint(point) {
      const seconds = secondsOf(point)
      if (point.hasValue) point.doubleValue = seconds > 0 ? point.value / seconds : 0
    },
  },
]

/** What a point covers. */
function secondsOf({ start, time }: DataPoint): number {
  const seconds = time.seconds - start.seconds
  const nanos = time.nanos - start.nanos
  return nanos < 0 ? seconds - 1 + (nanos + 1e9) / 1e9 : seconds + nanos / 1e9
}
