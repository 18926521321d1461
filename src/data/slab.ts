// Memory for small buffers that are made one after the other and die in the same order: one allocation for many of them.

const SLAB_BYTES = 64 * 1024
/** Larger ones are worth an allocation of their own. */
const SMALL_BYTES = 8 * 1024

/**
 * Each owner has its own, so that what one keeps for long does not keep the memory of what another lets go: the buffers of a
 * slab share their fate.
 */
export class Slab {
  #bytes = EMPTY
  #at = 0

  /** Not cleared. */
  allocate(size: number): Buffer {
    if (size > SMALL_BYTES) return Buffer.allocUnsafeSlow(size)
    if (size > this.#bytes.length - this.#at) {
      this.#bytes = Buffer.allocUnsafeSlow(SLAB_BYTES)
      this.#at = 0
    }
    const at = this.#at
    this.#at += size
    return this.#bytes.subarray(at, at + size)
  }
}

const EMPTY = Buffer.alloc(0)
