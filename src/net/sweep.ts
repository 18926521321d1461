import type { Clock } from '../contract/index.ts'

const SWEEP_MS = 1000

export interface Swept {
  /** Once a second while it is in the sweep, with the number of seconds that it has been there. */
  onSecond(seconds: number): void
}

/**
 * Time limits of many requests with one timer, which runs only while there are any. A limit is kept to the second, and
 * costs a request an entry in a map instead of a timer.
 */
export class Sweep {
  readonly #clock: Clock
  readonly #since = new Map<Swept, number>()
  #second = 0
  #cancel: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#since.size
  }

  add(one: Swept): void {
    this.#since.set(one, this.#second)
    this.#cancel ??= this.#clock.after(SWEEP_MS, this.#tick)
  }

  delete(one: Swept): void {
    this.#since.delete(one)
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#since.clear()
  }

  readonly #tick = (): void => {
    this.#second++
    this.#cancel = this.#since.size > 0 ? this.#clock.after(SWEEP_MS, this.#tick) : undefined
    for (const [one, since] of this.#since) one.onSecond(this.#second - since)
  }
}
