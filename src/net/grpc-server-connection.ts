// One client's connection: its calls, how long it may live, and how often it may ask whether we do.
import type { Socket } from 'node:net'
import type { Clock } from '../contract/index.ts'
import type { Sparable } from './connection-room.ts'
import { GrpcCall, type GrpcDesk } from './grpc-server-call.ts'
import { type ConnectionEvents, type ConnectionLimits, Http2Connection } from './http2/connection.ts'
import type { Http2Stream, StreamHandler } from './http2/stream.ts'
import type { Swept } from './sweep.ts'

/** In milliseconds; Infinity is never. */
export interface Keepalive {
  readonly maxIdleMs: number
  readonly maxAgeMs: number
  readonly maxAgeGraceMs: number
  /** Silence after which we ask, and how long we wait for an answer. */
  readonly timeMs: number
  readonly timeoutMs: number
  /** How often a client may ask. */
  readonly minTimeMs: number
  readonly permitsWithoutStream: boolean
}

/** The client must have introduced itself, and finished any headers it has begun, within this time. */
const HEADER_SECONDS = 10
/** A client without calls may ask this often at most. */
const IDLE_PING_MS = 2 * 3_600_000
const MAX_PING_STRIKES = 2

export class GrpcConnection implements ConnectionEvents, Swept, Sparable {
  readonly #desk: GrpcDesk
  readonly #keepalive: Keepalive
  readonly #clock: Clock
  readonly #http2: Http2Connection
  readonly #onClosed: (connection: GrpcConnection) => void
  readonly #maxAgeSeconds: number
  #second = 0
  #notReadySince = 0
  #idleSince = 0
  #drainingSince = -1
  #pingedAt = -1
  #lastPingMs = -Infinity
  #pingStrikes = 0
  #answered = 0
  #answeredAtPing = 0
  #isGivingWay = false

  constructor(
    socket: Socket,
    desk: GrpcDesk,
    limits: ConnectionLimits,
    keepalive: Keepalive,
    onClosed: (connection: GrpcConnection) => void,
  ) {
    this.#desk = desk
    this.#keepalive = keepalive
    this.#clock = desk.clock
    this.#onClosed = onClosed
    // As in gRPC, so that connections made together do not end together.
    this.#maxAgeSeconds = (keepalive.maxAgeMs * (0.9 + Math.random() * 0.2)) / 1000
    this.#http2 = new Http2Connection(socket, limits, this)
  }

  onRequest(stream: Http2Stream): StreamHandler | undefined {
    const call = new GrpcCall(this.#desk, this.#http2, stream)
    call.begin()
    return call
  }

  onAnswered(): void {
    this.#answered++
  }

  /** As in gRPC: asking is free after we have sent something, else a strike when it is too soon. */
  onPing(): boolean {
    if (this.#answered !== this.#answeredAtPing) {
      this.#answeredAtPing = this.#answered
      this.#pingStrikes = 0
      return true
    }
    const { minTimeMs, permitsWithoutStream } = this.#keepalive
    const isIdle = this.#http2.openStreams === 0 && !permitsWithoutStream
    const now = this.#clock.monotonicMs()
    if (now - this.#lastPingMs < (isIdle ? IDLE_PING_MS : minTimeMs)) this.#pingStrikes++
    this.#lastPingMs = now
    return this.#pingStrikes <= MAX_PING_STRIKES
  }

  onPong(): void {
    this.#pingedAt = -1
  }

  onRefused(reason: string, cause?: string): void {
    this.#desk.onRefused(reason)
    if (cause !== undefined) this.#desk.onCutOff({ reason, cause, peer: this.#http2.remoteAddress })
  }

  onFault(error: unknown): void {
    this.#desk.onFault(error)
  }

  onClose(): void {
    this.#onClosed(this)
  }

  onSecond(second: number): void {
    this.#second = second
    this.#http2.onSecond(second)
    if (second >= this.#http2.endsAt) return this.close()
    if (this.#http2.isReady) this.#notReadySince = second
    else if (second - this.#notReadySince >= HEADER_SECONDS) {
      this.#desk.onRefused('header_timeout')
      return this.close()
    }
    this.#checkLife()
    this.#checkSilence()
  }

  #checkLife(): void {
    const { maxIdleMs, maxAgeGraceMs } = this.#keepalive
    if (this.#http2.openStreams > 0) this.#idleSince = this.#second
    if (this.#drainingSince >= 0) {
      if ((this.#second - this.#drainingSince) * 1000 >= maxAgeGraceMs) this.close()
    } else if (this.#second >= this.#maxAgeSeconds) {
      this.#drainingSince = this.#second
      this.#http2.drain('max_age')
    } else if ((this.#second - this.#idleSince) * 1000 >= maxIdleMs) this.#http2.drain('max_idle')
  }

  #checkSilence(): void {
    const { timeMs, timeoutMs } = this.#keepalive
    const silentSeconds = this.#second - this.#http2.lastReadAt
    if (this.#pingedAt >= 0 && silentSeconds <= this.#second - this.#pingedAt) this.#pingedAt = -1
    if (this.#pingedAt >= 0) {
      if ((this.#second - this.#pingedAt) * 1000 < timeoutMs) return
      this.#desk.onRefused('keepalive_timeout')
      this.close()
    } else if (silentSeconds * 1000 >= timeMs) {
      this.#pingedAt = this.#second
      this.#http2.ping()
    }
  }

  get rest(): Sparable['rest'] {
    if (this.#isGivingWay || this.#http2.openStreams > 0) return undefined
    return this.#http2.isReady ? 'idle' : 'beginning'
  }

  /** Who has introduced himself is told to go; what he sends from then on he sends elsewhere, or again. */
  giveWay(): void {
    this.#desk.onRefused('too_many_connections')
    this.#isGivingWay = true
    if (this.#http2.isReady) this.#http2.drain('too_many_connections')
    else this.close()
  }

  drain(): void {
    this.#http2.drain()
  }

  close(): void {
    this.#http2.close()
  }
}
