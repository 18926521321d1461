// The names of attributes in the order in which they come. Most items have those of an item before them: what the names mean
// for each other is found once, and what stands before each value is copied.
import { equalBytes } from '../wire/intern.ts'
import { JsonWriter } from '../wire/json.ts'
import { keptCopy } from '../wire/kept.ts'
import { Words } from '../wire/words.ts'

/** Names that come are of any number: so many are remembered, with those that come behind them and those that could not be. */
const MAX_STEPS = 10_000
const MAX_NEXT = 16
const MAX_DEPTH = 48
const MAX_NAME_BYTES = 128
const MIN_WORDS_BYTES = 4

export interface NameRules {
  /** Of names that are not written. */
  readonly isLeftOut: (name: Buffer) => boolean
  /** Dots in names are letters like others: `a` and `a.b` do not meet. */
  readonly hasPlainDots: boolean
  /** Of names that mean something together with others. */
  readonly isRelated: (name: Buffer) => boolean
}

/** For one way of writing names. */
export class KnownNames {
  readonly #rules: NameRules
  #first: NameStep

  constructor(rules: NameRules) {
    this.#rules = rules
    this.#first = this.#begin()
  }

  /** Where a list of names begins. */
  get first(): NameStep {
    if (this.#first.isFull) this.#first = this.#begin()
    return this.#first
  }

  #begin(): NameStep {
    return new NameStep(undefined, EMPTY, { rules: this.#rules, left: MAX_STEPS })
  }
}

const EMPTY: Buffer = Buffer.alloc(0)

interface Memory {
  readonly rules: NameRules
  /** How many more steps are remembered, or looked for in vain, before everything is forgotten. */
  left: number
}

/** A name, and those before it. */
class NameStep {
  /** `,"name":`, without the comma when it is the first that is written. Undefined for a name that is not written. */
  readonly json: Words | undefined
  readonly #name: Buffer
  /** Of a name that is long enough. */
  readonly #words: Words | undefined
  readonly #parent: NameStep | undefined
  readonly #depth: number
  readonly #memory: Memory
  /** Whether each stands for itself: no name twice, none that is below another. */
  readonly #isClear: boolean
  readonly #hasWritten: boolean
  /** Those that have come behind it. */
  readonly #next: NameStep[] = []

  constructor(parent: NameStep | undefined, name: Buffer, memory: Memory) {
    this.#parent = parent
    this.#name = name
    this.#words = name.length < MIN_WORDS_BYTES ? undefined : new Words(name)
    this.#memory = memory
    this.#depth = parent === undefined ? 0 : parent.#depth + 1
    this.#isClear = parent === undefined || (parent.#isClear && parent.#isClearOf(name))
    const isWritten = parent !== undefined && !memory.rules.isLeftOut(name)
    this.#hasWritten = isWritten || (parent === undefined ? false : parent.#hasWritten)
    this.json = isWritten ? encoded(name, parent.#hasWritten) : undefined
  }

  get isFull(): boolean {
    return this.#memory.left <= 0
  }

  /** Undefined when the names have to be looked at together. */
  next(json: JsonWriter, bytes: Buffer, start: number, end: number): NameStep | undefined {
    const next = this.#next
    const size = end - start
    for (let i = 0; i < next.length; i++) {
      const step = next[i]!
      const words = step.#words
      if (words === undefined) {
        if (step.#name.length !== size || !equalBytes(bytes, start, step.#name)) continue
      } else if (words.size !== size || !words.isAt(json.viewOf(bytes), start)) continue
      return step.#isClear ? step : undefined
    }
    return this.#learn(bytes, start, end)
  }

  #learn(bytes: Buffer, start: number, end: number): NameStep | undefined {
    this.#memory.left--
    if (start === end || end - start > MAX_NAME_BYTES || this.#depth === MAX_DEPTH) return undefined
    if (this.#next.length === MAX_NEXT || this.isFull) return undefined
    const step = new NameStep(this, keptCopy(bytes, start, end), this.#memory)
    this.#next.push(step)
    return step.#isClear ? step : undefined
  }

  #isClearOf(name: Buffer): boolean {
    return name[0] !== DOT && !this.#memory.rules.isRelated(name) && !this.#meets(name)
  }

  /** Whether the name is there already, or one of the two goes on after a dot where the other ends. */
  #meets(name: Buffer): boolean {
    for (let step: NameStep = this; step.#parent !== undefined; step = step.#parent) {
      const [short, long] = step.#name.length < name.length ? [step.#name, name] : [name, step.#name]
      const isBelow = long.length === short.length || (!this.#memory.rules.hasPlainDots && long[short.length] === DOT)
      if (isBelow && equalBytes(long, 0, short)) return true
    }
    return false
  }
}

const DOT = 0x2e

function encoded(name: Buffer, hasComma: boolean): Words {
  scratch.clear()
  if (hasComma) scratch.raw(COMMA)
  scratch.keyBytes(name, 0, name.length)
  return new Words(scratch.take())
}

const COMMA = Buffer.from(',')
const scratch = new JsonWriter(256)
