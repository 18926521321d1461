// Reads the body of a request: as few copies as the pieces allow, never more than a limit, never for ever.
import type { IncomingMessage } from 'node:http'
import { Assembly, freeRead, TRUSTED_BYTES } from './assembly.ts'
import { owned } from './decompress.ts'
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

const MAX_BODY_SECONDS = 30
const MIN_BYTES_PER_SECOND = 1024
/** Without a limit of its own a body may take half a minute, and a second more for each KiB that has come. */
export const isBodyLate = (seconds: number, receivedBytes: number): boolean =>
  seconds >= MAX_BODY_SECONDS + receivedBytes / MIN_BYTES_PER_SECOND

export class BodyReader {
  readonly #request: IncomingMessage
  readonly #taker: BodyTaker
  readonly #maxBytes: number
  /** -1 when the body comes in pieces of unknown number. */
  readonly #announced: number
  #received = 0
  #isDone = false
  /** When one piece was not all. */
  #assembly: Assembly | undefined

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
    return limitMs > 0 ? seconds * 1000 >= limitMs : isBodyLate(seconds, this.#received)
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
    if (piece.length === this.#announced) return this.#finish(owned(piece))
    this.#assembly ??= new Assembly(this.#announced)
    if (!this.#assembly.add(piece)) freeRead(piece)
    if (this.#received === this.#announced) this.#onEnd()
  }

  /** What is promised counts as far as it is small, or matched by as much that has come. */
  #needed(): number {
    const trusted = Math.max(TRUSTED_BYTES, this.#received * 2)
    return this.#announced === -1 ? this.#received : Math.min(this.#announced, trusted)
  }

  readonly #onEnd = (): void => {
    if (this.#isDone) return
    this.#finish(this.#assembly?.take() ?? EMPTY)
  }

  readonly #onClose = (): void => {
    if (this.#isDone) return
    this.#isDone = true
    this.#taker.onGone()
  }

  #finish(body: Buffer): void {
    this.#isDone = true
    this.#assembly = undefined
    this.#taker.onBody(body)
  }

  #refuse(error: unknown): void {
    this.#isDone = true
    this.#assembly = undefined
    this.#taker.onRefused(error)
  }
}

const EMPTY = Buffer.alloc(0)

const tooLarge = (maxBytes: number): RefusedError =>
  new RefusedError(413, GRPC.RESOURCE_EXHAUSTED, 'too_large', `the body is larger than the limit of ${maxBytes} bytes`)
