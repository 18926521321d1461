// A JSON document (RFC 8259) as a table of its values, for who needs to look at them in another order than they come in,
// or to keep the exact text of some. One pass over the bytes, no objects.
//
//   object = node, then key and value of each member; array = node, then each value
//   node   = kind, where its text starts and ends, and the number of the node behind it and all that is in it
import { parseDigits } from './decimal.ts'
import { textOf } from './intern.ts'
import { JsonReader } from './jsonreader.ts'
import { MalformedError } from './malformed.ts'
import { ByteWriter } from './writer.ts'

/** What a node is. */
export const OBJECT = 1
export const ARRAY = 2
export const STRING = 3
/** A string with escapes. */
export const ESCAPED = 4
/** Digits, perhaps with a minus before them. */
export const INTEGER = 5
/** Any other number. */
export const DECIMAL = 6
export const TRUE = 7
export const FALSE = 8
export const NULL = 9

/** Numbers a node. */
const WIDTH = 4
const KIND = 0
const START = 1
const END = 2
const NEXT = 3
const STILL_OPEN = 2 ** 31 - 1

/** How deep values may nest. */
export const MAX_TAPE_DEPTH = 256

/**
 * The members of an object stand behind it, key and value in turn, the values of an array likewise:
 *
 *     for (let key = tape.first(object); key < tape.next(object); key = tape.next(key + 1)) visit(key, key + 1)
 *     for (let item = tape.first(array); item < tape.next(array); item = tape.next(item)) visit(item)
 *
 * Filled anew by each `read`; nodes are numbers from 0, the document itself.
 */
export class JsonTape {
  bytes: Buffer = Buffer.alloc(0)
  #nodes = new Int32Array(256 * WIDTH)
  #count = 0
  #reader: JsonReader = new JsonReader(this.bytes, () => '')
  readonly #open = new Int32Array(MAX_TAPE_DEPTH)
  #depth = 0
  readonly #unescaped = new ByteWriter(256)

  /** Throws `MalformedError` for what is no JSON, to full depth. Keeps the bytes: they must not change while it is read. */
  read(bytes: Buffer): void {
    this.bytes = bytes
    this.#count = 0
    this.#depth = 0
    const reader = new JsonReader(bytes, () => this.#pathOf(this.#count))
    this.#reader = reader
    do {
      const byte = reader.peek()
      if (byte === 0x7b || byte === 0x5b) {
        if (this.#begin(reader, byte)) continue
      } else this.#scalar(reader, byte)
      this.#end(reader)
    } while (this.#depth > 0)
    reader.expectEnd()
  }

  /** Whether something is in it. */
  #begin(reader: JsonReader, byte: number): boolean {
    if (this.#depth === MAX_TAPE_DEPTH) reader.fail(`nests deeper than ${MAX_TAPE_DEPTH}`)
    const node = this.#add(byte === 0x7b ? OBJECT : ARRAY, reader.at)
    reader.at++
    if (reader.isEmpty(byte + 2)) {
      this.#close(node, reader.at)
      return false
    }
    this.#open[this.#depth++] = node
    if (byte === 0x7b) this.#key(reader)
    return true
  }

  /** Behind a value: the end of what it is in, of what that is in, and so on. */
  #end(reader: JsonReader): void {
    while (this.#depth > 0) {
      const node = this.#open[this.#depth - 1]!
      const isObject = this.kind(node) === OBJECT
      if (reader.hasMore(isObject ? 0x7d : 0x5d)) {
        if (isObject) this.#key(reader)
        return
      }
      this.#depth--
      this.#close(node, reader.at)
    }
  }

  #key(reader: JsonReader): void {
    this.#string(reader)
    reader.expect(0x3a)
  }

  #string(reader: JsonReader): void {
    reader.string()
    const { start, end, isComplex } = reader
    if (isComplex) {
      // what its escapes are must be known now: nobody may look at it later, and a path must not stumble over it
      this.#unescaped.clear()
      reader.copyString(this.#unescaped)
    }
    this.#close(this.#add(isComplex ? ESCAPED : STRING, start), end)
  }

  #scalar(reader: JsonReader, byte: number): void {
    if (byte === 0x22) return this.#string(reader)
    const isNumber = byte === 0x2d || (byte >= 0x30 && byte <= 0x39)
    const from = reader.at
    let kind: number
    if (isNumber) {
      reader.number()
      kind = reader.isComplex ? DECIMAL : INTEGER
    } else if (byte === 0x6e && reader.isNull()) kind = NULL
    else kind = reader.boolean() ? TRUE : FALSE
    this.#close(this.#add(kind, from), reader.at)
  }

  #add(kind: number, start: number): number {
    const node = this.#count++
    const at = node * WIDTH
    if (at === this.#nodes.length) {
      const grown = new Int32Array(this.#nodes.length * 2)
      grown.set(this.#nodes)
      this.#nodes = grown
    }
    this.#nodes[at + KIND] = kind
    this.#nodes[at + START] = start
    this.#nodes[at + NEXT] = STILL_OPEN
    return node
  }

  #close(node: number, end: number): void {
    this.#nodes[node * WIDTH + END] = end
    this.#nodes[node * WIDTH + NEXT] = this.#count
  }

  kind(node: number): number {
    return this.#nodes[node * WIDTH + KIND]!
  }
  isString(node: number): boolean {
    const kind = this.kind(node)
    return kind === STRING || kind === ESCAPED
  }
  isNumber(node: number): boolean {
    const kind = this.kind(node)
    return kind === INTEGER || kind === DECIMAL
  }
  isBoolean(node: number): boolean {
    const kind = this.kind(node)
    return kind === TRUE || kind === FALSE
  }
  /** Of the text in `bytes`; a string's is without its quotes. */
  start(node: number): number {
    return this.#nodes[node * WIDTH + START]!
  }
  end(node: number): number {
    return this.#nodes[node * WIDTH + END]!
  }
  first(node: number): number {
    return node + 1
  }
  next(node: number): number {
    return this.#nodes[node * WIDTH + NEXT]!
  }

  /** Of a string, escapes resolved. Short ones come from the intern table. */
  text(node: number): string {
    const start = this.start(node)
    const end = this.end(node)
    if (this.kind(node) === STRING) return textOf(this.bytes, start, end)
    const out = this.#unescaped
    out.clear()
    this.#reader.start = start
    this.#reader.end = end
    this.#reader.isComplex = true
    this.#reader.copyString(out)
    return textOf(out.bytes, 0, out.length)
  }

  /** The value of an object's member, the first of that name; 0 when there is none, or null. */
  member(object: number, name: string): number {
    for (let key = this.first(object); key < this.next(object); key = this.next(key + 1))
      if (this.text(key) === name && this.kind(key + 1) !== NULL) return key + 1
    return 0
  }

  /** A number as a double. */
  number(node: number): number {
    const start = this.start(node)
    const end = this.end(node)
    if (this.kind(node) === INTEGER && end - start < 16 && this.bytes[start] !== 0x2d)
      return parseDigits(this.bytes, start, end)
    return Number(this.bytes.latin1Slice(start, end))
  }

  /** Of the text as it stands in the document, quotes and all. */
  rawStart(node: number): number {
    return this.isString(node) ? this.start(node) - 1 : this.start(node)
  }
  rawEnd(node: number): number {
    return this.isString(node) ? this.end(node) + 1 : this.end(node)
  }

  /** Throws: what is wrong with this value, and where it stands. */
  fail(problem: string, node: number): never {
    throw new MalformedError(problem, this.rawStart(node), this.#pathOf(node))
  }

  /** Such as `subsegments[2].http.request`; not longer than a person reads. */
  #pathOf(target: number): string {
    let path = ''
    let node = 0
    while (node < target && node < this.#count && path.length < MAX_PATH_LENGTH) {
      const isObject = this.kind(node) === OBJECT
      if (!isObject && this.kind(node) !== ARRAY) break
      const beforeValue = isObject ? 1 : 0
      let child = node + 1
      let position = 0
      for (; child + beforeValue < this.#count && this.next(child + beforeValue) <= target; position++)
        child = this.next(child + beforeValue)
      if (isObject && child >= this.#count) break
      path += isObject ? `${path === '' ? '' : '.'}${this.text(child)}` : `[${position}]`
      node = child + beforeValue
    }
    return path.slice(0, MAX_PATH_LENGTH)
  }
}

const MAX_PATH_LENGTH = 200
