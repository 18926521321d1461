// The views of a pass and the hooks that get them: the one place that knows which signal has which.
import { LEN } from '../wire/reader.ts'
import { DataPoint, pointShapes } from './datapoint.ts'
import { LOG_ATTRIBUTES, LogRecord } from './logrecord.ts'
import { Message } from './message.ts'
import { METRIC_METADATA, Metric, type MetricType, typeFields } from './metric.ts'
import { Entry, Resource, Scope } from './resource.ts'
import type { Level, Signal } from './signal.ts'
import { SPAN_ATTRIBUTES, Span } from './span.ts'
import type { Splices } from './splices.ts'
import type { AnyVisitor, Context } from './visitors.ts'

/** The flyweights of one pass. Hooks read the fields anew for each node, since debug mode replaces them. */
export interface Views {
  resource: Resource
  scope: Scope
  metric: Metric
  span: Span
  log: LogRecord
  point: DataPoint
  readonly messages: Record<Level, Message>
  /** What is around the resource and the scope. */
  readonly entries: Readonly<Record<'resource' | 'scope', Entry>>
  /** By the field that the points' container has in Metric. */
  setPointType(field: number): void
  renew(level: Level): void
  /** Of the batch at hand; hooks that look at it without one get undefined. */
  context: Context
}

const attributesField: Readonly<Record<Signal, number>> = {
  traces: SPAN_ATTRIBUTES,
  logs: LOG_ATTRIBUTES,
  metrics: 7,
}

/** All flyweights of one signal, over messages that write their edits to `splices`. */
export function createViews(signal: Signal, splices: Splices): Views {
  let pointType: MetricType = 'gauge'
  const create: Record<Level, () => Message> = {
    root: () => new Message(splices, 1),
    resource: () => new Message(splices, 1),
    scope: () => new Message(splices, 3),
    metric: () => new Message(splices, METRIC_METADATA),
    points: () => new Message(splices, 1),
    item: () => new Message(splices, attributesField[signal]),
  }
  const messages = Object.fromEntries(Object.entries(create).map(([level, make]) => [level, make()])) as Record<
    Level,
    Message
  >
  const entries = { resource: new Entry(), scope: new Entry() }
  const { resource, scope, metric, points, item } = messages
  return {
    context: undefined as never,
    messages,
    entries,
    resource: new Resource(resource, entries.resource),
    scope: new Scope(scope, entries.scope),
    metric: new Metric(metric, points),
    span: new Span(item),
    log: new LogRecord(item),
    point: new DataPoint(item, pointType),
    setPointType(field) {
      pointType = typeFields.find(([number]) => number === field)![1]
      this.messages.item.attributesTag = (pointShapes[pointType].attributes << 3) | LEN
      DataPoint.setType(this.point, pointType)
    },
    renew(level) {
      const message = create[level]()
      messages[level] = message
      if (level === 'resource') this.resource = new Resource(message, entries.resource)
      else if (level === 'scope') this.scope = new Scope(message, entries.scope)
      else if (level === 'metric' || level === 'points') this.metric = new Metric(messages.metric, messages.points)
      else if (level === 'item') {
        this.span = new Span(message)
        this.log = new LogRecord(message)
        this.point = new DataPoint(message, pointType)
      }
    },
  }
}

/** A hook with its arguments bound to the views of a pass, and whose it is. */
export interface Hook {
  readonly owner: number
  run(): boolean | void
}

/** What the visitors want to see at that level, in their order. */
export function hooksOf(level: Level, signal: Signal, visitors: readonly AnyVisitor[], views: Views): Hook[] {
  return visitors.flatMap((visitor, owner) => {
    const run = bind(level, signal, visitor, views)
    return run === undefined ? [] : [{ owner, run }]
  })
}

function bind(level: Level, signal: Signal, visitor: AnyVisitor, views: Views): (() => boolean | void) | undefined {
  switch (level) {
    case 'resource':
      return visitor.onResource && (() => visitor.onResource!(views.resource, views.context))
    case 'scope':
      return visitor.onScope && (() => visitor.onScope!(views.scope, views.resource, views.context))
    case 'metric':
      return visitor.onMetric && (() => visitor.onMetric!(views.metric, views.scope, views.resource, views.context))
    case 'item':
      return bindItem(signal, visitor, views)
    default:
      return undefined
  }
}

function bindItem(signal: Signal, visitor: AnyVisitor, views: Views): (() => boolean | void) | undefined {
  switch (signal) {
    case 'traces':
      return visitor.onSpan && (() => visitor.onSpan!(views.span, views.scope, views.resource, views.context))
    case 'logs':
      return visitor.onLog && (() => visitor.onLog!(views.log, views.scope, views.resource, views.context))
    case 'metrics':
      return (
        visitor.onPoint &&
        (() => visitor.onPoint!(views.point, views.metric, views.scope, views.resource, views.context))
      )
  }
}
