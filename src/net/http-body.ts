// Reads the body of a request: as few copies as the pieces allow, never more than a limit, never for ever.
import type { IncomingMessage } from 'node:http'
import { GRPC, RefusedError } from './status.ts'

/** Whoever wants the body; exactly one of the last three is called, once, unless `admitUpTo` is what throws. */
export interface BodyTaker {
  /** Before as many bytes as that are kept in all. Throws what the request is then refused with. */
  admitUpTo(sizeBytes: number): void
  /** The body, in memory of its own. */
  onBody(body: Buffer): void
  /** The rest of the body is not read. */
  onRefused(error: unknown): void
  /** The sender went away in the middle. */
  onGone(): void
}

/** A body up to this size is admitted, and its memory set aside, on the word of its header. */
const TRUSTED_BYTES = 64 * 1024
/** Without a limit of its own a body may take this long, and a second more for each KiB that has come. */
const MAX_BODY_SECONDS = 30
const MIN_BYTES_PER_SECOND = 1024

export class BodyReader {
  readonly #request: IncomingMessage
  readonly #taker: BodyTaker
  readonly #maxBytes: number
  /** -1 when the body comes in pieces of unknown number. */
  readonly #announced: number
  #received = 0
  #isDone = false
  /** Set when one piece was not all: the exact memory for a small body, else the pieces. */
  #whole: Buffer | undefined
  #pieces: Buffer[] | undefined

  constructor(request: IncomingMessage, maxBytes: number, taker: BodyTaker) {
    const length = request.headers['content-length']
    this.#request = request
    this.#taker = taker
    this.#maxBytes = maxBytes
    this.#announced =
      length === undefined ? (request.headers['transfer-encoding'] === undefined ? 0 : -1) : Number(length)
  }

  get isDone(): boolean {
    return this.#isDone
  }

  start(): void {
    if (this.#announced > this.#maxBytes) return this.#refuse(tooLarge(this.#maxBytes))
    if (this.#announced === 0) return this.#finish(EMPTY)
    const request = this.#request
    request.on('data', this.#onData)
    if (this.#announced === -1) request.on('end', this.#onEnd)
    request.on('close', this.#onClose)
  }

  /** Whether the body should have come by now. */
  isLate(seconds: number, limitMs: number): boolean {
    if (limitMs > 0) return seconds * 1000 >= limitMs
    return seconds >= MAX_BODY_SECONDS + this.#received / MIN_BYTES_PER_SECOND
  }

  onLate(): void {
    if (!this.#isDone)
      this.#refuse(new RefusedError(408, GRPC.DEADLINE_EXCEEDED, 'body_timeout', 'the body took too long to arrive'))
  }

  readonly #onData = (piece: Buffer): void => {
    if (this.#isDone) return
    this.#received += piece.length
    try {
      if (this.#received > this.#maxBytes) throw tooLarge(this.#maxBytes)
      this.#taker.admitUpTo(this.#needed())
    } catch (error) {
      return this.#refuse(error)
    }
    if (piece.length === this.#announced) return this.#finish(piece)
    this.#keep(piece)
    if (this.#received === this.#announced) this.#onEnd()
  }

  /** What is promised counts as far as it is small, or matched by as much that has come. */
  #needed(): number {
    const trusted = Math.max(TRUSTED_BYTES, this.#received * 2)
    return this.#announced === -1 ? this.#received : Math.min(this.#announced, trusted)
  }

  #keep(piece: Buffer): void {
    if (this.#announced > 0 && this.#announced <= TRUSTED_BYTES) {
      this.#whole ??= Buffer.allocUnsafeSlow(this.#announced)
      piece.copy(this.#whole, this.#received - piece.length)
    } else if (this.#pieces === undefined) this.#pieces = [piece]
    else this.#pieces.push(piece)
  }

  readonly #onEnd = (): void => {
    if (this.#isDone) return
    const pieces = this.#pieces
    this.#finish(
      this.#whole ?? (pieces === undefined ? EMPTY : pieces.length === 1 ? pieces[0]! : joined(pieces, this.#received)),
    )
  }

  readonly #onClose = (): void => {
    if (this.#isDone) return
    this.#isDone = true
    this.#taker.onGone()
  }

  #finish(body: Buffer): void {
    this.#isDone = true
    this.#whole = undefined
    this.#pieces = undefined
    this.#taker.onBody(body)
  }

  #refuse(error: unknown): void {
    this.#isDone = true
    this.#whole = undefined
    this.#pieces = undefined
    this.#taker.onRefused(error)
  }
}

const EMPTY = Buffer.alloc(0)

function joined(pieces: readonly Buffer[], sizeBytes: number): Buffer {
  const whole = Buffer.allocUnsafeSlow(sizeBytes)
  let at = 0
  for (const piece of pieces) at += piece.copy(whole, at)
  return whole
}

const tooLarge = (maxBytes: number): RefusedError =>
  new RefusedError(413, GRPC.RESOURCE_EXHAUSTED, 'too_large', `the body is larger than the limit of ${maxBytes} bytes`)
