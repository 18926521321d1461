// A header block: one HEADERS frame, and CONTINUATION frames when it is long.
import { CODE, FLAG, readUint31 } from './frames.ts'
import { ProtocolError } from './protocol-error.ts'

/** The pieces that a block may come in. */
const MAX_PIECES = 8

export class HeaderBlocks {
  readonly #maxBytes: number
  readonly #onBlock: (stream: number, isLast: boolean, bytes: Buffer, start: number, end: number) => void
  #stream = 0
  #isLast = false
  #pieces: Buffer[] | undefined
  #sizeBytes = 0

  constructor(
    maxBytes: number,
    onBlock: (stream: number, isLast: boolean, bytes: Buffer, start: number, end: number) => void,
  ) {
    this.#maxBytes = maxBytes
    this.#onBlock = onBlock
  }

  /** In the middle of a block nothing else may come. */
  get isOpen(): boolean {
    return this.#pieces !== undefined
  }

  /** HEADERS = [length of padding (8)], [dependency (32), weight (8)], block, padding */
  onHeaders(flags: number, stream: number, bytes: Buffer, start: number, end: number): void {
    let from = start
    let to = end
    if ((flags & FLAG.PADDED) !== 0) to -= bytes[from++]!
    if ((flags & FLAG.PRIORITY) !== 0) {
      if (to - from >= 5 && readUint31(bytes, from) === stream)
        throw new ProtocolError(CODE.PROTOCOL_ERROR, 'a stream depends on itself')
      from += 5
    }
    if (!(from <= to)) throw new ProtocolError(CODE.PROTOCOL_ERROR, 'padding longer than its frame')
    const isLast = (flags & FLAG.END_STREAM) !== 0
    if ((flags & FLAG.END_HEADERS) !== 0) return this.#onBlock(stream, isLast, bytes, from, to)
    this.#stream = stream
    this.#isLast = isLast
    this.#pieces = [Buffer.from(bytes.subarray(from, to))]
    this.#sizeBytes = to - from
  }

  onContinuation(flags: number, stream: number, bytes: Buffer, start: number, end: number): void {
    const pieces = this.#pieces
    if (pieces === undefined || stream !== this.#stream)
      throw new ProtocolError(CODE.PROTOCOL_ERROR, 'CONTINUATION of nothing')
    pieces.push(Buffer.from(bytes.subarray(start, end)))
    this.#sizeBytes += end - start
    if (pieces.length > MAX_PIECES || this.#sizeBytes > this.#maxBytes)
      throw new ProtocolError(CODE.ENHANCE_YOUR_CALM, 'headers without an end')
    if ((flags & FLAG.END_HEADERS) === 0) return
    this.#pieces = undefined
    this.#onBlock(stream, this.#isLast, Buffer.concat(pieces), 0, this.#sizeBytes)
  }
}
