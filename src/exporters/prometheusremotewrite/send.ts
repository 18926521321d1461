// Sends the requests of one batch, some at a time; what a destination refuses is looked for and left out.
import { isRetryable, PermanentError, RetryableError, type Sender, TooLargeError } from '../../contract/index.ts'
import type { Context } from '../../data/index.ts'
import type { Drop, Outgoing } from '../../delivery/index.ts'
import { RefusedRequest } from './client.ts'
import { halvesOf, lightAndHeavyOf, type WriteRequest } from './request.ts'

type Post = (request: WriteRequest, context: Sender, abort: AbortSignal) => Promise<void>

/**
 * A destination that refuses one series of a request may refuse all that is in it (Prometheus rolls back; Mimir, Cortex and Amazon's
 * take the others). Halving finds the bad ones; with more requests than this for one batch the destination would suffer more than
 * the data is worth. What is left by then is dropped: those of short labels have gone first, so of too long labels only the bad.
 */
const MAX_SEARCHES = 64

export interface Sending {
  readonly post: Post
  readonly parallelism: number
  /** A refusal, for the log. */
  onRefused(error: Error, items: number): void
}

/** As `Delivery.send`: rejects with a `RetryableError` that has what is left. */
export async function sendAll(
  requests: readonly WriteRequest[],
  { post, parallelism, onRefused }: Sending,
  context: Context,
  drop: Drop,
): Promise<void> {
  const waiting = [...requests].reverse()
  const left: WriteRequest[] = []
  let searches = 0
  let failure: Error | undefined
  const one = async (request: WriteRequest): Promise<void> => {
    try {
      await post(request, context, context.abort)
    } catch (error) {
      if (isRetryable(error)) {
        failure ??= error as Error
        left.push(request)
        return
      }
      const maySearch = error instanceof RefusedRequest && searches < MAX_SEARCHES
      const halves = maySearch
        ? lightAndHeavyOf(request)
        : error instanceof TooLargeError
          ? halvesOf(request)
          : undefined
      if (halves !== undefined) {
        if (maySearch) searches++
        waiting.push(halves[1], halves[0])
        return
      }
      const reason = error instanceof PermanentError ? error.reason : 'refused'
      drop(request.items, reason)
      if (request.items > 0) onRefused(error as Error, request.items)
    }
  }
  const worker = async (): Promise<void> => {
    for (let request = waiting.pop(); request !== undefined; request = waiting.pop()) {
      // One that may work later is a sign that none will now.
      if (failure === undefined) await one(request)
      else left.push(request)
    }
  }
  await Promise.all(Array.from({ length: Math.min(parallelism, requests.length) }, worker))
  if (failure === undefined) return
  const remaining: Outgoing<readonly WriteRequest[]> = {
    request: left,
    items: left.reduce((sum, { items }) => sum + items, 0),
  }
  const waitMs = failure instanceof RetryableError ? failure.waitMs : undefined
  const reason = failure instanceof RetryableError ? failure.reason : 'unknown'
  throw new RetryableError(failure.message, {
    reason,
    remaining,
    cause: failure,
    ...(waitMs !== undefined && { waitMs }),
  })
}
