// Drafts become batches, grouped by service.
import {
  type Batch,
  Builder,
  type ExponentialHistogramPointWriter,
  type HistogramPointWriter,
  instantFromMillis,
  type NumberPointWriter,
  type Points,
  type Signal,
} from '../data/index.ts'
import { BOUNDS, type Measured, type PointDraft, SCALE } from './measurements.ts'
import type { Service } from './services.ts'
import type { LogDraft, Severity, SpanDraft } from './story.ts'

type ByName = ReadonlyMap<string, Service>

const SCOPE = 'sluice.generate'
const ERROR = 2
const SAMPLED = 1
const SEVERITY_NUMBERS: Readonly<Record<Severity, number>> = { DEBUG: 5, INFO: 9, WARN: 13, ERROR: 17 }

const spans = new Builder('traces')
const logs = new Builder('logs')
const metrics = new Builder('metrics')

export function encodeSpans(drafts: readonly SpanDraft[], services: ByName): Batch<'traces'> {
  for (const [service, own] of byService(drafts)) {
    begin(spans, services.get(service)!)
    for (const draft of own) {
      spans.add((span) => {
        span.traceId(draft.traceId)
        span.spanId(draft.spanId)
        if (draft.parentSpanId !== undefined) span.parentSpanId(draft.parentSpanId)
        span.name(draft.name)
        span.kind(draft.kind)
        span.start(instantFromMillis(draft.startMs))
        span.end(instantFromMillis(draft.endMs))
        span.attributes(draft.attributes)
        const { exception } = draft
        if (exception !== undefined) {
          span.event((event) => {
            event.time(instantFromMillis(exception.atMs))
            event.name('exception')
            event.attribute('exception.type', exception.type)
            event.attribute('exception.message', exception.message)
          })
        }
        if (draft.failedWith !== undefined) span.status(ERROR, draft.failedWith)
        span.flags(SAMPLED)
      })
    }
  }
  return spans.build()
}

export function encodeLogs(drafts: readonly LogDraft[], services: ByName): Batch<'logs'> {
  for (const [service, own] of byService(drafts)) {
    begin(logs, services.get(service)!)
    for (const draft of own) {
      logs.add((log) => {
        const time = instantFromMillis(draft.atMs)
        log.time(time)
        log.observedTime(time)
        log.severityNumber(SEVERITY_NUMBERS[draft.severity])
        log.severityText(draft.severity)
        log.body(draft.body)
        log.attributes(draft.attributes)
        log.flags(SAMPLED)
        log.traceId(draft.traceId)
        log.spanId(draft.spanId)
      })
    }
  }
  return logs.build()
}

export function encodeMetrics(drafts: readonly PointDraft[], services: ByName): Batch<'metrics'> {
  for (const [service, own] of byService(drafts)) {
    begin(metrics, services.get(service)!)
    for (const [metric, points] of Map.groupBy(own, (draft) => draft.metric)) encodeMetric(metric, points)
  }
  return metrics.build()
}

function encodeMetric({ name, description, unit, type }: Measured, drafts: readonly PointDraft[]): void {
  metrics.add((metric) => {
    metric.name(name)
    metric.description(description)
    metric.unit(unit)
    switch (type) {
      case 'counter':
      case 'level':
        metric.sum('cumulative', type === 'counter', (points) => writeNumbers(points, drafts))
        break
      case 'gauge':
        metric.gauge((points) => writeNumbers(points, drafts))
        break
      case 'histogram':
        metric.histogram('cumulative', (points) => writeHistograms(points, drafts))
        break
      case 'exponential':
        metric.exponentialHistogram('cumulative', (points) => writeExponentials(points, drafts))
        break
    }
  })
}

function writeNumbers(points: Points<NumberPointWriter>, drafts: readonly PointDraft[]): void {
  for (const draft of drafts) {
    const { value } = draft
    if (value.type !== 'number') continue
    points.add((point) => {
      writeHead(point, draft)
      if (value.isInteger) point.intValue(value.number)
      else point.value(value.number)
    })
  }
}

function writeHistograms(points: Points<HistogramPointWriter>, drafts: readonly PointDraft[]): void {
  for (const draft of drafts) {
    const { value, exemplar } = draft
    if (value.type !== 'histogram') continue
    points.add((point) => {
      writeHead(point, draft)
      point.count(sum(value.counts))
      point.sum(value.sum)
      point.min(value.min)
      point.max(value.max)
      point.explicitBounds(BOUNDS)
      point.bucketCounts(value.counts)
      if (exemplar !== undefined)
        point.exemplar((writer) => {
          writer.time(instantFromMillis(exemplar.atMs))
          writer.value(exemplar.value)
          writer.traceId(exemplar.traceId)
          writer.spanId(exemplar.spanId)
        })
    })
  }
}

function writeExponentials(points: Points<ExponentialHistogramPointWriter>, drafts: readonly PointDraft[]): void {
  for (const draft of drafts) {
    const { value } = draft
    if (value.type !== 'exponential') continue
    points.add((point) => {
      writeHead(point, draft)
      point.count(sum(value.counts))
      point.sum(value.sum)
      point.scale(SCALE)
      point.positive(value.offset, value.counts)
    })
  }
}

function writeHead(point: Pick<NumberPointWriter, 'start' | 'time' | 'attributes'>, draft: PointDraft): void {
  point.start(instantFromMillis(draft.startMs))
  point.time(instantFromMillis(draft.atMs))
  point.attributes(draft.attributes)
}

function begin(builder: Pick<Builder<Signal>, 'resource' | 'scope'>, { resource }: Service): void {
  builder.resource((writer) => writer.attributes(resource))
  builder.scope((scope) => scope.name(SCOPE))
}

/** In the order in which the services first appear. */
const byService = <T extends { readonly service: string }>(drafts: readonly T[]): Map<string, T[]> =>
  Map.groupBy(drafts, ({ service }) => service)

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
