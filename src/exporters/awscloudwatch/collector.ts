// Collects, and hands on what is due: to a destination that has a queue of its own, and may refuse for a while.
import {
  type Clock,
  type Consume,
  type Ledger,
  type PayloadMemory,
  RetryableError,
  reasonOf,
  ShutdownError,
} from '../../contract/index.ts'
import type { Batch, Context } from '../../data/index.ts'
import { batchesOf } from './batches.ts'
import type { AwsCloudWatchConfig } from './config.ts'
import type { Intake } from './intake.ts'
import { AGGREGATE_BYTES } from './series.ts'

export interface CollectorSettings {
  readonly clock: Clock
  readonly memory: PayloadMemory
  readonly ledger: () => Ledger
  readonly onLost: (items: number, reason: string, error: string) => void
}

type CollectorConfig = Pick<
  AwsCloudWatchConfig,
  'force_flush_interval' | 'max_datums_per_call' | 'max_aggregates' | 'aggregation'
>

/** How long a batch waits that the destination has refused. */
const OFFER_AGAIN_MS = 1000

export class Collector {
  readonly #config: CollectorConfig
  readonly #intake: Intake
  readonly #next: Consume<'metrics'>
  readonly #of: CollectorSettings
  /** Refused, and to be offered again. */
  #waiting: Batch<'metrics'>[] = []
  readonly #offers = new Set<Promise<void>>()
  /** Of batches that wait, or whose offer has no answer yet. */
  #pendingItems = 0
  #heldBytes = 0
  #cancelFlush: (() => void) | undefined
  #cancelOffer: (() => void) | undefined
  #isStopping = false

  constructor(config: CollectorConfig, intake: Intake, next: Consume<'metrics'>, of: CollectorSettings) {
    this.#config = config
    this.#intake = intake
    this.#next = next
    this.#of = of
  }

  /** Resolves when the batch is collected. */
  readonly consume = async (batch: Batch<'metrics'>): Promise<void> => {
    if (this.#isStopping) throw new ShutdownError('the exporter is stopping')
    const { aggregates } = this.#intake
    const { max_aggregates } = this.#config
    if (this.#pendingItems > 0 && aggregates.size + this.#pendingItems >= max_aggregates)
      throw new RetryableError('as much is collected as max_aggregates allows, and the queue is full', {
        reason: 'queue_full',
        waitMs: OFFER_AGAIN_MS,
      })
    this.#intake.take(batch)
    if (aggregates.size >= max_aggregates) this.#flush(Infinity)
    this.#account()
    this.#flushLater()
  }

  /** Hands on all there is; what is refused now is lost. Resolves when the destination has answered. */
  async stop(): Promise<void> {
    this.#isStopping = true
    this.#cancelFlush?.()
    this.#cancelOffer?.()
    const waiting = this.#waiting
    this.#waiting = []
    for (const batch of waiting) this.#offerAgain(batch)
    this.#flush(Infinity)
    this.#account()
  }

  /** Resolves when no offer is without an answer. */
  async settled(): Promise<void> {
    while (this.#offers.size > 0) await Promise.allSettled(this.#offers)
  }

  #flushLater(): void {
    const { openedMs } = this.#intake.aggregates
    if (openedMs === undefined || this.#cancelFlush !== undefined || this.#isStopping) return
    const waitMs = openedMs + this.#config.force_flush_interval - this.#of.clock.monotonicMs()
    this.#cancelFlush = this.#of.clock.after(Math.max(0, waitMs), () => {
      this.#cancelFlush = undefined
      this.#flush(this.#of.clock.monotonicMs() - this.#config.force_flush_interval)
      this.#account()
      this.#flushLater()
    })
  }

  /** What was opened until then, and what belongs to periods that are over. */
  #flush(openedUntilMs: number): void {
    const taken = this.#intake.aggregates.take(openedUntilMs, this.#of.clock.now())
    const { max_datums_per_call, aggregation } = this.#config
    for (const batch of batchesOf(taken, max_datums_per_call, aggregation === 'values')) this.#offer(batch)
  }

  #offer(batch: Batch<'metrics'>): void {
    this.#of.memory.hold(batch)
    this.#pendingItems += batch.items
    this.#offerAgain(batch)
  }

  #offerAgain(batch: Batch<'metrics'>): void {
    const offer: Promise<void> = this.#next(batch, context())
      .then(
        () => this.#settle(batch),
        (error: unknown) => this.#refused(batch, error),
      )
      .finally(() => this.#offers.delete(offer))
    this.#offers.add(offer)
  }

  #refused(batch: Batch<'metrics'>, error: unknown): void {
    const isFull = error instanceof RetryableError && error.reason === 'queue_full'
    if (isFull && !this.#isStopping) {
      this.#waiting.push(batch)
      this.#offerLater()
      return
    }
    this.#settle(batch)
    const reason = reasonOf(error)
    this.#of.ledger().dropped(batch.items, reason)
    this.#of.onLost(batch.items, reason, error instanceof Error ? error.message : String(error))
  }

  #settle(batch: Batch<'metrics'>): void {
    this.#of.memory.release(batch)
    this.#pendingItems -= batch.items
  }

  #offerLater(): void {
    this.#cancelOffer ??= this.#of.clock.after(OFFER_AGAIN_MS, () => {
      this.#cancelOffer = undefined
      const waiting = this.#waiting
      this.#waiting = []
      for (const batch of waiting) this.#offerAgain(batch)
    })
  }

  /** What is collected takes room, too. */
  #account(): void {
    const heldBytes = this.#intake.aggregates.size * AGGREGATE_BYTES
    this.#of.memory.add(heldBytes - this.#heldBytes)
    this.#heldBytes = heldBytes
  }
}

const context = (): Context => ({ abort: new AbortController().signal, metadata: new Map() })
