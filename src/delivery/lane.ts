// One signal of an exporter: its queue, its consumers, its account. Signals of an exporter do not wait for each other.
import {
  type Consume,
  type Ledger,
  messageOf,
  type PayloadMemory,
  RetryableError,
  reasonOf,
  type SenderKeys,
  type Settings,
  ShutdownError,
} from '../contract/index.ts'
import type { Batch, Context, Signal } from '../data/index.ts'
import { Attempts } from './attempt.ts'
import { Burst } from './burst.ts'
import type { Delivery } from './delivery.ts'
import { beginExportSpan } from './export-span.ts'
import { type ExporterHealth, LaneHealth } from './health.ts'
import { batchSizes, type LaneNumbers } from './metrics.ts'
import { Batcher, type Entry, type Part } from './parts.ts'
import { Queue } from './queue.ts'
import { asRefusal, type Outcome, Sender } from './sender.ts'
import type { DeliveryConfig, Sizer } from './settings.ts'

/** Per consumer: calls of `send` that never ended, before nothing is sent any more. */
const ABANDONED_PER_CONSUMER = 4

export class Lane<S extends Signal, R> implements LaneNumbers {
  readonly signal: S
  isUsed = false
  inFlight = 0
  enqueueFailedItems = 0
  sendFailedItems = 0
  /** Items given up because the agent stops. */
  shutdownItems = 0
  readonly queue: Queue<Entry<S>> | undefined
  readonly #config: DeliveryConfig
  readonly #settings: Pick<Settings, 'id' | 'spans'>
  readonly #ledger: () => Ledger
  readonly #memory: PayloadMemory
  readonly #attempts: Attempts<R>
  readonly #sender: Sender<S, R>
  readonly #batcher: Batcher<S> | undefined
  /** Parts that wait for a consumer; nothing is taken from the queue while there are any. */
  readonly #parts: Part<S>[] = []
  readonly #bursts: { readonly lost: Burst; readonly refused: Burst; readonly full: Burst; readonly miscounted: Burst }
  #isStarted = false
  #isStopping = false
  #isPumping = false
  #tellIdle: (() => void) | undefined

  constructor(signal: S, delivery: Delivery<S, R>, config: DeliveryConfig, settings: Settings, health: ExporterHealth) {
    const { clock, memory, log } = settings
    const { sending_queue: queue, retry_on_failure: retry, timeout: timeoutMs } = config
    this.signal = signal
    this.#config = config
    this.#settings = settings
    // No account of a signal that never comes.
    let ledger: Ledger | undefined
    this.#ledger = () => (ledger ??= settings.ledger(signal))
    this.#memory = memory
    const burst = (level: 'warn' | 'error', message: string): Burst =>
      new Burst(clock, log[level].bind(log), message, { signal })
    this.#bursts = {
      lost: burst('error', 'data lost: it could not be delivered'),
      refused: burst('warn', 'data not delivered: handed back to its sender'),
      full: burst('warn', 'sending queue is full: senders are refused'),
      miscounted: burst('error', 'the requests of a batch carry another number of items than the batch'),
    }
    const maxAbandoned = ABANDONED_PER_CONSUMER * queue.num_consumers
    this.#attempts = new Attempts(delivery.send.bind(delivery), { clock, memory, timeoutMs, maxAbandoned })
    this.#sender = new Sender({
      delivery,
      attempts: this.#attempts,
      retry,
      clock,
      ledger: this.#ledger,
      health: new LaneHealth(health, log, signal),
      onMiscount: (items) => this.#bursts.miscounted.add(items, 'unaccounted'),
    })
    if (!queue.enabled) return
    this.queue = new Queue(queue.queue_size, queue.block_on_overflow)
    if (queue.batch !== undefined) this.#batcher = this.#createBatcher(settings, queue.batch)
  }

  /** Resolves when the queue has the batch, or when it is delivered where there is no queue or it is to be waited for. */
  readonly consume: Consume<S> = (batch, context) => {
    this.isUsed = true
    if (batch.items === 0) return DONE
    if (this.#isStopping) return Promise.reject(new ShutdownError('the exporter is stopping'))
    return this.queue === undefined ? this.#deliverNow(batch, context) : this.#enqueue(this.queue, batch, context)
  }

  /** Batches of senders who differ in what is to be kept apart are not joined. */
  start(apart?: SenderKeys): void {
    if (apart !== undefined) this.#batcher?.keepApart(apart)
    this.#isStarted = true
    this.#pump()
  }

  /** Refuses what comes from now on, and resolves when everything that was taken has been tried once more. */
  stop(): Promise<void> {
    this.#isStopping = true
    this.queue?.refuseWaiters(new ShutdownError('the exporter is stopping'))
    this.#sender.stop()
    if (!this.#isStarted) this.end()
    return new Promise((resolve) => {
      this.#tellIdle = resolve
      this.start()
    })
  }

  /** Waits for nothing any more: what is left is counted as lost, at once. */
  end(): void {
    this.#attempts.end(new ShutdownError('the agent is going down'))
  }

  /** Says in the log what it has not said yet. */
  tell(): void {
    for (const burst of Object.values(this.#bursts)) burst.end()
  }

  #createBatcher(settings: Settings, config: NonNullable<DeliveryConfig['sending_queue']['batch']>): Batcher<S> {
    const { clock, memory, meter, id } = settings
    const sizes = batchSizes(meter, id)
    const onPart = (part: Part<S>): void => {
      sizes.record(part.batch.items, part.batch.sizeBytes)
      this.#parts.push(part)
      this.#pump()
    }
    return new Batcher({ config, queueSizer: this.#config.sending_queue.sizer, clock, memory, onPart })
  }

  #deliverNow(batch: Batch<S>, context: Context): Promise<void> {
    return new Promise((resolve, reject) => {
      const entry = entryOf(batch, context, 0)
      entry.result = { resolve, reject, booked: 0, error: undefined }
      this.#memory.hold(batch)
      void this.#run(partOf(entry), () => context.abort)
    })
  }

  #enqueue(queue: Queue<Entry<S>>, batch: Batch<S>, context: Context): Promise<void> {
    const { sizer, wait_for_result } = this.#config.sending_queue
    const entry = entryOf(batch, context, sizeOf(batch, sizer))
    const result = wait_for_result ? this.#resultOf(queue, entry, context) : DONE
    this.#memory.hold(batch)
    try {
      const room = queue.offer(entry, entry.size, () => context.abort)
      if (room !== undefined) return this.#whenTaken(room, entry, result)
    } catch (error) {
      return Promise.reject(this.#refused(entry, error))
    }
    this.#pump()
    return result
  }

  async #whenTaken(room: Promise<void>, entry: Entry<S>, result: Promise<void>): Promise<void> {
    try {
      await room
    } catch (error) {
      throw this.#refused(entry, error)
    }
    return result
  }

  #refused(entry: Entry<S>, error: unknown): unknown {
    const { items } = entry.batch
    this.#memory.release(entry.batch)
    this.enqueueFailedItems += items
    if (error instanceof RetryableError) this.#bursts.full.add(items, error.reason, error.message)
    entry.result?.resolve()
    return error
  }

  /** What a sender waits for. One who leaves before is told so; what is being sent then is ours, a copy of theirs. */
  #resultOf(queue: Queue<Entry<S>>, entry: Entry<S>, { abort }: Context): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        // This listens before the queue does, which tells those who still wait for room.
        if (queue.isWaiting(entry)) return resolve()
        entry.result = undefined
        if (queue.remove(entry)) {
          this.#memory.release(entry.batch)
          queue.free(entry.size)
          this.#pump()
        } else this.#ledger().created(entry.batch.items)
        reject(abort.reason)
      }
      entry.result = {
        resolve() {
          abort.removeEventListener('abort', leave)
          resolve()
        },
        reject(error) {
          abort.removeEventListener('abort', leave)
          reject(error)
        },
        booked: 0,
        error: undefined,
      }
      abort.addEventListener('abort', leave, { once: true })
    })
  }

  #pump(): void {
    // What is started below may come back here; parts of one batch must stay in order.
    if (this.#isPumping || !this.#isStarted) return
    this.#isPumping = true
    while (this.inFlight < this.#config.sending_queue.num_consumers) {
      const part = this.#next()
      if (part === undefined) break
      void this.#run(part, undefined)
    }
    this.#isPumping = false
    if (this.#isStopping && this.inFlight === 0) this.#tellIdle?.()
  }

  #next(): Part<S> | undefined {
    if (this.#parts.length > 0) return this.#parts.shift()
    if (this.#batcher === undefined) {
      const entry = this.queue?.take()
      return entry && partOf(entry)
    }
    for (let entry = this.queue?.take(); entry !== undefined; entry = this.queue?.take()) {
      this.#batcher.add(entry)
      if (this.#parts.length > 0) return this.#parts.shift()
    }
    if (this.#isStopping) this.#batcher.flush()
    return this.#parts.shift()
  }

  async #run(part: Part<S>, abort: (() => AbortSignal) | undefined): Promise<void> {
    const { batch, context, held } = part
    this.inFlight++
    const { metadata, transport, auth } = context
    const endSpan = beginExportSpan(this.#settings, this.signal, batch)
    const outcome = await this.#sender.deliver(batch, { batch, metadata, transport, auth, abort })
    endSpan?.(outcome)
    for (const each of held) this.#memory.release(each)
    if (outcome.left > 0 || outcome.lost.length > 0) this.#settleFailed(part, outcome)
    else for (const { entry, items } of part.shares) if (entry.result !== undefined) entry.result.booked += items
    for (const { entry } of part.shares) this.#finish(entry)
    this.inFlight--
    this.#pump()
  }

  #settleFailed({ shares }: Part<S>, outcome: Outcome): void {
    const { left, leftReason, leftError, lost } = outcome
    const failed = lost.reduce((sum, { items }) => sum + items, left)
    this.sendFailedItems += failed
    const isAwaited = shares.some(({ entry }) => entry.result !== undefined)
    // Asking a sender to repeat what has arrived, for the sake of what never will, helps nobody.
    if (isAwaited && (left > 0 || outcome.booked === 0)) {
      this.#handBack(shares, failed, asRefusal(outcome))
      return
    }
    for (const { items, reason, error } of lost) this.#lose(items, reason, messageOf(error))
    this.#lose(left, leftReason, messageOf(leftError))
    for (const { entry, items } of shares) if (entry.result !== undefined) entry.result.booked += items
  }

  /** Which items failed is not known: the first so many are taken for the ones that did not. */
  #handBack(shares: Part<S>['shares'], failed: number, error: Error): void {
    const reason = reasonOf(error)
    this.#bursts.refused.add(failed, reason, error.message)
    let booked = shares.reduce((sum, { items }) => sum + items, -failed)
    for (const { entry, items } of shares) {
      const done = Math.min(items, Math.max(0, booked))
      booked -= items
      if (entry.result === undefined) this.#lose(items - done, reason, error.message)
      else {
        entry.result.booked += done
        entry.result.error ??= error
      }
    }
  }

  #lose(items: number, reason: string, error: string): void {
    if (items === 0) return
    this.#ledger().dropped(items, reason)
    if (reason === 'shutdown') this.shutdownItems += items
    else this.#bursts.lost.add(items, reason, error)
  }

  #finish(entry: Entry<S>): void {
    if (--entry.parts > 0) return
    this.queue?.free(entry.size)
    const { result } = entry
    if (result === undefined) return
    if (result.error === undefined) return result.resolve()
    // The sender has all of it back; what was delivered of it is a copy.
    if (result.booked > 0) this.#ledger().created(result.booked)
    result.reject(result.error)
  }
}

const DONE = Promise.resolve()

const entryOf = <S extends Signal>(batch: Batch<S>, context: Context, size: number): Entry<S> => ({
  batch,
  context: { metadata: context.metadata, transport: context.transport, auth: context.auth },
  size,
  parts: 1,
  result: undefined,
})

const partOf = <S extends Signal>(entry: Entry<S>): Part<S> => ({
  batch: entry.batch,
  context: entry.context,
  shares: [{ entry, items: entry.batch.items }],
  held: [entry.batch],
})

function sizeOf(batch: Batch, sizer: Sizer): number {
  switch (sizer) {
    case 'requests':
      return 1
    case 'items':
      return batch.items
    case 'bytes':
      return batch.sizeBytes
  }
}
