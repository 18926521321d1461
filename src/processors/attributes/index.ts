import { defineProcessor } from '../../contract/index.ts'
import { config } from './config.ts'
import { logsProcessor, metricsProcessor, tracesProcessor } from './processor.ts'

export default defineProcessor({
  type: 'attributes',
  summary:
    'Edits the attributes of spans, log records and data points: insert, update, delete, hash, extract, convert.',
  stability: 'beta',
  config,
  create: { traces: tracesProcessor, metrics: metricsProcessor, logs: logsProcessor },
})
