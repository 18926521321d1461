// The life of a component: created (no I/O), started (all I/O begins), stopped.
import type { Signal, Visitors } from '../data/index.ts'
import type { Consume, Consumers } from './consumer.ts'
import type { Insight } from './insight.ts'

export interface Component {
  /** Once, downstream first. Rejecting fails the start of the agent, cleanly. */
  start?(host: Host): Promise<void>
  /** Flushes and releases. Safe before `start`, safe twice, done when `abort` says so. */
  stop?(abort: AbortSignal): Promise<void>
}

/** What a component can ask of the agent that runs it. */
export interface Host {
  /** The running extension with that id; throws when the config's `service::extensions` does not have it. */
  extension<E extends Component>(id: string): E
  /**
   * Asks the memory limiters of the pipelines ahead, before decoding; the bytes count until `release`.
   * Throws `RetryableError` when there is no room.
   */
  admit(signal: Signal, sizeBytes: number): Admission
  /** How this component is, for the health endpoints. A component that never says anything is `ok` once started. */
  report(state: ComponentState, reason?: string): void
  /** For the health endpoints themselves. */
  readonly health: Health
  /** For pages about the agent. */
  readonly insight: Insight
}

/** Released when the payload has been handed on or refused; calling it twice does nothing. */
export interface Admission {
  release(): void
}

/** `degraded`: works on, recovers by itself (a destination is down). `failed`: does nothing until a person helps. */
export type ComponentState = 'starting' | 'ok' | 'degraded' | 'failed' | 'stopping' | 'stopped'

export interface ComponentHealth {
  readonly kind: ComponentKind
  readonly id: string
  readonly pipeline: string | undefined
  readonly state: ComponentState
  readonly reason: string | undefined
  /** Milliseconds since the epoch. */
  readonly since: number
}

export interface Health {
  /** True from the moment that every component has started until shutdown begins. */
  readonly isReady: boolean
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  /** Since when it is ready; undefined while it is not. */
  readonly readySince: number | undefined
  components(): readonly ComponentHealth[]
  pipelines(): readonly PipelineHealth[]
  /** How many times, since the start, an exporter has lost something or handed it back. */
  readonly exporterFailures: number
  /** What the config was made from (secrets, files, objects), by name, and has changed since: it is taken at the next start. */
  readonly changedSources: readonly string[]
  /** Undefined where nobody measures it. */
  readonly eventLoopDelay: EventLoopDelay | undefined
}

/** How much later than they should the process does what it has to do; looked at once a second. */
export interface EventLoopDelay {
  readonly lastMs: number
  readonly worstOfMinuteMs: number
}

/** Which components make up a pipeline; how each of them is stands in `components`. */
export interface PipelineHealth {
  readonly id: string
  readonly receivers: readonly string[]
  readonly processors: readonly string[]
  readonly exporters: readonly string[]
}

export type ComponentKind = 'receiver' | 'processor' | 'exporter' | 'connector' | 'extension'

/** One instance per id, serving every signal: it owns a socket or a file. */
export interface Receiver extends Component {
  /** Where it listens, once started, for the start message: `http://127.0.0.1:4318`, `grpc://127.0.0.1:4317`. */
  readonly endpoints?: readonly string[]
  /**
   * Inside a Lambda function: an event that the function was invoked with. Resolves with false when it is none of this
   * receiver's, with true when the pipelines have acknowledged what was in it; rejects when they have not, or it is damaged.
   */
  invoke?(event: unknown): Promise<boolean>
}

/** One instance per id, serving every signal: it owns connections. */
export interface Exporter extends Component {
  readonly consumers: Consumers
  /** The user has asked for back-pressure (`block_on_overflow`): a consumer that waits is right, however long. */
  readonly mayBlock?: boolean
  /** Where people or scrapers find something, once started. */
  readonly endpoints?: readonly string[]
}

/** One instance per place in a pipeline. Item by item work gives a visitor, and is fused with its neighbours… */
export interface ItemProcessor<S extends Signal = Signal> extends Component {
  readonly visitor: Visitors[S]
  /** The label of its drops; `filtered` by default. */
  readonly dropReason?: string
  /** Its hooks keep no view, retained or not, and no bytes of one: the memory of what they have replaced is given back at once. */
  readonly keepsNothing?: boolean
}

/** …work on whole batches (hold, merge, sample) takes the batch and calls `next` when it likes. */
export interface BatchProcessor<S extends Signal = Signal> extends Component {
  readonly consume: Consume<S>
  /**
   * A limiter's answer before decoding: throws `RetryableError`. The graph collects them for `Host.admit`. A limiter passes on what it gets,
   * and keeps none of it.
   */
  admit?(sizeBytes: number): void
}

/** An exporter of one pipeline and a receiver of others. */
export interface Connector extends Component {
  readonly consumers: Consumers
}

export interface Extension extends Component {
  readonly endpoints?: readonly string[]
}
