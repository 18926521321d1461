// Small batches joined by copying: a hundred requests of one span become one chunk, since serialized messages in a row are one
// message. A copy of a kilobyte costs less than its buffer: to keep, to collect as garbage, to write out on its own.
import { Batch, chunkOf } from './batch.ts'
import type { Signal } from './signal.ts'

/** Batches up to this size are worth copying. */
export const SMALL_BYTES = 8 * 1024
const SLAB_BYTES = 64 * 1024

/** Keeps order. What it has given out is immutable; it goes on writing behind it in the same memory. */
export class Gatherer<S extends Signal> {
  readonly #signal: S
  #slab = EMPTY
  #start = 0
  #end = 0
  #items = 0

  constructor(signal: S) {
    this.#signal = signal
  }

  get sizeBytes(): number {
    return this.#end - this.#start
  }

  /** Copies a batch of at most `SMALL_BYTES`. Gives what was there before when there was no room beside it. */
  add(batch: Batch<S>): Batch<S> | undefined {
    const sealed = batch.sizeBytes > this.#slab.length - this.#end ? this.#renew() : undefined
    for (const { bytes } of Batch.chunksOf(batch)) {
      bytes.copy(this.#slab, this.#end)
      this.#end += bytes.length
    }
    this.#items += batch.items
    return sealed
  }

  /** What has been added since the last time; undefined when there is nothing. */
  seal(): Batch<S> | undefined {
    if (this.#items === 0) return undefined
    const chunk = chunkOf(this.#slab.subarray(this.#start, this.#end), this.#items)
    this.#start = this.#end
    this.#items = 0
    return Batch.of(this.#signal, [chunk])
  }

  #renew(): Batch<S> | undefined {
    const sealed = this.seal()
    this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
    this.#start = this.#end = 0
    return sealed
  }
}

const EMPTY = Buffer.alloc(0)
