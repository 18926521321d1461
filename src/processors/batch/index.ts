import { defineProcessor } from '../../contract/index.ts'
import { config } from './config.ts'
import { batching } from './processor.ts'

export default defineProcessor({
  type: 'batch',
  summary: 'Joins small batches into larger ones, by size and by time.',
  stability: 'beta',
  config,
  create: { traces: batching('traces'), metrics: batching('metrics'), logs: batching('logs') },
})
