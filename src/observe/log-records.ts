// Lines of the agent's log as log records, when `service::telemetry::logs::processors` asks for them.
import type { TelemetrySettings } from '../config/index.ts'
import type { LogLine } from './log.ts'
import type { OwnResource } from './resource.ts'

export interface LogRecords {
  write(line: LogLine): void
  /** Sends what waits. */
  stop(): Promise<void>
}

/** Undefined when they are not wanted. Rejects when the settings do not fit together. */
export async function startLogRecords(
  processors: TelemetrySettings['logs']['processors'],
  resource: OwnResource,
): Promise<LogRecords | undefined> {
  if (processors.length === 0) return undefined
  const { openLogRecords } = await import('./log-sdk.ts')
  return openLogRecords(processors, resource)
}
