// The names of a document's fields in the order in which they came. Most documents of a kind have those of the one before them:
// what their names mean for each other, and the text between their values, is found once.

import { keptText } from '../wire/kept.ts'
import { type FlatKey, flatKeyOf } from './flat-key.ts'

/** How a document of a shape is written: which of its fields, in which order, and what stands before each value. */
export interface Plan {
  readonly positions: readonly number[]
  /** `"a":{"b":`, and before it the ends of objects that are over, and a comma. */
  readonly openings: readonly Buffer[]
  /** The ends of objects that are not, but for the document itself. */
  readonly closing: Buffer
}

/** Names come from attributes: there is no end to them. */
const MAX_SHAPES = 10_000

/** How many more shapes are remembered. */
class Budget {
  left = MAX_SHAPES
}

export class Shape {
  readonly #parent: Shape | undefined
  readonly #key: FlatKey | undefined
  readonly #from: number
  readonly #budget: Budget
  /** By where the next field comes from. */
  readonly #next: (Map<FlatKey, Shape> | undefined)[] = []
  #flat: Plan | undefined
  #deep: Plan | undefined

  private constructor(parent: Shape | undefined, key: FlatKey | undefined, from: number, budget: Budget) {
    this.#parent = parent
    this.#key = key
    this.#from = from
    this.#budget = budget
  }

  /** That of nothing. */
  static empty(): Shape {
    return new Shape(undefined, undefined, 0, new Budget())
  }

  /** Whether no more can be remembered: another empty one should be begun with. */
  get isFull(): boolean {
    return this.#budget.left <= 0
  }

  /** With one more field. Of fields with one name the higher `from` counts, of two from one place the first. */
  with(key: FlatKey, from: number): Shape {
    const known = this.#next[from]?.get(key)
    if (known !== undefined) return known
    const made = new Shape(this, key, from, this.#budget)
    if (!this.isFull) {
      this.#budget.left--
      this.#next[from] ??= new Map()
      this.#next[from].set(key, made)
    }
    return made
  }

  /** By position. */
  keys(): FlatKey[] {
    return this.#fields().map(({ key }) => key)
  }

  plan(isDeep: boolean): Plan {
    if (isDeep) return (this.#deep ??= planOf(settled(this.#fields()), true))
    return (this.#flat ??= planOf(settled(this.#fields()), false))
  }

  #fields(): Field[] {
    const fields: Field[] = []
    for (let shape: Shape = this; shape.#parent !== undefined; shape = shape.#parent)
      fields.push({ key: shape.#key!, from: shape.#from, position: 0 })
    return fields.reverse().map((field, position) => ({ ...field, position }))
  }
}

interface Field {
  readonly key: FlatKey
  readonly from: number
  readonly position: number
}

/** In the order of names: a name stands once, and a value that others are below goes below as well. */
function settled(fields: readonly Field[]): readonly Field[] {
  const kept: Field[] = []
  for (const field of fields.toSorted((a, b) => compare(a.key, b.key))) {
    const last = kept.at(-1)
    if (last?.key.text !== field.key.text) kept.push(field)
    else if (field.from > last.from) kept[kept.length - 1] = field
  }
  const moves = kept.some(({ key }, i) => kept[i + 1]?.key.isBelow(key))
  return moves ? movedBelow(kept) : kept
}

const compare = (a: FlatKey, b: FlatKey): number => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0)

/** A value stays in front of a field that is called `value` already, and gives way to it. */
function movedBelow(kept: readonly Field[]): readonly Field[] {
  const moved = new Map<string, Field>()
  const stayed = new Map<string, Field>()
  for (const [i, field] of kept.entries()) {
    const { text } = field.key
    if (kept[i + 1]?.key.isBelow(field.key)) moved.set(`${text}.value`, field)
    else stayed.set(text, field)
  }
  const fields = [...new Map([...moved, ...stayed])].map(([text, field]) => ({ ...field, key: flatKeyOf(text) }))
  return fields.sort((a, b) => compare(a.key, b.key))
}

function planOf(fields: readonly Field[], isDeep: boolean): Plan {
  const openings: Buffer[] = []
  let open: readonly string[] = TOP
  for (const { key } of fields) {
    const comma = openings.length === 0 ? '' : ','
    openings.push(keptText(isDeep ? stepsBetween(open, key, comma) : `${comma}${key.flat.toString('utf8')}`))
    if (isDeep) open = key.names
  }
  const positions = fields.map(({ position }) => position)
  return { positions, openings, closing: keptText('}'.repeat(open.length - 1)) }
}

const TOP: readonly string[] = ['']

/** Ends the objects of the field before that the next one is not in, and begins those that it is in. */
function stepsBetween(open: readonly string[], { names, steps }: FlatKey, comma: string): string {
  let shared = 0
  while (shared < open.length - 1 && shared < names.length - 1 && open[shared] === names[shared]) shared++
  const ends = '}'.repeat(open.length - 1 - shared)
  return `${ends}${comma}${steps.slice(shared).map(String).join('{')}`
}
