import { defineExtension } from '../../contract/index.ts'
import { config } from './config.ts'
import { ZPages } from './extension.ts'

export default defineExtension({
  type: 'zpages',
  summary: 'Pages about the running agent: pipelines with live counts, components, recent spans of its own work.',
  stability: 'beta',
  looksAtSpans: true,
  config,
  create: (config, settings) => new ZPages(config, settings),
})
