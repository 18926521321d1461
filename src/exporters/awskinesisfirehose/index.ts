import { defineExporter } from '../../contract/index.ts'
import { config } from './config.ts'
import { createFirehoseExporter } from './exporter.ts'

export default defineExporter({
  type: 'awskinesisfirehose',
  summary: 'Puts telemetry into an Amazon Data Firehose stream, as lines of JSON, OTLP or plain bodies.',
  stability: 'beta',
  signals: ['traces', 'metrics', 'logs'],
  config,
  create: (config, settings) => createFirehoseExporter(config, settings),
})
