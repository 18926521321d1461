import { defineExporter } from '../../contract/index.ts'
import { config } from './config.ts'
import { createAwsS3Exporter } from './exporter.ts'

export default defineExporter({
  type: 'awss3',
  summary: 'Puts telemetry into S3 as objects: OTLP, JSON lines or plain bodies, compressed, under keys with the time.',
  stability: 'beta',
  signals: ['traces', 'metrics', 'logs'],
  config,
  create: (config, settings) => createAwsS3Exporter(config, settings),
})
