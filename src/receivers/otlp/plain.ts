// Requests that were read without node:http. What they carry, and what they are answered, is the same.
import { type Consume, ShutdownError } from '../../contract/index.ts'
import type { Signal } from '../../data/index.ts'
import { TRUSTED_BYTES } from '../../net/assembly.ts'
import type { Desk } from '../../net/exchange.ts'
import { MAX_PLAIN_BODY_BYTES, type PlainExchange, type PlainHandler, type PlainTaker } from '../../net/plain-http.ts'
import { type Cancellable, NO_METADATA, RequestContext } from '../../net/request-context.ts'
import { Reservation } from '../../net/reservation.ts'
import { refusalReasonOf } from '../../net/status.ts'
import { contentTypes, type Format, refusalAnswer, taken } from './answers.ts'
import { type Asker, decodeRequest, hand } from './intake.ts'
import type { Destinations } from './routes.ts'

/** Undefined when the settings ask for something that only node's requests have: headers handed on or looked at, cors, time limits. */
export function plainHandler(desk: Desk, destinations: Destinations): PlainHandler | undefined {
  const { cors, includeMetadata, keepsAlive, takesPlain, readTimeoutMs, writeTimeoutMs, extraHeaders } = desk
  const isPlain = cors === undefined && !includeMetadata && keepsAlive && takesPlain && extraHeaders.length === 0
  if (!isPlain || desk.authenticate !== undefined || readTimeoutMs > 0 || writeTimeoutMs > 0) return undefined
  const maxBytes = Math.min(MAX_PLAIN_BODY_BYTES, desk.maxBodyBytes)
  return {
    begin(path, contentType, sizeBytes, exchange) {
      if (sizeBytes > maxBytes || contentType !== contentTypes.protobuf || desk.active.isStopping) return undefined
      const route = destinations.get(path)
      if (route === undefined) return undefined
      const request = new PlainRequest(desk, exchange, route.signal, route.consume)
      return request.hasRoomFor(Math.min(sizeBytes, TRUSTED_BYTES)) ? request : undefined
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
  isSettled = false

  constructor(desk: Desk, exchange: PlainExchange, signal: Signal, consume: Consume) {
    this.#desk = desk
    this.#exchange = exchange
    this.#signal = signal
    this.#consume = consume
    this.#reservation = new Reservation(desk.host, signal)
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
    this.#desk.active.enter()
    this.onRefused(error)
  }

  onGone(): void {
    this.#reservation.release()
  }

  take(body: Buffer): void {
    this.#desk.active.enter()
    try {
      this.#reservation.growTo(body.length)
      if (this.#desk.active.isStopping) throw new ShutdownError('the agent is shutting down')
      const batch = decodeRequest(FORMAT, this.#signal, body)
      if (batch.items === 0) this.onTaken()
      else hand(batch, new RequestContext(NO_METADATA, 'http', this), this.#consume, FORMAT, this)
    } catch (error) {
      this.onRefused(error)
    }
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
    this.#exchange.answer(httpStatus, headers, body)
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
