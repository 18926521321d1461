// How every component is, as the graph and the components themselves report it.
import type {
  Clock,
  ComponentHealth,
  ComponentKind,
  ComponentState,
  EventLoopDelay,
  Health,
  PipelineHealth,
} from '../contract/index.ts'
import type { Accounts } from './accounts.ts'
import { systemClock } from './clock.ts'
import { NO_REDACTION, type Redaction } from './redaction.ts'

type Listener = (changed: ComponentHealth | 'ready') => void

export class HealthRegistry implements Health {
  readonly startedAt: number
  readonly #clock: Clock
  readonly #components = new Map<string, ComponentHealth>()
  readonly #listeners = new Set<Listener>()
  readonly #accounts: Accounts | undefined
  readonly #redaction: Redaction
  #pipelines: readonly PipelineHealth[] = []
  #measureDelay: (() => EventLoopDelay) | undefined
  #readySince: number | undefined
  #changedSources: readonly string[] = []

  /** `accounts` are where failures of exporters are counted. */
  constructor(clock: Clock = systemClock, accounts?: Accounts, redaction: Redaction = NO_REDACTION) {
    this.#clock = clock
    this.#accounts = accounts
    this.#redaction = redaction
    this.startedAt = clock.now()
  }

  get isReady(): boolean {
    return this.#readySince !== undefined
  }
  get readySince(): number | undefined {
    return this.#readySince
  }
  get exporterFailures(): number {
    let failures = 0
    for (const { kind, ledger } of this.#accounts?.all() ?? []) if (kind === 'exporter') failures += ledger.failures
    return failures
  }

  get changedSources(): readonly string[] {
    return this.#changedSources
  }
  /** Who watches them says which, all of them each time. */
  setChangedSources(names: readonly string[]): void {
    this.#changedSources = names.map((name) => this.#redaction.text(name))
  }

  get eventLoopDelay(): EventLoopDelay | undefined {
    return this.#measureDelay?.()
  }
  /** Who watches the process says so. */
  setDelay(measure: () => EventLoopDelay): void {
    this.#measureDelay = measure
  }

  pipelines(): readonly PipelineHealth[] {
    return this.#pipelines
  }
  /** Who builds the graph says what it is made of. */
  setPipelines(pipelines: readonly PipelineHealth[]): void {
    this.#pipelines = pipelines.map(({ id, receivers, processors, exporters }) => ({
      id,
      receivers,
      processors,
      exporters,
    }))
  }

  /** In the order in which the components were first heard of. */
  components(): readonly ComponentHealth[] {
    return [...this.#components.values()]
  }

  /** `pipeline` is a processor's; `since` moves when the state changes, not when only the reason does. */
  report(kind: ComponentKind, id: string, pipeline: string | undefined, state: ComponentState, said?: string): void {
    const reason = said === undefined ? undefined : this.#redaction.text(said)
    const key = keyOf(kind, id, pipeline)
    const before = this.#components.get(key)
    if (before?.state === state && before.reason === reason) return
    const since = before?.state === state ? before.since : this.#clock.now()
    const now: ComponentHealth = { kind, id, pipeline, state, reason, since }
    this.#components.set(key, now)
    this.#tell(now)
  }

  /** `start` of that component has settled well: it is `ok`, unless it has said something else of itself meanwhile. */
  started(kind: ComponentKind, id: string, pipeline: string | undefined): void {
    const state = this.#components.get(keyOf(kind, id, pipeline))?.state
    if (state === undefined || state === 'starting') this.report(kind, id, pipeline, 'ok')
  }

  /** What a reload has taken away is not reported any longer. */
  forget(kind: ComponentKind, id: string, pipeline: string | undefined): void {
    this.#components.delete(keyOf(kind, id, pipeline))
  }

  setReady(isReady: boolean): void {
    if (this.isReady === isReady) return
    this.#readySince = isReady ? this.#clock.now() : undefined
    this.#tell('ready')
  }

  /** Called after each change; the returned function ends that. */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #tell(changed: ComponentHealth | 'ready'): void {
    for (const listener of this.#listeners) listener(changed)
  }
}

const keyOf = (kind: ComponentKind, id: string, pipeline: string | undefined): string =>
  JSON.stringify([kind, id, pipeline ?? null])
