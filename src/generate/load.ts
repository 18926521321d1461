// A steady stream of batches: when each is due, who sends it, and what became of it.
import type { Clock } from '../contract/index.ts'
import type { Batch, Signal } from '../data/index.ts'
import { isUnreachable, type Sender } from './sender.ts'
import { PROPORTIONS } from './supply.ts'

export interface LoadPlan {
  readonly signals: readonly Signal[]
  /** Items a second, of all signals together; 0 is as fast as the destination takes them. */
  readonly rate: number
  readonly durationMs: number
  /** Items in a request. */
  readonly batchItems: number
}

export interface Progress {
  readonly requests: number
  readonly sentItems: Readonly<Record<Signal, number>>
  readonly failedItems: number
  readonly elapsedMs: number
  /** The first thing that went wrong. */
  readonly firstError: unknown
  /** Items that were due and for which the destination left no time. */
  readonly lateItems: number
}

/** With a low rate a request waits for half a second's worth of items, so that something is to be seen at once. */
const requestItems = ({ rate, batchItems }: LoadPlan): number =>
  rate === 0 ? batchItems : Math.max(1, Math.min(batchItems, Math.round(rate / 2)))

export class Load {
  readonly #plan: LoadPlan
  readonly #clock: Clock
  readonly #take: (signal: Signal, items: number) => Batch
  readonly #startMs: number
  readonly #totalItems: number
  readonly #planned: Record<Signal, number> = { traces: 0, metrics: 0, logs: 0 }
  readonly #sent: Record<Signal, number> = { traces: 0, metrics: 0, logs: 0 }
  #plannedItems = 0
  #failedItems = 0
  #requests = 0
  #firstError: unknown
  readonly #stop = new AbortController()

  constructor(plan: LoadPlan, clock: Clock, take: (signal: Signal, items: number) => Batch) {
    this.#plan = plan
    this.#clock = clock
    this.#take = take
    this.#startMs = clock.monotonicMs()
    this.#totalItems =
      plan.rate === 0 ? Number.POSITIVE_INFINITY : Math.max(1, Math.round((plan.rate * plan.durationMs) / 1000))
  }

  get progress(): Progress {
    return {
      requests: this.#requests,
      sentItems: { ...this.#sent },
      failedItems: this.#failedItems,
      elapsedMs: this.#elapsedMs,
      firstError: this.#firstError,
      lateItems: Number.isFinite(this.#totalItems) ? this.#totalItems - this.#plannedItems : 0,
    }
  }

  /** Resolves when everything has been sent, the time is over, `abort` says so, or nobody is there from the beginning. */
  async run(senders: readonly Sender[], abort: AbortSignal): Promise<void> {
    const stop = AbortSignal.any([abort, this.#stop.signal])
    await Promise.all(senders.map((sender) => this.#drive(sender, stop)))
    // The last items have their time, too: the rate is over the whole duration.
    const leftMs = this.#plan.durationMs - this.#elapsedMs
    if (leftMs > 0 && !stop.aborted) await this.#wait(leftMs, stop)
  }

  async #drive(sender: Sender, abort: AbortSignal): Promise<void> {
    while (!abort.aborted && this.#plannedItems < this.#totalItems) {
      const dueMs = this.#plan.rate === 0 ? 0 : (this.#plannedItems / this.#plan.rate) * 1000
      const elapsedMs = this.#elapsedMs
      if (elapsedMs >= this.#plan.durationMs) return
      const items = Math.min(requestItems(this.#plan), this.#totalItems - this.#plannedItems)
      const signal = this.#nextSignal()
      this.#plannedItems += items
      this.#planned[signal] += items
      if (dueMs > elapsedMs && !(await this.#wait(dueMs - elapsedMs, abort))) {
        this.#plannedItems -= items
        return
      }
      await this.#send(sender, this.#take(signal, items), abort)
    }
  }

  async #send(sender: Sender, batch: Batch, abort: AbortSignal): Promise<void> {
    try {
      const refusedItems = await sender.send(batch, abort)
      this.#sent[batch.signal] += batch.items - refusedItems
      this.#failedItems += refusedItems
    } catch (error) {
      // Interrupted: what became of it nobody knows.
      if (abort.aborted) return
      this.#failedItems += batch.items
      this.#firstError ??= error
      const hasEverWorked = this.#sent.traces + this.#sent.metrics + this.#sent.logs > 0
      if (isUnreachable(error) && !hasEverWorked) this.#stop.abort()
    }
    this.#requests++
  }

  async #wait(ms: number, abort: AbortSignal): Promise<boolean> {
    try {
      await this.#clock.sleep(ms, abort)
      return true
    } catch {
      return false
    }
  }

  /** Whichever is furthest behind its share. */
  #nextSignal(): Signal {
    const { signals } = this.#plan
    const behind = (signal: Signal): number => this.#planned[signal] / PROPORTIONS[signal]
    return signals.reduce((best, signal) => (behind(signal) < behind(best) ? signal : best))
  }

  get #elapsedMs(): number {
    return this.#clock.monotonicMs() - this.#startMs
  }
}
