import { defineExporter } from '../../contract/index.ts'
import { config } from './config.ts'
import { createAwsCloudWatchExporter } from './exporter.ts'

export default defineExporter({
  type: 'awscloudwatch',
  summary: 'Sends metrics to CloudWatch with PutMetricData, those of a minute together.',
  stability: 'beta',
  signals: ['metrics'],
  config,
  create: (config, settings) => createAwsCloudWatchExporter(config, settings),
})
