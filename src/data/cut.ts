// Parts of a chunk: the chosen items, with resource, scope and metric around them repeated.
import { LEN, readVarint, skip, varintEnd } from '../wire/reader.ts'
import { ByteWriter } from '../wire/writer.ts'
import { type LevelShape, levelsOf, type Signal } from './signal.ts'

/** What to do with the next item; `cut` ends the part before it. */
export type Choice = 'keep' | 'skip' | 'cut'

/** Is told what the item adds to the part at hand, and what it takes in a part of its own, with all that is around it. */
export type Choose = (addedBytes: number, aloneBytes: number) => Choice

/** Items with all that is around them. */
export interface Part {
  readonly bytes: Buffer
  readonly items: number
}

/** Walks a chunk once; `choose` is asked for every item, in order. */
export function cutChunk(signal: Signal, chunk: Buffer, choose: Choose): Part[] {
  return new Cut(levelsOf[signal], chunk, choose).parts()
}

/** One entry of the path to the item at hand: a message whose own fields (its shell) go into every part. */
interface Frame {
  readonly tag: number
  /** Ranges of the chunk, from and to in turn. */
  readonly shell: readonly number[]
  /** Tag, padded length and shell. */
  readonly sizeBytes: number
  openAt: number
}
const HEADER_BYTES = 5

class Cut {
  readonly #levels: readonly LevelShape[]
  readonly #chunk: Buffer
  readonly #choose: Choose
  readonly #out: ByteWriter
  readonly #path: Frame[] = []
  /** The frames of the path, all and those that the part does not have yet. */
  #pathBytes = 0
  #missingBytes = 0
  readonly #parts: Part[] = []
  #items = 0

  constructor(levels: readonly LevelShape[], chunk: Buffer, choose: Choose) {
    this.#levels = levels
    this.#chunk = chunk
    this.#choose = choose
    this.#out = new ByteWriter(Math.min(chunk.length, 65536))
  }

  parts(): Part[] {
    this.#level(0, 0, this.#chunk.length)
    this.#endPart()
    return this.#parts
  }

  #level(depth: number, at: number, end: number): void {
    const bytes = this.#chunk
    const { inside } = this.#levels[depth]!
    if (this.#levels[depth + 1]!.level === 'item') return this.#copyItems(inside, at, end)
    while (at < end) {
      const tag = readVarint(bytes, at)
      const lengthAt = varintEnd
      at = skip(bytes, lengthAt, tag)
      if (tag > 255 || inside[tag] === 0) continue
      readVarint(bytes, lengthAt)
      const body = varintEnd
      this.#enter(tag, depth + 1, body, at)
      this.#level(depth + 1, body, at)
      this.#leave()
    }
  }

  /** Items in a row are copied as one block. */
  #copyItems(inside: Uint8Array, at: number, end: number): void {
    const bytes = this.#chunk
    let run = -1
    const endRun = (to: number): void => {
      if (run >= 0) this.#out.raw(bytes, run, to)
      run = -1
    }
    while (at < end) {
      const start = at
      const tag = readVarint(bytes, at)
      at = skip(bytes, varintEnd, tag)
      if (tag > 255 || inside[tag] === 0) {
        endRun(start)
        continue
      }
      const size = at - start
      const choice = this.#choose(this.#missingBytes + size, this.#pathBytes + size)
      if (choice !== 'keep') endRun(start)
      if (choice === 'skip') continue
      if (choice === 'cut') this.#endPart()
      if (run < 0) {
        this.#openPath()
        run = start
      }
      this.#items++
    }
    endRun(end)
  }

  #enter(tag: number, depth: number, body: number, end: number): void {
    const shell = shellOf(this.#chunk, this.#levels[depth]!, body, end)
    let sizeBytes = HEADER_BYTES
    for (let i = 0; i < shell.length; i += 2) sizeBytes += shell[i + 1]! - shell[i]!
    this.#path.push({ tag, shell, sizeBytes, openAt: -1 })
    this.#pathBytes += sizeBytes
    this.#missingBytes += sizeBytes
  }

  #leave(): void {
    const frame = this.#path.pop()!
    this.#pathBytes -= frame.sizeBytes
    if (frame.openAt >= 0) this.#out.endPaddedLength(frame.openAt)
    else this.#missingBytes -= frame.sizeBytes
  }

  /** Headers and shells, for the levels that this part does not have yet. */
  #openPath(): void {
    for (const frame of this.#path) {
      if (frame.openAt >= 0) continue
      this.#out.byte(frame.tag)
      frame.openAt = this.#out.beginPaddedLength()
      for (let i = 0; i < frame.shell.length; i += 2) this.#out.raw(this.#chunk, frame.shell[i], frame.shell[i + 1])
    }
    this.#missingBytes = 0
  }

  #endPart(): void {
    for (const frame of this.#path.toReversed()) {
      if (frame.openAt >= 0) this.#out.endPaddedLength(frame.openAt)
      frame.openAt = -1
    }
    this.#missingBytes = this.#pathBytes
    if (this.#items > 0) this.#parts.push({ bytes: this.#out.take(), items: this.#items })
    this.#out.clear()
    this.#items = 0
  }
}

/** What a message has besides the level inside. */
export function shellOf(bytes: Buffer, { inside }: LevelShape, at: number, end: number): number[] {
  const ranges: number[] = []
  while (at < end) {
    const start = at
    const tag = readVarint(bytes, at)
    at = skip(bytes, varintEnd, tag)
    if (tag <= 255 && (tag & 7) === LEN && inside[tag] !== 0) continue
    if (ranges.at(-1) === start) ranges[ranges.length - 1] = at
    else ranges.push(start, at)
  }
  return ranges
}
