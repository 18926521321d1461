import { defineProcessor } from '../../contract/index.ts'
import { config } from './config.ts'
import { createCumulativeToDelta } from './processor.ts'

export default defineProcessor({
  type: 'cumulative_to_delta',
  aliases: ['cumulativetodelta'],
  summary: 'Makes deltas of cumulative sums and histograms: what has come since the point before.',
  stability: 'beta',
  config,
  create: { metrics: createCumulativeToDelta },
})
