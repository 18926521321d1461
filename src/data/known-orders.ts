// The names of attributes in the order in which they come. Most items have those of an item before them: what the names are is
// found once, then a comparison tells that they are the same ones.

import { keptCopy } from '../wire/kept.ts'
import { readVarint, varintEnd } from '../wire/reader.ts'
import { Words } from '../wire/words.ts'
import { WIDTH } from './slots.ts'

/** Names that come are of any number: so many are remembered, with those that come behind one of them. */
const MAX_STEPS = 4000
const MAX_NEXT = 16
const MAX_DEPTH = 48
/** The length of a name is one byte. */
const MAX_NAME_BYTES = 127
/** To learn a name costs more than to look it up: who never comes in the same order twice is soon left alone, for a while. */
const MAX_CREDIT = 2000
/** So many items. */
const PAUSE = 400_000
/** For an item that was known. */
const REWARD = 0.25

const KEY = 0x0a
const VALUE = 0x12

/** What is said of a list of names: the number of each, -1 for others, and by number where it is, -1 for nowhere. */
export interface KnownOrder<P> {
  readonly numbers: Int32Array
  readonly indexes: Int32Array
  readonly plan: P
}

/** For one list of known names. */
export class KnownOrders<P> {
  readonly #numberOf: (name: Buffer) => number
  readonly #size: number
  readonly #planOf: (names: readonly Buffer[], numbers: Int32Array) => P
  #first = new Step<P>(undefined, EMPTY, -1)
  #steps = 0
  #credit = MAX_CREDIT

  /** There are `size` numbers. */
  constructor(
    size: number,
    numberOf: (name: Buffer) => number,
    planOf: (names: readonly Buffer[], numbers: Int32Array) => P,
  ) {
    this.#size = size
    this.#numberOf = numberOf
    this.#planOf = planOf
  }

  /**
   * Of KeyValues whose bodies stand in `slots`, each with `WIDTH` numbers of which the second and the third are start and end.
   * Where their parts are goes to `ranges`, four numbers each. Undefined when they have to be looked at one by one.
   */
  find(bytes: Buffer, view: DataView, slots: Int32Array, count: number, ranges: Int32Array): KnownOrder<P> | undefined {
    if (this.#credit < 0 && this.#isLeftAlone()) return undefined
    let step = this.#first
    let to = 0
    for (let from = 1; from < count * WIDTH; from += WIDTH) {
      const at = slots[from]!
      const end = slots[from + 1]!
      const next = step.next(view, at, end) ?? this.#learn(step, bytes, at, end)
      if (next === undefined) return undefined
      step = next
      const keyEnd = at + step.headSize - 1
      let valueAt = keyEnd + 2
      let length = bytes[keyEnd + 1]!
      if (length > 127) {
        length = readVarint(bytes, keyEnd + 1)
        valueAt = varintEnd
      }
      if (valueAt + length !== end) return undefined
      ranges[to] = at + 2
      ranges[to + 1] = keyEnd
      ranges[to + 2] = valueAt
      ranges[to + 3] = end
      to += 4
    }
    if (this.#credit < MAX_CREDIT) this.#credit += REWARD
    return step.isOdd ? undefined : (step.order ??= this.#orderOf(step))
  }

  /** While there is no credit nearly nothing is looked for: some items are, in case the orders of old are back. */
  #isLeftAlone(): boolean {
    this.#credit--
    if (this.#credit < -PAUSE) this.#forget()
    return this.#credit < 0 && (this.#credit & 15) !== 0
  }

  #learn(step: Step<P>, bytes: Buffer, at: number, end: number): Step<P> | undefined {
    if (this.#steps === MAX_STEPS) this.#forget()
    if (this.#credit >= 0) this.#credit--
    const size = bytes[at + 1]!
    const keyEnd = at + 2 + size
    if (this.#credit < 0 || step.depth === MAX_DEPTH || step.isFull) return undefined
    if (bytes[at] !== KEY || size === 0 || size > MAX_NAME_BYTES || keyEnd >= end || bytes[keyEnd] !== VALUE)
      return undefined
    this.#steps++
    const head = keptCopy(bytes, at, keyEnd + 1)
    return step.add(head, this.#numberOf(head.subarray(2, -1)))
  }

  /** What is known of the item at hand is forgotten with it. */
  #forget(): void {
    this.#steps = 0
    this.#credit = MAX_CREDIT
    this.#first = new Step<P>(undefined, EMPTY, -1)
  }

  #orderOf(last: Step<P>): KnownOrder<P> {
    const numbers = new Int32Array(last.depth)
    const indexes = new Int32Array(this.#size).fill(-1)
    const names: Buffer[] = new Array<Buffer>(last.depth)
    for (let step = last; step.parent !== undefined; step = step.parent) {
      const index = step.depth - 1
      names[index] = step.name
      numbers[index] = step.number
      if (step.number >= 0) indexes[step.number] = index
    }
    return { numbers, indexes, plan: this.#planOf(names, numbers) }
  }
}

const EMPTY: Buffer = Buffer.alloc(0)

/** A name, and those before it. */
class Step<P> {
  readonly parent: Step<P> | undefined
  readonly depth: number
  readonly number: number
  readonly name: Buffer
  /** The tag and the length of the key, the key, and the tag of the value. */
  readonly headSize: number
  /** A known name stands there twice: only the first one counts. */
  readonly isOdd: boolean
  order: KnownOrder<P> | undefined
  readonly #head: Words | undefined
  /** Those that have come behind it. */
  readonly #next: Step<P>[] = []

  constructor(parent: Step<P> | undefined, head: Buffer, number: number) {
    this.parent = parent
    this.number = number
    this.depth = parent === undefined ? 0 : parent.depth + 1
    this.isOdd = parent !== undefined && (parent.isOdd || (number >= 0 && parent.#has(number)))
    this.name = head.subarray(2, -1)
    this.headSize = head.length
    this.#head = parent === undefined ? undefined : new Words(head)
  }

  get isFull(): boolean {
    return this.#next.length === MAX_NEXT
  }

  next(view: DataView, at: number, end: number): Step<P> | undefined {
    const next = this.#next
    for (let i = 0; i < next.length; i++) {
      const step = next[i]!
      if (at + step.headSize < end && step.#head!.isAt(view, at)) return step
    }
    return undefined
  }

  add(head: Buffer, number: number): Step<P> {
    const step = new Step(this, head, number)
    this.#next.push(step)
    return step
  }

  #has(number: number): boolean {
    for (let step: Step<P> = this; step.parent !== undefined; step = step.parent)
      if (step.number === number) return true
    return false
  }
}
