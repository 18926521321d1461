import { defineExtension } from '../../contract/index.ts'
import { config } from './config.ts'
import { AwsProxyExtension } from './extension.ts'

export default defineExtension({
  type: 'awsproxy',
  summary:
    'Signs the requests of programs that have no AWS credentials and forwards them: X-Ray sampling rules, mostly.',
  stability: 'beta',
  config,
  create: (config, settings) => new AwsProxyExtension(config, settings),
})
