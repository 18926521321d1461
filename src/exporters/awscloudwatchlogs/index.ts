import { defineExporter } from '../../contract/index.ts'
import { config } from './config.ts'
import { createAwsCloudwatchLogsExporter } from './exporter.ts'

export default defineExporter({
  type: 'awscloudwatchlogs',
  summary: 'Writes log records to CloudWatch Logs, in groups and streams named after attributes and made on demand.',
  stability: 'beta',
  signals: ['logs'],
  config,
  create: (config, settings) => createAwsCloudwatchLogsExporter(config, settings),
})
