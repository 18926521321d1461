// Names of fields: dots make objects, so `a.b` and {"a":{"b":…}} are one name, and it is ordered step by step.
import { keptText } from '../wire/kept.ts'

/** The same text gives the same object, while it is remembered. */
export class FlatKey {
  readonly text: string
  /** Orders names so that what is below another comes right behind it: `a`, `a.b`, `a-b`. */
  readonly order: string
  /** `"a.b":` */
  readonly flat: Buffer
  /** `"a":`, `"b":` */
  readonly steps: readonly Buffer[]
  /** Of each step, for comparisons. */
  readonly names: readonly string[]

  constructor(text: string) {
    this.text = text
    this.names = text.split('.')
    this.order = this.names.join('\0')
    this.flat = encoded(text)
    this.steps = this.names.map(encoded)
  }

  isBelow(other: FlatKey): boolean {
    const { length } = other.text
    return this.text.length > length && this.text[length] === '.' && this.text.startsWith(other.text)
  }
}

const encoded = (name: string): Buffer => keptText(`${JSON.stringify(name)}:`)

/** Names come from attributes: there is no end to them. */
const MAX_KEYS = 8192
const keys = new Map<string, FlatKey>()

/** A name that an index refuses (an empty step, as in `a..b` and `.a`) gets an underscore there. */
export function flatKeyOf(text: string): FlatKey {
  let key = keys.get(text)
  if (key === undefined) {
    key = new FlatKey(shallow(text).replace(/^$|^(?=\.)|(?<=\.)(?=\.|$)/g, '_'))
    if (text.length > MAX_KNOWN_LENGTH) return key
    if (keys.size >= MAX_KEYS) keys.clear()
    keys.set(text, key)
  }
  return key
}

/** No name that anybody chose is longer; what is, is not remembered: thousands of them would be gigabytes. */
const MAX_KNOWN_LENGTH = 1024
/** An index has fewer levels (index.mapping.depth.limit: 20) and refuses the document; a million of them would be a hundred bytes each here. */
const MAX_STEPS = 64

function shallow(text: string): string {
  let dot = -1
  for (let steps = 1; steps < MAX_STEPS; steps++) {
    dot = text.indexOf('.', dot + 1)
    if (dot === -1) return text
  }
  return text.slice(0, dot + 1) + text.slice(dot + 1).replaceAll('.', '_')
}

/** What the name of an attribute becomes: other names, or none. */
export type Rename = (name: string) => readonly string[]

/** Remembers what names become. */
export class KeyTable {
  readonly #rename: Rename
  readonly #known = new Map<string, readonly FlatKey[]>()

  constructor(rename: Rename) {
    this.#rename = rename
  }

  of(name: string): readonly FlatKey[] {
    let found = this.#known.get(name)
    if (found === undefined) {
      found = this.#rename(name).map(flatKeyOf)
      if (name.length > MAX_KNOWN_LENGTH) return found
      if (this.#known.size >= MAX_KEYS) this.#known.clear()
      this.#known.set(name, found)
    }
    return found
  }
}
