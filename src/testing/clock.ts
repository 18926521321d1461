import type { Clock } from '../contract/index.ts'

interface Timer {
  readonly at: number
  readonly run: () => void
}

/** Time that moves when the test says so; timers run in order, and what they start gets its turn before the next. */
export class FakeClock implements Clock {
  #epochMs: number
  #elapsedMs = 0
  readonly #timers = new Set<Timer>()

  constructor(epochMs: number = Date.UTC(2026, 0, 1)) {
    this.#epochMs = epochMs
  }

  now(): number {
    return this.#epochMs + this.#elapsedMs
  }
  monotonicMs(): number {
    return this.#elapsedMs
  }
  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#elapsedMs + Math.max(0, ms), run }
    this.#timers.add(timer)
    return () => void this.#timers.delete(timer)
  }

  sleep(ms: number, abort?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (abort?.aborted) return reject(abort.reason)
      const cancel = this.after(ms, () => {
        abort?.removeEventListener('abort', stop)
        resolve()
      })
      const stop = (): void => {
        cancel()
        reject(abort!.reason)
      }
      abort?.addEventListener('abort', stop, { once: true })
    })
  }

  /** Moves on, running what falls due on the way. */
  async advance(ms: number): Promise<void> {
    const until = this.#elapsedMs + ms
    await settle()
    for (;;) {
      let next: Timer | undefined
      for (const timer of this.#timers)
        if (timer.at <= until && (next === undefined || timer.at < next.at)) next = timer
      if (next === undefined) break
      this.#timers.delete(next)
      this.#elapsedMs = Math.max(this.#elapsedMs, next.at)
      next.run()
      await settle()
    }
    this.#elapsedMs = until
  }

  /** The wall clock jumps; the monotonic one does not notice. */
  jump(ms: number): void {
    this.#epochMs += ms
  }
}

/** Lets promises and immediates that are ready have their turn. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}
