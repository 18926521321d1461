// Which series a line belongs to, by its bytes: no text is made for a line whose like has been seen.
import type { Line } from './line.ts'

const FIRST_SLOTS = 1024
/** Lines of that many other series in a row are looked at; a sender who fills one place of the table gains nothing. */
const MAX_PROBES = 64
/** Name and rest of a line together. Longer lines are told apart by their text. */
export const MAX_KEY_BYTES = 4096

/** From sender, type, name and rest of a line to a number that the caller chose. */
export class LineTable {
  /** Slot -> entry + 1; 0 is free. */
  #slots = new Int32Array(FIRST_SLOTS)
  #hashes = new Int32Array(FIRST_SLOTS / 2)
  #senders = new Int32Array(FIRST_SLOTS / 2)
  #types = new Uint8Array(FIRST_SLOTS / 2)
  #nameSizes = new Uint16Array(FIRST_SLOTS / 2)
  #restSizes = new Uint16Array(FIRST_SLOTS / 2)
  #keyStarts = new Float64Array(FIRST_SLOTS / 2)
  #values = new Int32Array(FIRST_SLOTS / 2)
  #size = 0
  /** Names and rests, one after the other. */
  #keys = Buffer.allocUnsafeSlow(64 * 1024)
  #keysSize = 0

  get size(): number {
    return this.#size
  }
  get sizeBytes(): number {
    return this.#slots.byteLength + this.#hashes.length * 29 + this.#keys.length
  }

  /** -1 when it is not there. */
  find(line: Line, sender: number, bytes: Buffer): number {
    const slots = this.#slots
    const mask = slots.length - 1
    const hash = mix(line.hash, sender)
    for (let probe = 0; probe < MAX_PROBES; probe++) {
      const entry = slots[(hash + probe) & mask]! - 1
      if (entry < 0) return -1
      if (this.#hashes[entry] === hash && this.#isSame(entry, line, sender, bytes)) return this.#values[entry]!
    }
    return -1
  }

  #isSame(entry: number, line: Line, sender: number, bytes: Buffer): boolean {
    const nameSize = line.nameEnd - line.nameStart
    const restSize = line.restEnd - line.restStart
    if (this.#senders[entry] !== sender || this.#types[entry] !== line.type) return false
    if (this.#nameSizes[entry] !== nameSize || this.#restSizes[entry] !== restSize) return false
    const keys = this.#keys
    let at = this.#keyStarts[entry]!
    for (let i = line.nameStart; i < line.nameEnd; i++) if (bytes[i] !== keys[at++]) return false
    for (let i = line.restStart; i < line.restEnd; i++) if (bytes[i] !== keys[at++]) return false
    return true
  }

  add(line: Line, sender: number, bytes: Buffer, value: number): void {
    const nameSize = line.nameEnd - line.nameStart
    const restSize = line.restEnd - line.restStart
    if (nameSize + restSize > MAX_KEY_BYTES) return
    if (this.#size === this.#hashes.length) this.#grow()
    const entry = this.#size
    const hash = mix(line.hash, sender)
    if (!this.#occupy(hash, entry)) return
    this.#size++
    this.#hashes[entry] = hash
    this.#senders[entry] = sender
    this.#types[entry] = line.type
    this.#nameSizes[entry] = nameSize
    this.#restSizes[entry] = restSize
    this.#values[entry] = value
    this.#reserve(nameSize + restSize)
    this.#keyStarts[entry] = this.#keysSize
    this.#keysSize += bytes.copy(this.#keys, this.#keysSize, line.nameStart, line.nameEnd)
    this.#keysSize += bytes.copy(this.#keys, this.#keysSize, line.restStart, line.restEnd)
  }

  clear(): void {
    if (this.#hashes.length > FIRST_SLOTS / 2) {
      this.#slots = new Int32Array(FIRST_SLOTS)
      this.#resize(FIRST_SLOTS / 2, 0)
      this.#keys = Buffer.allocUnsafeSlow(64 * 1024)
    } else this.#slots.fill(0)
    this.#size = 0
    this.#keysSize = 0
  }

  #occupy(hash: number, entry: number): boolean {
    const slots = this.#slots
    const mask = slots.length - 1
    for (let probe = 0; probe < MAX_PROBES; probe++) {
      const slot = (hash + probe) & mask
      if (slots[slot] !== 0) continue
      slots[slot] = entry + 1
      return true
    }
    return false
  }

  #grow(): void {
    this.#slots = new Int32Array(this.#slots.length * 2)
    this.#resize(this.#hashes.length * 2, this.#size)
    for (let entry = 0; entry < this.#size; entry++) this.#occupy(this.#hashes[entry]!, entry)
  }

  #resize(entries: number, kept: number): void {
    this.#hashes = copied(new Int32Array(entries), this.#hashes, kept)
    this.#senders = copied(new Int32Array(entries), this.#senders, kept)
    this.#types = copied(new Uint8Array(entries), this.#types, kept)
    this.#nameSizes = copied(new Uint16Array(entries), this.#nameSizes, kept)
    this.#restSizes = copied(new Uint16Array(entries), this.#restSizes, kept)
    this.#keyStarts = copied(new Float64Array(entries), this.#keyStarts, kept)
    this.#values = copied(new Int32Array(entries), this.#values, kept)
  }

  #reserve(sizeBytes: number): void {
    if (this.#keysSize + sizeBytes <= this.#keys.length) return
    const grown = Buffer.allocUnsafeSlow(this.#keys.length * 2)
    this.#keys.copy(grown, 0, 0, this.#keysSize)
    this.#keys = grown
  }
}

const mix = (hash: number, sender: number): number => (hash ^ Math.imul(sender, 0x9e3779b1)) | 0

function copied<T extends Int32Array | Uint8Array | Uint16Array | Float64Array>(to: T, from: T, count: number): T {
  to.set(from.subarray(0, count))
  return to
}
