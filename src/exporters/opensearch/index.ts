import { defineExporter } from '../../contract/index.ts'
import { config } from './config.ts'
import { createOpenSearchExporter } from './exporter.ts'

export default defineExporter({
  type: 'opensearch',
  summary:
    'Writes log records, spans and metrics to OpenSearch as documents, in bulk requests whose answers are read item by item.',
  stability: 'beta',
  signals: ['traces', 'metrics', 'logs'],
  config,
  create: (config, settings) => createOpenSearchExporter(config, settings),
})
