// Who waits for room, first come first served, until there is some, or its sender is gone, or nobody is let in any more.

interface Waiter<T> {
  readonly entry: T
  readonly admit: () => void
  readonly refuse: (error: unknown) => void
}

export class Waiters<T> {
  readonly #waiting = new Set<Waiter<T>>()

  get size(): number {
    return this.#waiting.size
  }

  some(is: (entry: T) => boolean): boolean {
    for (const { entry } of this.#waiting) if (is(entry)) return true
    return false
  }

  /** Resolves when it was let in; rejects when `abort` says so first, or with what `refuse` says. */
  wait(entry: T, abort: AbortSignal): Promise<void> {
    if (abort.aborted) return Promise.reject(abort.reason)
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(waiter)
        reject(abort.reason)
      }
      const waiter: Waiter<T> = {
        entry,
        admit() {
          abort.removeEventListener('abort', leave)
          resolve()
        },
        refuse(error) {
          abort.removeEventListener('abort', leave)
          reject(error)
        },
      }
      this.#waiting.add(waiter)
      abort.addEventListener('abort', leave, { once: true })
    })
  }

  /** Lets in as many as there is room for: nobody overtakes the first. */
  admit(hasRoom: (entry: T) => boolean, take: (entry: T) => void): void {
    for (const waiter of this.#waiting) {
      if (!hasRoom(waiter.entry)) return
      this.#waiting.delete(waiter)
      take(waiter.entry)
      waiter.admit()
    }
  }

  refuse(error: Error): void {
    for (const waiter of this.#waiting) {
      this.#waiting.delete(waiter)
      waiter.refuse(error)
    }
  }
}
