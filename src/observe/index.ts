// Everything that the agent says about itself: its log, metrics and spans, begun and ended together.
import type { TelemetrySettings } from '../config/index.ts'
import type { PayloadMemory, Settings } from '../contract/index.ts'
import type { Accounts } from './accounts.ts'
import { createLogger, type LogLine, type RootLogger } from './log.ts'
import { startLogRecords } from './log-records.ts'
import { type OwnMetrics, startMetrics } from './metrics.ts'
import type { LimitConnections } from './page-server.ts'
import { NO_REDACTION, type Redaction } from './redaction.ts'
import { ownResource } from './resource.ts'
import { type OwnSpans, redactSpans, startSpans } from './spans.ts'

export interface OwnTelemetry {
  readonly log: RootLogger
  readonly metrics: OwnMetrics
  /** Undefined when nobody wants spans. */
  readonly spans: OwnSpans | undefined
  /** Sends and writes what waits; what comes after that is lost. */
  stop(): Promise<void>
}

/** Rejects with what is wrong: a file that cannot be opened, a port that is taken. Then nothing is left running. */
export async function startOwnTelemetry(
  settings: TelemetrySettings,
  of: {
    readonly accounts: Accounts
    readonly memory: PayloadMemory
    readonly agent: Settings['agent']
    readonly redaction?: Redaction
    readonly limitConnections?: LimitConnections
  },
): Promise<OwnTelemetry> {
  const resource = ownResource(settings.resource, of.agent)
  // Each may take its time when nobody answers it: side by side, or the agent would not end within the 30 s that it is given.
  const telling: { stop(): Promise<void> }[] = []
  const listening: { stop(): Promise<void> }[] = []
  const stop = async (): Promise<void> => {
    for (const parts of [telling, listening]) await Promise.all(parts.splice(0).map((part) => part.stop()))
  }
  try {
    const records = await startLogRecords(settings.logs.processors, resource)
    if (records !== undefined) listening.push(records)
    const { redaction = NO_REDACTION } = of
    const onLine = records && ((line: LogLine) => records.write(line))
    const log = createLogger(settings.logs, { resource, redaction, ...(onLine && { onLine }) })
    listening.push({ stop: () => log.close() })
    const metrics = await startMetrics(settings.metrics, { ...of, resource, log })
    telling.push(metrics)
    const spans = await startSpans(settings.traces, { resource, log })
    if (spans !== undefined) telling.push(spans)
    return { log, metrics, spans: spans && redactSpans(spans, redaction), stop }
  } catch (error) {
    await stop()
    throw error
  }
}
