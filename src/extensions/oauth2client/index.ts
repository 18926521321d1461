import { defineExtension } from '../../contract/index.ts'
import { config } from './config.ts'
import { OAuth2Client } from './extension.ts'

export default defineExtension({
  type: 'oauth2client',
  aliases: ['oauth2clientauth', 'oauth2_client'],
  summary: 'Gets tokens from an OAuth 2.0 server, and exporters send with them.',
  stability: 'beta',
  config,
  create: (config, settings) => new OAuth2Client(config, settings),
})
