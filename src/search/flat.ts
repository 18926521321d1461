// A document whose fields come from several places (resource, scope, item, ours) into one space of names: gathered, put in order,
// settled where names meet, then written, with dots in names or as objects.
import { type Attributes, type Id, Instant } from '../data/index.ts'
import { ARRAY, contentAt, eachValue, keyValue, kindOf, MAP } from '../data/raw.ts'
import { textOf } from '../wire/intern.ts'
import type { JsonWriter } from '../wire/json.ts'
import { readVarint } from '../wire/reader.ts'
import { type FlatKey, flatKeyOf, type KeyTable } from './flat-key.ts'
import { Shape } from './shape.ts'
import { type BytesAs, writeValue } from './value.ts'

/** Where a field comes from; of two with one name the higher counts, of two from one place the first. */
export const FROM = { RESOURCE: 1, SCOPE: 2, ITEM: 3, OURS: 4 } as const
export type From = (typeof FROM)[keyof typeof FROM]

/** A value of ours. */
type Own = string | number | bigint | boolean | Instant | Id | ((json: JsonWriter) => void)

/** Reused from item to item: fields up to a mark stay, those of the resource for all of its items. */
export class FlatDocument {
  readonly #bytesAs: BytesAs
  #empty = Shape.empty()
  #shape = this.#empty
  /** By position, the shape up to that field. */
  readonly #shapes: Shape[] = []
  /** Of an attribute: where its AnyValue is; else undefined, and the value is in `#own`. */
  readonly #bytes: (Buffer | undefined)[] = []
  readonly #at: number[] = []
  readonly #end: number[] = []
  readonly #own: (Own | undefined)[] = []
  #size = 0

  constructor(bytesAs: BytesAs) {
    this.#bytesAs = bytesAs
  }

  /** Forgets what has come since the mark; 0 is everything. */
  reset(mark = 0): void {
    this.#size = mark
    if (mark > 0) {
      this.#shape = this.#shapes[mark - 1]!
      return
    }
    if (this.#empty.isFull) this.#empty = Shape.empty()
    this.#shape = this.#empty
    // Nothing of a batch that is gone is held.
    this.#shapes.length = this.#bytes.length = this.#own.length = 0
  }

  /** What is here now can stay for many items. */
  mark(): number {
    return this.#size
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
    return this.#shape.keys().map((key, position) => {
      scratch.clear()
      this.#writeAt(scratch, position)
      return { key, json: scratch.take() }
    })
  }

  /** As one object: `{"a.b":1}`, or with `isDeep` `{"a":{"b":1}}`. */
  write(json: JsonWriter, isDeep: boolean): void {
    const { positions, openings, closing } = this.#shape.plan(isDeep)
    json.beginObject()
    for (let i = 0; i < positions.length; i++) {
      json.raw(openings[i]!)
      this.#writeAt(json, positions[i]!)
    }
    json.raw(closing)
    json.endObject()
  }

  #writeAt(json: JsonWriter, position: number): void {
    const bytes = this.#bytes[position]
    if (bytes !== undefined) return writeValue(json, bytes, this.#at[position]!, this.#end[position]!, this.#bytesAs)
    writeOwn(json, this.#own[position]!)
  }

  #push(key: FlatKey, from: number, bytes: Buffer | undefined, at: number, end: number, own: Own | undefined): void {
    const position = this.#size++
    this.#shape = this.#shape.with(key, from)
    this.#shapes[position] = this.#shape
    this.#bytes[position] = bytes
    this.#at[position] = at
    this.#end[position] = end
    this.#own[position] = own
  }
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
