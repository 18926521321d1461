// The life of the agent: everything starts against the flow, and stops with it, inside a deadline.
import {
  type Admission,
  type Component,
  type Host,
  type Insight,
  messageOf,
  type PayloadMemory,
  ShutdownError,
} from '../contract/index.ts'
import type { Signal } from '../data/index.ts'
import type { HealthRegistry } from '../observe/health.ts'
import type { ItemLedger } from '../observe/ledger.ts'
import { buildGraph, type Graph, type GraphSettings, type Node } from './graph.ts'
import { PayloadRoom } from './payload-room.ts'
import type { Plan } from './plan.ts'

/** Fits the 30 s that ECS and Kubernetes give. */
export const SHUTDOWN_MS = 25_000
/** A start that takes longer is worth a line. */
const START_WARNING_MS = 10_000
/** What receivers get of it to finish requests; the rest is for what has been accepted. */
const RECEIVERS_MS = 5_000
/** What is kept back so that exporters can say what is lost. */
const RESERVE_MS = 1_000
/** Of more components that have lost something the rest is one number. */
const MAX_NAMED = 10

export interface AgentSettings extends GraphSettings {
  readonly health: HealthRegistry
  readonly memory: PayloadMemory
  /** Payload that may be in the process at a time where no memory limiter is ahead; undefined: any. */
  readonly payloadLimitBytes?: number | undefined
  /** What only who runs the agent knows; the accounts are its own. */
  readonly insight?: Omit<Insight, 'accounts'> | undefined
}

/** A component did not start; everything that had started has been stopped. */
export class StartError extends Error {
  override readonly name = 'StartError'
}

export interface StopReport {
  /** Items that were still held when the deadline came, and those that were dropped for the shutdown. */
  readonly lostItems: number
  /** How many of them each component had, by kind and id (`exporter otlp_http`), the most first; the last may be `others`. */
  readonly lostBy: Readonly<Record<string, number>>
  readonly isComplete: boolean
}

export class Agent {
  readonly #of: AgentSettings
  readonly #graph: Graph
  /** In place of the limiters that a config does not have. */
  readonly #withoutLimiter: readonly ((sizeBytes: number) => void)[]
  readonly #started: Node[] = []
  #starting: Promise<void> | undefined
  #stopping: Promise<StopReport> | undefined
  #isStopped = false

  /** Makes every component; throws `PlanError`. Nothing has started yet. */
  constructor(plan: Plan, of: AgentSettings) {
    this.#of = of
    this.#graph = buildGraph(plan, of)
    this.#withoutLimiter = defaultLimit(of)
    of.health.setPipelines(plan.pipelines)
  }

  get nodes(): readonly Node[] {
    return this.#graph.nodes
  }

  /** Rejects with `StartError` when a component does not start. */
  start(): Promise<void> {
    this.#starting ??= this.#start()
    return this.#starting
  }

  async #start(): Promise<void> {
    for (const node of this.#graph.nodes) {
      if (this.#isStopped) throw new ShutdownError('stopped during start')
      this.#report(node, 'starting')
      this.#started.push(node)
      const cancel = this.#watchStart(node)
      try {
        await node.component.start?.(this.#hostOf(node))
      } catch (error) {
        this.#report(node, 'failed', messageOf(error))
        await this.stop()
        throw new StartError(`${node.kind} ${node.id}: ${messageOf(error)}`, { cause: error })
      } finally {
        cancel()
      }
      this.#of.health.started(node.kind, node.id, node.pipeline)
    }
    if (!this.#isStopped) this.#of.health.setReady(true)
  }

  /** Everything else waits for it, so it is named again and again. Returns what ends that. */
  #watchStart({ kind, id }: Node): () => void {
    const { clock, log } = this.#of.settingsOf('extension', 'agent')
    let cancel = (): void => {}
    const wait = (): void => {
      cancel = clock.after(START_WARNING_MS, () => {
        log.warn('component is still starting, everything waits for it', { component: id, kind })
        wait()
      })
    }
    wait()
    return () => cancel()
  }

  /** Once; every further call gets the same answer. Never rejects. */
  stop(deadlineMs: number = SHUTDOWN_MS): Promise<StopReport> {
    this.#stopping ??= this.#stop(deadlineMs)
    return this.#stopping
  }

  async #stop(deadlineMs: number): Promise<StopReport> {
    this.#isStopped = true
    this.#of.health.setReady(false)
    const { clock } = this.#of.settingsOf('extension', 'agent')
    const endsAt = clock.monotonicMs() + deadlineMs
    const flow = this.#started.toReversed()
    const isPart = (...kinds: Node['kind'][]) => flow.filter(({ kind }) => kinds.includes(kind))
    await this.#stopAll(isPart('receiver'), Math.min(RECEIVERS_MS, deadlineMs / 2))
    // One after the other, with the flow: what one flushes, the next must still take.
    for (const node of isPart('processor', 'connector'))
      await this.#stopAll([node], endsAt - RESERVE_MS - clock.monotonicMs())
    await this.#stopAll(isPart('exporter'), endsAt - RESERVE_MS / 2 - clock.monotonicMs())
    const losses = this.#losses()
    await this.#stopAll(isPart('extension'), Math.max(RESERVE_MS / 2, endsAt - clock.monotonicMs()))
    return { ...losses, isComplete: clock.monotonicMs() < endsAt }
  }

  /** Accepted, and neither delivered nor dropped. What one node has offered and the next not answered for is in both accounts. */
  get itemsOnTheWay(): number {
    let items = 0
    for (const { ledger } of this.#of.accounts.all()) items += onTheWay(ledger)
    return Math.max(0, items)
  }

  #losses(): Pick<StopReport, 'lostItems' | 'lostBy'> {
    let lostItems = this.itemsOnTheWay
    const byComponent = new Map<string, number>()
    for (const { kind, id, ledger } of this.#of.accounts.all()) {
      const droppedItems = ledger.droppedByReason.get('shutdown') ?? 0
      lostItems += droppedItems
      const name = `${kind} ${id}`
      byComponent.set(name, (byComponent.get(name) ?? 0) + onTheWay(ledger) + droppedItems)
    }
    const lossy = [...byComponent].filter(([, items]) => items > 0).sort(([, a], [, b]) => b - a)
    const others = lossy.slice(MAX_NAMED).reduce((sum, [, items]) => sum + items, 0)
    const lostBy = Object.fromEntries([...lossy.slice(0, MAX_NAMED), ...(others > 0 ? [['others', others]] : [])])
    return { lostItems, lostBy }
  }

  /** Side by side; one that fails, or does not end in time, does not keep the others. */
  async #stopAll(nodes: readonly Node[], withinMs: number): Promise<void> {
    if (nodes.length === 0) return
    const { clock, log } = this.#of.settingsOf('extension', 'agent')
    const deadline = new AbortController()
    const cancel = clock.after(Math.max(0, withinMs), () =>
      deadline.abort(new ShutdownError('the time for stopping is over')),
    )
    const isLate = new Promise<void>((resolve) =>
      deadline.signal.addEventListener('abort', () => setImmediate(resolve)),
    )
    await Promise.all(
      nodes.map(async (node) => {
        this.#report(node, 'stopping')
        try {
          const stopped = Promise.resolve(node.component.stop?.(deadline.signal)).then(() => true)
          const inTime = await Promise.race([stopped, isLate.then(() => graceful(stopped))])
          if (inTime !== true) log.error('component did not stop in time', { component: node.id, kind: node.kind })
        } catch (error) {
          log.error('component failed to stop', { component: node.id, kind: node.kind, error: messageOf(error) })
        }
        this.#report(node, 'stopped')
      }),
    )
    cancel()
  }

  #report({ kind, id, pipeline }: Node, ...[state, reason]: Parameters<Host['report']>): void {
    this.#of.health.report(kind, id, pipeline, state, reason)
  }

  #hostOf(node: Node): Host {
    const { accounts, health, memory, insight } = this.#of
    const limiters: { [S in Signal]?: readonly ((sizeBytes: number) => void)[] } = {}
    return {
      health,
      insight: { measured: () => [], spans: undefined, ...insight, accounts: () => accounts.all() },
      extension: <E extends Component>(id: string): E => this.#extension<E>(id),
      report: (state, reason) => this.#report(node, state, reason),
      admit: (signal, sizeBytes) => {
        limiters[signal] ??= orElse(this.#graph.limiters(node.id, signal), this.#withoutLimiter)
        for (const limiter of limiters[signal]) limiter(sizeBytes)
        return new Admitted(memory, sizeBytes)
      },
    }
  }

  #extension<E extends Component>(id: string): E {
    const found = this.#graph.nodes.find((node) => node.kind === 'extension' && node.id === id)
    if (found === undefined) {
      const known = this.#graph.nodes.filter(({ kind }) => kind === 'extension').map((node) => node.id)
      throw new Error(`extension ${id} is not in service::extensions (there: ${known.join(', ') || 'none'})`)
    }
    return found.component as E
  }
}

const onTheWay = ({ held, offeredItems }: ItemLedger): number => held - offeredItems

function defaultLimit({ payloadLimitBytes, memory, settingsOf }: AgentSettings): ((sizeBytes: number) => void)[] {
  if (payloadLimitBytes === undefined) return []
  const { clock, log } = settingsOf('extension', 'agent')
  const room = new PayloadRoom({ limitBytes: payloadLimitBytes, memory, clock, log })
  return [(sizeBytes) => room.admit(sizeBytes)]
}

const orElse = <T>(list: readonly T[], otherwise: readonly T[]): readonly T[] => (list.length > 0 ? list : otherwise)

/** The deadline has come: a component that listens to `abort` gets a moment to end. */
const GRACE_MS = 250
async function graceful(stopped: Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), GRACE_MS)
  })
  try {
    return await Promise.race([stopped, late])
  } finally {
    clearTimeout(timer)
  }
}

class Admitted implements Admission {
  readonly #memory: PayloadMemory
  #sizeBytes: number

  constructor(memory: PayloadMemory, sizeBytes: number) {
    this.#memory = memory
    this.#sizeBytes = sizeBytes
    memory.add(sizeBytes)
  }
  release(): void {
    this.#memory.add(-this.#sizeBytes)
    this.#sizeBytes = 0
  }
}
