// Attributes for a translation that writes some of them in places of their own: found in one pass, then read by number.
import { equalBytes, textOf } from '../wire/intern.ts'
import type { JsonWriter } from '../wire/json.ts'
import { readVarint, varintEnd } from '../wire/reader.ts'
import type { Attributes } from './attributes.ts'
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

const EMPTY = Buffer.alloc(0)
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
export class KnownAttributes {
  count = 0
  /** What `isText` has found. */
  bytes: Buffer = EMPTY
  start = 0
  end = 0
  readonly #keys: readonly Buffer[]
  /** By hash: the first key of a chain, and by key the next of its chain; -1 ends. */
  readonly #first = new Int16Array(BUCKETS).fill(-1)
  readonly #next: Int16Array
  /** By key: the index of its attribute, -1 for none. */
  readonly #indexes: Int32Array
  /** By index: the position of its key in the list, -1 when unknown. */
  #numbers = new Int32Array(32)
  #ranges = new Int32Array(32 * WIDTH)
  readonly #sources: Buffer[] = []

  constructor(keys: readonly string[]) {
    this.#keys = keys.map((key) => Buffer.from(key))
    this.#next = new Int16Array(keys.length).fill(-1)
    this.#indexes = new Int32Array(keys.length).fill(-1)
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
    this.bytes = EMPTY
    if (this.#numbers.length > MAX_KEPT) this.#grow(16)
  }

  open(attributes: Attributes): void {
    this.#forget()
    const size = attributes.slotCount
    if (this.#numbers.length < size) this.#grow(size)
    const bytes = attributes.locateAll(this.#ranges)
    if (bytes === undefined) this.#openEdited(attributes, size)
    else this.#openAll(bytes, size)
  }

  #openAll(bytes: Buffer, size: number): void {
    const ranges = this.#ranges
    const first = this.#first
    const next = this.#next
    const keys = this.#keys
    for (let slot = 0; slot < size; slot++) {
      const start = ranges[slot * WIDTH]!
      const end = ranges[slot * WIDTH + 1]!
      let number = first[bucketOf(bytes, start, end)]!
      while (number >= 0 && !isKey(keys[number]!, bytes, start, end)) number = next[number]!
      this.#add(bytes, slot, number)
    }
  }

  /** Some are deleted, some stand elsewhere. */
  #openEdited(attributes: Attributes, size: number): void {
    const ranges = this.#ranges
    for (let slot = 0; slot < size; slot++) {
      const bytes = attributes.locate(slot)
      if (bytes === undefined) continue
      const { keyAt, keyEnd } = keyValue
      ranges[slot * WIDTH] = keyAt
      ranges[slot * WIDTH + 1] = keyEnd
      ranges[slot * WIDTH + 2] = keyValue.valueAt
      ranges[slot * WIDTH + 3] = keyValue.valueEnd
      let number = this.#first[bucketOf(bytes, keyAt, keyEnd)]!
      while (number >= 0 && !isKey(this.#keys[number]!, bytes, keyAt, keyEnd)) number = this.#next[number]!
      this.#add(bytes, slot, number)
    }
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
    if (kindOf(bytes, this.#valueAt(index), this.#valueEnd(index)) !== STRING) return false
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

  // ---- inside

  #valueAt(index: number): number {
    return this.#ranges[index * WIDTH + 2]!
  }
  #valueEnd(index: number): number {
    return this.#ranges[index * WIDTH + 3]!
  }

  /** Clears what the item before has left. */
  #forget(): void {
    for (let index = 0; index < this.count; index++) {
      const number = this.#numbers[index]!
      if (number >= 0) this.#indexes[number] = -1
    }
    this.count = 0
  }

  #grow(size: number): void {
    this.#numbers = new Int32Array(size * 2)
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
