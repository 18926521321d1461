import { type Consume, RetryableError } from '../contract/index.ts'
import type { Batch, Context, Signal } from '../data/index.ts'

/** Takes whatever comes and keeps it; refuses or waits when told to. */
export class Sink<S extends Signal = Signal> {
  /** What it took, in order. */
  readonly batches: Batch<S>[] = []
  readonly contexts: Context[] = []
  /** When set, the answer to what comes. */
  refuseWith: Error | undefined
  /** When set, acknowledgements wait for it. */
  gate: Promise<void> | undefined

  readonly consume: Consume<S> = async (batch, context) => {
    await this.gate
    if (this.refuseWith) throw this.refuseWith
    this.batches.push(batch)
    this.contexts.push(context)
  }

  /** Of all batches that it took. */
  get items(): number {
    return this.batches.reduce((sum, batch) => sum + batch.items, 0)
  }

  /** From now on what comes is handed back, as retryable; `refuseWith = undefined` takes again. */
  refuse(message = 'sink refuses'): void {
    this.refuseWith = new RetryableError(message)
  }
}

/** Of a batch whose sender waits for ever; `metadata` are the headers of its request. */
export const testContext = (metadata: Record<string, readonly string[]> = {}): Context => ({
  abort: new AbortController().signal,
  metadata: new Map(Object.entries(metadata)),
})
