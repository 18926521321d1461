import { defineProcessor } from '../../contract/index.ts'
import { config } from './config.ts'
import { limiting } from './processor.ts'

export default defineProcessor({
  type: 'memory_limiter',
  summary: 'Refuses data, before it is decoded, when memory is short.',
  stability: 'beta',
  config,
  create: { traces: limiting('traces'), metrics: limiting('metrics'), logs: limiting('logs') },
})
