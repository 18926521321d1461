import { defineProcessor } from '../../contract/index.ts'
import { config } from './config.ts'
import { createDeltaToRate } from './processor.ts'

export default defineProcessor({
  type: 'delta_to_rate',
  aliases: ['deltatorate'],
  summary: 'Makes rates of delta sums: how much a second.',
  stability: 'alpha',
  config,
  create: { metrics: createDeltaToRate },
})
