// Chance that repeats itself: the same seed gives the same telemetry.

export class Random {
  #state: number

  /** Any whole number. */
  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** 0 to just below 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  /** 0 to `below` - 1. */
  int(below: number): number {
    return Math.floor(this.next() * below)
  }
  chance(probability: number): boolean {
    return this.next() < probability
  }
  pick<T>(from: readonly T[]): T {
    return from[this.int(from.length)]!
  }
  /** Half of them below the median, a few many times above it: how long things take. */
  around(median: number): number {
    const normal = Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next())
    return median * Math.exp(normal * 0.45)
  }
  bytes(size: number): Uint8Array {
    const bytes = new Uint8Array(size)
    for (let at = 0; at < size; at++) bytes[at] = this.int(256)
    return bytes
  }
  hex(digits: number): string {
    let text = ''
    while (text.length < digits) text += this.int(16).toString(16)
    return text
  }
}
