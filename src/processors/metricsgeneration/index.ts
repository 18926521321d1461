import { defineProcessor } from '../../contract/index.ts'
import { config } from './config.ts'
import { createMetricsGeneration } from './processor.ts'

export default defineProcessor({
  type: 'metricsgeneration',
  summary: 'Makes new metrics of others: the sum, difference, product, quotient or percentage of two, or one scaled.',
  stability: 'alpha',
  config,
  create: { metrics: createMetricsGeneration },
})
