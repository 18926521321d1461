// What a person sees when the agent has started: where it listens, where results are, what to try next.
import type { Exporter, Receiver } from '../contract/index.ts'
import type { Node } from '../pipeline/graph.ts'
import type { PlannedPipeline } from '../pipeline/plan.ts'

/** What an agent that is ready has to say. */
export interface Ready {
  readonly nodes: readonly Node[]
  readonly pipelines: readonly PlannedPipeline[]
  /** Where its own metrics are. */
  readonly ownMetrics: readonly string[]
}

/** `hasHints`: there is somebody who may try something now. */
export function banner(ready: Ready, hasHints: boolean): string {
  const rows = [...listeners(ready)].flatMap(([label, endpoints]) => endpoints.map((text) => [label, text] as const))
  const width = Math.max(0, ...rows.map(([label]) => label.length))
  const lines = [
    '',
    'sluice is ready',
    ...rows.map(([label, text]) => `  ${label.padEnd(width)}  ${text}`),
    ...(hasHints ? hints(ready) : []),
  ]
  return `${lines.join('\n')}\n\n`
}

/** `receiver otlp`, and where it listens. */
export function listeners({ nodes, ownMetrics }: Ready): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>()
  for (const kind of ['receiver', 'exporter', 'extension'] as const) {
    for (const { id, component } of nodes.filter((node) => node.kind === kind)) {
      const endpoints = endpointsOf(component)
      if (endpoints.length > 0) found.set(`${kind} ${id}`, endpoints)
    }
  }
  if (ownMetrics.length > 0) found.set('own metrics', ownMetrics)
  return found
}

const endpointsOf = (component: Node['component']): readonly string[] =>
  ('endpoints' in component ? (component as Receiver | Exporter).endpoints : undefined) ?? []

/** `sluice generate` speaks OTLP, and other receivers listen for HTTP too. */
const takesOtlp = (id: string): boolean => id === 'otlp' || id.startsWith('otlp/')

function hints({ nodes, pipelines }: Ready): string[] {
  const isHttp = (endpoint: string): boolean => endpoint.startsWith('http://')
  const receiver = nodes.find(
    ({ kind, id, component }) => kind === 'receiver' && takesOtlp(id) && endpointsOf(component).some(isHttp),
  )
  if (receiver === undefined) return []
  const fed = pipelines.filter(({ receivers }) => receivers.includes(receiver.id)).map(({ signal }) => signal)
  const signals = [...new Set(fed)]
  const page = nodes
    .filter(({ kind }) => kind === 'exporter')
    .flatMap(({ component }) => endpointsOf(component))
    .find((endpoint) => endpoint.endsWith('/metrics'))
  const endpoint = endpointsOf(receiver.component).find(isHttp) ?? ''
  return [
    '',
    'try, in another terminal in the same folder:',
    ...(signals.length === 3 ? ['all'] : signals).map(
      (signal) => `  npx sluice generate ${signal} --rate 50 --duration 20s --endpoint ${reachable(endpoint)}`,
    ),
    ...(page === undefined ? [] : [`  curl -s ${reachable(page)} | head`]),
  ]
}

/** What listens on every interface is asked on the loopback one. */
const reachable = (endpoint: string): string =>
  endpoint.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:')
