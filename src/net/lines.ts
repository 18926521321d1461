// Lines of a stream of bytes, however they are cut on the way.

export interface LineTaker {
  /** Whole lines, a line feed between each two; valid during the call. */
  onLines(bytes: Buffer, start: number, end: number): void
  /** One was longer than allowed: it is skipped up to its end. */
  onTooLong(): void
}

const LINE_FEED = 0x0a

export class Lines {
  readonly #maxLineBytes: number
  readonly #taker: LineTaker
  /** The beginning of a line whose end has not come. */
  #rest = EMPTY
  #restSize = 0
  #isSkipping = false

  constructor(maxLineBytes: number, taker: LineTaker) {
    this.#maxLineBytes = maxLineBytes
    this.#taker = taker
  }

  /** Whether a line has begun and not ended. */
  get isInside(): boolean {
    return this.#restSize > 0 || this.#isSkipping
  }
  /** The memory that takes. */
  get heldBytes(): number {
    return this.#rest.length
  }

  /** The bytes are free to go when it returns. */
  add(bytes: Buffer): void {
    const firstEnd = bytes.indexOf(LINE_FEED)
    if (firstEnd < 0) return this.#keep(bytes, 0, bytes.length)
    let start = 0
    if (this.isInside) {
      this.#keep(bytes, 0, firstEnd)
      this.#takeRest()
      this.#isSkipping = false
      start = firstEnd + 1
    }
    const lastEnd = bytes.lastIndexOf(LINE_FEED)
    if (lastEnd > start) this.#takeLines(bytes, start, lastEnd)
    this.#keep(bytes, lastEnd + 1, bytes.length)
  }

  /** The last line needs no line feed. */
  end(): void {
    this.#takeRest()
    this.#isSkipping = false
  }

  /** Lines that came whole can be too long, too. */
  #takeLines(bytes: Buffer, start: number, end: number): void {
    if (end - start <= this.#maxLineBytes) return this.#taker.onLines(bytes, start, end)
    for (let at = start; at <= end; ) {
      const found = bytes.indexOf(LINE_FEED, at)
      const stop = found < 0 || found > end ? end : found
      if (stop - at > this.#maxLineBytes) this.#taker.onTooLong()
      else if (stop > at) this.#taker.onLines(bytes, at, stop)
      at = stop + 1
    }
  }

  #takeRest(): void {
    const rest = this.#rest
    const size = this.#restSize
    this.#rest = EMPTY
    this.#restSize = 0
    if (size > 0) this.#taker.onLines(rest, 0, size)
  }

  #keep(bytes: Buffer, start: number, end: number): void {
    if (this.#isSkipping || start === end) return
    const needed = this.#restSize + end - start
    if (needed > this.#maxLineBytes) {
      this.#isSkipping = true
      this.#restSize = 0
      this.#rest = EMPTY
      this.#taker.onTooLong()
      return
    }
    if (needed > this.#rest.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(this.#maxLineBytes, Math.max(needed, 2 * this.#rest.length)))
      this.#rest.copy(larger, 0, 0, this.#restSize)
      this.#rest = larger
    }
    this.#restSize += bytes.copy(this.#rest, this.#restSize, start, end)
  }
}

const EMPTY = Buffer.alloc(0)
