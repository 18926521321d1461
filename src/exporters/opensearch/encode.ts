// Which index, which id, which schema: batches as bulk requests.
import type { Settings } from '../../contract/index.ts'
import {
  type Attributes,
  type Batch,
  type Instant,
  instantFromMillis,
  type LogRecord,
  type Resource,
  type Scope,
} from '../../data/index.ts'
import type { Outgoing } from '../../delivery/index.ts'
import { Actions } from '../../search/action.ts'
import { compileIndexName, lookUp, type NameIndex } from '../../search/index-name.ts'
import { type BulkRequest, BulkWriter } from '../../search/request.ts'
import { createSs4oLogs, createSs4oSpans, type Ss4oOptions } from '../../search/ss4o.ts'
import { dateTokens } from '../../search/time-format.ts'
import type { OpenSearchConfig } from './config.ts'

type Encode<S extends 'traces' | 'logs'> = (batch: Batch<S>) => readonly Outgoing<BulkRequest>[]

export function createEncoders(
  config: OpenSearchConfig,
  { clock }: Settings,
): { readonly traces: Encode<'traces'>; readonly logs: Encode<'logs'> } {
  const options: Ss4oOptions = { dataset: config.dataset, namespace: config.namespace, now: () => clock.now() }
  const writer = new BulkWriter(config.max_bulk_size)
  const spans = createSs4oSpans(options)
  const logs = createSs4oLogs(options)
  const beginSpan = beginner('traces', config, writer)
  const beginLog = beginner('logs', config, writer)
  return {
    traces: (batch) =>
      writer.write(() =>
        batch.visit({
          onResource: (resource) => spans.resource(resource),
          onScope: (scope) => spans.scope(scope),
          onSpan(span, scope, resource) {
            beginSpan(span.start, span.attributes, scope, resource)
            spans.write(writer.json, span)
            writer.end()
          },
        }),
      ),
    logs: (batch) =>
      writer.write(() =>
        batch.visit({
          onResource: (resource) => logs.resource(resource),
          onScope: (scope) => logs.scope(scope),
          onLog(record, scope, resource) {
            beginLog(timeOf(record, options), record.attributes, scope, resource)
            logs.write(writer.json, record)
            writer.end()
          },
        }),
      ),
  }
}

/** The event's own; where a record does not have it, when it was seen. */
function timeOf({ time, observedTime }: LogRecord, { now }: Ss4oOptions): Instant {
  if (!time.isZero) return time
  return observedTime.isZero ? instantFromMillis(now()) : observedTime
}

type Begin = (time: Instant, attributes: Attributes, scope: Scope, resource: Resource) => void

function beginner(signal: 'traces' | 'logs', config: OpenSearchConfig, writer: BulkWriter): Begin {
  const actions = new Actions(config.bulk_action)
  const nameIndex = namerOf(signal, config)
  const id = config.document_id_attribute
  return (time, attributes, scope, resource) => {
    const index = nameIndex(time, attributes, scope, resource)
    actions.begin(writer, 1, index, id === '' ? '' : lookUp(id, attributes, scope, resource))
  }
}

function namerOf(signal: 'traces' | 'logs', config: OpenSearchConfig): NameIndex {
  const format = config[`${signal}_index_time_format`]
  return compileIndexName({
    pattern: config[`${signal}_index`] || `ss4o_${signal}-${config.dataset}-${config.namespace}`,
    fallback: config[`${signal}_index_fallback`],
    date: format === '' ? undefined : { separator: '-', format: dateTokens(format) },
  })
}
