// The agent's own resource: what its metrics, spans and log records say they come from.
import type { TelemetrySettings } from '../config/index.ts'
import type { Settings } from '../contract/index.ts'

export interface OwnResource {
  readonly attributes: Readonly<Record<string, string | number | boolean>>
  readonly schemaUrl: string | undefined
}

/** As configured, over what every agent says of itself; null takes one away. */
export function ownResource(configured: TelemetrySettings['resource'], agent: Settings['agent']): OwnResource {
  const attributes: Record<string, string | number | boolean> = Object.create(null)
  const all = {
    'service.instance.id': agent.instanceId,
    'service.name': agent.name,
    'service.version': agent.version,
    ...configured.attributes,
  }
  for (const [key, value] of Object.entries(all)) if (value !== null) attributes[key] = value
  return { attributes, schemaUrl: configured.schemaUrl }
}
