// Components as a registry would name them, for tests that need names and nothing else.
import type { KnownComponents } from '../../src/config/index.ts'

export const known: KnownComponents = {
  types: {
    receiver: [
      'otlp',
      'awsxray',
      'statsd',
      'awsecscontainermetrics',
      'prometheus',
      'awscontainerinsightreceiver',
      'nop',
    ],
    processor: [
      'batch',
      'resource_detection',
      'filter',
      'resource',
      'memory_limiter',
      'metrics_transform',
      'attributes',
    ],
    exporter: ['awsxray', 'awsemf', 'debug', 'prometheus_remote_write', 'otlp_http', 'otlp_grpc', 'nop'],
    connector: ['forward'],
    extension: ['health_check', 'sigv4auth', 'awsproxy'],
  },
  aliases: {
    receiver: {},
    processor: { resourcedetection: 'resource_detection', metricstransform: 'metrics_transform' },
    exporter: {
      otlp: 'otlp_grpc',
      otlphttp: 'otlp_http',
      logging: 'debug',
      prometheusremotewrite: 'prometheus_remote_write',
    },
    connector: {},
    extension: {},
  },
}
