// Which index, which id, which documents: batches as bulk requests.
import type { Settings } from '../../contract/index.ts'
import {
  type Attributes,
  type Batch,
  type Context,
  type Instant,
  instantFromMillis,
  type LogRecord,
  type Resource,
  type Scope,
  type Signal,
} from '../../data/index.ts'
import type { Drop, Outgoing } from '../../delivery/index.ts'
import { Actions } from '../../search/action.ts'
import { flatKeyOf } from '../../search/flat-key.ts'
import { type BulkRequest, BulkWriter } from '../../search/request.ts'
import type { ElasticsearchConfig } from './config.ts'
import { HINT, Hints } from './hints.ts'
import { type Mode, Modes } from './modes.ts'
import { PointGroups, type RoutedGroup } from './point-groups.ts'
import { type Route, type RouteOptions, Router } from './route.ts'

export type Encode<S extends Signal> = (
  batch: Batch<S>,
  drop: Drop,
  metadata: Context['metadata'],
) => readonly Outgoing<BulkRequest>[]

export function encodeLogs(config: ElasticsearchConfig, { clock }: Settings): Encode<'logs'> {
  const now = (): number => clock.now()
  const writer = new BulkWriter(config.flush.bytes)
  const modes = new Modes('logs', config, now)
  const target = new Target('logs', config)
  const hasId = config.logs_dynamic_id.enabled
  const hasPipeline = config.logs_dynamic_pipeline.enabled
  return (batch, drop, metadata) =>
    writer.write((document) => {
      modes.batch(metadata)
      batch.visit({
        onResource: (resource) => modes.resource(resource),
        onScope(scope, resource) {
          modes.scope(scope)
          target.scope(scope, resource)
        },
        onLog(record, scope, resource) {
          const mode = modes.current
          if (typeof mode === 'string') return drop(1, mode)
          const { attributes } = record
          const route = target.route(mode.options, timeOf(record, now), attributes, scope, resource)
          target.begin(writer, 1, mode, route, {
            id: hasId ? target.hints.text(HINT.ID) : '',
            pipeline: hasPipeline ? pipelineOf(target.hints) : '',
          })
          document(mode.documents.write(writer.json, record, route.stream), drop)
        },
      })
    })
}

export function encodeTraces(config: ElasticsearchConfig, { clock }: Settings): Encode<'traces'> {
  const writer = new BulkWriter(config.flush.bytes)
  const modes = new Modes('traces', config, () => clock.now())
  const target = new Target('traces', config)
  /** In the mode `otel` the events of spans are log records. */
  const events = new Target('logs', config)
  const hasId = config.traces_dynamic_id.enabled
  return (batch, drop, metadata) =>
    writer.write((document) => {
      modes.batch(metadata)
      batch.visit({
        onResource: (resource) => modes.resource(resource),
        onScope(scope, resource) {
          modes.scope(scope)
          target.scope(scope, resource)
          events.scope(scope, resource)
        },
        onSpan(span, scope, resource) {
          const mode = modes.current
          if (typeof mode === 'string') return drop(1, mode)
          const { documents, options } = mode
          const route = target.route(options, span.start, span.attributes, scope, resource)
          target.begin(writer, 1, mode, route, { id: hasId ? target.hints.text(HINT.ID) : '' })
          document(documents.write(writer.json, span, route.stream), drop)
          if (documents.writeEvent === undefined || !span.hasEvents) return
          span.eachEvent((event) => {
            const place = events.route(options, event.time, event.attributes, scope, resource)
            events.begin(writer, 0, mode, place)
            documents.writeEvent!(writer.json, event, span, place.stream)
            writer.end()
          })
        },
      })
    })
}

export function encodeMetrics(config: ElasticsearchConfig, { clock }: Settings): Encode<'metrics'> {
  const writer = new BulkWriter(config.flush.bytes)
  const modes = new Modes('metrics', config, () => clock.now())
  const target = new Target('metrics', config)
  const groups = new PointGroups()
  const write = (group: RoutedGroup): void => {
    const mode = modes.current
    if (typeof mode === 'string') return
    target.begin(writer, group.names.length, mode, group.route, { group })
    mode.documents.write(writer.json, group.head, group)
    writer.end()
  }
  return (batch, drop, metadata) => {
    groups.drain(() => {})
    return writer.write(() => {
      modes.batch(metadata)
      batch.visit({
        onResource(resource) {
          groups.drain(write)
          modes.resource(resource)
        },
        onScope(scope, resource) {
          groups.drain(write)
          modes.scope(scope)
          target.scope(scope, resource)
        },
        onPoint(point, metric, scope, resource) {
          const mode = modes.current
          if (typeof mode === 'string') return drop(1, mode)
          const route = target.route(mode.options, point.time, point.attributes, scope, resource)
          const problem = groups.add(mode.documents, point, metric, route, target.hints)
          if (problem !== undefined) drop(1, problem)
        },
      })
      groups.drain(write)
    })
  }
}

/** The event's own; where a record does not have it, when it was seen. */
function timeOf({ time, observedTime }: LogRecord, now: () => number): Instant {
  if (!time.isZero) return time
  return observedTime.isZero ? instantFromMillis(now()) : observedTime
}

const pipelineOf = (hints: Hints): string => hints.text(HINT.PIPELINE) || hints.text(HINT.OLD_PIPELINE)

/** Where the documents of one signal go, and their action lines. */
class Target {
  /** Of the item whose route was asked for last. */
  readonly hints = new Hints()
  readonly #router: Router
  readonly #actions: Actions

  constructor(signal: Signal, config: ElasticsearchConfig) {
    this.#router = new Router(signal, config)
    this.#actions = new Actions(config.bulk_action)
  }

  scope(scope: Scope, resource: Resource): void {
    this.#router.scope(scope, resource)
  }

  route(options: RouteOptions, time: Instant, attributes: Attributes, scope: Scope, resource: Resource): Route {
    this.hints.open(attributes)
    return this.#router.route(options, time, this.hints, attributes, scope, resource)
  }

  begin(
    writer: BulkWriter,
    weight: number,
    { options }: Mode<unknown>,
    { index, stream }: Route,
    { id = '', pipeline = '', group }: { id?: string; pipeline?: string; group?: RoutedGroup } = {},
  ): void {
    // Elastic's templates for these make data streams; an index of that name would take everything for texts.
    const parameters = stream !== undefined && options.isOtel ? parametersOf(group) : undefined
    this.#actions.begin(writer, weight, index, id, pipeline, parameters)
  }
}

const DATA_STREAM = Buffer.from('"require_data_stream":true')

/** Of metrics also how each field is mapped: the templates know the names of these ways. */
function parametersOf(group: RoutedGroup | undefined): Buffer {
  if (group === undefined) return DATA_STREAM
  const templates = group.names.map((name, i) => [`metrics.${flatKeyOf(name).text}`, group.templates[i]])
  return Buffer.from(`"require_data_stream":true,"dynamic_templates":${JSON.stringify(Object.fromEntries(templates))}`)
}
