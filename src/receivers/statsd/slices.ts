// Long work in slices, so that the event loop turns in between and reads what the kernel keeps for us.

export class Slices {
  readonly #size: number
  #work: Iterator<number> | undefined
  #onDone: () => void = () => {}
  #next: NodeJS.Immediate | undefined

  /** `size`: what a slice may cost, in the unit that the work yields. */
  constructor(size: number) {
    this.#size = size
  }

  /** The first slice is done at once. `onDone` is called when nothing is left. */
  run(work: Iterator<number>, onDone: () => void): void {
    this.finish()
    this.#work = work
    this.#onDone = onDone
    this.#slice()
  }

  /** All that is left, at once. */
  finish(): void {
    if (this.#next !== undefined) clearImmediate(this.#next)
    if (this.#work !== undefined) this.#workFor(Number.POSITIVE_INFINITY)
  }

  readonly #slice = (): void => {
    this.#workFor(this.#size)
    if (this.#work !== undefined) this.#next = setImmediate(this.#slice)
  }

  #workFor(cost: number): void {
    for (let spent = 0; spent < cost; ) {
      const step = this.#work!.next()
      if (step.done) {
        this.#work = undefined
        return this.#onDone()
      }
      spent += step.value
    }
  }
}
