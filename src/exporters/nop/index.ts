import { defineExporter } from '../../contract/index.ts'
import { config } from './config.ts'
import { createNopExporter } from './exporter.ts'

export default defineExporter({
  type: 'nop',
  summary: 'Takes everything and keeps nothing: for measuring what comes before, and for switching an exit off.',
  stability: 'stable',
  signals: ['traces', 'metrics', 'logs'],
  config,
  create: createNopExporter,
})
