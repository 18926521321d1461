// One batch to several consumers: the chunks are shared, every branch settles, a branch that refuses is retried alone.
import {
  type Clock,
  type Consume,
  isRetryable,
  type Logger,
  messageOf,
  PermanentError,
  RetryableError,
  reasonOf,
} from '../contract/index.ts'
import type { Batch, Context, Signal } from '../data/index.ts'
import { share } from '../data/sole.ts'

/** A consumer behind a fan-out, and where its losses are booked. */
export interface Branch<S extends Signal = Signal> {
  /** For logs: `exporter otlp_http/eu`. */
  readonly name: string
  readonly consume: Consume<S>
  /** The user has asked for back-pressure (`block_on_overflow`): waiting is right, however long. */
  readonly mayBlock: boolean
  /** Items that another branch has and this one never will. */
  lost(items: number, reason: string): void
}

export interface FanOutSettings {
  readonly clock: Clock
  readonly log: Logger
}

/** How long a branch that refuses is retried while the sender waits. Once this was in vain, it is not repeated until the branch accepts again. */
const PATIENCE_MS = 1000
const FIRST_WAIT_MS = 50
/** A branch that has not settled for so long, when all others have, no longer keeps the sender. */
const WATCHDOG_MS = 30_000
/** The same, while it still has another batch that it has not settled. */
const STUCK_WATCHDOG_MS = 1000
/** Batches that a stuck branch may keep to itself; beyond, what comes is lost to it. */
const MAX_DETACHED = 16

/**
 * A sender is refused only when every branch has refused; then it may send again without duplicates. When some have accepted,
 * the others are retried for a moment, and what they still refuse is booked as lost to them: one broken destination does
 * not hold up another.
 */
export function fanOut<S extends Signal>(branches: readonly Branch<S>[], settings: FanOutSettings): Consume<S> {
  if (branches.length === 1) return branches[0]!.consume
  const arms = branches.map((branch) => new Arm(branch, settings))
  return async (batch, context) => {
    share(batch)
    const attempts = arms.map((arm) => arm.offer(batch, context))
    const outcomes = await Promise.all(attempts)
    const refusals = outcomes.filter((outcome) => outcome !== ACCEPTED)
    if (refusals.length === 0) return
    if (refusals.length === outcomes.length) throw worst(refusals)
    await Promise.all(
      outcomes.map((outcome, i) => (outcome === ACCEPTED ? undefined : arms[i]!.insist(batch, context, outcome))),
    )
  }
}

const ACCEPTED = undefined

/** Retryable if any is, with the longest wait that was asked for. */
function worst(refusals: readonly unknown[]): Error {
  const retryable = refusals.filter(isRetryable)
  const first = (retryable.length > 0 ? retryable : refusals)[0]
  if (retryable.length === 0) return first instanceof Error ? first : new PermanentError(messageOf(first))
  const waits = retryable.flatMap((error) =>
    error instanceof RetryableError && error.waitMs !== undefined ? [error.waitMs] : [],
  )
  return new RetryableError(messageOf(first), {
    cause: first,
    ...(waits.length > 0 ? { waitMs: Math.max(...waits) } : {}),
  })
}

/** One branch of one fan-out, with what is known about its health. */
class Arm<S extends Signal> {
  readonly #branch: Branch<S>
  readonly #clock: Clock
  readonly #log: Logger
  #hasGivenUp = false
  #detached = 0

  constructor(branch: Branch<S>, { clock, log }: FanOutSettings) {
    this.#branch = branch
    this.#clock = clock
    this.#log = log
  }

  /** Resolves with the error, or `ACCEPTED`; never rejects. */
  offer(batch: Batch<S>, context: Context): Promise<unknown> {
    if (this.#detached >= MAX_DETACHED) {
      return Promise.resolve(new RetryableError(`${this.#branch.name} does not settle`, { reason: 'stuck' }))
    }
    let attempt: Promise<unknown>
    try {
      attempt = this.#branch.consume(batch, context).then(
        () => this.#accepted(),
        (error: unknown) => error ?? new Error('rejected'),
      )
    } catch (error) {
      return Promise.resolve(error)
    }
    return this.#branch.mayBlock ? attempt : this.#watch(attempt, batch.items)
  }

  #accepted(): undefined {
    if (this.#hasGivenUp) this.#log.info('branch accepts again', { branch: this.#branch.name })
    this.#hasGivenUp = false
    return ACCEPTED
  }

  /** When the attempt does not settle in time, the branch keeps the batch and the sender goes on. */
  #watch(attempt: Promise<unknown>, items: number): Promise<unknown> {
    return new Promise((resolve) => {
      let isDetached = false
      const cancel = this.#clock.after(this.#detached > 0 ? STUCK_WATCHDOG_MS : WATCHDOG_MS, () => {
        isDetached = true
        this.#detached++
        this.#log.error('branch does not settle, going on without it', { branch: this.#branch.name, items })
        resolve(ACCEPTED)
      })
      void attempt.then((outcome) => {
        if (!isDetached) {
          cancel()
          resolve(outcome)
          return
        }
        this.#detached--
        if (outcome !== ACCEPTED) this.#branch.lost(items, reasonOf(outcome))
      })
    })
  }

  /** Another branch has the batch: try again for a moment, then book the loss. */
  async insist(batch: Batch<S>, context: Context, refusal: unknown): Promise<void> {
    let outcome = refusal
    const until = this.#clock.monotonicMs() + PATIENCE_MS
    for (
      let waitMs = FIRST_WAIT_MS;
      this.#mayRetry(outcome, context) && this.#clock.monotonicMs() + waitMs <= until;
      waitMs *= 2
    ) {
      try {
        await this.#clock.sleep(waitMs, context.abort)
      } catch {
        break
      }
      outcome = await this.offer(batch, context)
      if (outcome === ACCEPTED) return
    }
    this.#branch.lost(batch.items, reasonOf(outcome))
    if (this.#hasGivenUp) return
    this.#hasGivenUp = isRetryable(outcome)
    this.#log.error('items lost to a branch that refused them', {
      branch: this.#branch.name,
      items: batch.items,
      error: messageOf(outcome),
    })
  }

  #mayRetry(outcome: unknown, context: Context): boolean {
    return !this.#hasGivenUp && isRetryable(outcome) && !context.abort.aborted
  }
}
