// What a component is given to live with. Nothing global is needed, so nothing global is used.
import type { Meter } from '@opentelemetry/api'
import type { Batch, Signal } from '../data/index.ts'

export interface Settings {
  /** As configured: `otlp/internal`. */
  readonly id: string
  /** The pipeline of a processor (`traces/eu`); undefined for what several pipelines share. */
  readonly pipeline: string | undefined
  readonly log: Logger
  /** For numbers of the component's own; those of the contract come from the ledger. */
  readonly meter: Meter
  /** For spans of the component's own work; undefined unless `service::telemetry::traces` asks for them. */
  readonly spans?: Spans | undefined
  readonly clock: Clock
  readonly memory: PayloadMemory
  /** The account of this component's items of that signal. */
  ledger(signal: Signal): Ledger
  readonly agent: { readonly name: string; readonly version: string; readonly instanceId: string }
}

/**
 * The account of one node, in items. At every moment entered + created = out + dropped + merged + refused + held.
 *
 * The graph books what crosses a node's edges: `entered` and `refused` in front of processors, connectors and exporters,
 * `out` behind receivers, processors and connectors. A component books only what nobody else can see: an exporter its
 * `out` (delivered), everyone their drops, and what they make or merge.
 */
export interface Ledger {
  entered(items: number): void
  /** Items that the node made itself, copies for further branches included. */
  created(items: number): void
  /** Delivered, or acknowledged by what comes next. */
  out(items: number): void
  /** Gone for good. `reason` is a label: few values, `snake_case`. */
  dropped(items: number, reason: string): void
  /** Became part of other items (an aggregation). */
  merged(items: number): void
  /** Handed back to the sender. */
  refused(items: number): void
  /** What must still be here, by the account. */
  readonly held: number
}

/**
 * Every payload byte that the process holds, from its admission until it is delivered, dropped or on disk. A chunk that
 * several hold counts once. What holds a batch beyond its acknowledgement (a batch processor, a queue) says so here.
 */
export interface PayloadMemory {
  readonly heldBytes: number
  /** Chunks among them. Each costs a few hundred bytes beside its payload, which is most of what a small one costs. */
  readonly heldChunks: number
  hold(batch: Batch): void
  /** Exactly once for each `hold`, with the same batch. */
  release(batch: Batch): void
  /** Bytes that are no batch yet: a body that is being read. Negative gives back. */
  add(sizeBytes: number): void
}

/** What a chunk takes beside its bytes, as measured with requests of one item: the objects of batch, queue and buffer. */
const CHUNK_OVERHEAD_BYTES = 640

/** Payload, and what holding it costs. */
export const takenBytes = ({ heldBytes, heldChunks }: Pick<PayloadMemory, 'heldBytes' | 'heldChunks'>): number =>
  heldBytes + heldChunks * CHUNK_OVERHEAD_BYTES

/** A constant message, what varies as fields. `error` means that data was lost or a person is needed. Never a line an item. */
export interface Logger {
  debug(message: string, fields?: object): void
  info(message: string, fields?: object): void
  warn(message: string, fields?: object): void
  error(message: string, fields?: object): void
}

/** The agent's own spans. */
export interface Spans {
  /**
   * Returns what ends the span: with what is known by then, and why it failed, if it did.
   * `metadata` are the headers of the request that led to it, where its own trace may stand.
   */
  begin(
    name: string,
    of: {
      readonly kind: 'server' | 'client'
      readonly attributes: SpanAttributes
      readonly metadata?: ReadonlyMap<string, readonly string[]>
    },
  ): (more: SpanAttributes, error?: string) => void
}
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>

export interface Clock {
  /** Milliseconds since the epoch, for timestamps. */
  now(): number
  /** Milliseconds since some moment, never backwards, for waits and ages. */
  monotonicMs(): number
  /** Rejects with the signal's reason when aborted. */
  sleep(ms: number, abort?: AbortSignal): Promise<void>
  /** Runs once, later, unless the returned function is called before. Does not keep the process alive. */
  after(ms: number, run: () => void): () => void
}
