import { defineReceiver } from '../../contract/index.ts'
import { config } from './config.ts'
import { ContainerInsightReceiver } from './receiver.ts'

export default defineReceiver({
  type: 'awscontainerinsightreceiver',
  aliases: ['awscontainerinsight'],
  summary:
    'Collects what an EC2 instance of an ECS cluster uses and what its tasks reserve, as Container Insights has it.',
  stability: 'beta',
  signals: ['metrics'],
  config,
  create: (config, settings, next) => new ContainerInsightReceiver(config, settings, next),
})
