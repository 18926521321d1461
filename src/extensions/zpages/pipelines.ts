// /debug/pipelinez: every pipeline from its receivers to its exporters, with what each node has taken, given on and lost.
import type {
  AccountView,
  ComponentHealth,
  ComponentKind,
  Health,
  Insight,
  PipelineHealth,
} from '../../contract/index.ts'
import { harmless } from '../../observe/line.ts'
import { type Html, html } from './html.ts'

export interface PipelineNode {
  readonly kind: ComponentKind
  readonly id: string
  readonly state: string
  readonly reason?: string | undefined
  readonly in: number
  readonly out: number
  readonly refused: number
  readonly dropped: Readonly<Record<string, number>>
  readonly held: number
  readonly queue?: { readonly size: number; readonly capacity: number } | undefined
}

export interface PipelineReport {
  readonly id: string
  readonly receivers: readonly PipelineNode[]
  readonly processors: readonly PipelineNode[]
  readonly exporters: readonly PipelineNode[]
}

export function pipelinesOf(health: Health, insight: Insight): PipelineReport[] {
  const accounts = [...insight.accounts()]
  const components = health.components()
  const connectors = new Set(components.filter(({ kind }) => kind === 'connector').map(({ id }) => id))
  return health.pipelines().map((pipeline: PipelineHealth) => {
    const signal = pipeline.id.split('/')[0]
    const nodeOf = (id: string, kind: ComponentKind): PipelineNode => {
      const place = kind === 'processor' ? pipeline.id : undefined
      const own = accounts.filter(
        (one) => one.kind === kind && one.id === id && one.signal === signal && one.pipeline === place,
      )
      const at = components.find((one) => one.kind === kind && one.id === id && one.pipeline === place)
      return { kind, id, ...stateOf(at), ...countsOf(own), ...(kind === 'exporter' && queueOf(insight, id, signal)) }
    }
    const end = (kind: ComponentKind) => (id: string) => nodeOf(id, connectors.has(id) ? 'connector' : kind)
    return {
      id: pipeline.id,
      receivers: pipeline.receivers.map(end('receiver')),
      processors: pipeline.processors.map((id) => nodeOf(id, 'processor')),
      exporters: pipeline.exporters.map(end('exporter')),
    }
  })
}

const stateOf = (at: ComponentHealth | undefined): Pick<PipelineNode, 'state' | 'reason'> => ({
  state: at?.state ?? 'unknown',
  ...(at?.reason !== undefined && { reason: harmless(at.reason) }),
})

function countsOf(accounts: readonly AccountView[]): Omit<PipelineNode, 'kind' | 'id' | 'state' | 'reason' | 'queue'> {
  const sum = (read: (ledger: AccountView['ledger']) => number): number =>
    accounts.reduce((total, { ledger }) => total + read(ledger), 0)
  const dropped: Record<string, number> = Object.create(null)
  for (const { ledger } of accounts)
    for (const [reason, items] of ledger.droppedByReason) dropped[reason] = (dropped[reason] ?? 0) + items
  return {
    in: sum((ledger) => ledger.enteredItems + ledger.createdItems),
    out: sum((ledger) => ledger.outItems),
    refused: sum((ledger) => ledger.refusedItems),
    dropped,
    held: sum((ledger) => ledger.held),
  }
}

function queueOf(insight: Insight, exporter: string, signal: string | undefined): Pick<PipelineNode, 'queue'> {
  const of = (what: string): number | undefined =>
    insight
      .measured(`otelcol_exporter_queue_${what}`)
      .find(({ attributes }) => attributes.exporter === exporter && (attributes.data_type ?? signal) === signal)?.value
  const [size, capacity] = [of('size'), of('capacity')]
  return size === undefined || capacity === undefined ? {} : { queue: { size, capacity } }
}

export function pipelinesPage(pipelines: readonly PipelineReport[]): Html {
  return html`${pipelines.map(({ id, receivers, processors, exporters }) => {
    const stages = [receivers, ...processors.map((processor) => [processor]), exporters]
    return html`<h2 id="${id}">${id}</h2>
<div class="scroll"><div class="flow">${stages.map((nodes, index) => html`${index === 0 ? '' : html`<span class="arrow" aria-hidden="true">→</span>`}<div class="stage">${nodes.map(card)}</div>`)}</div></div>
`
  })}<p class="soft">A receiver and an exporter that several pipelines of a signal share shows what passed for all of them.</p>`
}

function card({ kind, id, state, reason, in: taken, out, refused, dropped, held, queue }: PipelineNode): Html {
  const lost = Object.entries(dropped)
  return html`<section class="node ${state}"><span class="kind">${kind}</span> <span class="${COLOURS[state] ?? 'soft'}">${state}</span>
<h3>${id}</h3>${reason === undefined ? '' : html`<div class="warn">${reason}</div>`}
<dl><dt>in<dd>${count(taken)}<dt>out<dd>${count(out)}<dt>held<dd>${count(held)}${refused > 0 ? html`<dt>refused<dd class="warn">${count(refused)}` : ''}${lost.map(([why, items]) => html`<dt>dropped: <code>${why}</code><dd class="bad">${count(items)}`)}${queue === undefined ? '' : html`<dt>queue<dd>${count(queue.size)} of ${count(queue.capacity)}`}</dl>${queue === undefined ? '' : html`<meter min="0" max="${queue.capacity}" high="${queue.capacity * 0.8}" optimum="0" value="${queue.size}"></meter>`}
</section>`
}

const COLOURS: Readonly<Record<string, string>> = { ok: 'good', degraded: 'warn', failed: 'bad' }

export const count = (items: number): string => items.toLocaleString('en')
