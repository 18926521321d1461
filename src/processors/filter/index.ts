import { defineProcessor } from '../../contract/index.ts'
import { config } from './config.ts'
import { logsProcessor, metricsProcessor, tracesProcessor } from './processor.ts'

export default defineProcessor({
  type: 'filter',
  summary: 'Drops spans, log records and metrics: by name, severity, body, attributes, resource.',
  stability: 'beta',
  config,
  create: { traces: tracesProcessor, metrics: metricsProcessor, logs: logsProcessor },
})
