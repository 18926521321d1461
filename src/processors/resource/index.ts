import { defineProcessor } from '../../contract/index.ts'
import { config } from './config.ts'
import { createResourceProcessor } from './processor.ts'

export default defineProcessor({
  type: 'resource',
  summary: 'Edits resource attributes: insert, update, delete, hash, extract, convert.',
  stability: 'beta',
  config,
  create: { traces: createResourceProcessor, metrics: createResourceProcessor, logs: createResourceProcessor },
})
