// One HTTP/2 connection to one address, from its first byte to its last.
import { type ClientHttp2Session, connect as connectHttp2, constants } from 'node:http2'
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { Clock, Logger } from '../contract/index.ts'
import { callUnary, type GrpcReply, type GrpcRequest, type REFUSED } from './grpc-call.ts'
import type { ClientTlsOptions } from './tls.ts'
import { openTunnel } from './tunnel.ts'

/** Where one connection goes. */
export interface GrpcAddress {
  /** An address, or a name when a proxy looks it up. */
  readonly host: string
  readonly port: number
  readonly socketPath?: string
  readonly proxy?: URL
}

export interface GrpcPings {
  readonly timeMs: number
  readonly timeoutMs: number
  readonly withoutStream: boolean
}

export interface ConnectionSettings {
  readonly address: GrpcAddress
  /** Undefined: no TLS. */
  readonly tls: ClientTlsOptions | undefined
  /** The name that a certificate must have, unless `tls` says another. */
  readonly serverName: string
  readonly lookup: LookupFunction
  readonly pings: GrpcPings | undefined
  readonly clock: Clock
  readonly log: Logger
  /** Once, when the connection takes no more calls; those under way may still end well. */
  readonly onGone: () => void
  /** When nothing is left of it. */
  readonly onClosed: () => void
  /** The server finds that it is pinged too often. */
  readonly onTooManyPings: () => void
}

const CLOSED_EARLY =
  'the server closed the connection before it spoke HTTP/2: is it a port for TLS, or one for OTLP/HTTP?'
/** How long a server may take until it speaks HTTP/2; the limit of gRPC. */
const CONNECT_TIMEOUT_MS = 20_000
/**
 * Node counts what waits to be sent as memory of the session, and refuses the headers of answers when it is more than 10 MB:
 * three large batches at a time. What waits is bounded by delivery, and answers by us.
 */
const UNLIMITED_MB = 1 << 20
/** As in Go: the kernel asks a silent peer every 15 s whether it is there (F25). */
const TCP_KEEPALIVE_MS = 15_000

export class GrpcConnection {
  readonly address: GrpcAddress
  readonly #of: ConnectionSettings
  readonly #where: string
  #session: ClientHttp2Session | undefined
  #socket: Socket | undefined
  /** The first thing that went wrong with the socket. */
  #failure: Error | undefined
  #isGone = false
  /** Aborted when it is closed. */
  readonly #gone = new AbortController()
  #calls = 0
  #heardAtMs = 0
  #cancelPing: (() => void) | undefined

  constructor(of: ConnectionSettings) {
    this.address = of.address
    this.#of = of
    this.#where = of.address.socketPath ?? `${of.address.host}:${of.address.port}`
  }

  /** Takes calls. */
  get isReady(): boolean {
    return this.#session !== undefined && !this.#isGone
  }

  /** Resolves when the server has spoken HTTP/2. Rejects with whatever went wrong. */
  async open(): Promise<void> {
    const { clock, address } = this.#of
    let giveUp: (() => void) | undefined
    const late = new Promise<never>((_, reject) => {
      giveUp = clock.after(CONNECT_TIMEOUT_MS, () => {
        reject(new Error(`no HTTP/2 within ${CONNECT_TIMEOUT_MS} ms`))
      })
    })
    try {
      const socket = await Promise.race([late, this.#connect(address)])
      await Promise.race([late, this.#startSession(socket)])
    } catch (error) {
      this.close()
      throw error
    } finally {
      giveUp?.()
    }
  }

  async #connect({ host, port, socketPath, proxy }: GrpcAddress): Promise<Socket> {
    const { tls, serverName, lookup } = this.#of
    const raw =
      proxy !== undefined
        ? await openTunnel(proxy, host, port, { abort: this.#gone.signal, lookup, tls })
        : socketPath !== undefined
          ? connectTcp({ path: socketPath })
          : connectTcp({ host, port, lookup, noDelay: true, keepAlive: true, keepAliveInitialDelay: TCP_KEEPALIVE_MS })
    this.#watchSocket(raw)
    if (proxy === undefined) await opened(raw, 'connect')
    if (tls === undefined) return raw
    const secure = connectTls({
      socket: raw,
      ALPNProtocols: ['h2'],
      ...(isIP(serverName) === 0 ? { servername: serverName } : { host: serverName }),
      ...tls,
    })
    this.#watchSocket(secure)
    await opened(secure, 'secureConnect')
    checkProtocol(secure)
    return secure
  }

  #watchSocket(socket: Socket): void {
    this.#socket = socket
    socket.on('error', (error) => {
      this.#failure ??= error
    })
    if (this.#isGone) socket.destroy()
  }

  /** The server's SETTINGS are the sign that it speaks HTTP/2. */
  #startSession(socket: Socket): Promise<void> {
    const session = connectHttp2('http://unused', {
      createConnection: () => socket,
      settings: { enablePush: false },
      maxSessionMemory: UNLIMITED_MB,
    })
    session.on('goaway', (code, _lastStreamId, data) => {
      if (code === constants.NGHTTP2_ENHANCE_YOUR_CALM && String(data) === 'too_many_pings') this.#of.onTooManyPings()
      this.retire()
    })
    return new Promise((resolve, reject) => {
      session.once('remoteSettings', () => {
        this.#session = session
        this.#heard()
        this.#watch()
        resolve()
      })
      const end = (): void => {
        reject(this.#failure ?? new Error(CLOSED_EARLY))
        this.close()
      }
      // Not every session that fails closes, nor does every socket: the first to say something decides.
      session.on('error', (error) => {
        this.#failure ??= error
        end()
      })
      session.on('close', end)
      socket.on('error', end)
      socket.on('close', end)
      if (socket.destroyed) end()
    })
  }

  /** As `callUnary`; only while `isReady`. */
  async call(request: GrpcRequest, abort: AbortSignal): Promise<GrpcReply | typeof REFUSED> {
    this.#calls++
    try {
      return await callUnary(this.#session!, request, abort, this)
    } finally {
      this.#calls--
      if (this.#isGone) this.#closeWhenIdle()
    }
  }

  get where(): string {
    return this.#where
  }
  onHeard(): void {
    this.#heard()
  }

  /** A peer from which nothing came for the whole time of a call may have vanished: others go to a fresh connection (F25). */
  onAborted(wasSilent: boolean): void {
    if (wasSilent) this.retire()
  }

  /** Takes no more calls, and closes when those under way have ended. */
  retire(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#session?.close()
    this.#of.onGone()
    this.#closeWhenIdle()
  }

  /** Not from inside a callback of the session; and not left to the session, which waits for the server to close first. */
  #closeWhenIdle(): void {
    setImmediate(() => {
      if (this.#calls === 0) this.close()
    })
  }

  /** At once; calls under way end in an error. */
  close(): void {
    this.#cancelPing?.()
    this.#gone.abort()
    this.#socket?.destroy()
    this.#session?.destroy()
    this.#of.onClosed()
    if (this.#isGone) return
    this.#isGone = true
    this.#of.onGone()
  }

  #heard(): void {
    this.#heardAtMs = this.#of.clock.monotonicMs()
  }

  /** Pings when nothing has come for `timeMs`, and gives up when nothing comes then either. */
  #watch(): void {
    const { pings, clock } = this.#of
    if (pings === undefined) return
    const silentMs = clock.monotonicMs() - this.#heardAtMs
    this.#cancelPing = clock.after(Math.max(0, pings.timeMs - silentMs), () => {
      const isSilent = clock.monotonicMs() - this.#heardAtMs >= pings.timeMs
      if (isSilent && (this.#calls > 0 || pings.withoutStream)) this.#ping(pings)
      else {
        if (isSilent) this.#heard()
        this.#watch()
      }
    })
  }

  #ping({ timeoutMs }: GrpcPings): void {
    const { clock, log } = this.#of
    this.#cancelPing = clock.after(timeoutMs, () => {
      log.warn('connection is dead, it does not answer pings', { endpoint: this.#where, timeoutMs })
      this.close()
    })
    this.#session!.ping((error) => {
      this.#cancelPing?.()
      if (error !== null) return
      this.#heard()
      this.#watch()
    })
  }
}

/** Offered was only HTTP/2; a server that chooses nothing is taken at its first frame. */
function checkProtocol({ alpnProtocol }: TLSSocket): void {
  if (typeof alpnProtocol === 'string' && alpnProtocol !== 'h2')
    throw new Error(`the server speaks ${alpnProtocol} over TLS, not HTTP/2`)
}

const opened = (socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.on('error', reject)
    socket.once('close', () => reject(new Error('the server closed the connection')))
    socket.once(event, () => resolve())
  })
