import { defineProcessor } from '../../contract/index.ts'
import { config } from './config.ts'
import { createGroupByTrace } from './processor.ts'

export default defineProcessor({
  type: 'groupbytrace',
  summary: 'Waits for the spans of a trace, so that it goes on whole.',
  stability: 'beta',
  config,
  create: { traces: createGroupByTrace },
})
