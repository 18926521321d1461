// What listens on every interface, and takes or tells anything without asking who is there: one line at start.
import { existsSync } from 'node:fs'
import type { TelemetrySettings } from '../config/index.ts'
import type { Logger } from '../contract/index.ts'
import { isWildcard } from '../net/listen.ts'
import type { Node } from '../pipeline/graph.ts'
import type { Plan } from '../pipeline/plan.ts'

/** `receiver otlp 0.0.0.0:4317`, in the order of the config; `nodes` have started. */
export function openDoors(plan: Plan, nodes: readonly Node[], telemetry: TelemetrySettings): string[] {
  const listening = new Set(nodes.filter(listens).map(({ kind, id }) => `${kind} ${id}`))
  const doors: string[] = []
  for (const { kind, id, config } of plan.components)
    if (listening.has(`${kind} ${id}`))
      for (const endpoint of openEndpoints(config, 0)) doors.push(`${kind} ${id} ${endpoint}`)
  for (const { pull } of telemetry.metrics.level === 'none' ? [] : telemetry.metrics.readers) {
    const page = pull?.exporter.prometheus
    if (page !== undefined && ANYWHERE.has(page.host)) doors.push(`own metrics ${page.host}:${page.port}`)
  }
  return [...new Set(doors)]
}

const ANYWHERE = new Set(['', '0.0.0.0', '::'])

/** An exporter with an endpoint sends there, unless it is one that people ask. */
const listens = ({ component }: Node): boolean =>
  'endpoints' in component && Array.isArray(component.endpoints) && component.endpoints.length > 0

/** Deeper than any component says where it listens. */
const MAX_DEPTH = 4

/** `endpoint` is what every component calls the place where it listens, plugins as well. */
function openEndpoints(config: unknown, depth: number): string[] {
  if (typeof config !== 'object' || config === null || Array.isArray(config) || depth > MAX_DEPTH) return []
  const section = config as Readonly<Record<string, unknown>>
  const { endpoint, transport } = section
  const own = typeof endpoint === 'string' && !asksWhoIsThere(section) && isOpen(endpoint, transport) ? [endpoint] : []
  return [...own, ...Object.values(section).flatMap((value) => openEndpoints(value, depth + 1))]
}

/** TLS keeps what is said between two; `auth` and the like know who it is. */
const asksWhoIsThere = ({ tls, auth, access_key }: Readonly<Record<string, unknown>>): boolean =>
  auth !== undefined ||
  access_key !== undefined ||
  (typeof tls === 'object' && tls !== null && ('cert_file' in tls || 'cert_pem' in tls))

function isOpen(endpoint: string, transport: unknown): boolean {
  if (typeof transport === 'string' && transport.startsWith('unix')) return false
  try {
    return isWildcard({ endpoint, transport: 'tcp' })
  } catch {
    return false
  }
}

/** In a container the interfaces are its own, and what reaches them is decided by whoever runs it: there it is no warning. */
export function sayOpenDoors(doors: readonly string[], log: Logger, isContained = isInContainer()): void {
  if (doors.length === 0) return
  const message =
    'these listen on every interface, for whoever reaches them: name an address (localhost, the address of the pod), or set tls or auth'
  if (isContained) log.info(message, { listen: doors })
  else log.warn(message, { listen: doors })
}

/** As far as a process can know. */
const isInContainer = (environment: NodeJS.ProcessEnv = process.env): boolean =>
  environment.KUBERNETES_SERVICE_HOST !== undefined ||
  environment.ECS_CONTAINER_METADATA_URI_V4 !== undefined ||
  existsSync('/.dockerenv') ||
  existsSync('/run/.containerenv')
