import { defineExtension } from '../../contract/index.ts'
import { config } from './config.ts'
import { Oidc } from './extension.ts'

export default defineExtension({
  type: 'oidc',
  aliases: ['oidcauth', 'oidc_auth'],
  summary: 'Takes whoever sends with a token that an OpenID Connect issuer has signed.',
  stability: 'beta',
  config,
  create: (config, settings) => new Oidc(config, settings),
})
