import type { BatchProcessor, Consume, ItemProcessor, Ledger, Settings } from '../../contract/index.ts'
import {
  type Batch,
  type Context,
  concat,
  type MetricPart,
  putTogether,
  type ResourcePart,
  takeApart,
} from '../../data/index.ts'
import type { Work } from './change.ts'
import type { MetricsTransformConfig } from './config.ts'
import { isSimple, simpleVisitor } from './simple.ts'
import { createStep, type Step } from './steps.ts'

/** The reason of points whose label had a value that was to go. */
const DROP_REASON = 'label_value'

/** Metric by metric where that is enough, which is a matter of the config; else scope by scope. */
export function createMetricsTransform(
  config: MetricsTransformConfig,
  settings: Settings,
  next: Consume<'metrics'>,
): ItemProcessor<'metrics'> | BatchProcessor<'metrics'> {
  const { version } = settings.agent
  if (config.transforms.every(isSimple))
    return { visitor: simpleVisitor(config.transforms, version), dropReason: DROP_REASON }
  return { consume: consuming(config, settings, next) }
}

function consuming(
  config: MetricsTransformConfig,
  { log, agent, ledger: ledgerOf }: Settings,
  next: Consume<'metrics'>,
): Consume<'metrics'> {
  const steps = config.transforms.map((transform) => createStep(transform, agent.version))
  const ledger = ledgerOf('metrics')
  return async (batch, context) => {
    if (!hasAny(batch, steps)) return next(batch, context)
    const work: Work = {
      context,
      created: 0,
      merged: 0,
      dropped: 0,
      complain: (why, metric) => log.warn('a metric cannot be transformed', { metric, why }),
    }
    const transformed = transform(batch, steps, work)
    if (transformed.items > 0) await next(transformed, context)
    book(ledger, work)
  }
}

/** What a refused batch would have become has not been. */
function book(ledger: Ledger, { created, merged, dropped }: Work): void {
  if (created > 0) ledger.created(created)
  if (merged > 0) ledger.merged(merged)
  if (dropped > 0) ledger.dropped(dropped, DROP_REASON)
}

/** A name that a transform gives is only given to a metric that some transform is about. */
function hasAny(batch: Batch<'metrics'>, steps: readonly Step[]): boolean {
  let isThere = false
  batch.visit({ onMetric: ({ name }) => void (isThere ||= steps.some(({ filter }) => filter.matches(name))) })
  return isThere
}

function transform(batch: Batch<'metrics'>, steps: readonly Step[], work: Work): Batch<'metrics'> {
  const groups: Batch<'metrics'>[] = []
  const resources = takeApart(batch)
  for (const resource of resources)
    for (const scope of resource.scopes) {
      let metrics: readonly MetricPart[] = [...scope.metrics]
      for (const step of steps)
        metrics = step.run(metrics, work, (taken, labels) => {
          groups.push(underLabels({ ...resource, scopes: [{ ...scope, metrics: [...taken] }] }, labels, work.context))
        })
      scope.metrics.length = 0
      for (const metric of metrics) scope.metrics.push(metric)
    }
  return concat([putTogether(resources), ...groups])
}

function underLabels(resource: ResourcePart, labels: ReadonlyMap<string, string>, context: Context): Batch<'metrics'> {
  return putTogether([resource]).rewrite(
    [
      {
        onResource({ attributes }) {
          for (const [key, value] of labels) attributes.set(key, value)
        },
      },
    ],
    context,
  )
}
