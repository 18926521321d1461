// What a person sees when the agent has started: where it listens, where results are, what to try next.
import type { Exporter, Receiver } from '../contract/index.ts'
import type { Node } from '../pipeline/graph.ts'
import type { PlannedPipeline } from '../pipeline/plan.ts'

export function banner(
  nodes: readonly Node[],
  pipelines: readonly PlannedPipeline[],
  ownMetrics: readonly string[],
): string {
  const rows: [label: string, text: string][] = []
  for (const kind of ['receiver', 'exporter', 'extension'] as const) {
    for (const { id, component } of nodes.filter((node) => node.kind === kind)) {
      for (const endpoint of endpointsOf(component)) rows.push([`${kind} ${id}`, endpoint])
    }
  }
  for (const endpoint of ownMetrics) rows.push(['own metrics', endpoint])
  const width = Math.max(0, ...rows.map(([label]) => label.length))
  const lines = [
    '',
    'sluice is ready',
    ...rows.map(([label, text]) => `  ${label.padEnd(width)}  ${text}`),
    ...hints(nodes, pipelines),
  ]
  return `${lines.join('\n')}\n\n`
}

const endpointsOf = (component: Node['component']): readonly string[] =>
  ('endpoints' in component ? (component as Receiver | Exporter).endpoints : undefined) ?? []

/** `sluice generate` speaks OTLP, and other receivers listen for HTTP too. */
const takesOtlp = (id: string): boolean => id === 'otlp' || id.startsWith('otlp/')

function hints(nodes: readonly Node[], pipelines: readonly PlannedPipeline[]): string[] {
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
  const endpoint = endpointsOf(receiver.component).find(isHttp)
  return [
    '',
    'try, in another terminal in the same folder:',
    ...(signals.length === 3 ? ['all'] : signals).map(
      (signal) => `  npx sluice generate ${signal} --rate 50 --duration 20s --endpoint ${endpoint}`,
    ),
    ...(page === undefined ? [] : [`  curl -s ${page} | head`]),
  ]
}
