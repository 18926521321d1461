import type { Clock } from '../contract/index.ts'

/** After a failure, whoever asks meanwhile is told the same. */
const RETRY_MS = 1000

/** What many want and somebody else gives: asked for by one request at a time. */
export class SingleFlight<T> {
  readonly #clock: Clock
  readonly #ask: () => Promise<T>
  #underWay: Promise<T> | undefined
  #failure: { readonly atMs: number; readonly error: unknown } | undefined

  /** What `ask` rejects with, everybody is told. */
  constructor(clock: Clock, ask: () => Promise<T>) {
    this.#clock = clock
    this.#ask = ask
  }

  get isUnderWay(): boolean {
    return this.#underWay !== undefined
  }

  get(): Promise<T> {
    const failure = this.#failure
    if (failure !== undefined && this.#clock.monotonicMs() - failure.atMs < RETRY_MS)
      return Promise.reject(failure.error)
    this.#underWay ??= this.#fly()
    return this.#underWay
  }

  async #fly(): Promise<T> {
    try {
      const found = await this.#ask()
      this.#failure = undefined
      return found
    } catch (error) {
      this.#failure = { atMs: this.#clock.monotonicMs(), error }
      throw error
    } finally {
      this.#underWay = undefined
    }
  }
}
