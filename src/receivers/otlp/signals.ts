// What differs by signal.
import type { Signal } from '../../data/index.ts'
import { type OtlpNames, otlpNames } from '../../net/otlp.ts'

export interface SignalNames extends OtlpNames {
  /** The setting of its HTTP path; `path` is the default. */
  readonly pathSetting: 'traces_url_path' | 'metrics_url_path' | 'logs_url_path'
}

export const signalNames: Readonly<Record<Signal, SignalNames>> = {
  traces: { pathSetting: 'traces_url_path', ...otlpNames.traces },
  metrics: { pathSetting: 'metrics_url_path', ...otlpNames.metrics },
  logs: { pathSetting: 'logs_url_path', ...otlpNames.logs },
}
export const signals = Object.keys(signalNames) as readonly Signal[]
