// Which of the agent's numbers belong to which level of `service::telemetry::metrics`, as in the collector.
import type { TelemetrySettings } from '../config/index.ts'

export type MetricsLevel = TelemetrySettings['metrics']['level']

const ORDER: Readonly<Record<MetricsLevel, number>> = { none: 0, basic: 1, normal: 2, detailed: 3 }

/** The first that matches says from which level on an instrument is there; others are there from `basic` on. */
const FROM: readonly (readonly [RegExp, MetricsLevel])[] = [
  [/^otelcol_processor_batch_batch_send_size_bytes$/, 'detailed'],
  [/^otelcol_exporter_(enqueue_size|queue_batch_send_size)(_bytes)?$/, 'detailed'],
  [/_duration$/, 'detailed'],
  [/^otelcol_processor_batch_/, 'normal'],
  [/^sluice_items_total$/, 'normal'],
  [/^v8js\.memory\.heap\.(used|space\.)/, 'detailed'],
  [/^(nodejs|v8js)\./, 'normal'],
]

export function isMeasured(instrument: string, level: MetricsLevel): boolean {
  const from = FROM.find(([pattern]) => pattern.test(instrument))?.[1] ?? 'basic'
  return ORDER[level] >= ORDER[from]
}
