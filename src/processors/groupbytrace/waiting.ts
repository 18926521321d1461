import type { Batch } from '../../data/index.ts'

export interface Trace {
  readonly key: string
  readonly parts: [Batch<'traces'>, ...Batch<'traces'>[]]
  /** When it is to go on. */
  readonly dueMs: number
  /** The one that came after it. */
  next: Trace | undefined
}

/** Traces by id and by age. A list beside the map: a map forgets its first entries slowly. */
export class WaitingTraces {
  readonly #byKey = new Map<string, Trace>()
  #oldest: Trace | undefined
  #newest: Trace | undefined

  get size(): number {
    return this.#byKey.size
  }
  get oldest(): Trace | undefined {
    return this.#oldest
  }

  /** `dueMs` counts for a trace that is new, and never decreases from call to call. */
  add(key: string, part: Batch<'traces'>, dueMs: number): void {
    const known = this.#byKey.get(key)
    if (known !== undefined) {
      known.parts.push(part)
      return
    }
    const trace: Trace = { key, parts: [part], dueMs, next: undefined }
    this.#byKey.set(key, trace)
    if (this.#newest === undefined) this.#oldest = trace
    else this.#newest.next = trace
    this.#newest = trace
  }

  takeOldest(): Trace | undefined {
    const oldest = this.#oldest
    if (oldest === undefined) return undefined
    this.#byKey.delete(oldest.key)
    this.#oldest = oldest.next
    oldest.next = undefined
    if (this.#oldest === undefined) this.#newest = undefined
    return oldest
  }
}
