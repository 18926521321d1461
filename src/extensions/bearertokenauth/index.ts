import { defineExtension } from '../../contract/index.ts'
import { config } from './config.ts'
import { BearerTokenAuth } from './extension.ts'

export default defineExtension({
  type: 'bearertokenauth',
  aliases: ['bearer_token_auth'],
  summary: 'Tokens: those that may be used to send here, and the one that exporters send with.',
  stability: 'beta',
  config,
  create: (config, settings) => new BearerTokenAuth(config, settings),
})
