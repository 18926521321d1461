// What comes out of something compressed: never more than a limit, whatever is promised.

/** The bytes are damaged, or something else than they claim to be. */
export class DamagedError extends Error {
  override readonly name = 'DamagedError'
}

/** More would come out than may. */
export class UnpackedTooLargeError extends Error {
  override readonly name = 'UnpackedTooLargeError'
}

export class Unpacked {
  readonly #limitBytes: number
  /** Valid until the next `reserve`. */
  bytes: Buffer
  length = 0

  /** `expectedBytes` is a guess. */
  constructor(expectedBytes: number, limitBytes: number) {
    this.#limitBytes = limitBytes
    this.bytes = Buffer.allocUnsafeSlow(Math.min(expectedBytes, limitBytes))
  }

  /** Room for so many more. */
  reserve(more: number): void {
    const needed = this.length + more
    if (needed <= this.bytes.length) return
    if (needed > this.#limitBytes) throw new UnpackedTooLargeError(`more than ${this.#limitBytes} bytes`)
    const larger = Buffer.allocUnsafeSlow(Math.min(this.#limitBytes, Math.max(needed, this.bytes.length * 2)))
    this.bytes.copy(larger, 0, 0, this.length)
    this.bytes = larger
  }

  add(from: Uint8Array, start: number, end: number): void {
    this.reserve(end - start)
    this.bytes.set(from.subarray(start, end), this.length)
    this.length += end - start
  }

  /** Once more what stands `offset` bytes before, as often as it takes; `oldest` is where that may begin at the earliest. */
  repeat(offset: number, length: number, oldest: number): void {
    if (offset === 0 || offset > this.length - oldest) throw new DamagedError(`nothing is ${offset} bytes before`)
    this.reserve(length)
    const { bytes } = this
    let at = this.length
    if (offset >= length) bytes.copyWithin(at, at - offset, at - offset + length)
    // It may run into what is being written.
    else for (const end = at + length; at < end; at++) bytes[at] = bytes[at - offset]!
    this.length += length
  }

  take(): Buffer {
    return this.bytes.subarray(0, this.length)
  }
}
