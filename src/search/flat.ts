// A document whose fields come from several places (resource, scope, item, ours) into one space of names: gathered, put in order,
// settled where names meet, then written, with dots in names or as objects.
import { type Attributes, type Id, Instant } from '../data/index.ts'
import { ARRAY, contentAt, eachValue, keyValue, kindOf, MAP } from '../data/raw.ts'
import { textOf } from '../wire/intern.ts'
import type { JsonWriter } from '../wire/json.ts'
import { readVarint } from '../wire/reader.ts'
import { type FlatKey, flatKeyOf, type KeyTable } from './flat-key.ts'
import { type BytesAs, writeValue } from './value.ts'

/** Where a field comes from; of two with one name the higher counts, of two from one place the first. */
export const FROM = { RESOURCE: 1, SCOPE: 2, ITEM: 3, OURS: 4 } as const
export type From = (typeof FROM)[keyof typeof FROM]

/** A value of ours. */
type Own = string | number | bigint | boolean | Instant | Id | ((json: JsonWriter) => void)

/** Reused from item to item: fields up to a mark stay, those of the resource for all of its items. */
export class FlatDocument {
  readonly #bytesAs: BytesAs
  readonly #keys: FlatKey[] = []
  readonly #from: number[] = []
  /** Of an attribute: where its AnyValue is; else undefined, and the value is in `#own`. */
  readonly #bytes: (Buffer | undefined)[] = []
  readonly #at: number[] = []
  readonly #end: number[] = []
  readonly #own: (Own | undefined)[] = []
  /** Positions in the order of names, up to `#sorted`. */
  #order: number[] = []
  #sorted = 0
  #markOrder: number[] = []
  /** What `#settle` has found, in order. */
  readonly #kept: number[] = []
  readonly #keptKeys: FlatKey[] = []

  constructor(bytesAs: BytesAs) {
    this.#bytesAs = bytesAs
  }

  get size(): number {
    return this.#keys.length
  }

  /** Forgets what has come since the mark; 0 is everything. */
  reset(mark = 0): void {
    this.#keys.length = mark
    this.#from.length = mark
    this.#bytes.length = mark
    this.#at.length = mark
    this.#end.length = mark
    this.#own.length = mark
    this.#order = mark === this.#markOrder.length ? this.#markOrder.slice() : []
    this.#sorted = this.#order.length
  }

  /** What is here now will stay for many items: it is put in order once. */
  mark(): number {
    this.#sort()
    this.#markOrder = this.#order.slice()
    return this.size
  }

  add(key: FlatKey, value: Own, from: From = FROM.OURS): void {
    this.#push(key, from, undefined, 0, 0, value)
  }
  /** Nothing for an empty text. */
  addText(key: FlatKey, text: string, from: From = FROM.OURS): void {
    if (text !== '') this.add(key, text, from)
  }
  /** Nothing for an id of zeros. */
  addId(key: FlatKey, id: Id): void {
    if (!id.isEmpty) this.add(key, id)
  }

  /** Maps become names with dots; what has no value is left out. */
  addValue(key: FlatKey, from: From, bytes: Buffer, at: number, end: number): void {
    const kind = kindOf(bytes, at, end)
    if (kind === 0) return
    if (kind === ARRAY && isEmptyList(bytes, contentAt)) return
    if (kind !== MAP) return this.#push(key, from, bytes, at, end, undefined)
    eachValue(bytes, contentAt, (start, stop) => {
      const { keyAt, keyEnd, valueAt, valueEnd } = keyValue.locate(bytes, start, stop)
      this.addValue(flatKeyOf(`${key.text}.${textOf(bytes, keyAt, keyEnd)}`), from, bytes, valueAt, valueEnd)
    })
  }

  addAttributes(attributes: Attributes, from: From, names: KeyTable): void {
    attributes.forEachRange((bytes, keyAt, keyEnd, valueAt, valueEnd) => {
      for (const key of names.of(textOf(bytes, keyAt, keyEnd))) this.addValue(key, from, bytes, valueAt, valueEnd)
    })
  }

  /** Each field with a copy of its value, for a document that is written later. */
  fields(scratch: JsonWriter): { readonly key: FlatKey; readonly json: Buffer }[] {
    return this.#keys.map((key, position) => {
      scratch.clear()
      this.#writeAt(scratch, position)
      return { key, json: scratch.take() }
    })
  }

  /** As one object: `{"a.b":1}`, or with `isDeep` `{"a":{"b":1}}`. */
  write(json: JsonWriter, isDeep: boolean): void {
    this.#sort()
    this.#settle()
    const keys = this.#keptKeys
    json.beginObject()
    let open: readonly string[] = TOP
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!
      if (isDeep) {
        writeSteps(json, open, key)
        open = key.names
      } else json.key(key.flat)
      this.#writeAt(json, this.#kept[i]!)
    }
    for (let depth = open.length; depth > 1; depth--) json.endObject()
    json.endObject()
  }

  #writeAt(json: JsonWriter, position: number): void {
    const bytes = this.#bytes[position]
    if (bytes !== undefined) return writeValue(json, bytes, this.#at[position]!, this.#end[position]!, this.#bytesAs)
    writeOwn(json, this.#own[position]!)
  }

  #push(key: FlatKey, from: number, bytes: Buffer | undefined, at: number, end: number, own: Own | undefined): void {
    this.#keys.push(key)
    this.#from.push(from)
    this.#bytes.push(bytes)
    this.#at.push(at)
    this.#end.push(end)
    this.#own.push(own)
  }

  /** What has come last is put in its place among what is in order already. */
  #sort(): void {
    const keys = this.#keys
    const order = this.#order
    for (; this.#sorted < keys.length; this.#sorted++) {
      const { order: wanted } = keys[this.#sorted]!
      let low = 0
      let high = order.length
      while (low < high) {
        const middle = (low + high) >> 1
        if (keys[order[middle]!]!.order <= wanted) low = middle + 1
        else high = middle
      }
      order.splice(low, 0, this.#sorted)
    }
  }

  /** What is to be written, in order: a name stands once, and a value that others are below goes below as well. */
  #settle(): void {
    const all = this.#keys
    const from = this.#from
    const kept = this.#kept
    const keys = this.#keptKeys
    kept.length = keys.length = 0
    for (const position of this.#order) {
      const key = all[position]!
      const last = kept.length - 1
      if (last >= 0 && keys[last]!.text === key.text) {
        if (from[position]! > from[kept[last]!]!) kept[last] = position
      } else {
        kept.push(position)
        keys.push(key)
      }
    }
    for (let i = 0; i + 1 < keys.length; i++) if (keys[i + 1]!.isBelow(keys[i]!)) return this.#moveBelow()
  }

  /** A value stays in front of a field that is called `value` already, and gives way to it. */
  #moveBelow(): void {
    const moved = new Map<string, number>()
    const stayed = new Map<string, number>()
    const { length } = this.#kept
    for (let i = 0; i < length; i++) {
      const key = this.#keptKeys[i]!
      if (i + 1 < length && this.#keptKeys[i + 1]!.isBelow(key)) moved.set(`${key.text}.value`, this.#kept[i]!)
      else stayed.set(key.text, this.#kept[i]!)
    }
    const fields = [...new Map([...moved, ...stayed])].map(([text, position]) => ({ key: flatKeyOf(text), position }))
    fields.sort((a, b) => (a.key.order < b.key.order ? -1 : 1))
    for (const [i, { key, position }] of fields.entries()) {
      this.#keptKeys[i] = key
      this.#kept[i] = position
    }
    this.#kept.length = this.#keptKeys.length = fields.length
  }
}

const TOP: readonly string[] = []

/** Ends the objects of the field before that the next one is not in, and begins those that it is in. */
function writeSteps(json: JsonWriter, open: readonly string[], { names, steps }: FlatKey): void {
  let shared = 0
  while (shared < open.length - 1 && shared < names.length - 1 && open[shared] === names[shared]) shared++
  for (let depth = open.length - 1; depth > shared; depth--) json.endObject()
  for (let depth = shared; depth < names.length - 1; depth++) {
    json.key(steps[depth]!)
    json.beginObject()
  }
  json.key(steps[names.length - 1]!)
}

function writeOwn(json: JsonWriter, value: Own): void {
  switch (typeof value) {
    case 'string':
      return json.string(value)
    case 'number':
      return json.number(value)
    case 'bigint':
      return json.bigint(value)
    case 'boolean':
      return json.boolean(value)
    case 'function':
      return value(json)
    default:
      if (value instanceof Instant) json.iso(value)
      else value.writeJson(json)
  }
}

function isEmptyList(bytes: Buffer, at: number): boolean {
  return readVarint(bytes, at) === 0
}
