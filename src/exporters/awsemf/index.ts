import { defineExporter } from '../../contract/index.ts'
import { config } from './config.ts'
import { createAwsEmfExporter } from './exporter.ts'

export default defineExporter({
  type: 'awsemf',
  summary: 'Writes metrics to CloudWatch Logs in the embedded metric format, of which CloudWatch makes metrics.',
  stability: 'beta',
  signals: ['metrics'],
  config,
  create: (config, settings) => createAwsEmfExporter(config, settings),
})
