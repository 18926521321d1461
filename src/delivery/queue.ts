// A bounded queue. What counts against the bound is everything that was let in and is not delivered or dropped yet,
// whether it still stands in line or is being sent.
import { PermanentError, RetryableError } from '../contract/index.ts'
import { Waiters } from './waiters.ts'

export class Queue<T> {
  readonly capacity: number
  readonly #blocks: boolean
  #size = 0
  /** A ring: a power of two long, so that a position wraps with a mask. */
  #ring: (T | undefined)[] = new Array(16)
  #head = 0
  #length = 0
  readonly #waiters = new Waiters<{ readonly entry: T; readonly size: number }>()

  constructor(capacity: number, blocks: boolean) {
    this.capacity = capacity
    this.#blocks = blocks
  }

  /** Of what was let in and has not left. */
  get size(): number {
    return this.#size
  }
  /** Entries that stand in line. */
  get length(): number {
    return this.#length
  }

  /**
   * Takes it now (returns undefined), or returns a promise that resolves when it was taken and rejects when the wait was
   * aborted. Throws a `RetryableError` when full and not to wait, a `PermanentError` when it would never fit.
   */
  offer(entry: T, size: number, abort: () => AbortSignal): Promise<void> | undefined {
    if (size > this.capacity)
      throw new PermanentError(`sending queue: a batch of size ${size} never fits queue_size ${this.capacity}`, {
        reason: 'larger_than_queue',
      })
    if (this.#size + size <= this.capacity && this.#waiters.size === 0) {
      this.#push(entry, size)
      return undefined
    }
    if (!this.#blocks) throw new RetryableError('sending queue is full', { reason: 'queue_full' })
    return this.#waiters.wait({ entry, size }, abort())
  }

  /** Whether it has not been let in yet. */
  isWaiting(entry: T): boolean {
    return this.#waiters.some((waiter) => waiter.entry === entry)
  }

  take(): T | undefined {
    if (this.#length === 0) return undefined
    const entry = this.#ring[this.#head]
    this.#ring[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#ring.length - 1)
    this.#length--
    return entry
  }

  /** Takes an entry out of the line, wherever it stands; false when it is not there any more. */
  remove(entry: T): boolean {
    const mask = this.#ring.length - 1
    for (let i = 0; i < this.#length; i++) {
      if (this.#ring[(this.#head + i) & mask] !== entry) continue
      for (let k = i; k < this.#length - 1; k++)
        this.#ring[(this.#head + k) & mask] = this.#ring[(this.#head + k + 1) & mask]
      this.#ring[(this.#head + --this.#length) & mask] = undefined
      return true
    }
    return false
  }

  /** For each entry that was let in, once, when it has left for good. */
  free(size: number): void {
    this.#size -= size
    this.#waiters.admit(
      (waiter) => this.#size + waiter.size <= this.capacity,
      (waiter) => this.#push(waiter.entry, waiter.size),
    )
  }

  refuseWaiters(error: Error): void {
    this.#waiters.refuse(error)
  }

  #push(entry: T, size: number): void {
    if (this.#length === this.#ring.length) this.#grow()
    this.#ring[(this.#head + this.#length++) & (this.#ring.length - 1)] = entry
    this.#size += size
  }

  #grow(): void {
    const inOrder = [...this.#ring.slice(this.#head), ...this.#ring.slice(0, this.#head)]
    inOrder.length = this.#ring.length * 2
    this.#ring = inOrder
    this.#head = 0
  }
}
