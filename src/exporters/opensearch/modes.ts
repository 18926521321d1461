// Which documents a mapping mode makes of which signal.
import type { LogRecord, Span } from '../../data/index.ts'
import { createBodyMapLogs } from '../../search/body-map.ts'
import { createDataModelLogs } from '../../search/data-model.ts'
import type { Mode } from '../../search/mode.ts'
import { createOtelV1Logs, createOtelV1Spans } from '../../search/otel-v1.ts'
import { createOtelV1Points, createSs4oPoints, type PointMode } from '../../search/points.ts'
import { createSs4oLogs, createSs4oSpans } from '../../search/ss4o.ts'
import type { OpenSearchConfig } from './config.ts'

interface Modes {
  readonly traces: Mode<Span>
  readonly logs: Mode<LogRecord>
  readonly metrics: PointMode
}

/** Three of the modes are for log records; spans and data points have the Simple Schema then, as in the collector. */
export function createModes(
  config: OpenSearchConfig,
  fields: Readonly<Record<string, string>>,
  now: () => number,
): Modes {
  const { dataset, namespace, mapping } = config
  const ss4o = { dataset, namespace, now }
  if (mapping.mode === 'otel-v1')
    return { traces: createOtelV1Spans(), logs: createOtelV1Logs({ now }), metrics: createOtelV1Points() }
  return { traces: createSs4oSpans(ss4o), logs: logsMode(config, fields, now), metrics: createSs4oPoints(ss4o) }
}

function logsMode(
  { dataset, namespace, mapping }: OpenSearchConfig,
  fields: Readonly<Record<string, string>>,
  now: () => number,
): Mode<LogRecord> {
  switch (mapping.mode) {
    case 'bodymap':
      return createBodyMapLogs()
    case 'ecs':
    case 'flatten_attributes':
      return createDataModelLogs({
        isFlat: mapping.mode === 'flatten_attributes',
        timestampField: mapping.timestamp_field,
        isUnixTime: mapping.unix_timestamp,
        isDeep: mapping.dedot,
        fields,
        now,
      })
    default:
      return createSs4oLogs({ dataset, namespace, now })
  }
}

/** The names that indices have where the config says nothing: those that Dashboards looks for. */
export function defaultIndexOf(
  signal: 'traces' | 'logs' | 'metrics',
  { dataset, namespace, mapping }: OpenSearchConfig,
): string {
  if (mapping.mode !== 'otel-v1') return `ss4o_${signal}-${dataset}-${namespace}`
  return signal === 'traces' ? 'otel-v1-apm-span' : `otel-v1-${signal}`
}
