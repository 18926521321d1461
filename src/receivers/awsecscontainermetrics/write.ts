// A task and its containers as metrics.
import { type Batch, Builder, type Instant, type ResourceWriter } from '../../data/index.ts'
import { isObject, type Json, listIn, textIn } from './json.ts'
import { writeContainerResource, writeTaskResource } from './resource.ts'
import {
  hasStatistics,
  MEASURES,
  type Measure,
  type Usage,
  usageOfContainer,
  usageOfEnded,
  usageOfTask,
} from './usage.ts'

/** `task` and `stats` are what the endpoint says at `/task` and `/task/stats`, the latter by container. */
export function write(task: Json, stats: Json, now: Instant): Batch<'metrics'> {
  const builder = new Builder('metrics')
  const usages: Usage[] = []
  for (const container of (listIn(task, 'Containers') ?? []).filter(isObject)) {
    const id = textIn(container, 'DockerId')
    const statistics = Object.hasOwn(stats, id) ? stats[id] : undefined
    const usage = hasStatistics(statistics) ? usageOfContainer(statistics, container) : undefined
    if (usage !== undefined) usages.push(usage)
    writeUsage(builder, 'container.', usage ?? usageOfEnded(container), now, (resource) =>
      writeContainerResource(resource, container, task),
    )
  }
  writeUsage(builder, 'ecs.task.', usageOfTask(task, usages), now, (resource) => writeTaskResource(resource, task))
  return builder.build()
}

function writeUsage(
  builder: Builder<'metrics'>,
  prefix: string,
  usage: Usage,
  now: Instant,
  writeResource: (resource: ResourceWriter) => void,
): void {
  if (Object.keys(usage).length === 0) return
  builder.resource(writeResource)
  for (const name of Object.keys(MEASURES) as Measure[]) {
    const value = usage[name]
    if (value === undefined) continue
    const { unit, type } = MEASURES[name]
    builder.add((metric) => {
      metric.name(prefix + name)
      metric.unit(unit)
      const writePoint: Parameters<typeof metric.gauge>[0] = (points) =>
        points.add((point) => {
          point.time(now)
          if (typeof value === 'bigint') point.intValue(BigInt.asIntN(64, value))
          else point.value(value)
        })
      if (type === 'gauge') metric.gauge(writePoint)
      else metric.sum('cumulative', false, writePoint)
    })
  }
}
