// The four kinds of failure. What is none of them is treated as retryable.

/** The same batch will always fail: dropped, counted with its reason, the sender told not to retry. */
export class PermanentError extends Error {
  override readonly name: string = 'PermanentError'
  /** A few words for the counter's label, the same for every such failure: `too_large`, `http_400`. */
  readonly reason: string
  /** When only so many of the batch's items were rejected and the others taken: partial success, as OTLP has it. */
  readonly rejectedItems: number | undefined

  constructor(message: string, options: ErrorOptions & { reason?: string; rejectedItems?: number } = {}) {
    super(message, options)
    this.reason = options.reason ?? 'permanent_error'
    this.rejectedItems = options.rejectedItems
  }
}

/**
 * The destination takes less at once (HTTP 413). Delivery sends the halves instead; one item that is too large alone is
 * dropped, and so is a request that cannot be cut.
 */
export class TooLargeError extends PermanentError {
  override readonly name = 'TooLargeError'

  constructor(message: string, options: ErrorOptions & { reason?: string } = {}) {
    super(message, { ...options, reason: options.reason ?? 'too_large' })
  }
}

/** May work later. */
export class RetryableError<T = unknown> extends Error {
  override readonly name = 'RetryableError'
  /** What was not taken (default: all of it). Stays inside delivery; it never crosses a rewrite or a fan-out. */
  readonly remaining: T | undefined
  /** What the other side asked for, in milliseconds. */
  readonly waitMs: number | undefined
  /** A few words for the counter's label, for when it is given up in the end. */
  readonly reason: string

  constructor(message: string, options: ErrorOptions & { remaining?: T; waitMs?: number; reason?: string } = {}) {
    super(message, options)
    this.remaining = options.remaining
    this.waitMs = options.waitMs
    this.reason = options.reason ?? 'retryable_error'
  }
}

/** The agent is going down; retryable for a sender, who may find another agent. */
export class ShutdownError extends Error {
  override readonly name = 'ShutdownError'
}

/** Whether trying the same again may help. Unknown errors may. */
export const isRetryable = (error: unknown): boolean => !(error instanceof PermanentError)

/** The reason label of a failure that ends in a drop. */
export const reasonOf = (error: unknown): string =>
  error instanceof PermanentError || error instanceof RetryableError
    ? error.reason
    : error instanceof ShutdownError
      ? 'shutdown'
      : 'error'

/** The text of anything that was thrown; with why, where `fetch` says no more than that it failed. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { message, cause } = error
  return isFetchFailed(error) && cause instanceof Error ? `${message}: ${cause.message || codeOf(cause)}` : message
}

/** It has no connection, or loses it: a `TypeError`, by its standard. */
export const isFetchFailed = (error: unknown): boolean => error instanceof TypeError && error.message === 'fetch failed'

/** A connection tried on two addresses fails without a message. */
const codeOf = (error: Error): string => ('code' in error ? String(error.code) : error.name)
