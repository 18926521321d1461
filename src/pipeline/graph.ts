// The components of a plan, made and joined. Nothing has started yet, and nothing has done I/O.
import {
  type BatchProcessor,
  type Component,
  type ComponentKind,
  type Connector,
  type Consume,
  type Consumers,
  type Exporter,
  type ItemProcessor,
  type Receiver,
  type Settings,
  SIGNALS,
} from '../contract/index.ts'
import type { Signal } from '../data/index.ts'
import type { Accounts } from '../observe/accounts.ts'
import type { ItemLedger } from '../observe/ledger.ts'
import { entering, leaving, receiving } from './edges.ts'
import { type Branch, fanOut } from './fanout.ts'
import { type FusedMember, fused } from './fused.ts'
import { downstreamFirst, made, type Plan, PlanError, type PlannedComponent, type PlannedPipeline } from './plan.ts'

/** A component in its place. */
export interface Node {
  readonly kind: ComponentKind
  readonly id: string
  readonly pipeline: string | undefined
  readonly component: Component
}

export interface Graph {
  /** In the order in which they start: extensions, exporters, processors and connectors against the flow, receivers. */
  readonly nodes: readonly Node[]
  /** The limiters of the pipelines that a receiver feeds, by receiver and signal. */
  limiters(receiver: string, signal: Signal): readonly Limiter[]
}

/** Throws `RetryableError` when there is no room. */
export type Limiter = (sizeBytes: number) => void

export interface GraphSettings {
  readonly accounts: Accounts
  settingsOf(kind: ComponentKind, id: string, pipeline?: string): Settings
}

export function buildGraph(plan: Plan, of: GraphSettings): Graph {
  return new GraphBuilder(plan, of).build()
}

class GraphBuilder {
  readonly #plan: Plan
  readonly #of: GraphSettings
  readonly #exporters = new Map<string, { node: Node; exporter: Exporter }>()
  readonly #connectors = new Map<string, { node: Node; connector: Connector }>()
  readonly #middle: Node[] = []
  /** By pipeline: where its receivers hand over. */
  readonly #entries = new Map<PlannedPipeline, Consume>()
  /** By pipeline id: its own limiters and those of the pipelines behind its connectors. */
  readonly #limiters = new Map<string, Limiter[]>()

  constructor(plan: Plan, of: GraphSettings) {
    this.#plan = plan
    this.#of = of
  }

  build(): Graph {
    const extensions = this.#plan.extensions.map((id) => this.#extension(id))
    for (const pipeline of downstreamFirst(this.#plan)) this.#pipeline(pipeline)
    const receivers = this.#used('receiver', ({ receivers }) => receivers).map((planned) => this.#receiver(planned))
    const exporters = [...this.#exporters.values()].map(({ node }) => node)
    return {
      nodes: [...extensions, ...exporters, ...this.#middle, ...receivers],
      limiters: (receiver, signal) =>
        this.#plan.pipelines
          .filter((pipeline) => pipeline.signal === signal && pipeline.receivers.includes(receiver))
          .flatMap(({ id }) => this.#limiters.get(id) ?? []),
    }
  }

  #pipeline(pipeline: PlannedPipeline): void {
    const limiters: Limiter[] = []
    this.#limiters.set(pipeline.id, limiters)
    let next = this.#fanOut(pipeline.exporters.map((id) => this.#destination(pipeline, id)))
    let run: FusedMember[] = []
    const behindRun = (): Consume => (run.length > 0 ? fused(run, next) : next)
    for (const id of pipeline.processors.toReversed()) {
      // Whether it works on batches shows only once it is made; a visitor never calls what it gets as `next`.
      const { processor, node } = this.#processor(pipeline, id, behindRun())
      this.#middle.push(node)
      const ledger = this.#of.accounts.ledger({ kind: 'processor', id, pipeline: pipeline.id, signal: pipeline.signal })
      const { log } = this.#of.settingsOf('processor', id, pipeline.id)
      if ('visitor' in processor) {
        run.unshift({ name: `processor ${id}`, processor, ledger, log })
        continue
      }
      run = []
      const isLimiter = processor.admit !== undefined
      if (isLimiter) limiters.push((sizeBytes) => processor.admit!(sizeBytes))
      next = entering(processor.consume, ledger, log, isLimiter)
    }
    this.#entries.set(pipeline, behindRun())
    for (const id of pipeline.exporters) {
      if (!this.#connectors.has(id)) continue
      for (const fed of this.#plan.pipelines) {
        if (fed.receivers.includes(id)) limiters.push(...(this.#limiters.get(fed.id) ?? []))
      }
    }
  }

  #processor(
    { id: pipeline, signal }: PlannedPipeline,
    id: string,
    behind: Consume,
  ): { processor: ItemProcessor | BatchProcessor; node: Node } {
    const { factory, config } = this.#planned('processor', id)
    if (factory.kind !== 'processor')
      throw new PlanError(['processors', id], 'component_not_made', 'is not a processor')
    const create = factory.create[signal]
    if (create === undefined) {
      const can = SIGNALS.filter((one) => factory.create[one] !== undefined).join(', ')
      const path = ['service', 'pipelines', pipeline, 'processors']
      throw new PlanError(path, 'wrong_signal', `${id} does not take ${signal}, only ${can}`)
    }
    const ledger = this.#of.accounts.ledger({ kind: 'processor', id, pipeline, signal })
    const settings = this.#of.settingsOf('processor', id, pipeline)
    const make = create as (config: unknown, settings: Settings, next: Consume) => ItemProcessor | BatchProcessor
    const processor = made('processor', id, ['visitor', 'consume'], () =>
      make(config, settings, leaving(behind, ledger)),
    )
    return { processor, node: { kind: 'processor', id, pipeline, component: processor } }
  }

  /** An exporter or a connector at the end of a pipeline. */
  #destination({ id: pipeline, signal }: PlannedPipeline, id: string): Branch {
    const planned = this.#plan.components.find((one) => one.id === id && one.kind === 'connector')
    const kind = planned === undefined ? 'exporter' : 'connector'
    const component = planned === undefined ? this.#exporter(id) : this.#connector(planned)
    const consume = component.consumers[signal] as Consume | undefined
    if (consume === undefined) {
      const can = SIGNALS.filter((one) => component.consumers[one] !== undefined).join(', ') || 'nothing here'
      const path = ['service', 'pipelines', pipeline, 'exporters']
      throw new PlanError(path, 'wrong_signal', `${id} does not take ${signal}, only ${can}`)
    }
    const ledger = this.#of.accounts.ledger({ kind, id, signal })
    return {
      name: `${kind} ${id}`,
      consume: entering(consume, ledger, this.#of.settingsOf(kind, id).log),
      mayBlock: 'mayBlock' in component && component.mayBlock === true,
      lost(items, reason) {
        ledger.entered(items)
        ledger.dropped(items, reason)
      },
    }
  }

  #exporter(id: string): Exporter {
    const known = this.#exporters.get(id)
    if (known !== undefined) return known.exporter
    const { factory, config } = this.#planned('exporter', id)
    if (factory.kind !== 'exporter') throw new PlanError(['exporters', id], 'component_not_made', 'is not an exporter')
    const settings = this.#of.settingsOf('exporter', id)
    const exporter = made('exporter', id, ['consumers'], () => factory.create(config, settings))
    this.#exporters.set(id, { node: { kind: 'exporter', id, pipeline: undefined, component: exporter }, exporter })
    return exporter
  }

  #connector({ id, factory, config }: PlannedComponent): Connector {
    const known = this.#connectors.get(id)
    if (known !== undefined) return known.connector
    if (factory.kind !== 'connector')
      throw new PlanError(['connectors', id], 'component_not_made', 'is not a connector')
    const settings = this.#of.settingsOf('connector', id)
    const next: { [S in Signal]?: Consume } = {}
    for (const signal of SIGNALS) {
      const fed = this.#fedBy(id, signal)
      if (fed.length > 0) next[signal] = this.#behindConnector(id, signal, fed)
    }
    const nextOf = (pipeline: string): Consume | undefined => {
      const fed = this.#plan.pipelines.find((one) => one.id === pipeline && one.receivers.includes(id))
      return fed && this.#behindConnector(id, fed.signal, [fed])
    }
    const make = (): Connector => factory.create(config, settings, next as Consumers, nextOf)
    const connector = made('connector', id, ['consumers'], make)
    const node: Node = { kind: 'connector', id, pipeline: undefined, component: connector }
    this.#connectors.set(id, { node, connector })
    this.#middle.push(node)
    return connector
  }

  #behindConnector(id: string, signal: Signal, fed: readonly PlannedPipeline[]): Consume {
    return leaving(this.#intoPipelines(fed), this.#of.accounts.ledger({ kind: 'connector', id, signal }))
  }

  #receiver({ id, factory, config }: PlannedComponent): Node {
    if (factory.kind !== 'receiver') throw new PlanError(['receivers', id], 'component_not_made', 'is not a receiver')
    const next: { [S in Signal]?: Consume } = {}
    for (const signal of SIGNALS) {
      const fed = this.#fedBy(id, signal)
      if (fed.length === 0) continue
      if (!factory.signals.includes(signal)) {
        const path = ['service', 'pipelines', fed[0]!.id, 'receivers']
        throw new PlanError(path, 'wrong_signal', `${id} does not make ${signal}, only ${factory.signals.join(', ')}`)
      }
      const ledgerOf = (transport: string | undefined): ItemLedger =>
        this.#of.accounts.ledger({ kind: 'receiver', id, signal, transport })
      next[signal] = receiving(this.#intoPipelines(fed), ledgerOf, this.#of.settingsOf('receiver', id))
    }
    const make = (): Receiver => factory.create(config, this.#of.settingsOf('receiver', id), next as Consumers)
    const component = made('receiver', id, [], make)
    return { kind: 'receiver', id, pipeline: undefined, component }
  }

  #extension(id: string): Node {
    const { factory, config } = this.#planned('extension', id)
    if (factory.kind !== 'extension')
      throw new PlanError(['extensions', id], 'component_not_made', 'is not an extension')
    return {
      kind: 'extension',
      id,
      pipeline: undefined,
      component: made('extension', id, [], () => factory.create(config, this.#of.settingsOf('extension', id))),
    }
  }

  #fedBy(receiver: string, signal: Signal): PlannedPipeline[] {
    return this.#plan.pipelines.filter((one) => one.signal === signal && one.receivers.includes(receiver))
  }

  /** A pipeline that is entered is not a node: what one loses while others accept is booked to its first nodes. */
  #intoPipelines(fed: readonly PlannedPipeline[]): Consume {
    return this.#fanOut(
      fed.map((pipeline) => {
        const ledgers = this.#firstLedgers(pipeline)
        return {
          name: `pipeline ${pipeline.id}`,
          consume: this.#entries.get(pipeline)!,
          mayBlock: pipeline.exporters.some((id) => this.#exporters.get(id)?.exporter.mayBlock === true),
          lost(items: number, reason: string) {
            for (const ledger of ledgers) {
              ledger.entered(items)
              ledger.dropped(items, reason)
            }
          },
        }
      }),
    )
  }

  #firstLedgers({ id: pipeline, signal, processors, exporters }: PlannedPipeline): ItemLedger[] {
    const [first] = processors
    if (first !== undefined) return [this.#of.accounts.ledger({ kind: 'processor', id: first, pipeline, signal })]
    return exporters.map((id) =>
      this.#of.accounts.ledger({ kind: this.#connectors.has(id) ? 'connector' : 'exporter', id, signal }),
    )
  }

  #fanOut(branches: readonly Branch[]): Consume {
    const { clock, log } = this.#of.settingsOf('connector', 'fanout')
    return fanOut(branches, { clock, log })
  }

  /** The planned components of a kind that some pipeline uses, each once. */
  #used(kind: ComponentKind, of: (pipeline: PlannedPipeline) => readonly string[]): PlannedComponent[] {
    const ids = new Set(this.#plan.pipelines.flatMap(of))
    return this.#plan.components.filter((one) => one.kind === kind && ids.has(one.id))
  }

  #planned(kind: ComponentKind, id: string): PlannedComponent {
    const found = this.#plan.components.find((one) => one.kind === kind && one.id === id)
    if (found === undefined) throw new PlanError([`${kind}s`, id], 'undefined_component', 'is used and not configured')
    return found
  }
}
