import type { BatchProcessor, Consume, Settings } from '../../contract/index.ts'
import type { DataPoint, Instant, Visitor } from '../../data/index.ts'
import { instantFromMillis } from '../../data/index.ts'
import { MetricStreams, type Stream } from '../../series/index.ts'
import type { CumulativeToDeltaConfig } from './config.ts'
import { type Cumulative, type Fault, read, subtract } from './delta.ts'
import { observeStreams } from './metrics.ts'
import { selecting } from './select.ts'

/** Why a point does not go on. */
type Reason = Fault | 'initial' | 'out_of_order' | 'no_recorded_value'

/**
 * Works on batches, since it remembers them: what a refused batch has changed is taken back, so that it can be sent
 * again.
 */
export function createCumulativeToDelta(
  config: CumulativeToDeltaConfig,
  settings: Settings,
  next: Consume<'metrics'>,
): BatchProcessor<'metrics'> {
  const ledger = settings.ledger('metrics')
  const streams = new MetricStreams<Cumulative>(settings.clock, {
    maxStreams: config.max_streams,
    maxStalenessMs: config.max_staleness,
    writeIdentity(point, out) {
      out.byte(point.isInt ? 1 : 0)
      out.instant(point.start)
    },
  })
  observeStreams(settings, streams)
  const state: Visit = { changes: new Changes(), dropped: new Map() }
  const visitors = [converting(config, settings, streams, state)]
  return {
    async consume(batch, context) {
      const changes = new Changes()
      const dropped = new Map<Reason, number>()
      state.changes = changes
      state.dropped = dropped
      const left = batch.rewrite(visitors, context)
      try {
        if (left.items > 0) await next(left, context)
      } catch (error) {
        changes.undo()
        throw error
      }
      for (const [reason, items] of dropped) ledger.dropped(items, reason)
    },
  }
}

/** What belongs to the batch under the visit. */
interface Visit {
  changes: Changes
  dropped: Map<Reason, number>
}

function converting(
  config: CumulativeToDeltaConfig,
  { clock, log }: Settings,
  streams: MetricStreams<Cumulative>,
  visit: Visit,
): Visitor<'metrics'> {
  const isSelected = selecting(config)
  const begun = instantFromMillis(clock.now())
  const { initial_value } = config
  let isConverted = false
  const drop = (reason: Reason): false => {
    visit.dropped.set(reason, (visit.dropped.get(reason) ?? 0) + 1)
    return false
  }
  return {
    onResource: () => streams.nextResource(),
    onScope: () => streams.nextScope(),
    onMetric(metric) {
      streams.nextMetric()
      isConverted = isSelected(metric)
      if (isConverted) metric.temporality = 'delta'
    },
    onPoint(point, metric, scope, resource) {
      if (!isConverted) return
      if (point.hasNoRecordedValue) return drop('no_recorded_value')
      if (point.type === 'sum' && Number.isNaN(point.value)) return
      const stream = streams.of(point, metric, scope, resource)
      const before = stream.value
      if (before !== undefined && isBefore(point.time, before.time)) return drop('out_of_order')
      const now = read(point, before)
      visit.changes.set(stream, now)
      if (before === undefined) {
        if (!isSent(point, initial_value, begun)) return drop('initial')
      } else {
        const fault = subtract(point, now, before)
        if (fault === 'bucket_mismatch') log.warn('a histogram changes its buckets', { metric: metric.name })
        if (fault !== undefined) return drop(fault)
        point.start = before.time
      }
      // Those of the time since the start say nothing about a part of it.
      if (point.type !== 'sum') point.min = point.max = undefined
    },
  }
}

/** What a stream has counted before anybody looked may have been counted by somebody else. */
function isSent({ start, time }: DataPoint, rule: CumulativeToDeltaConfig['initial_value'], begun: Instant): boolean {
  switch (rule) {
    case 'keep':
      return true
    case 'drop':
      return false
    case 'auto':
      return !isBefore(start, begun) && (isBefore(start, time) || isBefore(time, start))
  }
}

const isBefore = (a: Instant, b: Instant): boolean =>
  a.seconds < b.seconds || (a.seconds === b.seconds && a.nanos < b.nanos)

/** What a batch has changed in the memory of streams, to be taken back when nobody takes the batch. */
class Changes {
  readonly #streams: Stream<Cumulative>[] = []
  readonly #before: (Cumulative | undefined)[] = []
  readonly #after: Cumulative[] = []

  set(stream: Stream<Cumulative>, value: Cumulative): void {
    this.#streams.push(stream)
    this.#before.push(stream.value)
    this.#after.push(value)
    stream.value = value
  }

  /** The last first. What a later batch has gone on from stays. */
  undo(): void {
    for (let i = this.#streams.length - 1; i >= 0; i--) {
      const stream = this.#streams[i]!
      if (stream.value === this.#after[i]) stream.value = this.#before[i]
    }
  }
}
