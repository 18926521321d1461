// Requests that were read without node:http. What they carry, and what they are answered, is the same.
import { type Consume, type Identity, ShutdownError } from '../../contract/index.ts'
import type { Signal } from '../../data/index.ts'
import { TRUSTED_BYTES } from '../../net/assembly.ts'
import { PlainHead } from '../../net/authentication.ts'
import type { Desk } from '../../net/exchange.ts'
import { MAX_PLAIN_BODY_BYTES, type PlainExchange, type PlainHandler, type PlainTaker } from '../../net/plain-http.ts'
import { type Cancellable, metadataOf, NO_METADATA, RequestContext } from '../../net/request-context.ts'
import { Reservation } from '../../net/reservation.ts'
import { RefusedError, refusalReasonOf } from '../../net/status.ts'
import { contentTypes, type Format, refusalAnswer, taken } from './answers.ts'
import { type Asker, decodeRequest, hand } from './intake.ts'
import type { Destinations } from './routes.ts'

/** Undefined when the settings ask for something that only node's requests have: cors, headers of our own, time limits. */
export function plainHandler(desk: Desk, destinations: Destinations): PlainHandler | undefined {
  const { cors, keepsAlive, takesPlain, readTimeoutMs, writeTimeoutMs, extraHeaders } = desk
  const isPlain = cors === undefined && keepsAlive && takesPlain && extraHeaders.length === 0
  if (!isPlain || readTimeoutMs > 0 || writeTimeoutMs > 0) return undefined
  const maxBytes = Math.min(MAX_PLAIN_BODY_BYTES, desk.maxBodyBytes)
  return {
    wantsHeaders: desk.includeMetadata || desk.authenticateHead !== undefined,
    begin(path, contentType, sizeBytes, exchange, rawHeaders) {
      if (sizeBytes > maxBytes || contentType !== contentTypes.protobuf || desk.active.isStopping) return undefined
      const route = destinations.get(path)
      if (route === undefined) return undefined
      const request = new PlainRequest(desk, exchange, route.signal, route.consume, rawHeaders)
      const reservedBytes = Math.min(sizeBytes, TRUSTED_BYTES)
      request.identify(reservedBytes)
      return request.known !== undefined || request.hasRoomFor(reservedBytes) ? request : undefined
    },
  }
}

const FORMAT: Format = 'protobuf'
const TAKEN = taken[FORMAT].toString('latin1')

class PlainRequest implements PlainTaker, Asker, Cancellable {
  readonly #desk: Desk
  readonly #exchange: PlainExchange
  readonly #signal: Signal
  readonly #consume: Consume
  readonly #reservation: Reservation
  readonly #rawHeaders: readonly string[]
  #identity: Identity | undefined
  #hasEntered = false
  known: Promise<void> | undefined
  isSettled = false

  constructor(desk: Desk, exchange: PlainExchange, signal: Signal, consume: Consume, rawHeaders: readonly string[]) {
    this.#desk = desk
    this.#exchange = exchange
    this.#signal = signal
    this.#consume = consume
    this.#reservation = new Reservation(desk.host, signal)
    this.#rawHeaders = rawHeaders
  }

  /** Before anything is reserved for somebody who may not send. When that takes its time, `reservedBytes` are reserved then. */
  identify(reservedBytes: number): void {
    const { authenticateHead } = this.#desk
    if (authenticateHead === undefined) return
    try {
      const identity = authenticateHead(new PlainHead(this.#rawHeaders, this.#exchange))
      if (!(identity instanceof Promise)) this.#identity = identity
      else {
        this.#enter()
        this.known = identity.then((who) => {
          this.#identity = who
          if (!this.isSettled) this.#reservation.growTo(reservedBytes)
        })
      }
    } catch (error) {
      this.known = Promise.reject(error)
    }
  }

  /** From here on a stop waits for its answer. */
  #enter(): void {
    if (this.#hasEntered) return
    this.#hasEntered = true
    this.#desk.active.enter()
  }

  /** Without room it is left to node:http, where it is asked for again, and refused in form. */
  hasRoomFor(sizeBytes: number): boolean {
    try {
      this.#reservation.growTo(sizeBytes)
      return true
    } catch {
      this.#reservation.release()
      return false
    }
  }

  admitUpTo(sizeBytes: number): void {
    this.#reservation.growTo(sizeBytes)
  }

  refuse(error: unknown): void {
    this.#enter()
    this.onRefused(error)
  }

  onGone(): void {
    this.isSettled = true
    this.#reservation.release()
    if (this.#hasEntered) this.#desk.active.leave()
  }

  take(body: Buffer): void {
    const isLate = !this.#hasEntered && this.#desk.active.isStopping
    this.#enter()
    try {
      this.#reservation.growTo(body.length)
      if (isLate) throw new ShutdownError('the agent is shutting down')
      const batch = decodeRequest(FORMAT, this.#signal, body)
      if (batch.items === 0) this.onTaken()
      else hand(batch, this.#context(), this.#consume, FORMAT, this)
    } catch (error) {
      this.onRefused(error)
    }
  }

  #context(): RequestContext {
    const metadata = this.#desk.includeMetadata ? metadataOf(this.#rawHeaders) : NO_METADATA
    return new RequestContext(metadata, 'http', this, this.#identity)
  }

  onTaken(): void {
    this.#settle()
    this.#exchange.answerOk(contentTypes[FORMAT], TAKEN)
  }

  onPartlyTaken(response: Buffer): void {
    this.#desk.onRefused('partial_success')
    this.#settle()
    this.#exchange.answer(200, ['Content-Type', contentTypes[FORMAT]], response)
  }

  onRefused(error: unknown): void {
    this.#desk.onRefused(refusalReasonOf(error))
    this.#settle()
    const { httpStatus, headers, body } = refusalAnswer(error, FORMAT)
    this.#exchange.answer(httpStatus, error instanceof RefusedError ? [...headers, ...error.headers] : headers, body)
  }

  #settle(): void {
    this.isSettled = true
    this.#reservation.release()
    this.#desk.active.leave()
  }

  get remoteAddress(): string | undefined {
    return this.#exchange.remoteAddress
  }
  onClose(run: () => void): void {
    this.#exchange.onClose(run)
  }
}
