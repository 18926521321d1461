// What a person sees when the agent has started: where it listens, where results are, what to try next.
import type { Exporter, Receiver } from '../contract/index.ts'
import type { Node } from '../pipeline/graph.ts'

export function banner(nodes: readonly Node[], ownMetrics: readonly string[]): string {
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
    ...hints(nodes),
  ]
  return `${lines.join('\n')}\n\n`
}

const endpointsOf = (component: Node['component']): readonly string[] =>
  ('endpoints' in component ? (component as Receiver | Exporter).endpoints : undefined) ?? []

function hints(nodes: readonly Node[]): string[] {
  const endpoints = nodes.filter(({ kind }) => kind === 'receiver').flatMap(({ component }) => endpointsOf(component))
  const http = endpoints.find((endpoint) => endpoint.startsWith('http://'))
  if (http === undefined) return []
  const page = nodes
    .filter(({ kind }) => kind === 'exporter')
    .flatMap(({ component }) => endpointsOf(component))
    .find((endpoint) => endpoint.endsWith('/metrics'))
  return [
    '',
    'try, in another terminal:',
    `  npx sluice generate all --rate 50 --duration 20s --endpoint ${http}`,
    ...(page === undefined ? [] : [`  curl -s ${page} | head`]),
  ]
}
