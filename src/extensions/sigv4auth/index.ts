import { defineExtension } from '../../contract/index.ts'
import { config } from './config.ts'
import { SigV4Auth } from './extension.ts'

export default defineExtension({
  type: 'sigv4auth',
  summary:
    'Signs what HTTP exporters send to AWS (Signature Version 4): the OTLP endpoints, Managed Prometheus, OpenSearch.',
  stability: 'beta',
  config,
  create: (config, settings) => new SigV4Auth(config, settings),
})
