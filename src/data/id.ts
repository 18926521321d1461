// Trace and span ids: bytes that are rarely wanted as text.
import type { JsonWriter } from '../wire/json.ts'

/** 16 bytes (trace) or 8 (span); none at all when absent. Shares the chunk's memory. */
export class Id {
  readonly #bytes: Buffer
  readonly #at: number
  readonly #end: number

  constructor(bytes: Buffer, at: number, end: number) {
    this.#bytes = bytes
    this.#at = at
    this.#end = end
  }

  static readonly none: Id = new Id(Buffer.alloc(0), 0, 0)
  static fromHex(hex: string): Id {
    const bytes = Buffer.from(hex, 'hex')
    return new Id(bytes, 0, bytes.length)
  }

  get size(): number {
    return this.#end - this.#at
  }

  /** Absent or all zero: both mean "none". */
  get isEmpty(): boolean {
    for (let i = this.#at; i < this.#end; i++) if (this.#bytes[i] !== 0) return false
    return true
  }

  get hex(): string {
    return this.#bytes.hexSlice(this.#at, this.#end)
  }
  /** For a Map: half the length of `hex`, and a third of its cost. */
  get mapKey(): string {
    return this.#bytes.latin1Slice(this.#at, this.#end)
  }
  copyTo(target: Uint8Array, offset: number): void {
    this.#bytes.copy(target, offset, this.#at, this.#end)
  }
  toBytes(): Buffer {
    return Buffer.from(this.#bytes.subarray(this.#at, this.#end))
  }
  writeJson(json: JsonWriter): void {
    json.hex(this.#bytes, this.#at, this.#end)
  }

  equals(other: Id): boolean {
    if (this.size !== other.size) return false
    for (let i = 0; i < this.size; i++) if (this.#bytes[this.#at + i] !== other.#bytes[other.#at + i]) return false
    return true
  }
}
