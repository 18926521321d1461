// The usual request, read without node:http: `POST path HTTP/1.1`, a content length, no encoding, nothing else in the same
// read. Half of what a small request costs is node's request and response objects. Whatever is not this plain is left to
// node:http, with the whole connection and every byte of it: no rule of HTTP is decided here, only recognized.
import type { Socket } from 'node:net'
import { Assembly, freeRead, TRUSTED_BYTES } from './assembly.ts'
import type { Sparable } from './connection-room.ts'
import { isBodyLate } from './http-body.ts'
import { head, rawHeadersOf, readHead } from './plain-head.ts'
import type { Sweep, Swept } from './sweep.ts'

/** Who answers plain requests. */
export interface PlainHandler {
  /** Whether `begin` gets them: names and values in turn, as they came. */
  readonly wantsHeaders: boolean
  /** Asked when the head of a request is there. Room for its body is reserved now; undefined leaves it to node:http. */
  begin(
    path: string,
    contentType: string,
    sizeBytes: number,
    exchange: PlainExchange,
    rawHeaders: readonly string[],
  ): PlainTaker | undefined
}

/** Of one request. One of `take`, `refuse` and `onGone` is called, once. */
export interface PlainTaker {
  /** When it is known who sends: nothing more is read until then. What it rejects with the request is refused with. */
  readonly known?: Promise<void> | undefined
  /** Before as many bytes of the body as that are kept. Throws what the request is then refused with. */
  admitUpTo(sizeBytes: number): void
  /** Answers the exchange; the rest of the body is not read. */
  refuse(error: unknown): void
  /** The body is in memory of its own. Answers the exchange once. */
  take(body: Buffer): void
  /** There will be no body. */
  onGone(): void
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

/** What is larger is left to node: there the cost of a request does not matter. */
export const MAX_PLAIN_BODY_BYTES = 1024 * 1024
/** How long a sender who was turned away may take to read why. */
const LINGER_SECONDS = 2

export class PlainConnection implements PlainExchange, Swept, Sparable {
  readonly #socket: Socket
  readonly #of: PlainSettings
  /** `new` and `idle` wait for a head, `unknown` for who sends, `body` for the rest of a body, `busy` for the answer. */
  #state: 'new' | 'idle' | 'unknown' | 'body' | 'busy' | 'refused' | 'gone' = 'new'
  #taker: PlainTaker | undefined
  /** Only while waiting for the rest of it. */
  #body: Assembly | undefined
  #wanted = 0
  /** The answer that comes is the last of its connection. */
  #isLast = false
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
    else if (this.#state === 'body' && isBodyLate(seconds, this.#body!.receivedBytes)) this.#refuse('body_timeout')
    else if (this.#state === 'refused' && seconds >= LINGER_SECONDS) this.#socket.destroy()
  }

  #refuse(reason: string): void {
    this.#of.onRefused(reason)
    this.#taker?.onGone()
    this.#taker = undefined
    this.#write('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    this.#turnAway()
  }

  /** Closing on a sender who still writes would take the answer from under its eyes. */
  #turnAway(): void {
    this.#state = 'refused'
    this.#body = undefined
    this.#of.sweep.add(this)
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  get rest(): Sparable['rest'] {
    return this.#state === 'idle' ? 'idle' : undefined
  }

  /** The answer before this may still be on its way. */
  giveWay(): void {
    this.#of.onRefused('too_many_connections')
    this.#state = 'refused'
    this.#socket.destroySoon()
  }

  readonly #onData = (bytes: Buffer): void => {
    switch (this.#state) {
      case 'new':
      case 'idle':
        return this.#onHead(bytes)
      case 'body':
        return this.#onBody(bytes)
      case 'unknown':
      case 'busy':
        // A pipelined request: it waits, and so does its sender.
        this.#socket.pause()
        this.#early ??= []
        this.#early.push(bytes)
        return
      case 'refused':
      case 'gone':
        return
    }
  }

  #onHead(bytes: Buffer): void {
    const bodyAt = readHead(bytes)
    const here = bytes.length - bodyAt
    if (bodyAt < 0 || here > head.length) return this.#leave(bytes)
    const { handler } = this.#of
    const { path, contentType, length } = head
    const rawHeaders = handler.wantsHeaders ? rawHeadersOf(bytes, bodyAt) : NO_HEADERS
    const taker = handler.begin(path, contentType, length, this, rawHeaders)
    if (taker === undefined) return this.#leave(bytes)
    this.#taker = taker
    if (taker.known === undefined) this.#begin(bytes, bodyAt, length)
    else this.#wait(taker.known, () => this.#begin(bytes, bodyAt, length))
  }

  #wait(known: Promise<void>, goOn: () => void): void {
    this.#state = 'unknown'
    this.#of.sweep.delete(this)
    this.#socket.pause()
    const isHere = (): boolean => {
      this.#socket.resume()
      return this.#state === 'unknown'
    }
    known.then(
      () => isHere() && goOn(),
      (error: unknown) => isHere() && this.#refuseWith(error),
    )
  }

  #begin(bytes: Buffer, bodyAt: number, length: number): void {
    const here = bytes.length - bodyAt
    if (here === length) return this.#take(ownBody(bytes, bodyAt))
    this.#state = 'body'
    this.#of.sweep.add(this)
    this.#wanted = length - here
    this.#body = new Assembly(length)
    if (!this.#body.add(bytes.subarray(bodyAt))) freeRead(bytes)
  }

  #onBody(bytes: Buffer): void {
    const body = this.#body!
    const { length } = bytes
    const wanted = this.#wanted
    this.#wanted -= length
    const received = body.receivedBytes + Math.min(length, wanted)
    if (!this.#admit(Math.min(received + Math.max(0, wanted - length), Math.max(TRUSTED_BYTES, received * 2)))) return
    if (length > wanted) {
      body.add(bytes.subarray(0, wanted))
      this.#early = [bytes.subarray(wanted)]
    } else if (!body.add(bytes)) freeRead(bytes)
    if (length < wanted) return
    this.#body = undefined
    this.#take(body.take())
  }

  #admit(sizeBytes: number): boolean {
    try {
      this.#taker!.admitUpTo(sizeBytes)
      return true
    } catch (error) {
      this.#refuseWith(error)
      return false
    }
  }

  #refuseWith(error: unknown): void {
    const taker = this.#taker!
    this.#taker = undefined
    this.#state = 'busy'
    this.#isLast = true
    taker.refuse(error)
    this.#turnAway()
  }

  #take(body: Buffer): void {
    const taker = this.#taker!
    this.#taker = undefined
    this.#state = 'busy'
    taker.take(body)
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
    return this.#isLast || this.#of.isStopping() ? '\r\nConnection: close' : ''
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
    this.#socket.end()
  }

  /** `close` follows. */
  readonly #onError = (): void => {}

  readonly #onGone = (): void => {
    if (this.#state === 'gone') return
    if (this.#state === 'body') this.#of.onRefused('aborted')
    this.#taker?.onGone()
    this.#taker = undefined
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

const NO_HEADERS: readonly string[] = []

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
