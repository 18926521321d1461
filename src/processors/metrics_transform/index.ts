import { defineProcessor } from '../../contract/index.ts'
import { config } from './config.ts'
import { createMetricsTransform } from './processor.ts'

export default defineProcessor({
  type: 'metrics_transform',
  aliases: ['metricstransform'],
  summary:
    'Renames, copies, combines and groups metrics; adds, renames, scales and aggregates their labels and values.',
  stability: 'beta',
  config,
  create: { metrics: createMetricsTransform },
})
