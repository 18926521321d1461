// The one message of a unary call: 1 byte compressed or not, 4 bytes length, content. In whatever pieces it comes.
import { Assembly, TRUSTED_BYTES } from './assembly.ts'
import { owned } from './decompress.ts'
import { GRPC, RefusedError } from './status.ts'

const PREFIX_BYTES = 5

export class MessageReader {
  readonly #maxBytes: number
  readonly #admitUpTo: (sizeBytes: number) => void
  readonly #prefix = new Uint8Array(PREFIX_BYTES)
  #prefixBytes = 0
  #received = 0
  /** A message that came in one piece, */
  #whole: Buffer | undefined
  /** or in several. */
  #assembly: Assembly | undefined
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

  /** Throws when these bytes are no message, too large a one, or a second one. Returns whether it keeps some of `bytes`. */
  add(bytes: Buffer, from: number, end: number): boolean {
    let start = from
    if (this.#prefixBytes < PREFIX_BYTES) {
      while (start < end && this.#prefixBytes < PREFIX_BYTES) this.#prefix[this.#prefixBytes++] = bytes[start++]!
      if (this.#prefixBytes < PREFIX_BYTES) return false
      this.#begin()
    }
    const size = end - start
    if (size === 0) return false
    this.#received += size
    if (this.#received > this.#length) throw invalid('more than one message in a unary call')
    const piece = bytes.subarray(start, end)
    if (size === this.#length) {
      this.#whole = owned(piece)
      return this.#whole === piece
    }
    this.#admitUpTo(Math.min(this.#length, Math.max(TRUSTED_BYTES, this.#received * 2)))
    this.#assembly ??= new Assembly(this.#length)
    return this.#assembly.add(piece)
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
    this.#admitUpTo(Math.min(this.#length, TRUSTED_BYTES))
  }

  /** The message, in memory of its own, when the stream has ended. */
  end(): Buffer {
    if (this.#length === -1)
      throw invalid(this.#prefixBytes === 0 ? 'no message in the call' : 'the message is cut short')
    if (this.#received < this.#length)
      throw invalid(`the message is cut short: ${this.#received} of ${this.#length} bytes`)
    return this.#whole ?? this.#assembly?.take() ?? EMPTY
  }
}

const EMPTY = Buffer.alloc(0)
const invalid = (message: string): RefusedError => new RefusedError(400, GRPC.INVALID_ARGUMENT, 'bad_frame', message)
