// What changes in a chunk, as a list of replacements in wire order, applied in one copy at the end.

import { ByteWriter, copyBytes, copyWords, viewOf } from '../wire/writer.ts'
import type { Slab } from './slab.ts'

/** Numbers per entry: the range that goes, `from` and `to` in the chunk, and what comes, `start` and `end` in `scratch`. */
const WIDTH = 4
let turns = 0
const EMPTY: Buffer = Buffer.alloc(0)

/** Collects the changes of one chunk at a time; `scratch` holds the new bytes. */
export class Splices {
  readonly scratch: ByteWriter
  /** No two chunks have the same: what was written to `scratch` in this turn is still there. */
  turn = ++turns
  #entries: Int32Array<ArrayBuffer>
  #count = 0
  #chunk: Buffer = EMPTY
  #view: DataView | undefined

  /** The number of changes to expect. */
  constructor(capacity = 16) {
    this.scratch = new ByteWriter(capacity * 16)
    this.#entries = new Int32Array(WIDTH * Math.max(capacity, 1))
  }

  begin(chunk: Buffer): void {
    this.#chunk = chunk
    this.#view = undefined
    this.#count = 0
    this.scratch.clear()
    this.turn = ++turns
  }

  /** Of the chunk. */
  get view(): DataView {
    return (this.#view ??= viewOf(this.#chunk))
  }

  /** What its arrays take. */
  get sizeBytes(): number {
    return this.scratch.bytes.length + this.#entries.byteLength
  }
  get isEmpty(): boolean {
    return this.#count === 0
  }

  /** Replaces [from, to) of the chunk by [start, end) of scratch. Returns how many bytes that adds. */
  replace(from: number, to: number, start: number, end: number): number {
    this.#set(this.#makeRoom(from, to), from, to, start, end)
    return end - start - (to - from)
  }

  remove(from: number, to: number): number {
    const last = (this.#count - 1) * WIDTH
    const entries = this.#entries
    if (last >= 0 && entries[last + 1] === from && entries[last + 2] === entries[last + 3] && entries[last] !== from)
      entries[last + 1] = to
    else this.replace(from, to, 0, 0)
    return from - to
  }

  /** Holds a place for the length at `at`, since a parent's length is known after its children. */
  reserve(at: number): number {
    const slot = this.#makeRoom(at, at)
    this.#set(slot, at, at, 0, 0)
    return slot
  }

  /** Whether all changes so far stand before: what comes next can be taken back. */
  endBefore(at: number): boolean {
    return this.#count === 0 || this.#entries[this.#count * WIDTH - 3]! <= at
  }

  /** Forgets everything from a reserved place on. */
  rewindTo(mark: number): void {
    this.#count = mark
  }

  /**
   * Like `setLength`, for the message that the walk has just left: nothing after the mark means that nothing happened.
   */
  close(mark: number, lengthAt: number, bodyAt: number, end: number, delta: number): number {
    if (this.#count > mark + 1) return this.setLength(mark, lengthAt, bodyAt, end, delta)
    this.#count = mark
    return 0
  }

  /**
   * The body [bodyAt, end) of the message whose length stands at `lengthAt` has grown by `delta`.
   * Returns how much the message around it has grown.
   */
  setLength(mark: number, lengthAt: number, bodyAt: number, end: number, delta: number): number {
    const { scratch } = this
    const start = scratch.length
    scratch.varint(end - bodyAt + delta)
    this.#set(mark, lengthAt, bodyAt, start, scratch.length)
    return delta + (scratch.length - start) - (bodyAt - lengthAt)
  }

  /** The chunk with all changes made, `delta` bytes longer; in memory of its own, or of the slab. */
  apply(delta: number, slab?: Slab): Buffer {
    const chunk = this.#chunk
    const size = chunk.length + delta
    const target = slab === undefined ? Buffer.allocUnsafeSlow(size) : slab.allocate(size)
    const entries = this.#entries
    const scratch = this.scratch.bytes
    const clean = this.view
    const fresh = this.scratch.view()
    const to = viewOf(target)
    let copied = 0
    let at = 0
    for (let entry = 0; entry < this.#count * WIDTH; entry += WIDTH) {
      const from = entries[entry]!
      if (from > copied) at = copyWords(chunk, clean, copied, from, target, to, at)
      copied = entries[entry + 1]!
      const start = entries[entry + 2]!
      const end = entries[entry + 3]!
      if (end > start) at = copyWords(scratch, fresh, start, end, target, to, at)
    }
    copyBytes(chunk, copied, chunk.length, target, at)
    return target
  }

  #set(slot: number, from: number, to: number, start: number, end: number): void {
    const entries = this.#entries
    const entry = slot * WIDTH
    entries[entry] = from
    entries[entry + 1] = to
    entries[entry + 2] = start
    entries[entry + 3] = end
  }

  /**
   * A free slot in wire order. Nearly always the last; a parent that is written after its items moves the rest up. What is
   * inserted between two messages goes before the change that begins with the second.
   */
  #makeRoom(from: number, to: number): number {
    if ((this.#count + 1) * WIDTH > this.#entries.length) {
      const grown = new Int32Array(this.#entries.length * 2)
      grown.set(this.#entries)
      this.#entries = grown
    }
    const entries = this.#entries
    let slot = this.#count++
    while (slot > 0) {
      const before = (slot - 1) * WIDTH
      const start = entries[before]!
      if (start < from || (start === from && (from < to || entries[before + 1] === start))) break
      slot--
    }
    if (slot < this.#count - 1) entries.copyWithin((slot + 1) * WIDTH, slot * WIDTH, (this.#count - 1) * WIDTH)
    return slot
  }
}

/** For messages that are never edited. */
export const noSplices: Splices = new Splices(0)
