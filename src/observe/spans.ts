// The agent's own spans, when `service::telemetry::traces` asks for them; otherwise there is nothing to ask, and no cost.
import type { TelemetrySettings } from '../config/index.ts'
import type { Logger, Spans } from '../contract/index.ts'
import type { OwnResource } from './resource.ts'

export interface OwnSpans extends Spans {
  /** Sends what waits. */
  stop(): Promise<void>
}

/** Undefined when no spans are wanted. Rejects when the settings do not fit together. */
export async function startSpans(
  settings: TelemetrySettings['traces'],
  of: { readonly resource: OwnResource; readonly log: Logger },
): Promise<OwnSpans | undefined> {
  if (settings.level === 'none' || settings.processors.length === 0) return undefined
  const { openTracer } = await import('./tracer.ts')
  return openTracer(settings, of)
}
