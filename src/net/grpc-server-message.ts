// The one message of a unary call: 1 byte compressed or not, 4 bytes length, content. In whatever pieces it comes.
import { owned } from './decompress.ts'
import { GRPC, RefusedError } from './status.ts'

const PREFIX_BYTES = 5
/** A message up to this size gets its memory on the word of its prefix. */
const TRUSTED_BYTES = 64 * 1024

export class MessageReader {
  readonly #maxBytes: number
  readonly #admitUpTo: (sizeBytes: number) => void
  readonly #prefix = new Uint8Array(PREFIX_BYTES)
  #prefixBytes = 0
  #received = 0
  /** Exact memory of a small message, or the pieces of a large one. */
  #whole: Buffer | undefined
  #pieces: Buffer[] | undefined
  isCompressed = false
  #length = -1

  /** `admitUpTo` throws what the call is then refused with. */
  constructor(maxBytes: number, admitUpTo: (sizeBytes: number) => void) {
    this.#maxBytes = maxBytes
    this.#admitUpTo = admitUpTo
  }

  get receivedBytes(): number {
    return this.#received
  }

  /** Throws when these bytes are no message, too large a one, or a second one. */
  add(bytes: Buffer, from: number, end: number): void {
    let start = from
    if (this.#prefixBytes < PREFIX_BYTES) {
      while (start < end && this.#prefixBytes < PREFIX_BYTES) this.#prefix[this.#prefixBytes++] = bytes[start++]!
      if (this.#prefixBytes < PREFIX_BYTES) return
      this.#begin()
    }
    const size = end - start
    if (size === 0) return
    this.#received += size
    if (this.#received > this.#length) throw invalid('more than one message in a unary call')
    if (this.#length <= TRUSTED_BYTES) this.#addSmall(bytes, start, end)
    else {
      this.#admitUpTo(Math.min(this.#length, Math.max(TRUSTED_BYTES, this.#received * 2)))
      this.#pieces ??= []
      this.#pieces.push(bytes.subarray(start, end))
    }
  }

  #begin(): void {
    const [flag, a, b, c, d] = this.#prefix as unknown as readonly [number, number, number, number, number]
    if (flag > 1)
      throw new RefusedError(400, GRPC.INTERNAL, 'bad_frame', `these bytes are no gRPC message: flag ${flag}`)
    this.isCompressed = flag === 1
    this.#length = a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d
    if (this.#length > this.#maxBytes)
      throw new RefusedError(
        413,
        GRPC.RESOURCE_EXHAUSTED,
        'too_large',
        `a message of ${this.#length} bytes is larger than the limit of ${this.#maxBytes} bytes`,
      )
    if (this.#length <= TRUSTED_BYTES) this.#admitUpTo(this.#length)
  }

  #addSmall(bytes: Buffer, start: number, end: number): void {
    if (end - start === this.#length) {
      this.#whole = owned(bytes.subarray(start, end))
      return
    }
    this.#whole ??= Buffer.allocUnsafeSlow(this.#length)
    bytes.copy(this.#whole, this.#received - (end - start), start, end)
  }

  /** The message, in memory of its own, when the stream has ended. */
  end(): Buffer {
    if (this.#length === -1)
      throw invalid(this.#prefixBytes === 0 ? 'no message in the call' : 'the message is cut short')
    if (this.#received < this.#length)
      throw invalid(`the message is cut short: ${this.#received} of ${this.#length} bytes`)
    if (this.#pieces === undefined) return this.#whole ?? EMPTY
    const whole = Buffer.allocUnsafeSlow(this.#length)
    let at = 0
    for (const piece of this.#pieces) at += piece.copy(whole, at)
    this.#pieces = undefined
    return whole
  }
}

const EMPTY = Buffer.alloc(0)
const invalid = (message: string): RefusedError => new RefusedError(400, GRPC.INVALID_ARGUMENT, 'bad_frame', message)
