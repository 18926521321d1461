// What comes in floods and is told of once in a while. What is left untold at the end stays so: nothing waits here.
import type { Clock } from '../contract/index.ts'

const QUIET_MS = 60_000

export class NowAndThen {
  readonly #clock: Clock
  #untold = 0
  #toldAtMs = -Infinity

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** One more. How many there are to tell of, this one included; undefined when it is not time yet. */
  add(): number | undefined {
    this.#untold++
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#toldAtMs < QUIET_MS) return undefined
    this.#toldAtMs = nowMs
    const untold = this.#untold
    this.#untold = 0
    return untold
  }
}
