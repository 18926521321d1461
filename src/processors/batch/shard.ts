// The items of one combination of metadata values, from their acknowledgement until what comes next has taken them.
//
// One batch at a time is on its way. What comes meanwhile waits, up to a batch's worth; beyond that senders wait for their
// acknowledgement. A batch that is refused for now is offered again until it is taken: memory stays bounded because
// senders wait, and nothing that was acknowledged is lost without being counted.
import { type Clock, type PayloadMemory, ShutdownError } from '../../contract/index.ts'
import { type Batch, type Context, concat, Gatherer, type Signal, SMALL_BYTES } from '../../data/index.ts'
import { type Handover, Waiters } from '../../delivery/index.ts'
import type { Config } from './config.ts'
import type { Trigger } from './metrics.ts'

export interface ShardSettings<S extends Signal> {
  readonly config: Config
  readonly clock: Clock
  readonly memory: PayloadMemory
  readonly handover: Handover<S>
  readonly onSent: (trigger: Trigger, batch: Batch<S>) => void
}

interface Due<S extends Signal> {
  readonly batch: Batch<S>
  readonly trigger: Trigger
}

export class Shard<S extends Signal> {
  readonly #of: ShardSettings<S>
  /** Items that may wait beside the batch that is on its way. */
  readonly #roomItems: number
  /** Whether batches wait for more; if not, each goes on as it is. */
  readonly #isWaiting: boolean
  /** Full batches that were cut and go next, the last one first. */
  #full: Batch<S>[] = []
  #pending: Batch<S>[] = []
  /** Small ones, joined; behind `#pending`. Made with the first. */
  #small: Gatherer<S> | undefined
  #items = 0
  /** Senders that wait for room, in order. */
  readonly #waiters = new Waiters<Batch<S>>()
  #isSending = false
  #isTimeUp = false
  #isStopping = false
  /** The time is counted from here. */
  #restartedMs: number
  #cancelTimer: (() => void) | undefined
  #tellIdle: (() => void) | undefined

  constructor(of: ShardSettings<S>) {
    this.#of = of
    const { send_batch_size, send_batch_max_size, timeout } = of.config
    this.#isWaiting = timeout > 0 && send_batch_size > 0
    this.#roomItems = Math.max(1, send_batch_size, send_batch_max_size)
    this.#restartedMs = of.clock.monotonicMs()
  }

  get isEmpty(): boolean {
    return this.#items === 0 && !this.#isSending && this.#waiters.size === 0
  }

  /** Resolves when the batch is ours. */
  add(batch: Batch<S>, { abort }: Context): Promise<void> {
    if (!this.#isSending || (this.#items < this.#roomItems && this.#waiters.size === 0)) {
      this.#take(batch)
      return DONE
    }
    return this.#waiters.wait(batch, abort)
  }

  /** Sends what is there, each batch once more; resolves when nothing is left. */
  stop(): Promise<void> {
    this.#isStopping = true
    this.#waiters.refuse(new ShutdownError('the batch processor is stopping'))
    this.#of.handover.hurry()
    return new Promise((resolve) => {
      this.#tellIdle = resolve
      if (!this.#isSending) void this.#send()
    })
  }

  /** Waits for no answer any more: what is left is lost. */
  end(): void {
    this.#of.handover.end()
  }

  #take(batch: Batch<S>): void {
    this.#keep(batch)
    this.#items += batch.items
    if (this.#isSending) return
    if (!this.#isWaiting || this.#items >= this.#of.config.send_batch_size) void this.#send()
    else if (this.#cancelTimer === undefined) this.#startTimer()
  }

  #keep(batch: Batch<S>): void {
    if (!this.#isWaiting || batch.sizeBytes > SMALL_BYTES) {
      this.#seal()
      this.#of.memory.hold(batch)
      this.#pending.push(batch)
      return
    }
    this.#small ??= new Gatherer(batch.signal)
    const beforeBytes = this.#small.sizeBytes
    const joined = this.#small.add(batch)
    if (joined !== undefined) this.#push(joined, beforeBytes)
    this.#of.memory.add(batch.sizeBytes)
  }

  /** What is joined so far goes before what comes. */
  #seal(): void {
    const joined = this.#small?.seal()
    if (joined !== undefined) this.#push(joined, joined.sizeBytes)
  }

  /** Counted as bytes while it grew, as a batch from now on. */
  #push(joined: Batch<S>, sizeBytes: number): void {
    this.#of.memory.hold(joined)
    this.#of.memory.add(-sizeBytes)
    this.#pending.push(joined)
  }

  /** As if it ran all the time, started anew whenever something was sent. */
  #startTimer(): void {
    const { clock, config } = this.#of
    const sinceMs = clock.monotonicMs() - this.#restartedMs
    this.#cancelTimer = clock.after(config.timeout - (sinceMs % config.timeout), () => {
      this.#cancelTimer = undefined
      this.#isTimeUp = true
      void this.#send()
    })
  }

  async #send(): Promise<void> {
    this.#isSending = true
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    for (let due = this.#due(); due !== undefined; due = this.#due()) {
      this.#items -= due.batch.items
      this.#admit()
      if (await this.#of.handover.deliver(due.batch)) this.#of.onSent(due.trigger, due.batch)
      this.#of.memory.release(due.batch)
    }
    this.#isSending = false
    this.#restartedMs = this.#of.clock.monotonicMs()
    if (this.#items > 0) this.#startTimer()
    if (this.#isStopping) this.#tellIdle?.()
  }

  #admit(): void {
    this.#waiters.admit(
      () => this.#items < this.#roomItems,
      (batch) => this.#take(batch),
    )
  }

  /** The next batch, if its size or its age says that it is to go. */
  #due(): Due<S> | undefined {
    const full = this.#full.pop()
    if (full !== undefined) return { batch: full, trigger: 'size' }
    const isLarge = this.#items >= this.#of.config.send_batch_size
    if (this.#isWaiting && !isLarge && !this.#isTimeUp && !this.#isStopping) return undefined
    this.#seal()
    const [first, ...more] = this.#pending
    if (first === undefined) return undefined
    if (!this.#isWaiting) {
      this.#pending.shift()
      return { batch: this.#cut(first), trigger: 'size' }
    }
    this.#isTimeUp = false
    this.#pending = []
    return { batch: this.#cut(concat([first, ...more])), trigger: isLarge ? 'size' : 'timeout' }
  }

  /** The first `send_batch_max_size` items; the rest is kept in order. */
  #cut(batch: Batch<S>): Batch<S> {
    const limit = this.#of.config.send_batch_max_size
    const [first, ...rest] = limit > 0 ? batch.split({ items: limit }) : [batch]
    if (rest.length === 0) return batch
    const { memory } = this.#of
    memory.hold(first!)
    for (const part of rest) memory.hold(part)
    memory.release(batch)
    // The last one may be small: it waits for more, where batches wait at all.
    if (this.#isWaiting) this.#pending.push(rest.pop()!)
    this.#full = rest.reverse()
    return first!
  }
}

const DONE = Promise.resolve()
