import { section } from '../../config/schema.ts'
import { defineExporter } from '../../contract/index.ts'
import { deliverySettings } from '../../delivery/index.ts'
import { createNopExporter } from './exporter.ts'

export default defineExporter({
  type: 'nop',
  summary: 'Takes everything and keeps nothing: for measuring what comes before, and for switching an exit off.',
  stability: 'stable',
  signals: ['traces', 'metrics', 'logs'],
  config: section(deliverySettings({ queueEnabled: false, retryEnabled: false, timeout: '0s' })),
  create: createNopExporter,
})
