import { defineExtension } from '../../contract/index.ts'
import { config } from './config.ts'
import { HealthCheck } from './extension.ts'

export default defineExtension({
  type: 'health_check',
  summary: 'Says over HTTP whether the agent is ready, and how each component is.',
  stability: 'beta',
  config,
  create: (config, settings) => new HealthCheck(config, settings),
})
