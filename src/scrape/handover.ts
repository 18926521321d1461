// What becomes of the batches of a receiver that nobody waits for: who makes them by the clock has no sender to give them
// back to. So they wait here, and are offered again until they are taken; what there is no room for is lost, and counted.
import {
  type Consume,
  messageOf,
  PermanentError,
  RetryableError,
  reasonOf,
  type Settings,
  ShutdownError,
} from '../contract/index.ts'
import type { Batch, Context, Signal } from '../data/index.ts'

const FIRST_WAIT_MS = 100
const LAST_WAIT_MS = 5000
/** Whatever the pipeline asks for, it is asked again by then. */
const MAX_ASKED_MS = 60_000
/** What may wait, besides the batch that is on its way. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024

/** What travels with a batch, but for what ends it. */
export type Origin = Omit<Context, 'abort' | 'metadata'>

interface Waiting<S extends Signal> {
  readonly batch: Batch<S>
  readonly context: Context
}

export class Handover<S extends Signal> {
  readonly #next: Consume<S>
  readonly #settings: Settings
  readonly #maxWaitingBytes: number
  readonly #end = new AbortController()
  #waiting: Waiting<S>[] = []
  #waitingBytes = 0
  readonly #waitersForRoom: (() => void)[] = []
  #isGiving = false
  #isStopping = false
  #wake: (() => void) | undefined
  #tellIdle: (() => void) | undefined

  constructor(next: Consume<S>, settings: Settings, maxWaitingBytes: number = MAX_WAITING_BYTES) {
    this.#next = next
    this.#settings = settings
    this.#maxWaitingBytes = maxWaitingBytes
  }

  /** Batches are handed on one at a time, in this order. */
  give(batch: Batch<S>, origin: Origin = {}): void {
    if (batch.items === 0) return
    if (this.#end.signal.aborted) return this.#lose(batch, 'shutdown')
    this.#settings.memory.hold(batch)
    this.#waiting.push({ batch, context: { ...origin, abort: this.#end.signal, metadata: NO_METADATA } })
    this.#waitingBytes += batch.sizeBytes
    while (this.#waitingBytes > this.#maxWaitingBytes && this.#waiting.length > 1) this.#dropOldest()
    if (!this.#isGiving) void this.#giveAll()
  }

  /** For who can make senders wait: when no more than half of what may wait does; undefined when that is so now. */
  room(): Promise<void> | undefined {
    if (this.#hasRoom) return undefined
    return new Promise((resolve) => this.#waitersForRoom.push(resolve))
  }

  get #hasRoom(): boolean {
    return this.#waitingBytes <= this.#maxWaitingBytes / 2 || this.#end.signal.aborted
  }

  #tellRoom(): void {
    if (this.#waitersForRoom.length > 0 && this.#hasRoom)
      for (const resolve of this.#waitersForRoom.splice(0)) resolve()
  }

  /** Offers what waits once more. Resolves when nothing is left, or when `abort` says so; then what is left is lost. */
  async stop(abort: AbortSignal): Promise<void> {
    this.#isStopping = true
    this.#wake?.()
    const end = (): void => {
      this.#end.abort(new ShutdownError('the agent is going down'))
      this.#wake?.()
      for (const { batch } of this.#waiting.splice(0)) this.#release(batch, 'shutdown')
      this.#waitingBytes = 0
      this.#tellRoom()
      this.#tellIdle?.()
    }
    if (abort.aborted) return end()
    abort.addEventListener('abort', end, { once: true })
    if (this.#isGiving) await new Promise<void>((resolve) => (this.#tellIdle = resolve))
    abort.removeEventListener('abort', end)
  }

  async #giveAll(): Promise<void> {
    this.#isGiving = true
    for (let first = this.#waiting.shift(); first !== undefined; first = this.#waiting.shift()) {
      this.#waitingBytes -= first.batch.sizeBytes
      this.#tellRoom()
      await this.#insist(first)
    }
    this.#isGiving = false
    this.#tellIdle?.()
  }

  async #insist({ batch, context }: Waiting<S>): Promise<void> {
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LAST_WAIT_MS)) {
      const isLast = this.#isStopping
      const error = await this.#offer(batch, context)
      if (error === undefined) return this.#settings.memory.release(batch)
      if (error instanceof PermanentError) {
        this.#settings.log.error('data lost: the pipeline refuses it for good', {
          items: batch.items,
          reason: reasonOf(error),
          error: messageOf(error),
        })
        return this.#settings.memory.release(batch)
      }
      if (isLast || this.#end.signal.aborted) return this.#release(batch, 'shutdown')
      const askedMs = error instanceof RetryableError ? Math.min(error.waitMs ?? 0, MAX_ASKED_MS) : 0
      if (!this.#isStopping) await this.#sleep(Math.max(askedMs, waitMs))
    }
  }

  async #offer(batch: Batch<S>, context: Context): Promise<unknown> {
    try {
      await this.#next(batch, context)
      return undefined
    } catch (error) {
      return error ?? new RetryableError('refused without an error')
    }
  }

  #dropOldest(): void {
    const { batch } = this.#waiting.shift()!
    this.#waitingBytes -= batch.sizeBytes
    this.#release(batch, 'backlog_full')
    this.#settings.log.error('data lost: the pipeline has refused it for too long', {
      items: batch.items,
      limit_bytes: this.#maxWaitingBytes,
    })
  }

  #release(batch: Batch<S>, reason: string): void {
    this.#settings.memory.release(batch)
    this.#lose(batch, reason)
  }

  /** Behind a receiver the graph books what it hands on; this was not. */
  #lose(batch: Batch<S>, reason: string): void {
    const ledger = this.#settings.ledger(batch.signal)
    ledger.created(batch.items)
    ledger.dropped(batch.items, reason)
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        cancel()
        this.#wake = undefined
        resolve()
      }
      const cancel = this.#settings.clock.after(ms, wake)
      this.#wake = wake
    })
  }
}

const NO_METADATA: Context['metadata'] = new Map()
