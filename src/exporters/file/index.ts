import { defineExporter } from '../../contract/index.ts'
import { config } from './config.ts'
import { createFileExporter } from './exporter.ts'

export default defineExporter({
  type: 'file',
  summary: 'Writes telemetry to files as OTLP, JSON or protobuf, rotated and compressed if wanted.',
  stability: 'beta',
  signals: ['traces', 'metrics', 'logs'],
  config,
  create: (config, settings) => createFileExporter(config, settings),
})
