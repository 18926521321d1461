// The way of an acknowledged batch to what comes next: offered until it is taken. Nothing is lost without being counted.
import { type Clock, type Consume, PermanentError, RetryableError, reasonOf, ShutdownError } from '../contract/index.ts'
import type { Batch, Context, Signal } from '../data/index.ts'
import { askedMs } from './backoff.ts'

/** Waits between offers of a batch that was refused for now. */
const FIRST_WAIT_MS = 100
const LAST_WAIT_MS = 5000

export interface HandoverSettings<S extends Signal> {
  readonly clock: Clock
  readonly next: Consume<S>
  /** What goes on with the batches. */
  readonly context: Context
  /** Refused for good, or not taken before the end. */
  readonly onLost: (items: number, reason: string, error: unknown) => void
  /** What comes next took a batch after it was counted as lost. */
  readonly onLateSent: (items: number) => void
}

export class Handover<S extends Signal> {
  readonly #of: HandoverSettings<S>
  #isHurried = false
  #isOver = false
  /** End what is waited for: an answer, or the time of the next offer. */
  readonly #wakes = new Set<() => void>()

  constructor(of: HandoverSettings<S>) {
    this.#of = of
  }

  /** Resolves when the batch is taken (true) or lost; never rejects. */
  async deliver(batch: Batch<S>): Promise<boolean> {
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LAST_WAIT_MS)) {
      if (this.#isOver) return this.#lose(batch, 'shutdown', undefined)
      const isLast = this.#isHurried
      const error = await this.#offer(batch)
      if (error === undefined) return true
      if (error instanceof PermanentError) return this.#lose(batch, reasonOf(error), error)
      if (isLast || this.#isOver) return this.#lose(batch, 'shutdown', error)
      const asked = error instanceof RetryableError ? askedMs(error.waitMs) : 0
      if (!this.#isHurried) await this.#sleep(Math.max(asked, waitMs))
    }
  }

  /** From now on each batch is offered once more, at once. */
  hurry(): void {
    this.#isHurried = true
    this.#wake()
  }

  /** Waits for no answer any more: what is not taken is lost. */
  end(): void {
    this.#isOver = true
    this.#wake()
  }

  #wake(): void {
    for (const wake of this.#wakes) wake()
  }

  #lose({ items }: Batch<S>, reason: string, error: unknown): false {
    this.#of.onLost(items, reason, error)
    return false
  }

  /** The answer of what comes next; undefined when it took the batch. */
  #offer(batch: Batch<S>): Promise<unknown> {
    const { next, context, onLateSent } = this.#of
    return new Promise((resolve) => {
      const wake = (): void => {
        if (this.#isOver) resolve(new ShutdownError('the agent is going down'))
      }
      this.#wakes.add(wake)
      const answer = (error: unknown): void => {
        // Nobody waits for an answer any more, and the batch is counted as lost.
        if (this.#isOver && error === undefined) onLateSent(batch.items)
        this.#wakes.delete(wake)
        resolve(error)
      }
      next(batch, context).then(
        () => answer(undefined),
        (error: unknown) => answer(error ?? new RetryableError('refused without an error')),
      )
    })
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        cancel()
        this.#wakes.delete(wake)
        resolve()
      }
      const cancel = this.#of.clock.after(ms, wake)
      this.#wakes.add(wake)
    })
  }
}
