// Where each key stands among very many attributes: without it, who looks up all of them takes the square of their number.

/** Up to so many are faster looked through, one after the other, than written down. */
export const LOOKED_THROUGH = 1024

/** Of the slots of one message. */
export class KeyIndex {
  readonly #first = new Map<string, number>()
  readonly #last = new Map<string, number>()
  /** By slot, the next one with the same key. */
  readonly #next: number[] = []

  first(key: string): number {
    return this.#first.get(key) ?? -1
  }

  next(slot: number): number {
    return this.#next[slot] ?? -1
  }

  /** In the order of the slots, each once. */
  add(key: string, slot: number): void {
    this.#next[slot] = -1
    const before = this.#last.get(key)
    if (before === undefined) this.#first.set(key, slot)
    else this.#next[before] = slot
    this.#last.set(key, slot)
  }
}
