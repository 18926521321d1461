/** How many requests a server has under way, and whether it takes more. */
export class ActiveRequests {
  #count = 0
  #onDrained: (() => void) | undefined
  isStopping = false

  get count(): number {
    return this.#count
  }

  enter(): void {
    this.#count++
  }

  leave(): void {
    if (--this.#count === 0) this.#onDrained?.()
  }

  /** No more from now on. Resolves when the last one has left, or when `abort` says so. */
  async drain(abort?: AbortSignal): Promise<void> {
    this.isStopping = true
    if (this.#count === 0 || abort?.aborted) return
    await new Promise<void>((resolve) => {
      this.#onDrained = resolve
      abort?.addEventListener('abort', () => resolve(), { once: true })
    })
  }
}
