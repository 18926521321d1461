// A view of the attributes of one message: repeated KeyValue, on the wire or waiting in scratch.
import { equalBytes, textOf } from '../wire/intern.ts'
import type { JsonWriter } from '../wire/json.ts'
import type { AttributeEdits } from './attributeedits.ts'
import { type Key, keyOf } from './key.ts'
import { KeyIndex, LOOKED_THROUGH } from './keyindex.ts'
import type { Message } from './message.ts'
import { hasKey, isOneBlock, larger, NEW, ODD, shifted, WIDTH } from './slots.ts'
import {
  type AnyValue,
  type Double,
  keyValue,
  readAnyValue,
  readNumber,
  readString,
  readType,
  STRING,
  type ValueType,
  writeJsonKeyValue,
  writeJsonValue,
} from './value.ts'
import { isLast, writeAttribute, writeEncoded } from './writeattribute.ts'

export { writeAttribute }

/** The key is in [keyAt, keyEnd) of the bytes, the serialized AnyValue in [valueAt, valueEnd). */
export type VisitAttribute = (bytes: Buffer, keyAt: number, keyEnd: number, valueAt: number, valueEnd: number) => void

/** What became of an attribute. */
const UNTOUCHED = 0
const WRITTEN = 1
const DELETED = 2

/** Keys are unique, by the specification; of a key given twice the first counts and `delete` takes both. */
export class Attributes {
  readonly #message: Message
  /** On the wire, `WIDTH` numbers each; filled by `Message`. */
  slots = new Int32Array(0)
  count = 0
  /** Whether `#state` and `#written` mean anything. */
  #edited = false
  #state = new Uint8Array(0)
  /** Like `slots`, in scratch. */
  #written = new Int32Array(0)
  /** Of very many, once somebody has looked for one. */
  #index: KeyIndex | undefined

  constructor(message: Message) {
    this.#message = message
  }

  // ---- for plugins

  get size(): number {
    this.#message.index()
    if (!this.#edited) return this.count
    let size = 0
    for (let slot = 0; slot < this.count; slot++) if (this.#state[slot] !== DELETED) size++
    return size
  }

  has(key: Key | string): boolean {
    return this.#find(key) >= 0
  }

  get(key: Key | string): AnyValue | undefined {
    const slot = this.#find(key)
    if (slot < 0) return undefined
    const bytes = this.#locate(slot)
    return readAnyValue(bytes, keyValue.valueAt, keyValue.valueEnd)
  }

  /** Undefined when absent or not a string. */
  getString(key: Key | string): string | undefined {
    const slot = this.#find(key)
    if (slot < 0) return undefined
    const bytes = this.#locate(slot)
    return readString(bytes, keyValue.valueAt, keyValue.valueEnd)
  }

  /** An int or a double; undefined when absent or something else. */
  getNumber(key: Key | string): number | undefined {
    const slot = this.#find(key)
    if (slot < 0) return undefined
    const bytes = this.#locate(slot)
    return readNumber(bytes, keyValue.valueAt, keyValue.valueEnd)
  }

  /** Undefined when absent. Tells an int from a double, which `get` does not. */
  typeOf(key: Key | string): ValueType | undefined {
    const slot = this.#find(key)
    if (slot < 0) return undefined
    const bytes = this.#locate(slot)
    return readType(bytes, keyValue.valueAt, keyValue.valueEnd)
  }

  /** For strings a comparison of bytes. */
  equals(key: Key | string, value: string | boolean | number | bigint): boolean {
    const slot = this.#find(key)
    if (slot < 0) return false
    const bytes = this.#locate(slot)
    const { valueAt, valueEnd } = keyValue
    if (typeof value !== 'string') return readAnyValue(bytes, valueAt, valueEnd) === value
    const wanted = keyOf(value).bytes
    if (valueEnd === valueAt || bytes[valueAt] !== STRING || wanted.length > 127)
      return readString(bytes, valueAt, valueEnd) === value
    return (
      bytes[valueAt + 1] === wanted.length &&
      valueAt + 2 + wanted.length === valueEnd &&
      equalBytes(bytes, valueAt + 2, wanted)
    )
  }

  /** Replaces in place, or appends. */
  set(key: Key | string, value: AnyValue | Double): void {
    const known = typeof key === 'string' ? keyOf(key) : key
    let slot = this.#find(known)
    this.#beginEdit()
    if (slot < 0) slot = this.#append(known)
    const { attributesTag: tag, splices } = this.#message
    const { scratch, turn } = splices
    const isSame = isLast(tag, known, value)
    if (!isSame || known.lastTurn !== turn) {
      const tagAt = scratch.length
      this.#place(slot, tagAt, writeAttribute(scratch, tag, known, value), scratch.length)
      if (!isSame) return
      known.lastTurn = turn
      known.lastAt = tagAt
    } else {
      // Many items of a chunk get the same: it is written once.
      const field = known.lastField!
      this.#place(slot, known.lastAt, known.lastAt + (field[1]! < 128 ? 2 : 3), known.lastAt + field.length)
    }
  }

  /** What became of it stands in scratch. */
  #place(slot: number, tagAt: number, at: number, end: number): void {
    this.#state[slot] = WRITTEN
    this.#written[slot * WIDTH] = tagAt
    this.#written[slot * WIDTH + 1] = at
    this.#written[slot * WIDTH + 2] = end
  }

  /** Gives `to` the very value of `from`: an int stays an int, a double a double. False, and nothing done, without `from`. */
  copy(from: Key | string, to: Key | string): boolean {
    const slot = this.#find(from)
    if (slot < 0) return false
    const bytes = this.#locate(slot)
    const value = Buffer.from(bytes.subarray(keyValue.valueAt, keyValue.valueEnd))
    const known = typeof to === 'string' ? keyOf(to) : to
    let target = this.#find(known)
    this.#beginEdit()
    if (target < 0) target = this.#append(known)
    const { scratch } = this.#message.splices
    const tagAt = scratch.length
    this.#place(target, tagAt, writeEncoded(scratch, this.#message.attributesTag, known, value), scratch.length)
    return true
  }

  /** False when there was none. */
  delete(key: Key | string): boolean {
    let slot = this.#find(key)
    if (slot < 0) return false
    this.#beginEdit()
    for (; slot >= 0; slot = this.#find(key, slot + 1)) this.#state[slot] = DELETED
    return true
  }

  /** All of these, in one go. */
  edit(edits: AttributeEdits): void {
    this.#message.edit(edits)
  }

  /** The keys alone; those of attributes that the visit deletes or adds may or may not come. */
  forEachKey(visit: (key: string) => void): void {
    this.#message.index()
    for (let slot = 0; slot < this.count; slot++) {
      if (this.#stateOf(slot) === DELETED) continue
      const bytes = this.#locate(slot)
      visit(textOf(bytes, keyValue.keyAt, keyValue.keyEnd))
    }
  }

  forEach(visit: (key: string, value: AnyValue) => void): void {
    this.#message.index()
    for (let slot = 0; slot < this.count; slot++) {
      if (this.#stateOf(slot) === DELETED) continue
      const bytes = this.#locate(slot)
      const { keyAt, keyEnd, valueAt, valueEnd } = keyValue
      visit(textOf(bytes, keyAt, keyEnd), readAnyValue(bytes, valueAt, valueEnd))
    }
  }

  /** Every attribute as it stands, for whoever hashes or compares: the bytes are valid until the next one. */
  forEachRange(visit: VisitAttribute): void {
    this.#message.index()
    for (let slot = 0; slot < this.count; slot++) {
      if (this.#stateOf(slot) === DELETED) continue
      const bytes = this.#locate(slot)
      visit(bytes, keyValue.keyAt, keyValue.keyEnd, keyValue.valueAt, keyValue.valueEnd)
    }
  }

  toMap(): Map<string, AnyValue> {
    const map = new Map<string, AnyValue>()
    this.forEach((key, value) => {
      if (!map.has(key)) map.set(key, value)
    })
    return map
  }

  /**
   * The attributes as they stand on the wire, as one string: equal strings are equal attributes in equal order. The cheapest
   * key of a map for whoever groups; it is no text, and shows nothing.
   */
  wireKey(): string {
    this.#message.index()
    const { slots, count } = this
    if (count === 0) return ''
    if (!this.#edited && isOneBlock(slots, count))
      return this.#message.bytes.latin1Slice(slots[0]!, slots[(count - 1) * WIDTH + 2]!)
    let key = ''
    for (let slot = 0; slot < count; slot++) {
      const state = this.#stateOf(slot)
      if (state === DELETED) continue
      const positions = state === WRITTEN ? this.#written : slots
      const bytes = state === WRITTEN ? this.#message.splices.scratch.bytes : this.#message.bytes
      key += bytes.latin1Slice(positions[slot * WIDTH]!, positions[slot * WIDTH + 2]!)
    }
    return key
  }

  /** `{"key":value,…}` */
  writeJson(json: JsonWriter): void {
    this.#message.index()
    json.beginObject()
    for (let slot = 0; slot < this.count; slot++) {
      if (this.#stateOf(slot) === DELETED) continue
      const bytes = this.#locate(slot)
      writeJsonKeyValue(json, bytes)
    }
    json.endObject()
  }

  /** The value as JSON; false, and nothing written, when absent. */
  writeJsonOf(key: Key | string, json: JsonWriter): boolean {
    const slot = this.#find(key)
    if (slot < 0) return false
    const bytes = this.#locate(slot)
    writeJsonValue(json, bytes, keyValue.valueAt, keyValue.valueEnd)
    return true
  }

  // ---- for KnownAttributes

  get slotCount(): number {
    this.#message.index()
    return this.count
  }

  /** What `slots` are positions of, and all that there is; undefined if edited. Look at `slotCount` first. */
  get wireBytes(): Buffer | undefined {
    return this.#edited ? undefined : this.#message.bytes
  }

  /** Fills `keyValue` and returns the bytes that its positions are in; undefined for a deleted attribute. */
  locate(slot: number): Buffer | undefined {
    return this.#stateOf(slot) === DELETED ? undefined : this.#locate(slot)
  }

  // ---- for Message

  clear(): void {
    this.count = 0
    this.#edited = false
    this.#index = undefined
  }

  /** More room in `slots`. */
  grow(): Int32Array<ArrayBuffer> {
    this.slots = larger(this.slots, Math.max(this.slots.length * 2, 16 * WIDTH))
    return this.slots
  }

  /** Writes the edits to the splices; returns how much the message grows. */
  commit(): number {
    if (!this.#edited) return 0
    const { splices, end } = this.#message
    const { slots, count } = this
    const state = this.#state
    const written = this.#written
    let delta = 0
    for (let slot = 0; slot < count; slot++) {
      if (state[slot] === UNTOUCHED) continue
      const tagAt = slots[slot * WIDTH]!
      const isNew = tagAt === NEW
      const wireEnd = slots[slot * WIDTH + 2]!
      if (state[slot] === WRITTEN)
        delta += splices.replace(
          isNew ? end : tagAt,
          isNew ? end : wireEnd,
          written[slot * WIDTH]!,
          written[slot * WIDTH + 2]!,
        )
      else if (!isNew) delta += splices.remove(tagAt, wireEnd)
    }
    return delta
  }

  /** For a copy of the message whose wire bytes begin at 0 instead of `offset`. */
  copyEdits(from: Attributes, offset: number): void {
    this.count = from.count
    this.slots = shifted(from.slots, offset)
    this.#edited = from.#edited
    this.#state = from.#state
    this.#written = from.#written
  }

  // ---- inside

  #beginEdit(): void {
    this.#message.touch()
    if (this.#edited) return
    this.#edited = true
    const capacity = this.slots.length / WIDTH
    if (this.#state.length < capacity) {
      this.#state = new Uint8Array(capacity)
      this.#written = new Int32Array(capacity * WIDTH)
      return
    }
    const state = this.#state
    for (let slot = 0; slot < this.count; slot++) state[slot] = UNTOUCHED // a call of fill() costs more
  }

  #append({ mark, bytes }: Key): number {
    const slot = this.count++
    if (this.slots.length < this.count * WIDTH) this.grow()
    if (this.#state.length < this.count) {
      const state = new Uint8Array(this.slots.length / WIDTH)
      state.set(this.#state)
      this.#state = state
      this.#written = larger(this.#written, this.slots.length)
    }
    this.slots[slot * WIDTH] = NEW
    this.slots[slot * WIDTH + 3] = mark
    this.#index?.add(bytes.latin1Slice(0, bytes.length), slot)
    return slot
  }

  #stateOf(slot: number): number {
    return this.#edited ? this.#state[slot]! : UNTOUCHED
  }

  /** Fills `keyValue` and returns the bytes that its positions are in. */
  #locate(slot: number): Buffer {
    const isWritten = this.#stateOf(slot) === WRITTEN
    const positions = isWritten ? this.#written : this.slots
    const bytes = isWritten ? this.#message.splices.scratch.bytes : this.#message.bytes
    keyValue.locate(bytes, positions[slot * WIDTH + 1]!, positions[slot * WIDTH + 2]!)
    return bytes
  }

  #find(key: Key | string, from = 0): number {
    this.#message.index()
    const { bytes, mark } = typeof key === 'string' ? keyOf(key) : key
    const { slots, count } = this
    if (count > LOOKED_THROUGH) return this.#findAmongMany(bytes, from)
    for (let slot = from; slot < count; slot++) {
      const found = slots[slot * WIDTH + 3]!
      if ((found === mark || found === ODD) && this.#isAt(slot, bytes)) return slot
    }
    return -1
  }

  /** `from` is 0, or right behind a slot that has this key. */
  #findAmongMany(key: Buffer, from: number): number {
    const index = (this.#index ??= this.#indexed())
    let slot = from === 0 ? index.first(key.latin1Slice(0, key.length)) : index.next(from - 1)
    while (slot >= 0 && this.#stateOf(slot) === DELETED) slot = index.next(slot)
    return slot
  }

  #indexed(): KeyIndex {
    const index = new KeyIndex()
    for (let slot = 0; slot < this.count; slot++) {
      const bytes = this.#locate(slot)
      index.add(bytes.latin1Slice(keyValue.keyAt, keyValue.keyEnd), slot)
    }
    return index
  }

  #isAt(slot: number, key: Buffer): boolean {
    const state = this.#stateOf(slot)
    if (state === DELETED) return false
    const positions = state === WRITTEN ? this.#written : this.slots
    const bytes = state === WRITTEN ? this.#message.splices.scratch.bytes : this.#message.bytes
    return hasKey(bytes, positions[slot * WIDTH + 1]!, positions[slot * WIDTH + 2]!, key)
  }
}
