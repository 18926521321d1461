// Points that share an event: of the same labels, the same time and the same type.
import type { Distribution, Statistics } from '../../aws/cloudwatch/distribution.ts'
import type { MetricType } from '../../data/index.ts'
import type { Labels } from './labels.ts'
import type { KnownMetric } from './metrics.ts'

export type MetricValue = number | Statistics | Distribution

/** CloudWatch makes no more metrics of an event. */
const MAX_METRICS = 100
/** How many groups of the same labels are looked through for the right one; more times than these share no events. */
const MAX_LOOKS = 8

/** One metric of an event. */
export class EventMetric {
  readonly metric: KnownMetric
  readonly value: MetricValue
  /** How many points it tells of: one that has become several events counts in the first. */
  readonly items: number
  next: EventMetric | undefined = undefined

  constructor(metric: KnownMetric, value: MetricValue, items: number) {
    this.metric = metric
    this.value = value
    this.items = items
  }
}

/** One event. (Lists of it are linked: arrays would be most of what it weighs.) */
export class EventGroup {
  readonly labels: Labels
  readonly timeMs: number
  readonly type: MetricType
  /** Where it goes. */
  readonly stream: number
  readonly first: EventMetric
  size = 1
  /** The group of the same labels that was opened before. */
  before: EventGroup | undefined
  #last: EventMetric

  constructor(labels: Labels, timeMs: number, type: MetricType, stream: number, first: EventMetric) {
    this.labels = labels
    this.timeMs = timeMs
    this.type = type
    this.stream = stream
    this.first = first
    this.#last = first
    this.before = labels.last
  }

  /** False when it has such a metric already, or as many as fit. */
  add(metric: KnownMetric, value: MetricValue, items: number): boolean {
    if (this.size === MAX_METRICS) return false
    for (let known: EventMetric | undefined = this.first; known !== undefined; known = known.next)
      if (known.metric.name === metric.name) return false
    this.#last = this.#last.next = new EventMetric(metric, value, items)
    this.size++
    return true
  }
}

/** The groups of one batch after the other. */
export class EventGroups {
  #groups: EventGroup[] = []

  /** False when no group has room for the metric: then one must be opened. */
  add(
    labels: Labels,
    timeMs: number,
    type: MetricType,
    metric: KnownMetric,
    value: MetricValue,
    items: number,
  ): boolean {
    let group = labels.last
    for (let looks = 0; group !== undefined && looks < MAX_LOOKS; group = group.before, looks++)
      if (group.timeMs === timeMs && group.type === type) return group.add(metric, value, items)
    return false
  }

  /** From now on it is the one for its labels, time and type. */
  open(group: EventGroup): void {
    this.#groups.push(group)
    group.labels.last = group
  }

  /** In the order in which they were opened; begins anew. */
  take(): readonly EventGroup[] {
    const groups = this.#groups
    // Labels live long: what hangs on them would grow old with them.
    for (const group of groups) group.labels.last = group.before = undefined
    this.#groups = []
    return groups
  }
}
