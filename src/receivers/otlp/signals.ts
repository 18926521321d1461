// What differs by signal.
import type { Signal } from '../../data/index.ts'

export interface SignalNames {
  /** The setting of its HTTP path, and the default. */
  readonly pathSetting: 'traces_url_path' | 'metrics_url_path' | 'logs_url_path'
  readonly path: string
  readonly grpcPath: string
  /** In the JSON form of its partial success. */
  readonly rejected: string
}

export const signalNames: Readonly<Record<Signal, SignalNames>> = {
  traces: {
    pathSetting: 'traces_url_path',
    path: '/v1/traces',
    grpcPath: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    rejected: 'rejectedSpans',
  },
  metrics: {
    pathSetting: 'metrics_url_path',
    path: '/v1/metrics',
    grpcPath: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
    rejected: 'rejectedDataPoints',
  },
  logs: {
    pathSetting: 'logs_url_path',
    path: '/v1/logs',
    grpcPath: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
    rejected: 'rejectedLogRecords',
  },
}
export const signals = Object.keys(signalNames) as readonly Signal[]
