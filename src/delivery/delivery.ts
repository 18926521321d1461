// What an exporter writes: how a batch becomes requests, and how one request is sent. Everything else is delivery's.
import type { Host } from '../contract/index.ts'
import type { Batch, Context, Signal } from '../data/index.ts'

/** What goes out in one call, and how many items of the batch it carries: losses are counted in items. */
export interface Outgoing<R> {
  readonly request: R
  readonly items: number
}

/** Says that so many items are gone for good. `reason` is a label: few values, `snake_case`. */
export type Drop = (items: number, reason: string) => void

/**
 * One signal of an exporter. Around these, in this order: queue → merged to the configured size → encode → retry → time
 * limit → send. Neither `encode` nor `send` can hurt anything but the batch that they work on.
 */
export interface Delivery<S extends Signal, R> {
  /** Once, before anything is sent. The same function given for several signals is called once. */
  open?(host: Host): Promise<void>
  /**
   * Pure but for the state of a translation: called once for a batch, whatever the retries. Each item of the batch is
   * either carried by one of the requests or reported through `drop`; what is neither is counted as `unaccounted`.
   * Of the senders' metadata a batch that was joined has what `sending_queue::batch::partition` and the authenticator keep
   * apart, no more.
   */
  encode(batch: Batch<S>, drop: Drop, metadata: Context['metadata']): readonly Outgoing<R>[]
  /**
   * Resolving means delivered. Items that the destination refused while it took the rest (a partial success) are reported
   * through `drop`. `RetryableError.remaining` (an `Outgoing`) is what is left to send; `TooLargeError` asks for halves.
   * Ends soon when `context.abort` says so; asking for it costs something, so a sender that cannot use it does not.
   */
  send(outgoing: Outgoing<R>, context: Context, drop: Drop): Promise<void>
  /**
   * Halves of a request that was too large; undefined when it cannot be cut. Without this the halves of the batch are
   * encoded, if the request was the batch's only one.
   */
  split?(outgoing: Outgoing<R>): readonly Outgoing<R>[] | undefined
  /** After everything has been sent. The same function given for several signals is called once. */
  close?(abort: AbortSignal): Promise<void>
}

/** Whether what an error brought along is a request: plugins may be in JavaScript. */
export const isOutgoing = <R>(value: unknown): value is Outgoing<R> =>
  typeof value === 'object' && value !== null && 'request' in value && 'items' in value && isCount(value.items)

const isCount = (value: unknown): boolean => typeof value === 'number' && Number.isInteger(value) && value >= 0

export const itemsOf = (requests: readonly Outgoing<unknown>[]): number => {
  let items = 0
  for (const outgoing of requests) items += outgoing.items
  return items
}
