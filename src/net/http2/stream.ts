import type { HeaderField } from './field.ts'

/** The headers of a request, as far as a server of unary calls looks at them. */
export class RequestHead {
  method = ''
  path = ''
  contentType = ''
  grpcEncoding = ''
  grpcTimeout = ''
  /** -1 when it is not announced, NaN when that is no number. */
  contentLength = -1
  /** In the order they came, when somebody wants them all; names and values in turn. */
  readonly all: string[] | undefined
  hasBadBinary = false
  sizeBytes = 0
  #scheme = ''
  #hasRegular = false
  #isMalformed = false

  constructor(keepsAll: boolean) {
    this.all = keepsAll ? [] : undefined
  }

  add({ name, value, role, sizeBytes }: HeaderField): void {
    this.sizeBytes += sizeBytes
    if (this.all !== undefined && this.sizeBytes <= MAX_KEPT_BYTES) this.all.push(name, value)
    if (role === 'method' || role === 'scheme' || role === 'path' || role === 'authority')
      return this.#addPseudo(role, value)
    this.#hasRegular = true
    if (role === 'content-type') this.contentType = value
    else if (role === 'grpc-encoding') this.grpcEncoding = value
    else if (role === 'grpc-timeout') this.grpcTimeout = value
    else if (role === 'content-length') this.contentLength = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN
    else if (role === 'bad-binary') this.hasBadBinary = true
    else if (role === 'forbidden') this.#isMalformed = true
  }

  /** RFC 9113 8.3: each once, and before the others. */
  #addPseudo(role: 'method' | 'scheme' | 'path' | 'authority', value: string): void {
    if (this.#hasRegular) this.#isMalformed = true
    if (role === 'authority') return
    const before = role === 'method' ? this.method : role === 'path' ? this.path : this.#scheme
    if (before !== '' || value === '') this.#isMalformed = true
    if (role === 'method') this.method = value
    else if (role === 'path') this.path = value
    else this.#scheme = value
  }

  /** Those after a body have no fields of the request itself, RFC 9113 8.1. */
  get isTrailers(): boolean {
    return !this.#isMalformed && this.method === '' && this.path === '' && this.#scheme === ''
  }

  /** RFC 9113 8.1.1 */
  fits(bodyBytes: number): boolean {
    return this.contentLength === -1 || this.contentLength === bodyBytes
  }

  get isWhole(): boolean {
    return !this.#isMalformed && this.method !== '' && this.path !== '' && this.#scheme !== ''
  }
}

const MAX_KEPT_BYTES = 16 * 1024

/** Whoever takes what a stream carries. Nothing is called after `onReset`; pieces may still come after the answer. */
export interface StreamHandler {
  /** A piece of the body. Returns whether some of `bytes` is kept; else its memory is given back. */
  onData(bytes: Buffer, start: number, end: number): boolean
  onEnd(): void
  /** The client gave up, or the connection is gone. */
  onReset(): void
  /** Once a second while the stream is open, with its age. */
  onSecond(seconds: number): void
}

export class Http2Stream {
  readonly id: number
  readonly head: RequestHead
  /** In seconds of the connection. */
  readonly openedAt: number
  handler: StreamHandler | undefined
  /** The client has said everything. */
  isRemoteDone = false
  /** Answered, reset, or its connection is closed. */
  isGone = false
  /** What we may still send. */
  sendWindow: number
  /** What has come since the last update of the stream's window. */
  unreported = 0
  /** Nobody takes its body yet: what comes is not given back to the windows, so that no more than one window comes. */
  isHeld = false
  heldBytes = 0
  /** Bytes of the body so far. */
  received = 0

  constructor(id: number, head: RequestHead, openedAt: number, sendWindow: number) {
    this.id = id
    this.head = head
    this.openedAt = openedAt
    this.sendWindow = sendWindow
  }
}
