import { defineProcessor } from '../../contract/index.ts'
import { config } from './config.ts'
import { createSpanProcessor } from './processor.ts'

export default defineProcessor({
  type: 'span',
  summary: 'Makes names of spans from attributes, attributes from names, and sets their status.',
  stability: 'alpha',
  config,
  create: { traces: createSpanProcessor },
})
