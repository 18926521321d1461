// Bytes that are known beforehand, compared and copied four at a time.

/** At least four bytes. */
export class Words {
  readonly size: number
  /** The last one may begin with bytes of the one before. */
  readonly #words: Int32Array

  constructor(bytes: Buffer) {
    this.size = bytes.length
    this.#words = new Int32Array(Math.ceil(bytes.length / 4))
    const last = this.#words.length - 1
    for (let i = 0; i < last; i++) this.#words[i] = bytes.readInt32LE(i * 4)
    this.#words[last] = bytes.readInt32LE(bytes.length - 4)
  }

  /** Whether they stand at `at`. */
  isAt(view: DataView, at: number): boolean {
    const words = this.#words
    const last = (words.length - 1) | 0
    // From the end, since names differ there.
    if (view.getInt32((at + this.size - 4) | 0, true) !== words[last]) return false
    for (let i = 0; i < last; i = (i + 1) | 0) if (view.getInt32((at + i * 4) | 0, true) !== words[i]) return false
    return true
  }

  /** Returns where the copy ends. */
  copyTo(view: DataView, at: number): number {
    const words = this.#words
    const last = (words.length - 1) | 0
    for (let i = 0; i < last; i = (i + 1) | 0) view.setInt32((at + i * 4) | 0, words[i]!, true)
    const end = at + this.size
    view.setInt32((end - 4) | 0, words[last]!, true)
    return end
  }
}
