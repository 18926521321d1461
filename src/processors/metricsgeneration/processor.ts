import type { BatchProcessor, Consume, Settings } from '../../contract/index.ts'
import type { Batch, Context, DataPoint, MetricPart, ResourcePart, Visitor } from '../../data/index.ts'
import { putTogether, takeApart } from '../../data/index.ts'
import type { MetricsGenerationConfig, Rule } from './config.ts'

/** A batch without the metrics that are asked for goes on as it is. */
export function createMetricsGeneration(
  { rules }: MetricsGenerationConfig,
  settings: Settings,
  next: Consume<'metrics'>,
): BatchProcessor<'metrics'> {
  const ledger = settings.ledger('metrics')
  const names = new Set(rules.map(({ metric1 }) => metric1))
  const generators = rules.map(generator)
  return {
    async consume(batch, context) {
      const more = hasAny(batch, names) ? withGenerated(batch, generators, context) : batch
      await next(more, context)
      if (more.items > batch.items) ledger.created(more.items - batch.items)
    },
  }
}

function hasAny(batch: Batch<'metrics'>, names: ReadonlySet<string>): boolean {
  let isThere = false
  batch.visit({ onMetric: ({ name }) => void (isThere ||= names.has(name)) })
  return isThere
}

type Generate = (resource: ResourcePart, known: ReadonlyMap<string, MetricPart>, context: Context) => void

/** This very batch when nothing comes of it. */
function withGenerated(batch: Batch<'metrics'>, generators: readonly Generate[], context: Context): Batch<'metrics'> {
  const resources = takeApart(batch)
  for (const resource of resources) {
    const known = new Map<string, MetricPart>()
    for (const { metrics } of resource.scopes) for (const metric of metrics) known.set(metric.name, metric)
    for (const generate of generators) generate(resource, known, context)
  }
  const more = putTogether(resources)
  return more.items === batch.items ? batch : more
}

function generator(rule: Rule): Generate {
  const { name, unit, type, metric1, metric2 = '', scale_by = 0 } = rule
  let operand = 0
  const calculate = operations[rule.operation]
  const visitors: readonly Visitor<'metrics'>[] = [
    {
      onPoint(point) {
        const value = calculate(numberIn(point), operand)
        if (value === undefined) return false
        point.doubleValue = value
      },
    },
  ]
  return (resource, known, context) => {
    if (!known.has(metric1)) return
    const second = known.get(metric2)
    if (type === 'calculate' && second === undefined) return
    operand = second === undefined || type === 'scale' ? scale_by : firstValueOf(second)
    // What is added is looked at, too: an earlier rule may have made a metric of that name.
    for (const { metrics } of resource.scopes)
      for (let i = 0; i < metrics.length; i++) {
        const metric = metrics[i]!
        if (metric.name !== metric1 || (metric.type !== 'gauge' && metric.type !== 'sum')) continue
        const points = metric.edit(visitors, context)
        if (points !== undefined && points.items > 0) metrics.push(points.derived({ name, unit, type: metric.type }))
      }
  }
}

/** 0 when it has none. */
function firstValueOf(metric: MetricPart): number {
  let first: number | undefined
  metric.visit({ onPoint: (point) => void (first ??= numberIn(point)) })
  return first ?? 0
}

/** 0 for a point without one. */
const numberIn = (point: DataPoint): number => (point.hasValue ? point.value : 0)

/** Undefined for what has no result. */
const operations: Readonly<Record<Rule['operation'], (a: number, b: number) => number | undefined>> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => (b === 0 ? undefined : a / b),
  percent: (a, b) => (b === 0 ? undefined : (a / b) * 100),
}
