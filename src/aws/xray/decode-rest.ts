// What of a document has no attribute, kept as one JSON object, nested as in the document, each value as it was written.
import type { JsonTape } from '../../wire/jsontape.ts'
import { ByteWriter } from '../../wire/writer.ts'

export class Rest {
  readonly #out = new ByteWriter(256)
  readonly #sections: Buffer[] = []
  /** How many of the sections are written, the object itself counted. */
  #opened = 0

  /** Starts anew. */
  clear(): void {
    this.#out.clear()
    this.#sections.length = 0
    this.#opened = 0
  }

  /** What follows stands inside this member, which is written with the first of it. */
  enter(section: Buffer): void {
    this.#sections.push(section)
  }
  leave(): void {
    if (this.#opened > this.#sections.length) {
      this.#out.byte(0x7d)
      this.#opened--
    }
    this.#sections.pop()
  }

  /** The sections that are entered are there, be they empty. */
  keep(): void {
    if (this.#opened === 0) this.#open()
    while (this.#opened <= this.#sections.length) {
      this.#separate()
      this.#out.raw(this.#sections[this.#opened - 1]!)
      this.#open()
    }
  }

  /** The member whose key is this node. */
  member(tape: JsonTape, key: number): void {
    this.keep()
    this.#separate()
    this.#out.raw(tape.bytes, tape.rawStart(key), tape.rawEnd(key))
    this.#out.byte(0x3a)
    this.#out.raw(tape.bytes, tape.rawStart(key + 1), tape.rawEnd(key + 1))
  }

  /** This member is not in the document, though its attribute is there. */
  absent(section: Buffer): void {
    this.#literal(section, NULL)
  }

  /** An empty list under this key: the place of one that attributes hold. */
  emptyList(section: Buffer): void {
    this.#literal(section, EMPTY_LIST)
  }

  #literal(section: Buffer, value: Buffer): void {
    this.keep()
    this.#separate()
    this.#out.raw(section)
    this.#out.raw(value)
  }

  /** undefined when nothing was kept. */
  text(): string | undefined {
    if (this.#opened === 0) return undefined
    this.#out.byte(0x7d)
    this.#opened = 0
    return this.#out.bytes.utf8Slice(0, this.#out.length)
  }

  #open(): void {
    this.#out.byte(0x7b)
    this.#opened++
  }

  #separate(): void {
    if (this.#out.bytes[this.#out.length - 1] !== 0x7b) this.#out.byte(0x2c)
  }
}

const EMPTY_LIST = Buffer.from('[]')
const NULL = Buffer.from('null')

/** The key of a section, as it is written. */
export const sectionOf = (name: string): Buffer => Buffer.from(`"${name}":`)
