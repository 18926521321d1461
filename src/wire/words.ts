// Bytes that are known beforehand, compared and copied four or eight at a time.

/** At least four bytes. */
export class Words {
  readonly size: number
  /** The last one may begin with bytes of the one before. Empty where `#doubles` will do. */
  readonly #words: Int32Array
  /** Likewise, of ASCII alone: as a number of 64 bits it is never NaN, which equals nothing, nor a zero, which equals another. */
  readonly #doubles: Float64Array

  constructor(bytes: Buffer) {
    this.size = bytes.length
    const isPlain = bytes.length >= 8 && bytes.every((byte) => byte > 0 && byte < 128)
    this.#words = new Int32Array(isPlain ? 0 : Math.ceil(bytes.length / 4))
    this.#doubles = new Float64Array(isPlain ? Math.ceil(bytes.length / 8) : 0)
    for (let i = 0; i < this.#words.length; i++) this.#words[i] = bytes.readInt32LE(Math.min(i * 4, bytes.length - 4))
    for (let i = 0; i < this.#doubles.length; i++)
      this.#doubles[i] = bytes.readDoubleLE(Math.min(i * 8, bytes.length - 8))
  }

  /** Whether they stand at `at`. */
  isAt(view: DataView, at: number): boolean {
    const doubles = this.#doubles
    const last = (doubles.length - 1) | 0
    if (last < 0) return this.#areWordsAt(view, at)
    // From the end, since names differ there.
    if (view.getFloat64((at + this.size - 8) | 0, true) !== doubles[last]) return false
    for (let i = 0; i < last; i = (i + 1) | 0) if (view.getFloat64((at + i * 8) | 0, true) !== doubles[i]) return false
    return true
  }

  #areWordsAt(view: DataView, at: number): boolean {
    const words = this.#words
    const last = (words.length - 1) | 0
    if (view.getInt32((at + this.size - 4) | 0, true) !== words[last]) return false
    for (let i = 0; i < last; i = (i + 1) | 0) if (view.getInt32((at + i * 4) | 0, true) !== words[i]) return false
    return true
  }

  /** Returns where the copy ends. */
  copyTo(view: DataView, at: number): number {
    const end = at + this.size
    const doubles = this.#doubles
    const last = (doubles.length - 1) | 0
    if (last < 0) return this.#copyWordsTo(view, at)
    for (let i = 0; i < last; i = (i + 1) | 0) view.setFloat64((at + i * 8) | 0, doubles[i]!, true)
    view.setFloat64((end - 8) | 0, doubles[last]!, true)
    return end
  }

  #copyWordsTo(view: DataView, at: number): number {
    const end = at + this.size
    const words = this.#words
    const last = (words.length - 1) | 0
    for (let i = 0; i < last; i = (i + 1) | 0) view.setInt32((at + i * 4) | 0, words[i]!, true)
    view.setInt32((end - 4) | 0, words[last]!, true)
    return end
  }
}
