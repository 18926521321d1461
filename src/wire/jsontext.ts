// UTF-8 as the inside of a JSON string: four bytes at a time where nothing has to be escaped, which is nearly everywhere.
import { hexDigits } from './hex.ts'
import { copiedTo, copyUtf8 } from './utf8.ts'

/** Copies texts into buffers. It remembers where the last ones came from and went to, until `release`. */
export class TextCopier {
  readonly #isNested: boolean
  /** The last two: what a chunk has, and what was edited in it. */
  #source: Buffer = EMPTY
  #from = NOWHERE
  #otherSource: Buffer = EMPTY
  #otherFrom = NOWHERE
  #target: Buffer = EMPTY
  #to = NOWHERE

  /** Nested: in JSON that is itself a string of JSON. */
  constructor(isNested: boolean) {
    this.#isNested = isNested
  }

  release(): void {
    this.#source = this.#otherSource = this.#target = EMPTY
    this.#from = this.#otherFrom = this.#to = NOWHERE
  }

  /** A view of what texts come from, remembered for the next ones. */
  sourceView(bytes: Buffer): DataView {
    if (bytes !== this.#source) this.#learnSource(bytes)
    return this.#from
  }
  targetView(target: Buffer): DataView {
    if (target !== this.#target) {
      this.#target = target
      this.#to = viewOf(target)
    }
    return this.#to
  }

  /** What is no UTF-8 becomes U+FFFD. Takes up to seven times the room. Returns where it stopped. */
  copy(bytes: Buffer, start: number, end: number, target: Buffer, at: number): number {
    const stop = copyPlain(this.sourceView(bytes), start, end, this.targetView(target), at)
    at += stop - start
    return stop === end ? at : this.#copyRest(bytes, stop, end, target, at)
  }

  /** From a byte on that cannot stand as it is. */
  #copyRest(bytes: Buffer, start: number, end: number, target: Buffer, at: number): number {
    while (start < end) {
      const letter = escapes[bytes[start]!]!
      if (letter === BEYOND_ASCII) {
        at = copyUtf8(bytes, start, end, target, at)
        start = copiedTo
      } else at = this.#escape(bytes[start++]!, letter, target, at)
      const stop = copyPlain(this.#from, start, end, this.#to, at)
      at += stop - start
      start = stop
    }
    return at
  }

  /** In a string of other JSON each backslash and each quote has one more backslash. */
  #escape(byte: number, letter: number, target: Buffer, at: number): number {
    target[at++] = 0x5c
    if (this.#isNested) {
      target[at++] = 0x5c
      if (byte === 0x22 || byte === 0x5c) target[at++] = 0x5c
    }
    if (letter !== CONTROL) {
      target[at++] = letter
      return at
    }
    target[at++] = 0x75
    target[at++] = 0x30
    target[at++] = 0x30
    target[at++] = hexDigits[byte * 2]!
    target[at++] = hexDigits[byte * 2 + 1]!
    return at
  }

  #learnSource(bytes: Buffer): void {
    const from = bytes === this.#otherSource ? this.#otherFrom : viewOf(bytes)
    this.#otherSource = this.#source
    this.#otherFrom = this.#from
    this.#source = bytes
    this.#from = from
  }
}

const viewOf = ({ buffer, byteOffset, byteLength }: Buffer): DataView => new DataView(buffer, byteOffset, byteLength)

const EMPTY: Buffer = Buffer.alloc(0)
const NOWHERE = viewOf(EMPTY)

/** Per byte: 0 as it is, 1 as \u00XX, 2 not ASCII, else the letter after the backslash. */
const escapes = new Uint8Array(256)
const CONTROL = 1
const BEYOND_ASCII = 2
escapes.fill(CONTROL, 0, 32)
escapes.fill(BEYOND_ASCII, 128)
for (const [byte, letter] of [
  ['"', '"'],
  ['\\', '\\'],
  ['\n', 'n'],
  ['\r', 'r'],
  ['\t', 't'],
] as const)
  escapes[byte.charCodeAt(0)] = letter.charCodeAt(0)

/**
 * Copies up to the first byte that cannot stand as it is, or to the end; returns where that is. A few bytes behind it may be
 * copied, too. `| 0` spares checks for more than 31 bits.
 */
function copyPlain(source: DataView, start: number, end: number, target: DataView, at: number): number {
  const shift = (at - start) | 0
  const last = (end - 4) | 0
  if (start <= last) {
    let word = 0
    while (start < last) {
      word = source.getInt32(start, true)
      target.setInt32((start + shift) | 0, word, true)
      if (hasSpecial(word)) break
      start = (start + 4) | 0
    }
    if (start >= last) {
      // The last word may begin with bytes of the one before.
      word = source.getInt32(last, true)
      target.setInt32((last + shift) | 0, word, true)
      if (!hasSpecial(word)) return end
    }
  }
  for (; start < end; start = (start + 1) | 0) {
    const byte = source.getUint8(start)
    if (escapes[byte] !== 0) return start
    target.setUint8((start + shift) | 0, byte)
  }
  return end
}

/**
 * Whether one of four bytes is below 0x20, above 0x7f, a quote or a backslash: subtracting borrows into its highest bit. (A
 * borrow may go on to the byte above, but only out of such a byte.)
 */
const hasSpecial = (word: number): boolean =>
  ((word | (word - 0x20202020) | ((word ^ 0x22222222) - 0x01010101) | ((word ^ 0x5c5c5c5c) - 0x01010101)) & HIGHEST) !==
  0
const HIGHEST = 0x80808080 | 0
