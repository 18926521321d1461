import type { Batch, Context, Signal } from '../data/index.ts'

/**
 * Takes responsibility for one batch. Resolving is the acknowledgement; rejecting hands the whole batch back, with a
 * `RetryableError` when it may work later and a `PermanentError` when it never will; awaiting is the back-pressure.
 * Whoever has acknowledged a batch owns it: an error after that is theirs to retry, or to drop and count.
 */
export type Consume<S extends Signal = Signal> = (batch: Batch<S>, context: Context) => Promise<void>

/** By signal; a missing one is not consumed. */
export type Consumers = { readonly [S in Signal]?: Consume<S> }
