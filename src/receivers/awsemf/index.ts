import { defineReceiver } from '../../contract/index.ts'
import { config } from './config.ts'
import { AwsEmfReceiver } from './receiver.ts'

export default defineReceiver({
  type: 'awsemf',
  aliases: ['emf'],
  summary:
    'Takes metrics in the embedded metric format over TCP and UDP, as the CloudWatch agent does: as metrics, as log records or both.',
  stability: 'beta',
  signals: ['metrics', 'logs'],
  config,
  create: (config, settings, next) => new AwsEmfReceiver(config, settings, next),
})
