// Measures as metrics: each set of them has a resource of its own, whose attributes awsemf makes the fields of an event.
import { type Batch, Builder, type Instant } from '../../data/index.ts'
import { isWhole, type Measures, unitOf } from './measures.ts'

export type Type = 'Instance' | 'InstanceNet' | 'InstanceFS' | 'InstanceDiskIO'
export interface Group {
  readonly type: Type
  /** Beside those that all have. */
  readonly attributes: Readonly<Record<string, string>>
  readonly measures: Measures
}

const PREFIXES: Readonly<Record<Type, string>> = {
  Instance: 'instance_',
  InstanceNet: 'instance_interface_',
  InstanceFS: 'instance_',
  InstanceDiskIO: 'instance_',
}
/** The collector's words for where these come from; who looks for events by them finds them. */
const SOURCES: Readonly<Record<Type, readonly string[]>> = {
  Instance: ['cadvisor', '/proc', 'ecsagent', 'calculated'],
  InstanceNet: ['cadvisor', 'calculated'],
  InstanceFS: ['cadvisor', 'calculated'],
  InstanceDiskIO: ['cadvisor'],
}

/** `common` are attributes; those that are empty are left out. A group of nothing is, too. */
export function write(
  groups: readonly Group[],
  common: Readonly<Record<string, string>>,
  now: Instant,
): Batch<'metrics'> {
  const builder = new Builder('metrics')
  for (const { type, attributes, measures } of groups) {
    if (measures.size === 0) continue
    builder.resource((resource) => {
      for (const [key, value] of Object.entries({ ...common, ...attributes }))
        if (value !== '') resource.attribute(key, value)
      resource.attribute('Type', type)
      resource.attribute('Version', '0')
      resource.attribute('Sources', JSON.stringify(SOURCES[type]))
      resource.attribute('Timestamp', String(now.millis))
    })
    for (const [name, value] of measures)
      builder.add((metric) => {
        metric.name(PREFIXES[type] + name)
        const unit = unitOf(name)
        if (unit !== '') metric.unit(unit)
        metric.gauge((points) =>
          points.add((point) => {
            point.time(now)
            if (isWhole(name)) point.intValue(BigInt(value))
            else point.value(value)
          }),
        )
      })
  }
  return builder.build()
}
