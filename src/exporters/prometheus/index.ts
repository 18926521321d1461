import { defineExporter } from '../../contract/index.ts'
import { config } from './config.ts'
import { createPrometheusExporter } from './exporter.ts'

export default defineExporter({
  type: 'prometheus',
  summary: 'Shows the newest value of every metric to a Prometheus server that comes to scrape it.',
  stability: 'beta',
  signals: ['metrics'],
  config,
  create: createPrometheusExporter,
})
