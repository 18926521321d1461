// Parts of a batch: the chosen items, with resource, scope and metric around them repeated.
import { LEN, readVarint, skip, varintEnd } from '../wire/reader.ts'
import { ByteWriter } from '../wire/writer.ts'
import { type LevelShape, levelsOf, type Signal } from './signal.ts'

/** What to do with the next item; `cut` ends the part before it. */
export type Choice = 'keep' | 'skip' | 'cut'

export interface Part {
  readonly bytes: Buffer
  readonly items: number
}

/** Walks a chunk once; `choose` is asked for every item, in order, with its size. */
export function cutChunk(signal: Signal, chunk: Buffer, choose: (sizeBytes: number) => Choice): Part[] {
  return new Cut(levelsOf[signal], chunk, choose).parts()
}

/** One entry of the path to the item at hand: a message whose own fields (its shell) go into every part. */
interface Frame {
  tag: number
  body: number
  end: number
  depth: number
  openAt: number
}

class Cut {
  readonly #levels: readonly LevelShape[]
  readonly #chunk: Buffer
  readonly #choose: (sizeBytes: number) => Choice
  readonly #out: ByteWriter
  readonly #path: Frame[] = []
  readonly #parts: Part[] = []
  #items = 0

  constructor(levels: readonly LevelShape[], chunk: Buffer, choose: (sizeBytes: number) => Choice) {
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
    const isLast = this.#levels[depth + 1]!.level === 'item'
    let run = -1
    while (at < end) {
      const start = at
      const tag = readVarint(bytes, at)
      const lengthAt = varintEnd
      at = skip(bytes, lengthAt, tag)
      if (tag > 255 || inside[tag] === 0) {
        if (run >= 0) {
          this.#copy(run, start)
          run = -1
        }
        continue
      }
      if (isLast) {
        const choice = this.#choose(at - start)
        if (choice === 'keep' && run >= 0) {
          this.#items++
          continue
        }
        if (run >= 0) this.#copy(run, start)
        run = -1
        if (choice === 'cut') this.#endPart()
        if (choice === 'skip') continue
        this.#openPath()
        run = start
        this.#items++
        continue
      }
      readVarint(bytes, lengthAt)
      this.#path.push({ tag, body: varintEnd, end: at, depth: depth + 1, openAt: -1 })
      this.#level(depth + 1, varintEnd, at)
      const frame = this.#path.pop()!
      if (frame.openAt >= 0) this.#out.endPaddedLength(frame.openAt)
    }
    if (run >= 0) this.#copy(run, end)
  }

  #copy(from: number, to: number): void {
    this.#out.raw(this.#chunk, from, to)
  }

  /** Headers and shells, for the levels that this part does not have yet. */
  #openPath(): void {
    for (const frame of this.#path) {
      if (frame.openAt >= 0) continue
      this.#out.byte(frame.tag)
      frame.openAt = this.#out.beginPaddedLength()
      this.#copyShell(frame)
    }
  }

  #copyShell({ body, end, depth }: Frame): void {
    const bytes = this.#chunk
    const { inside } = this.#levels[depth]!
    for (let at = body; at < end; ) {
      const start = at
      const tag = readVarint(bytes, at)
      at = skip(bytes, varintEnd, tag)
      if (tag > 255 || (tag & 7) !== LEN || inside[tag] === 0) this.#copy(start, at)
    }
  }

  #endPart(): void {
    for (const frame of this.#path.toReversed()) {
      if (frame.openAt >= 0) this.#out.endPaddedLength(frame.openAt)
      frame.openAt = -1
    }
    if (this.#items > 0) this.#parts.push({ bytes: this.#out.take(), items: this.#items })
    this.#out.clear()
    this.#items = 0
  }
}
