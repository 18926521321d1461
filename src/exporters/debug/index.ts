import { defineExporter } from '../../contract/index.ts'
import { config } from './config.ts'
import { createDebugExporter } from './exporter.ts'

export default defineExporter({
  type: 'debug',
  summary: 'Writes what passes to the log or the console, from a line a batch to every field of every item.',
  stability: 'beta',
  signals: ['traces', 'metrics', 'logs'],
  config,
  create: createDebugExporter,
})
