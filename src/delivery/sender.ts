// Takes one batch to its end: encoded once, each request tried until it is delivered, refused for good or given up.
import {
  type Clock,
  type Ledger,
  messageOf,
  PermanentError,
  RetryableError,
  reasonOf,
  ShutdownError,
  TooLargeError,
} from '../contract/index.ts'
import type { Batch, Signal } from '../data/index.ts'
import type { Attempts, Dropped, Origin } from './attempt.ts'
import { askedMs, Backoff } from './backoff.ts'
import { type Delivery, type Drop, isOutgoing, itemsOf, type Outgoing } from './delivery.ts'
import type { LaneHealth } from './health.ts'
import type { RetryConfig } from './settings.ts'

/** How a batch ended: each of its items is in one of the three numbers. */
export interface Outcome {
  /** Items whose end is in the ledger: delivered, or dropped by `encode` or in a partial success. */
  booked: number
  /** Items that will never be taken. Whoever owns the batch books them: dropped, or refused to its sender. */
  readonly lost: Loss[]
  /** Items that might have been taken later, to be booked likewise. */
  left: number
  /** Why they are left, as a label and in full. */
  leftReason: string
  leftError: Error | undefined
}
export interface Loss extends Dropped {
  readonly error: Error
}

export interface SenderSettings<S extends Signal, R> {
  readonly delivery: Delivery<S, R>
  readonly attempts: Attempts<R>
  readonly retry: RetryConfig
  readonly ledger: () => Ledger
  readonly clock: Clock
  readonly health: LaneHealth
  /** Items that the requests of a batch carry too few (positive) or too many (negative). */
  readonly onMiscount: (items: number) => void
}

interface Piece<S extends Signal, R> {
  readonly outgoing: Outgoing<R>
  /** The batch that this request is the whole of: cut when it is too large. */
  readonly batch: Batch<S> | undefined
}

export class Sender<S extends Signal, R> {
  readonly #of: SenderSettings<S, R>
  /** End the waits between attempts. */
  readonly #wakers = new Set<() => void>()
  #isStopping = false

  constructor(of: SenderSettings<S, R>) {
    this.#of = of
  }

  /** From now on there are no waits, and each request has one last attempt. */
  stop(): void {
    this.#isStopping = true
    for (const wake of this.#wakers) wake()
  }

  /** Never rejects. */
  async deliver(batch: Batch<S>, origin: Origin): Promise<Outcome> {
    const outcome: Outcome = { booked: 0, lost: [], left: 0, leftReason: '', leftError: undefined }
    if (this.#of.attempts.isOver) {
      leave(batch.items, 'shutdown', new ShutdownError('the agent is going down'), outcome)
      return outcome
    }
    const startedMs = this.#of.clock.monotonicMs()
    const pieces = this.#encode(batch, origin.metadata, outcome).reverse()
    for (let piece = pieces.pop(); piece !== undefined; piece = pieces.pop()) {
      const halves = await this.#send(piece, origin, startedMs, outcome)
      if (halves !== undefined) pieces.push(...halves.reverse())
    }
    return outcome
  }

  #encode(batch: Batch<S>, metadata: Origin['metadata'], outcome: Outcome): Piece<S, R>[] {
    let dropped = 0
    const drop: Drop = (items, reason) => {
      dropped += items
      this.#of.ledger().dropped(items, reason)
    }
    try {
      const requests = this.#of.delivery.encode(batch, drop, metadata)
      outcome.booked += dropped
      this.#reconcile(batch.items - dropped - itemsOf(requests), outcome)
      return requests.map((outgoing) => ({ outgoing, batch: requests.length === 1 ? batch : undefined }))
    } catch (error) {
      outcome.booked += dropped
      this.#of.health.defect(error)
      lose(batch.items - dropped, encodeError(error), outcome)
      return []
    }
  }

  #reconcile(missing: number, outcome: Outcome): void {
    if (missing === 0) return
    this.#of.onMiscount(missing)
    if (missing < 0) this.#of.ledger().created(-missing)
    else {
      this.#of.ledger().dropped(missing, 'unaccounted')
      outcome.booked += missing
    }
  }

  /** Tries until there is an end to the request; returns the halves to send instead of one that was too large. */
  async #send(
    piece: Piece<S, R>,
    origin: Origin,
    startedMs: number,
    outcome: Outcome,
  ): Promise<Piece<S, R>[] | undefined> {
    const { attempts, health } = this.#of
    let { outgoing } = piece
    let backoff: Backoff | undefined
    for (;;) {
      const isLast = this.#isStopping
      const { error, dropped } = await attempts.run(outgoing, origin)
      if (error === undefined) {
        health.succeeded()
        this.#book(outgoing.items, dropped, outcome)
        return undefined
      }
      // What our own end, or a sender's leave, has ended says nothing about the destination.
      if (!(error instanceof ShutdownError) && origin.abort?.().aborted !== true) health.failed(error)
      if (error instanceof PermanentError) {
        const halves = error instanceof TooLargeError ? this.#cut(outgoing, piece, origin, outcome) : undefined
        if (halves === undefined) lose(outgoing.items, error, outcome)
        return halves
      }
      const rest = remainingOf(error, outgoing)
      if (rest !== outgoing) this.#book(outgoing.items - rest.items, dropped, outcome)
      if (rest.items === 0) return undefined
      outgoing = rest
      backoff ??= new Backoff(this.#of.retry)
      const end = isLast ? 'shutdown' : await this.#pause(error, backoff, startedMs, origin)
      if (end !== undefined) {
        leave(outgoing.items, end, error, outcome)
        return undefined
      }
    }
  }

  /** So many items are settled: delivered, but for those that the destination did not want. */
  #book(items: number, dropped: readonly Dropped[], outcome: Outcome): void {
    let delivered = items
    for (const { items: unwanted, reason } of dropped) {
      const counted = Math.min(unwanted, delivered)
      this.#of.ledger().dropped(counted, reason)
      delivered -= counted
    }
    this.#of.ledger().out(delivered)
    outcome.booked += items
  }

  #cut(
    outgoing: Outgoing<R>,
    { outgoing: whole, batch }: Piece<S, R>,
    { metadata }: Origin,
    outcome: Outcome,
  ): Piece<S, R>[] | undefined {
    if (outgoing.items < 2) return undefined
    const { delivery } = this.#of
    try {
      if (delivery.split !== undefined) {
        const requests = delivery.split(outgoing)
        if (requests === undefined || !requests.every(({ items }) => items < outgoing.items)) return undefined
        this.#reconcile(outgoing.items - itemsOf(requests), outcome)
        return requests.map((request) => ({ outgoing: request, batch: undefined }))
      }
      if (batch === undefined || outgoing !== whole || batch.items < 2) return undefined
      const pieces = batch.split({ items: Math.ceil(batch.items / 2) }).flatMap((half) => {
        // What `encode` drops, it has dropped and counted when it had the whole batch.
        const requests = delivery.encode(half, () => {}, metadata)
        return requests.map((request) => ({ outgoing: request, batch: requests.length === 1 ? half : undefined }))
      })
      this.#reconcile(outgoing.items - itemsOf(pieces.map((half) => half.outgoing)), outcome)
      return pieces
    } catch (error) {
      this.#of.health.defect(error)
      lose(outgoing.items, encodeError(error), outcome)
      return []
    }
  }

  /** Waits for the next attempt; returns a reason when there is to be none. */
  async #pause(error: Error, backoff: Backoff, startedMs: number, { abort }: Origin): Promise<string | undefined> {
    const { retry, clock } = this.#of
    if (!retry.enabled) return reasonOf(error)
    if (this.#isStopping) return undefined
    let waitMs = backoff.nextMs()
    let asked = error instanceof RetryableError ? askedMs(error.waitMs) : 0
    if (retry.max_elapsed_time > 0) {
      const budgetMs = retry.max_elapsed_time - (clock.monotonicMs() - startedMs)
      if (budgetMs <= 0 || waitMs > budgetMs) return 'max_elapsed_time'
      // Asked to wait longer than there is time: one more attempt at the end of it.
      asked = Math.min(asked, budgetMs)
    }
    waitMs = Math.max(waitMs, asked)
    const sender = abort?.()
    if (sender?.aborted !== true) await this.#sleep(waitMs, sender)
    return sender?.aborted ? 'sender_left' : undefined
  }

  #sleep(waitMs: number, sender: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        cancel()
        this.#wakers.delete(wake)
        sender?.removeEventListener('abort', wake)
        resolve()
      }
      const cancel = this.#of.clock.after(waitMs, wake)
      this.#wakers.add(wake)
      sender?.addEventListener('abort', wake, { once: true })
    })
  }
}

/** What an error says is still to be sent: all of it unless it brought along a part. */
function remainingOf<R>(error: Error, outgoing: Outgoing<R>): Outgoing<R> {
  const remaining = error instanceof RetryableError ? error.remaining : undefined
  return isOutgoing<R>(remaining) && remaining.items <= outgoing.items ? remaining : outgoing
}

function lose(items: number, error: PermanentError, outcome: Outcome): void {
  if (items > 0) outcome.lost.push({ items, reason: error.reason, error })
}

function leave(items: number, reason: string, error: Error, outcome: Outcome): void {
  outcome.left += items
  outcome.leftReason = reason
  outcome.leftError = error
}

const encodeError = (cause: unknown): PermanentError =>
  new PermanentError(`encode: ${messageOf(cause)}`, { cause, reason: 'encode_error' })

/** For a sender who is told: nothing of what stays inside delivery. */
export const asRefusal = ({ leftReason, leftError, lost }: Outcome): Error => {
  if (leftReason === 'shutdown') return new ShutdownError('the agent is going down')
  if (leftError instanceof RetryableError) {
    const { message, reason, waitMs } = leftError
    return new RetryableError(message, { reason, cause: leftError, ...(waitMs === undefined ? {} : { waitMs }) })
  }
  return leftError ?? lost[0]!.error
}
