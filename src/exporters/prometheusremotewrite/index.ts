import { defineExporter } from '../../contract/index.ts'
import { config } from './config.ts'
import { createRemoteWriteExporter } from './exporter.ts'

export default defineExporter({
  type: 'prometheusremotewrite',
  aliases: ['prometheus_remote_write'],
  summary:
    'Writes metrics to Prometheus and whatever takes its remote write: Mimir, Thanos, Amazon Managed Prometheus.',
  stability: 'beta',
  signals: ['metrics'],
  config,
  create: createRemoteWriteExporter,
})
