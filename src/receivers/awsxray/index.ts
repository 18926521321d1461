import { defineReceiver } from '../../contract/index.ts'
import { config } from './config.ts'
import { AwsXrayReceiver } from './receiver.ts'

export default defineReceiver({
  type: 'awsxray',
  aliases: ['aws_xray'],
  summary:
    'Receives segments from X-Ray SDKs as the X-Ray daemon does, and forwards their questions for sampling rules.',
  stability: 'beta',
  signals: ['traces'],
  config,
  create: (config, settings, next) => new AwsXrayReceiver(config, settings, next),
})
