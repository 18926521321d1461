import { defineReceiver } from '../../contract/index.ts'
import { config } from './config.ts'
import { AwsLogsReceiver } from './receiver.ts'

export default defineReceiver({
  type: 'awslogs',
  summary: 'Receives what CloudWatch Logs sends to subscriptions: by HTTP, by Firehose, or inside a Lambda function.',
  stability: 'beta',
  signals: ['logs'],
  config,
  create: (config, settings, next) => new AwsLogsReceiver(config, settings, next),
})
