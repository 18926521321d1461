// Calls back for what is not removed in time. All delays are equal, so arrival order is deadline order, and one timer,
// armed only while something waits, serves any number: adding and removing cost two assignments.
import type { Clock } from '../contract/index.ts'

/** A place in the list, kept in what waits. */
export interface Waiting<T> {
  dueMs: number
  before: T | undefined
  after: T | undefined
}

export class Deadlines<T extends Waiting<T>> {
  readonly #clock: Clock
  readonly #delayMs: number
  readonly #onDue: (waiting: T) => void
  #first: T | undefined
  #last: T | undefined
  #cancel: (() => void) | undefined

  constructor(clock: Clock, delayMs: number, onDue: (waiting: T) => void) {
    this.#clock = clock
    this.#delayMs = delayMs
    this.#onDue = onDue
  }

  add(waiting: T): void {
    waiting.dueMs = this.#clock.monotonicMs() + this.#delayMs
    waiting.before = this.#last
    waiting.after = undefined
    if (this.#last === undefined) this.#first = waiting
    else this.#last.after = waiting
    this.#last = waiting
    // The timer is left armed when the list empties: a busy list arms it once in `delayMs`, not once for each.
    this.#cancel ??= this.#clock.after(this.#delayMs, this.#wake)
  }

  /** Only what was added and is neither due nor removed. */
  remove(waiting: T): void {
    if (waiting.before === undefined) this.#first = waiting.after
    else waiting.before.after = waiting.after
    if (waiting.after === undefined) this.#last = waiting.before
    else waiting.after.before = waiting.before
    waiting.before = undefined
    waiting.after = undefined
  }

  /** Forgets everything that waits. */
  clear(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#first = undefined
    this.#last = undefined
  }

  readonly #wake = (): void => {
    // What is called below may add something: the timer is armed once, afterwards, for what comes first.
    this.#cancel = NOTHING
    const nowMs = this.#clock.monotonicMs()
    for (let due = this.#first; due !== undefined && due.dueMs <= nowMs; due = this.#first) {
      this.remove(due)
      this.#onDue(due)
    }
    this.#cancel =
      this.#first === undefined
        ? undefined
        : this.#clock.after(Math.max(1, this.#first.dueMs - this.#clock.monotonicMs()), this.#wake)
  }
}

const NOTHING = (): void => {}
