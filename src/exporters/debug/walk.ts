// From a batch to lines: OTLP/JSON is read level by level, a format says what to write about each.
import { type Batch, encodeOtlpJson, type Signal } from '../../data/index.ts'
import type { LogRecordJson, MetricJson, ResourceEntry, ResourceJson, ScopeEntry, SpanJson } from './otlp.ts'

export interface Format {
  resource(signal: Signal, position: number, resource: ResourceJson | undefined, schemaUrl: string): string[]
  scope(signal: Signal, position: number, scope: ScopeEntry<unknown>['scope'], schemaUrl: string): string[]
  span(position: number, span: SpanJson): string[]
  logRecord(position: number, record: LogRecordJson): string[]
  metric(position: number, metric: MetricJson): string[]
}

/** Each line ended. */
export function write(batch: Batch, format: Format): string {
  const message: {
    readonly resourceSpans?: readonly ResourceEntry<SpanJson>[]
    readonly resourceMetrics?: readonly ResourceEntry<MetricJson>[]
    readonly resourceLogs?: readonly ResourceEntry<LogRecordJson>[]
  } = JSON.parse(encodeOtlpJson(batch).toString())
  const lines = [
    ...entries('traces', message.resourceSpans, format, format.span),
    ...entries('metrics', message.resourceMetrics, format, format.metric),
    ...entries('logs', message.resourceLogs, format, format.logRecord),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

function* entries<Item>(
  signal: Signal,
  resources: readonly ResourceEntry<Item>[] = [],
  format: Format,
  write: (position: number, item: Item) => string[],
): Generator<string> {
  for (const [i, { resource, schemaUrl = '', scopeSpans, scopeMetrics, scopeLogs }] of resources.entries()) {
    yield* format.resource(signal, i, resource, schemaUrl)
    for (const [j, entry] of (scopeSpans ?? scopeMetrics ?? scopeLogs ?? []).entries()) {
      yield* format.scope(signal, j, entry.scope, entry.schemaUrl ?? '')
      for (const [k, item] of (entry.spans ?? entry.metrics ?? entry.logRecords ?? []).entries()) yield* write(k, item)
    }
  }
}
