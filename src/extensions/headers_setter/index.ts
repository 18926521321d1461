import { defineExtension } from '../../contract/index.ts'
import { config } from './config.ts'
import { HeadersSetter } from './extension.ts'

export default defineExtension({
  type: 'headers_setter',
  aliases: ['headerssetter'],
  summary:
    'Headers of what exporters send, from the config, from files, or from who sent the data: one backend for many tenants.',
  stability: 'beta',
  config,
  create: (config, settings) => new HeadersSetter(config, settings),
})
