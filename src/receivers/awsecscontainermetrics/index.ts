import { defineReceiver } from '../../contract/index.ts'
import { config } from './config.ts'
import { EcsContainerMetricsReceiver } from './receiver.ts'

export default defineReceiver({
  type: 'awsecscontainermetrics',
  summary: 'Collects what the containers of an ECS task use, and the task as a whole, from the task metadata endpoint.',
  stability: 'beta',
  signals: ['metrics'],
  config,
  create: (config, settings, next) => new EcsContainerMetricsReceiver(config, settings, next),
})
