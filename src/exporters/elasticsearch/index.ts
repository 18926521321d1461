import { defineExporter } from '../../contract/index.ts'
import { config } from './config.ts'
import { createElasticsearchExporter } from './exporter.ts'

export default defineExporter({
  type: 'elasticsearch',
  summary:
    'Writes log records, spans and metrics to Elasticsearch as documents, in bulk requests whose answers are read item by item.',
  stability: 'beta',
  signals: ['traces', 'metrics', 'logs'],
  config,
  create: (config, settings) => createElasticsearchExporter(config, settings),
})
