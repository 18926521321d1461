// Which index, which id, which documents: batches as bulk requests.
import type { Settings } from '../../contract/index.ts'
import {
  type Attributes,
  type Batch,
  type Instant,
  instantFromMillis,
  type LogRecord,
  type Resource,
  type Scope,
  type Signal,
} from '../../data/index.ts'
import type { Drop, Outgoing } from '../../delivery/index.ts'
import { Actions } from '../../search/action.ts'
import { compileIndexName, compileLookUp, type NameIndex } from '../../search/index-name.ts'
import { type BulkRequest, BulkWriter } from '../../search/request.ts'
import { dateTokens } from '../../search/time-format.ts'
import type { OpenSearchConfig } from './config.ts'
import { createModes, defaultIndexOf } from './modes.ts'

export type Encoders = { readonly [S in Signal]: (batch: Batch<S>, drop: Drop) => readonly Outgoing<BulkRequest>[] }

/** `fields` are the names that mapping::fields and mapping::file give. */
export function createEncoders(
  config: OpenSearchConfig,
  fields: Readonly<Record<string, string>>,
  { clock }: Settings,
): Encoders {
  const now = (): number => clock.now()
  const writer = new BulkWriter(config.max_bulk_size)
  const { traces, logs, metrics } = createModes(config, fields, now)
  const begin = {
    traces: beginner('traces', config),
    logs: beginner('logs', config),
    metrics: beginner('metrics', config),
  }
  return {
    traces: (batch, drop) =>
      writer.write((document) =>
        batch.visit({
          onResource: (resource) => traces.resource(resource),
          onScope: (scope) => traces.scope(scope),
          onSpan(span, scope, resource) {
            begin.traces(writer, span.start, span.attributes, scope, resource)
            document(traces.write(writer.json, span), drop)
          },
        }),
      ),
    logs: (batch, drop) =>
      writer.write((document) =>
        batch.visit({
          onResource: (resource) => logs.resource(resource),
          onScope: (scope) => logs.scope(scope),
          onLog(record, scope, resource) {
            begin.logs(writer, timeOf(record, now), record.attributes, scope, resource)
            document(logs.write(writer.json, record), drop)
          },
        }),
      ),
    metrics: (batch) =>
      writer.write(() =>
        batch.visit({
          onResource: (resource) => metrics.resource(resource),
          onScope: (scope) => metrics.scope(scope),
          onPoint(point, metric, scope, resource) {
            begin.metrics(writer, point.time, point.attributes, scope, resource)
            metrics.write(writer.json, point, metric)
            writer.end()
          },
        }),
      ),
  }
}

/** The event's own; where a record does not have it, when it was seen. */
function timeOf({ time, observedTime }: LogRecord, now: () => number): Instant {
  if (!time.isZero) return time
  return observedTime.isZero ? instantFromMillis(now()) : observedTime
}

type Begin = (writer: BulkWriter, time: Instant, attributes: Attributes, scope: Scope, resource: Resource) => void

function beginner(signal: Signal, config: OpenSearchConfig): Begin {
  const actions = new Actions(config.bulk_action)
  const nameIndex = namerOf(signal, config)
  const idAttribute = config.document_id_attribute
  const idOf = idAttribute === '' ? () => '' : compileLookUp(idAttribute)
  return (writer, time, attributes, scope, resource) => {
    const index = nameIndex(time, attributes, scope, resource)
    actions.begin(writer, 1, index, idOf(attributes, scope, resource))
  }
}

function namerOf(signal: Signal, config: OpenSearchConfig): NameIndex {
  const format = config[`${signal}_index_time_format`]
  return compileIndexName({
    pattern: config[`${signal}_index`] || defaultIndexOf(signal, config),
    fallback: config[`${signal}_index_fallback`],
    date: format === '' ? undefined : { separator: '-', format: dateTokens(format) },
  })
}
