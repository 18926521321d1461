// The agent's own spans, when `service::telemetry::traces` asks for them; otherwise there is nothing to ask, and no cost.
import type { TelemetrySettings } from '../config/index.ts'
import type { Logger, SpanAttributes, Spans } from '../contract/index.ts'
import { NO_REDACTION, type Redaction } from './redaction.ts'
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

/** The same, with secrets taken out of what the spans say. */
export function redactSpans(spans: OwnSpans, redaction: Redaction): OwnSpans {
  if (redaction === NO_REDACTION) return spans
  const redacted = (attributes: SpanAttributes): SpanAttributes =>
    Object.fromEntries(
      Object.entries(attributes).map(([key, value]) => [
        key,
        typeof value === 'string' ? redaction.text(value) : value,
      ]),
    )
  return {
    begin(name, of) {
      const end = spans.begin(redaction.text(name), { ...of, attributes: redacted(of.attributes) })
      return (more, error) => end(redacted(more), error === undefined ? undefined : redaction.text(error))
    },
    stop: () => spans.stop(),
  }
}
