import { defineExporter } from '../../contract/index.ts'
import { config } from './config.ts'
import { createOtlpHttpExporter } from './exporter.ts'

export default defineExporter({
  type: 'otlp_http',
  aliases: ['otlphttp'],
  summary: 'Sends telemetry to another agent or a backend as OTLP over HTTP, in protobuf or JSON.',
  stability: 'beta',
  signals: ['traces', 'metrics', 'logs'],
  config,
  create: (config, settings) => createOtlpHttpExporter(config, settings),
})
