// THE registry. A component is imported when a config names it, never before.
import type { ComponentKind, Factory } from './contract/index.ts'

type Load = () => Promise<{ readonly default: Factory }>

export const components: Readonly<Record<ComponentKind, Readonly<Record<string, Load>>>> = {
  receiver: {
    awscontainerinsightreceiver: () => import('./receivers/awscontainerinsightreceiver/index.ts'),
    awsecscontainermetrics: () => import('./receivers/awsecscontainermetrics/index.ts'),
    awsemf: () => import('./receivers/awsemf/index.ts'),
    awslogs: () => import('./receivers/awslogs/index.ts'),
    awsxray: () => import('./receivers/awsxray/index.ts'),
    otlp: () => import('./receivers/otlp/index.ts'),
    statsd: () => import('./receivers/statsd/index.ts'),
  },
  processor: {
    attributes: () => import('./processors/attributes/index.ts'),
    batch: () => import('./processors/batch/index.ts'),
    cumulative_to_delta: () => import('./processors/cumulative_to_delta/index.ts'),
    delta_to_rate: () => import('./processors/delta_to_rate/index.ts'),
    filter: () => import('./processors/filter/index.ts'),
    groupbytrace: () => import('./processors/groupbytrace/index.ts'),
    memory_limiter: () => import('./processors/memory_limiter/index.ts'),
    metrics_transform: () => import('./processors/metrics_transform/index.ts'),
    metricsgeneration: () => import('./processors/metricsgeneration/index.ts'),
    resource: () => import('./processors/resource/index.ts'),
    resource_detection: () => import('./processors/resource_detection/index.ts'),
    span: () => import('./processors/span/index.ts'),
  },
  exporter: {
    awscloudwatch: () => import('./exporters/awscloudwatch/index.ts'),
    awscloudwatchlogs: () => import('./exporters/awscloudwatchlogs/index.ts'),
    awsemf: () => import('./exporters/awsemf/index.ts'),
    awsxray: () => import('./exporters/awsxray/index.ts'),
    awskinesisfirehose: () => import('./exporters/awskinesisfirehose/index.ts'),
    awss3: () => import('./exporters/awss3/index.ts'),
    debug: () => import('./exporters/debug/index.ts'),
    elasticsearch: () => import('./exporters/elasticsearch/index.ts'),
    file: () => import('./exporters/file/index.ts'),
    nop: () => import('./exporters/nop/index.ts'),
    opensearch: () => import('./exporters/opensearch/index.ts'),
    otlp_grpc: () => import('./exporters/otlp_grpc/index.ts'),
    otlp_http: () => import('./exporters/otlp_http/index.ts'),
    prometheus: () => import('./exporters/prometheus/index.ts'),
    prometheusremotewrite: () => import('./exporters/prometheusremotewrite/index.ts'),
  },
  connector: {
    forward: () => import('./connectors/forward/index.ts'),
  },
  extension: {
    awsproxy: () => import('./extensions/awsproxy/index.ts'),
    basicauth: () => import('./extensions/basicauth/index.ts'),
    bearertokenauth: () => import('./extensions/bearertokenauth/index.ts'),
    headers_setter: () => import('./extensions/headers_setter/index.ts'),
    health_check: () => import('./extensions/health_check/index.ts'),
    oauth2client: () => import('./extensions/oauth2client/index.ts'),
    oidc: () => import('./extensions/oidc/index.ts'),
    pprof: () => import('./extensions/pprof/index.ts'),
    sigv4auth: () => import('./extensions/sigv4auth/index.ts'),
    zpages: () => import('./extensions/zpages/index.ts'),
  },
}

/** Older and newer spellings, and names of what is gone and has a successor. */
export const aliases: Readonly<Record<ComponentKind, Readonly<Record<string, string>>>> = {
  receiver: { aws_xray: 'awsxray', awscontainerinsight: 'awscontainerinsightreceiver', emf: 'awsemf' },
  processor: {
    resourcedetection: 'resource_detection',
    cumulativetodelta: 'cumulative_to_delta',
    deltatorate: 'delta_to_rate',
    metricstransform: 'metrics_transform',
  },
  exporter: {
    otlp: 'otlp_grpc',
    otlphttp: 'otlp_http',
    logging: 'debug',
    prometheus_remote_write: 'prometheusremotewrite',
  },
  connector: {},
  extension: {},
}
