// Attributes for a translation that writes some of them in places of their own: found in one pass, then read by number.
import { equalBytes, textOf } from '../wire/intern.ts'
import type { JsonWriter, Member } from '../wire/json.ts'
import { readVarint, varintEnd } from '../wire/reader.ts'
import type { Attributes } from './attributes.ts'
import { KnownOrders } from './known-orders.ts'
import {
  type AnyValue,
  contentAt,
  keyValue,
  kindOf,
  readAnyValue,
  readNumber,
  readString,
  readType,
  STRING,
  type ValueType,
  writeJsonValue,
} from './value.ts'

const EMPTY: Buffer = Buffer.alloc(0)
const NOWHERE: DataView = new DataView(new ArrayBuffer(0))
/** Numbers per attribute: where its key and its value start and end. */
const WIDTH = 4
const BUCKETS = 1024
/** Room for more attributes than that is not kept. */
const MAX_KEPT = 4096

/**
 * One instance serves one list of keys, item after item. After `open` each attribute has an index, below `count`, in the
 * order of the wire; a known one is found by the position of its key in the list. Valid as long as the view it was opened
 * on, and as long as nothing is edited. Of a known key given twice the first counts.
 */
export class KnownAttributes<P = unknown> {
  count = 0
  /** What the names that the item has, in their order, mean to whoever asks; undefined when they are too odd to say. */
  plan: P | undefined = undefined
  /** What `isText` has found. */
  bytes: Buffer = EMPTY
  start = 0
  end = 0
  readonly #keys: readonly Buffer[]
  /** By hash: the first key of a chain, and by key the next of its chain; -1 ends. */
  readonly #first = new Int16Array(BUCKETS).fill(-1)
  readonly #next: Int16Array
  readonly #orders: KnownOrders<P | undefined>
  /** By key: the index of its attribute, -1 for none. Its own for names in no known order, likewise the next one. */
  #indexes: Int32Array
  readonly #ownIndexes: Int32Array
  /** By index: the position of its key in the list, -1 when unknown. */
  #numbers: Int32Array
  #ownNumbers = new Int32Array(32)
  #ranges = new Int32Array(32 * WIDTH)
  /** By index. So many of the first ones are the bytes that the last item was in. */
  readonly #sources: Buffer[] = []
  #filled = 0
  #source: Buffer = EMPTY
  #view = NOWHERE

  /** `planOf` is asked once for names in an order: their numbers are -1 when they are not in the list. */
  constructor(keys: readonly string[], planOf?: (names: readonly Buffer[], numbers: Int32Array) => P) {
    this.#keys = keys.map((key) => Buffer.from(key))
    this.#next = new Int16Array(keys.length).fill(-1)
    this.#indexes = this.#ownIndexes = new Int32Array(keys.length).fill(-1)
    this.#numbers = this.#ownNumbers
    this.#orders = new KnownOrders(
      keys.length,
      (name) => this.#numberOf(name, 0, name.length),
      (names, numbers) => planOf?.(names, numbers),
    )
    for (const [number, key] of this.#keys.entries()) {
      const bucket = bucketOf(key, 0, key.length)
      this.#next[number] = this.#first[bucket]!
      this.#first[bucket] = number
    }
  }

  /** Lets go of what it was opened on: a view of one attribute would keep the whole chunk that it is in. */
  close(): void {
    this.#forget()
    this.#sources.length = 0
    this.#filled = 0
    this.bytes = this.#source = EMPTY
    this.#view = NOWHERE
    if (this.#ranges.length > MAX_KEPT * WIDTH) this.#grow(16)
  }

  open(attributes: Attributes): void {
    this.#forget()
    const size = attributes.slotCount
    if (this.#ranges.length < size * WIDTH) this.#grow(size)
    const bytes = attributes.wireBytes
    if (bytes === undefined) return this.#openEach(attributes, size)
    if (bytes !== this.#source) this.#learnSource(bytes)
    const order = this.#orders.find(bytes, this.#view, attributes.slots, size, this.#ranges)
    if (order === undefined) return this.#openEach(attributes, size)
    this.#indexes = order.indexes
    this.#numbers = order.numbers
    this.plan = order.plan
    this.count = size
    for (; this.#filled < size; this.#filled++) this.#sources[this.#filled] = bytes
  }

  #learnSource(bytes: Buffer): void {
    this.#source = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#filled = 0
  }

  /** Some may be deleted, and some stand elsewhere. */
  #openEach(attributes: Attributes, size: number): void {
    const ranges = this.#ranges
    for (let slot = 0; slot < size; slot++) {
      const bytes = attributes.locate(slot)
      if (bytes === undefined) continue
      const { keyAt, keyEnd } = keyValue
      ranges[slot * WIDTH] = keyAt
      ranges[slot * WIDTH + 1] = keyEnd
      ranges[slot * WIDTH + 2] = keyValue.valueAt
      ranges[slot * WIDTH + 3] = keyValue.valueEnd
      this.#add(bytes, slot, this.#numberOf(bytes, keyAt, keyEnd))
    }
    this.#filled = 0
  }

  #numberOf(bytes: Buffer, start: number, end: number): number {
    let number = this.#first[bucketOf(bytes, start, end)]!
    while (number >= 0 && !isKey(this.#keys[number]!, bytes, start, end)) number = this.#next[number]!
    return number
  }

  /** The attribute whose ranges stand at that slot; its number is negative when it is unknown. */
  #add(bytes: Buffer, slot: number, number: number): void {
    const index = this.count
    if (number >= 0) {
      if (this.#indexes[number]! >= 0) return
      this.#indexes[number] = index
    }
    this.#numbers[index] = number
    this.#sources[index] = bytes
    if (index < slot) this.#ranges.copyWithin(index * WIDTH, slot * WIDTH, slot * WIDTH + WIDTH)
    this.count = index + 1
  }

  /** The index of a known attribute, -1 when it is not there. */
  at(number: number): number {
    return this.#indexes[number]!
  }
  /** The position of its key in the list, -1 when it is unknown. */
  numberOf(index: number): number {
    return this.#numbers[index]!
  }
  /** The index of any attribute, -1 when it is not there. */
  find(key: Buffer): number {
    for (let index = 0; index < this.count; index++) {
      const start = this.#ranges[index * WIDTH]!
      const size = this.#ranges[index * WIDTH + 1]! - start
      if (size === key.length && equalBytes(this.#sources[index]!, start, key)) return index
    }
    return -1
  }

  // ---- of the attribute at an index; a negative one is absent

  key(index: number): string {
    return textOf(this.#sources[index]!, this.#ranges[index * WIDTH]!, this.#ranges[index * WIDTH + 1]!)
  }
  hasPrefix(index: number, prefix: Buffer): boolean {
    const start = this.#ranges[index * WIDTH]!
    if (this.#ranges[index * WIDTH + 1]! - start < prefix.length) return false
    return equalBytes(this.#sources[index]!, start, prefix)
  }
  typeOf(index: number): ValueType | undefined {
    if (index < 0) return undefined
    return readType(this.#sources[index]!, this.#valueAt(index), this.#valueEnd(index))
  }
  value(index: number): AnyValue | undefined {
    if (index < 0) return undefined
    return readAnyValue(this.#sources[index]!, this.#valueAt(index), this.#valueEnd(index))
  }
  /** Undefined when absent or not a string. */
  string(index: number): string | undefined {
    if (index < 0) return undefined
    return readString(this.#sources[index]!, this.#valueAt(index), this.#valueEnd(index))
  }
  /** An int or a double; undefined when absent or something else. */
  number(index: number): number | undefined {
    if (index < 0) return undefined
    return readNumber(this.#sources[index]!, this.#valueAt(index), this.#valueEnd(index))
  }
  /** Whether it is there and a string, which then stands in `bytes` from `start` to `end`, until the next question. */
  isText(index: number): boolean {
    if (index < 0) return false
    const bytes = this.#sources[index]!
    const at = this.#valueAt(index)
    const end = this.#valueEnd(index)
    const first = at + 2
    // A short text and nothing else: nearly always.
    if (bytes[at] === STRING && bytes[at + 1] === end - first && end - first < 128) {
      this.bytes = bytes
      this.start = first
      this.end = end
      return true
    }
    if (kindOf(bytes, at, end) !== STRING) return false
    const size = readVarint(bytes, contentAt)
    this.bytes = bytes
    this.start = varintEnd
    this.end = varintEnd + size
    return true
  }
  /** A comparison of bytes. */
  equals(index: number, text: Buffer): boolean {
    return this.isText(index) && this.end - this.start === text.length && equalBytes(this.bytes, this.start, text)
  }
  /** Whether two attributes have the same value, as it stands on the wire. */
  isSame(index: number, other: number): boolean {
    const bytes = this.#sources[index]!
    const start = this.#valueAt(index)
    const size = this.#valueEnd(index) - start
    if (this.#valueEnd(other) - this.#valueAt(other) !== size) return false
    return equalBytes(this.#sources[other]!, this.#valueAt(other), bytes.subarray(start, start + size))
  }
  /** What its value takes on the wire. */
  sizeBytes(index: number): number {
    return this.#valueEnd(index) - this.#valueAt(index)
  }

  writeKey(index: number, json: JsonWriter): void {
    json.keyBytes(this.#sources[index]!, this.#ranges[index * WIDTH]!, this.#ranges[index * WIDTH + 1]!)
  }
  writeValue(index: number, json: JsonWriter): void {
    writeJsonValue(json, this.#sources[index]!, this.#valueAt(index), this.#valueEnd(index))
  }

  /** The value under another key, or under its own when that is known beforehand. */
  writeMember(member: Member, index: number, json: JsonWriter): void {
    if (this.isText(index)) return json.textMember(member, this.bytes, this.start, this.end)
    json.member(member)
    this.writeValue(index, json)
  }

  // ---- inside

  #valueAt(index: number): number {
    return this.#ranges[index * WIDTH + 2]!
  }
  #valueEnd(index: number): number {
    return this.#ranges[index * WIDTH + 3]!
  }

  /** Clears what the item before has left. */
  #forget(): void {
    if (this.#indexes === this.#ownIndexes)
      for (let index = 0; index < this.count; index++) {
        const number = this.#numbers[index]!
        if (number >= 0) this.#indexes[number] = -1
      }
    this.#indexes = this.#ownIndexes
    this.#numbers = this.#ownNumbers
    this.plan = undefined
    this.count = 0
  }

  #grow(size: number): void {
    this.#numbers = this.#ownNumbers = new Int32Array(size * 2)
    this.#ranges = new Int32Array(size * 2 * WIDTH)
  }
}

const isKey = (key: Buffer, bytes: Buffer, start: number, end: number): boolean =>
  key.length === end - start && equalBytes(bytes, start, key)

/** From the length and the last bytes, in which keys differ. */
function bucketOf(bytes: Buffer, start: number, end: number): number {
  const size = end - start
  if (size < 4) return size
  const hash = (size * 31 + bytes[end - 1]!) * 31 + bytes[end - 2]! * 7 + bytes[end - 4]!
  return (hash ^ (hash >>> 10)) & (BUCKETS - 1)
}
