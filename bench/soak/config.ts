// The agent under the long run: every receiver that can be fed here, every exporter that has a stand-in, the processors of a sidecar.

export interface SoakPorts {
  readonly http: number
  readonly grpc: number
  readonly statsd: number
  readonly xray: number
  readonly emf: number
  readonly awslogs: number
  readonly prometheus: number
  readonly metrics: number
  readonly health: number
  /** Of the stand-ins and the two OTLP sinks. */
  readonly standIns: number
  readonly sinkHttp: number
  readonly sinkGrpc: number
}

export function soakConfig(ports: SoakPorts, folder: string): string {
  const url = `http://127.0.0.1:${ports.standIns}`
  const aws = `endpoint: "${url}", region: eu-west-1`
  return `
receivers:
  otlp:
    protocols:
      http: {endpoint: "127.0.0.1:${ports.http}"}
      grpc: {endpoint: "127.0.0.1:${ports.grpc}", max_recv_msg_size_mib: 20}
  statsd: {endpoint: "127.0.0.1:${ports.statsd}", aggregation_interval: 10s}
  awsxray: {endpoint: "127.0.0.1:${ports.xray}", proxy_server: {endpoint: "127.0.0.1:0"}}
  awsemf: {endpoint: "127.0.0.1:${ports.emf}"}
  awslogs: {endpoint: "127.0.0.1:${ports.awslogs}"}
processors:
  memory_limiter: {check_interval: 1s, limit_mib: 600, spike_limit_mib: 100}
  batch: {timeout: 1s}
  attributes: {actions: [{key: soak, value: "yes", action: upsert}, {key: http.request.method, action: delete}]}
  groupbytrace: {wait_duration: 2s, num_traces: 5000}
  cumulativetodelta: {max_staleness: 2m}
  deltatorate: {metrics: [http.server.requests]}
  resourcedetection: {detectors: [env, system]}
  filter: {metrics: {exclude: {match_type: strict, metric_names: [soak.size]}}, logs: {exclude: {match_type: regexp, bodies: ["^GET /health"]}}}
  metricstransform: {transforms: [{include: soak.time, action: update, new_name: soak.duration, operations: [{action: add_label, new_label: by, new_value: soak}]}]}
  metricsgeneration: {rules: [{name: process.memory.usage.mb, unit: MBy, type: scale, metric1: process.memory.usage, operation: divide, scale_by: 1000000}]}
  span: {name: {from_attributes: [http.request.method, http.route], separator: " "}}
exporters:
  otlp_http: {endpoint: "http://127.0.0.1:${ports.sinkHttp}"}
  otlp_grpc: {endpoint: "127.0.0.1:${ports.sinkGrpc}", tls: {insecure: true}}
  awsxray: {${aws}}
  opensearch: {http: {endpoint: "${url}/open"}}
  elasticsearch: {endpoints: ["${url}/elastic"], logs_index: app}
  awscloudwatchlogs: {${aws}, log_group_name: "/ecs/{ServiceName}", log_stream_name: agent}
  awsemf: {${aws}, namespace: Shop, max_staleness: 2m}
  awscloudwatch: {${aws}, namespace: Shop, max_staleness: 2m}
  prometheusremotewrite: {endpoint: "${url}/write"}
  awss3: {s3uploader: {${aws}, s3_bucket: soak, s3_force_path_style: true}}
  awskinesisfirehose: {${aws}, delivery_stream: soak}
  prometheus: {endpoint: "127.0.0.1:${ports.prometheus}", metric_expiration: 2m}
  file: {path: "${folder}/out.json", rotation: {max_megabytes: 20, max_backups: 2}}
extensions:
  health_check: {endpoint: "127.0.0.1:${ports.health}"}
service:
  extensions: [health_check]
  telemetry:
    logs: {level: warn}
    metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${ports.metrics}}}}}]}
  pipelines:
    traces:
      {receivers: [otlp, awsxray], processors: [memory_limiter, attributes, batch], exporters: [awsxray, opensearch, otlp_http]}
    traces/grouped: {receivers: [otlp], processors: [memory_limiter, span, groupbytrace, batch], exporters: [otlp_grpc]}
    metrics:
      receivers: [otlp, statsd, awsemf]
      processors: [memory_limiter, batch]
      exporters: [awsemf, awscloudwatch, prometheusremotewrite, prometheus, otlp_http]
    metrics/delta:
      receivers: [otlp, statsd]
      processors: [memory_limiter, resourcedetection, filter, metricstransform, metricsgeneration, cumulativetodelta, deltatorate, batch]
      exporters: [otlp_grpc]
    logs:
      receivers: [otlp, awsemf, awslogs]
      processors: [memory_limiter, filter, batch]
      exporters: [opensearch, elasticsearch, awscloudwatchlogs, awss3, awskinesisfirehose, file, otlp_http]
`
}
