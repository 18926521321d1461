import { defineProcessor } from '../../contract/index.ts'
import { config } from './config.ts'
import { createResourceDetection } from './processor.ts'

const create = createResourceDetection()

export default defineProcessor({
  type: 'resource_detection',
  aliases: ['resourcedetection'],
  summary: 'Adds to every resource what the agent finds out about where it runs: host, container, task, cloud.',
  stability: 'beta',
  config,
  create: { traces: create, metrics: create, logs: create },
})
