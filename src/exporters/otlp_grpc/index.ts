import { defineExporter } from '../../contract/index.ts'
import { config } from './config.ts'
import { createOtlpGrpcExporter } from './exporter.ts'

export default defineExporter({
  type: 'otlp_grpc',
  aliases: ['otlp'],
  summary: 'Sends telemetry to another agent or a backend as OTLP over gRPC.',
  stability: 'beta',
  signals: ['traces', 'metrics', 'logs'],
  config,
  create: (config, settings) => createOtlpGrpcExporter(config, settings),
})
