// How fast counters grow, from one collection to the next.

export class Rates {
  #before = new Map<string, number>()
  #now = new Map<string, number>()
  #atMs: number | undefined
  #elapsedSeconds = 0

  /** A collection begins. A counter that it does not have is forgotten by the next one. */
  begin(atMs: number): void {
    this.#elapsedSeconds = this.#atMs === undefined ? 0 : (atMs - this.#atMs) / 1000
    this.#atMs = atMs
    this.#before = this.#now
    this.#now = new Map()
  }

  /** By how much a second; undefined when it is seen for the first time, or has begun anew. */
  of(counter: string, value: number | undefined): number | undefined {
    if (value === undefined) return undefined
    this.#now.set(counter, value)
    const before = this.#before.get(counter)
    if (before === undefined || value < before || this.#elapsedSeconds <= 0) return undefined
    return (value - before) / this.#elapsedSeconds
  }
}
