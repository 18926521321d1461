// A step of a stream's identity: a resource, a scope in it, a metric in that, a stream in that.
import type { Attributes } from '../data/index.ts'
import { writeCanonicalValue } from '../data/index.ts'
import { ByteWriter } from '../wire/writer.ts'

/** Kinds of AnyValue that have more than one spelling: array and map. */
const ARRAY = 0x2a
const MAP = 0x32
const EMPTY = Buffer.alloc(0)

/** Nobody outside knows which identities share a hash. */
const SEED = (Math.random() * 2 ** 32) | 0

/**
 * What a node is called: `head` in its order, attributes in any order. Hashing and comparing look at bytes where they
 * are; the text that a new node keeps has a character for each byte, which is what weighs least.
 *
 * text = head, then for each attribute: key size, key, value size, value
 */
export class Identity {
  readonly #out = new ByteWriter(256)
  readonly #nested = new ByteWriter(64)
  #head: ByteWriter | undefined
  #attributes: Attributes | undefined
  #sum = 0
  #sizeBytes = 0
  #text = ''
  #at = 0
  #differs = false

  /** Both are looked at until the next `of`. Returns a hash. */
  of(head: ByteWriter | undefined, attributes: Attributes | undefined): number {
    this.#head = head
    this.#attributes = attributes
    this.#sum = head === undefined ? SEED : hashBytes(head.bytes, 0, head.length, SEED)
    this.#sizeBytes = head?.length ?? 0
    attributes?.forEachRange(this.#hashAttribute)
    return finish(this.#sum)
  }

  equals(text: string): boolean {
    if (text.length !== this.#sizeBytes) return false
    const size = this.#head?.length ?? 0
    if (size > 0 && !hasBytes(text, 0, this.#head!.bytes, 0, size)) return false
    this.#text = text
    this.#at = size
    this.#differs = false
    this.#attributes?.forEachRange(this.#compareAttribute)
    // Nearly always they come in the order in which they came first.
    return this.#at === text.length || sorted(text, size) === sorted(this.toText(), size)
  }

  toText(): string {
    const out = this.#out
    out.clear()
    if (this.#head !== undefined) out.raw(this.#head.bytes, 0, this.#head.length)
    this.#attributes?.forEachRange(this.#writeAttribute)
    return out.bytes.latin1Slice(0, out.length)
  }

  readonly #hashAttribute = (bytes: Buffer, keyAt: number, keyEnd: number, at: number, end: number): void => {
    const value = this.#valueOf(bytes, at, end)
    const hash = hashBytes(bytes, keyAt, keyEnd, SEED)
    const hashed = value === bytes ? hashBytes(bytes, at, end, hash) : hashBytes(value, 0, value.length, hash)
    const valueSize = value === bytes ? end - at : value.length
    // A sum: the order does not matter.
    this.#sum = (this.#sum + finish(hashed)) | 0
    this.#sizeBytes += sizeOfSize(keyEnd - keyAt) + (keyEnd - keyAt) + sizeOfSize(valueSize) + valueSize
  }

  readonly #writeAttribute = (bytes: Buffer, keyAt: number, keyEnd: number, at: number, end: number): void => {
    const value = this.#valueOf(bytes, at, end)
    const out = this.#out
    out.varint(keyEnd - keyAt)
    out.raw(bytes, keyAt, keyEnd)
    const [from, to] = value === bytes ? [at, end] : [0, value.length]
    out.varint(to - from)
    out.raw(value, from, to)
  }

  /** Leaves `#at` where the first one that differs stands. */
  readonly #compareAttribute = (bytes: Buffer, keyAt: number, keyEnd: number, at: number, end: number): void => {
    const text = this.#text
    if (this.#at >= text.length || this.#differs) return
    const value = this.#valueOf(bytes, at, end)
    const [from, to] = value === bytes ? [at, end] : [0, value.length]
    if (readSize(text, this.#at) === keyEnd - keyAt && hasBytes(text, sizeEnd, bytes, keyAt, keyEnd)) {
      const isSize = readSize(text, sizeEnd + keyEnd - keyAt) === to - from
      if (isSize && hasBytes(text, sizeEnd, value, from, to)) {
        this.#at = sizeEnd + to - from
        return
      }
    }
    this.#differs = true
  }

  /** The very bytes, or others where the same value may be spelled differently. */
  #valueOf(bytes: Buffer, at: number, end: number): Buffer {
    if (at === end) return EMPTY
    const kind = bytes[at]
    if (kind !== ARRAY && kind !== MAP) return bytes
    this.#nested.clear()
    writeCanonicalValue(this.#nested, bytes, at, end)
    return this.#nested.take()
  }
}

function hashBytes(bytes: Buffer, at: number, end: number, hash: number): number {
  for (let i = at; i < end; i++) {
    hash = Math.imul(hash ^ bytes[i]!, 0x5bd1e995)
    hash ^= hash >>> 15
  }
  return Math.imul(hash ^ (end - at), 0x27d4eb2d)
}

/** Spreads what the last bytes have left in a few bits. */
export function finish(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

const sizeOfSize = (size: number): number => {
  let bytes = 1
  for (; size > 127; size >>>= 7) bytes++
  return bytes
}

/** Where the size that `readSize` has read ends. */
let sizeEnd = 0
function readSize(text: string, at: number): number {
  let size = 0
  for (let shift = 0; ; shift += 7) {
    const byte = text.charCodeAt(at++)
    size |= (byte & 127) << shift
    if (byte < 128) break
  }
  sizeEnd = at
  return size
}

/** The entries from `at` on in an order that depends on nothing else. */
function sorted(text: string, at: number): string {
  const entries: string[] = []
  while (at < text.length) {
    const keySize = readSize(text, at)
    const valueSize = readSize(text, sizeEnd + keySize)
    entries.push(text.slice(at, sizeEnd + valueSize))
    at = sizeEnd + valueSize
  }
  return entries.sort().join('')
}

function hasBytes(text: string, start: number, bytes: Buffer, at: number, end: number): boolean {
  for (let i = end - 1; i >= at; i--) if (text.charCodeAt(start + i - at) !== bytes[i]) return false
  return true
}
