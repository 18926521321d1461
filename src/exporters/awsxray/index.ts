import { defineExporter } from '../../contract/index.ts'
import { config } from './config.ts'
import { createAwsXrayExporter } from './exporter.ts'

export default defineExporter({
  type: 'awsxray',
  summary:
    'Sends spans to AWS X-Ray as segment documents, what the X-Ray daemon and the collector send of them and more.',
  stability: 'beta',
  signals: ['traces'],
  config,
  create: (config, settings) => createAwsXrayExporter(config, settings),
})
