// The usual request, read without node:http: `POST path HTTP/1.1`, a content length, no encoding, nothing else in the same
// read. Half of what a small request costs is node's request and response objects. Whatever is not this plain is left to
// node:http, with the whole connection and every byte of it: no rule of HTTP is decided here, only recognized.
//
//   request-line = "POST" SP request-target SP "HTTP/1.1" CRLF        RFC 9112, section 3
//   field-line   = field-name ":" OWS field-value OWS CRLF            RFC 9112, section 5
import type { Socket } from 'node:net'
import type { Sweep, Swept } from './sweep.ts'

/** Who answers plain requests. */
export interface PlainHandler {
  /** Whether to read such a request here; asked when its head is there. */
  wants(path: string, contentType: string, sizeBytes: number): boolean
  /** The body is in memory of its own. `answer` is called once. */
  take(path: string, contentType: string, body: Buffer, exchange: PlainExchange): void
}

/** One request and its connection. */
export interface PlainExchange {
  readonly remoteAddress: string | undefined
  /** Header names and values in turn, without Content-Length. Does nothing when the sender is gone. */
  answer(status: number, headers: readonly string[], body: Buffer): void
  /** The usual answer: 200, a content type, a short body. */
  answerOk(contentType: string, body: string): void
  /** Runs when the connection ends before the answer. */
  onClose(run: () => void): void
}

export interface PlainSettings {
  readonly sweep: Sweep
  readonly handler: PlainHandler
  readonly headerTimeoutMs: number
  readonly idleTimeoutMs: number
  /** Answers must end their connection from now on. */
  isStopping(): boolean
  /** To node:http, with what has been read. */
  handOver(socket: Socket, bytes: Buffer): void
  onRefused(reason: string): void
  onEnd(connection: PlainConnection): void
}

const MAX_HEAD_BYTES = 16 * 1024
/** What is larger is read by node, piece by piece, each admitted. */
export const MAX_PLAIN_BODY_BYTES = 1024 * 1024
const MAX_BODY_SECONDS = 30

export class PlainConnection implements PlainExchange, Swept {
  readonly #socket: Socket
  readonly #of: PlainSettings
  /** `new` and `idle` wait for a head, `body` for the rest of a body, `busy` for the answer. */
  #state: 'new' | 'idle' | 'body' | 'busy' | 'gone' = 'new'
  #path = ''
  #contentType = ''
  /** Only while waiting for the rest of it. */
  #body: Buffer | undefined
  #received = 0
  /** What came before the answer had gone. */
  #early: Buffer[] | undefined
  #onClosed: (() => void) | undefined

  constructor(socket: Socket, of: PlainSettings) {
    this.#socket = socket
    this.#of = of
    socket.on('data', this.#onData)
    socket.on('close', this.#onGone)
    socket.on('error', this.#onError)
    socket.on('end', this.#onEnd)
    of.sweep.add(this)
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress
  }

  onSecond(seconds: number): void {
    const { headerTimeoutMs, idleTimeoutMs } = this.#of
    if (this.#state === 'new' && seconds * 1000 >= headerTimeoutMs) this.#refuse('header_timeout')
    else if (this.#state === 'idle' && seconds * 1000 >= idleTimeoutMs) this.#socket.destroySoon()
    else if (this.#state === 'body' && seconds >= MAX_BODY_SECONDS) this.#refuse('body_timeout')
  }

  #refuse(reason: string): void {
    this.#of.onRefused(reason)
    this.#write('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    this.#socket.destroySoon()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  readonly #onData = (bytes: Buffer): void => {
    switch (this.#state) {
      case 'new':
      case 'idle':
        return this.#onHead(bytes)
      case 'body':
        return this.#onBody(bytes)
      case 'busy':
        // A pipelined request: it waits, and so does its sender.
        this.#socket.pause()
        this.#early ??= []
        this.#early.push(bytes)
        return
      case 'gone':
        return
    }
  }

  #onHead(bytes: Buffer): void {
    const bodyAt = readHead(bytes)
    if (bodyAt < 0 || !this.#of.handler.wants(head.path, head.contentType, head.length)) return this.#leave(bytes)
    const here = bytes.length - bodyAt
    if (here > head.length) return this.#leave(bytes)
    this.#path = head.path
    this.#contentType = head.contentType
    if (here === head.length) return this.#take(ownBody(bytes, bodyAt))
    this.#state = 'body'
    this.#of.sweep.add(this)
    this.#body = Buffer.allocUnsafeSlow(head.length)
    bytes.copy(this.#body, 0, bodyAt)
    this.#received = here
  }

  #onBody(bytes: Buffer): void {
    const body = this.#body!
    const wanted = body.length - this.#received
    bytes.copy(body, this.#received, 0, Math.min(bytes.length, wanted))
    this.#received += bytes.length
    if (bytes.length < wanted) return
    this.#body = undefined
    if (bytes.length > wanted) this.#early = [bytes.subarray(wanted)]
    this.#take(body)
  }

  #take(body: Buffer): void {
    this.#state = 'busy'
    this.#of.handler.take(this.#path, this.#contentType, body, this)
  }

  /** This connection is node's from here on. */
  #leave(bytes: Buffer): void {
    const socket = this.#socket
    this.#detach()
    this.#of.handOver(socket, bytes)
  }

  #detach(): void {
    const socket = this.#socket
    this.#state = 'gone'
    this.#of.sweep.delete(this)
    socket.off('data', this.#onData)
    socket.off('close', this.#onGone)
    socket.off('error', this.#onError)
    socket.off('end', this.#onEnd)
    this.#of.onEnd(this)
  }

  // ---- answers

  answerOk(contentType: string, body: string): void {
    if (this.#state !== 'busy') return
    this.#write(
      `HTTP/1.1 200 OK\r\nContent-Type: ${contentType}\r\nContent-Length: ${body.length}${this.#closing()}\r\nDate: ${httpDate()}\r\n\r\n${body}`,
    )
    this.#next()
  }

  answer(status: number, headers: readonly string[], body: Buffer): void {
    if (this.#state !== 'busy') return
    let lines = `HTTP/1.1 ${status} ${REASONS[status] ?? 'Status'}\r\nContent-Length: ${body.length}${this.#closing()}\r\nDate: ${httpDate()}\r\n`
    for (let i = 0; i + 1 < headers.length; i += 2) lines += `${headers[i]}: ${headers[i + 1]}\r\n`
    const socket = this.#socket
    socket.cork()
    this.#write(`${lines}\r\n`)
    socket.write(body)
    socket.uncork()
    this.#next()
  }

  #closing(): string {
    return this.#of.isStopping() ? '\r\nConnection: close' : ''
  }

  #write(text: string): void {
    this.#socket.write(text, 'latin1')
  }

  #next(): void {
    this.#onClosed = undefined
    if (this.#of.isStopping()) {
      if (this.#early !== undefined) this.#of.onRefused('shutdown')
      this.#early = undefined
      this.#socket.destroySoon()
      return
    }
    this.#state = 'idle'
    this.#of.sweep.add(this)
    const early = this.#early
    if (early === undefined) return
    this.#early = undefined
    this.#leave(early.length === 1 ? early[0]! : Buffer.concat(early))
  }

  onClose(run: () => void): void {
    if (this.#state === 'gone') run()
    else this.#onClosed = run
  }

  /** The sender will send no more; half-open connections are of no use to it. */
  readonly #onEnd = (): void => {
    if (this.#state === 'body') this.#of.onRefused('aborted')
    this.#socket.end()
  }

  /** `close` follows. */
  readonly #onError = (): void => {}

  readonly #onGone = (): void => {
    if (this.#state === 'gone') return
    this.#detach()
    this.#onClosed?.()
    this.#onClosed = undefined
  }
}

/** A body that is kept must not keep much more than itself. */
function ownBody(bytes: Buffer, bodyAt: number): Buffer {
  const body = bytes.subarray(bodyAt)
  if (bytes.buffer.byteLength <= body.length * 1.5) return body
  const copy = Buffer.allocUnsafeSlow(body.length)
  body.copy(copy)
  return copy
}

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
}

let dateSecond = 0
let dateText = ''
/** The Date header, made once a second. */
function httpDate(): string {
  const second = Math.floor(Date.now() / 1000)
  if (second !== dateSecond) {
    dateSecond = second
    dateText = new Date(second * 1000).toUTCString()
  }
  return dateText
}

// ---- the head

/** What `readHead` found; read at once. */
const head = { path: '', contentType: '', length: 0 }

const POST = Buffer.from('POST ')
const VERSION = Buffer.from(' HTTP/1.1\r\n')
const CR = 0x0d
const LF = 0x0a
const SPACE = 0x20
const TAB = 0x09
const COLON = 0x3a

/** Where the body begins; -1 when the head is not all here, or not plain. */
function readHead(bytes: Buffer): number {
  if (!startsWith(bytes, 0, POST)) return -1
  let at = POST.length
  while (at < bytes.length && bytes[at]! > SPACE && bytes[at]! < 0x7f) at++
  if (!startsWith(bytes, at, VERSION)) return -1
  head.path = bytes.latin1Slice(POST.length, at)
  head.contentType = ''
  head.length = -1
  at += VERSION.length
  let hasHost = false
  const end = Math.min(bytes.length, MAX_HEAD_BYTES)
  while (at < end) {
    if (bytes[at] === CR) return bytes[at + 1] === LF && hasHost && head.length >= 0 ? at + 2 : -1
    const nameAt = at
    while (at < end && isToken[bytes[at]!] === 1) at++
    if (at === nameAt || bytes[at] !== COLON) return -1
    const nameSize = at++ - nameAt
    while (bytes[at] === SPACE || bytes[at] === TAB) at++
    const valueAt = at
    while (at < end && isValue[bytes[at]!] === 1) at++
    let valueEnd = at
    while (valueEnd > valueAt && (bytes[valueEnd - 1] === SPACE || bytes[valueEnd - 1] === TAB)) valueEnd--
    if (bytes[at] !== CR || bytes[at + 1] !== LF) return -1
    at += 2
    switch (fieldOf(bytes, nameAt, nameSize)) {
      case OTHER:
        break
      case HOST:
        if (hasHost) return -1
        hasHost = true
        break
      case CONTENT_TYPE:
        if (head.contentType !== '') return -1
        head.contentType = bytes.latin1Slice(valueAt, valueEnd)
        break
      case CONTENT_LENGTH:
        if (head.length >= 0) return -1
        head.length = digits(bytes, valueAt, valueEnd)
        if (head.length < 0) return -1
        break
      case CONNECTION:
        if (!isSameWord(bytes, valueAt, valueEnd - valueAt, KEEP_ALIVE)) return -1
        break
      default:
        return -1
    }
  }
  return -1
}

function startsWith(bytes: Buffer, at: number, expected: Buffer): boolean {
  if (at + expected.length > bytes.length) return false
  for (let i = 0; i < expected.length; i++) if (bytes[at + i] !== expected[i]) return false
  return true
}

/** RFC 9110, section 5.6.2. */
const isToken = new Uint8Array(256)
for (const char of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
  isToken[char.charCodeAt(0)] = 1
/** Visible ASCII, spaces and tabs; what else may stand in a value is for node to judge. */
const isValue = new Uint8Array(256)
isValue.fill(1, SPACE, 0x7f)
isValue[TAB] = 1

const OTHER = 0
const HOST = 1
const CONTENT_TYPE = 2
const CONTENT_LENGTH = 3
const CONNECTION = 4
/** Changes how the message is read, or what is to be answered. */
const NOT_PLAIN = 5

const fields: readonly (readonly [name: Buffer, field: number])[] = (
  [
    ['host', HOST],
    ['content-type', CONTENT_TYPE],
    ['content-length', CONTENT_LENGTH],
    ['connection', CONNECTION],
    ['transfer-encoding', NOT_PLAIN],
    ['content-encoding', NOT_PLAIN],
    ['expect', NOT_PLAIN],
    ['upgrade', NOT_PLAIN],
    ['trailer', NOT_PLAIN],
    ['te', NOT_PLAIN],
    ['http2-settings', NOT_PLAIN],
    ['proxy-connection', NOT_PLAIN],
    ['keep-alive', NOT_PLAIN],
  ] as const
).map(([name, field]) => [Buffer.from(name), field])
const KEEP_ALIVE = Buffer.from('keep-alive')

/** By the length of the name, so that most names cost one look. */
const fieldsBySize: (readonly (readonly [name: Buffer, field: number])[] | undefined)[] = []
for (const entry of fields) fieldsBySize[entry[0].length] = [...(fieldsBySize[entry[0].length] ?? []), entry]

function fieldOf(bytes: Buffer, at: number, size: number): number {
  const candidates = fieldsBySize[size]
  if (candidates !== undefined)
    for (const [name, field] of candidates) if (isSameWord(bytes, at, size, name)) return field
  return OTHER
}

/** Upper and lower case are the same; `word` is lower case. */
function isSameWord(bytes: Buffer, at: number, size: number, word: Buffer): boolean {
  if (size !== word.length) return false
  for (let i = 0; i < size; i++) {
    const byte = bytes[at + i]!
    if ((byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte) !== word[i]) return false
  }
  return true
}

/** -1 when it is no number of at most nine digits. */
function digits(bytes: Buffer, at: number, end: number): number {
  if (at === end || end - at > 9) return -1
  let value = 0
  for (; at < end; at++) {
    const digit = bytes[at]! - 0x30
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}
