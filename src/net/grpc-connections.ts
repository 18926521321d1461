// The connections of a client: made when a call needs them, to every address of the name or to the first that answers,
// and made again when they are lost.
import { isIP, type LookupFunction } from 'node:net'
import { RetryableError, type Settings, ShutdownError } from '../contract/index.ts'
import type { GrpcClientConfig } from './client-config.ts'
import { connectionError } from './connection-error.ts'
import { type GrpcAddress, GrpcConnection, type GrpcPings } from './grpc-connection.ts'
import type { GrpcTarget } from './grpc-target.ts'
import { lookupAll } from './lookup.ts'
import { type Environment, proxyFor } from './proxy.ts'
import type { ClientTlsOptions } from './tls.ts'

/** https://github.com/grpc/grpc/blob/master/doc/connection-backoff.md, but for the longest wait: there it is 120 s. */
const BACKOFF = { firstMs: 1000, multiplier: 1.6, jitter: 0.2, mostMs: 30_000 }
/** Go's gRPC takes a shorter time between pings for this one; servers close connections that ping more often. */
const LEAST_PING_MS = 10_000
/** More addresses of one name than anybody balances over by DNS. */
const MAX_ADDRESSES = 100

/** What the machine says. */
export interface Surroundings {
  readonly environment: Environment
  readonly lookup: LookupFunction
}

export interface GrpcConnectionsSettings extends Surroundings {
  readonly target: GrpcTarget
  readonly config: Pick<GrpcClientConfig, 'balancer_name' | 'keepalive' | 'wait_for_ready'>
  readonly settings: Settings
  readonly serverName: string
  readonly tls: () => ClientTlsOptions | undefined
}

interface Waiter {
  readonly take: (connection: GrpcConnection) => void
  readonly fail: (error: unknown) => void
}

export class GrpcConnections {
  readonly #of: GrpcConnectionsSettings
  readonly #waitsForReady: boolean
  readonly #all = new Set<GrpcConnection>()
  readonly #waiters = new Set<Waiter>()
  #ready: GrpcConnection[] = []
  #turn = 0
  #pings: GrpcPings | undefined
  /** There may be an address without a connection. */
  #isIncomplete = true
  #isConnecting = false
  #isClosed = false
  #failures = 0
  #retryAtMs = 0
  #error = new RetryableError('not connected yet', { reason: 'connection_error' })
  #cancelRetry: (() => void) | undefined

  constructor(of: GrpcConnectionsSettings) {
    this.#of = of
    const { keepalive, wait_for_ready } = of.config
    this.#waitsForReady = wait_for_ready
    if (keepalive?.enabled && keepalive.time > 0)
      this.#pings = {
        timeMs: Math.max(LEAST_PING_MS, keepalive.time),
        timeoutMs: keepalive.timeout || 20_000,
        withoutStream: keepalive.permit_without_stream,
      }
  }

  begin(): void {
    this.#connect()
  }

  /** One that is ready, in turn; undefined when there is none. */
  pick(): GrpcConnection | undefined {
    if (this.#isIncomplete) this.#connect()
    const { length } = this.#ready
    return length === 0 ? undefined : this.#ready[this.#turn++ % length]
  }

  /** For who found none: waits while one is being made, with `wait_for_ready` however long that takes. */
  async wait(abort: AbortSignal): Promise<GrpcConnection> {
    if (abort.aborted) throw abort.reason
    if (this.#isClosed) throw new ShutdownError('the client is closed')
    if (!this.#isConnecting && !this.#waitsForReady) throw this.#error
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#waiters.delete(waiter)
        abort.removeEventListener('abort', leave)
      }
      const leave = (): void => {
        end()
        reject(abort.reason)
      }
      const waiter: Waiter = {
        take(connection) {
          end()
          resolve(connection)
        },
        fail(error) {
          end()
          reject(error)
        },
      }
      this.#waiters.add(waiter)
      abort.addEventListener('abort', leave, { once: true })
      this.#connect()
    })
  }

  close(): void {
    this.#isClosed = true
    this.#cancelRetry?.()
    for (const connection of this.#all) connection.close()
    for (const waiter of this.#waiters) waiter.fail(new ShutdownError('the client is closed'))
  }

  /** Begins to connect, unless that is under way, or has failed just now. */
  #connect(): void {
    if (this.#isConnecting || this.#isClosed) return
    const waitMs = this.#retryAtMs - this.#of.settings.clock.monotonicMs()
    if (waitMs <= 0) {
      this.#isConnecting = true
      void this.#connectAll()
    } else if (this.#waiters.size > 0 && this.#cancelRetry === undefined) {
      this.#cancelRetry = this.#of.settings.clock.after(waitMs, () => {
        this.#cancelRetry = undefined
        this.#connect()
      })
    }
  }

  /** Never rejects. */
  async #connectAll(): Promise<void> {
    this.#isIncomplete = false
    let failure: unknown
    try {
      const addresses = await this.#resolve()
      for (const connection of this.#ready)
        if (!addresses.some((address) => isSame(address, connection.address))) connection.retire()
      failure = await this.#open(addresses)
    } catch (error) {
      failure = error
    }
    this.#isConnecting = false
    if (failure === undefined) this.#failures = 0
    else this.#failed(failure)
    if (this.#waiters.size > 0) this.#connect()
  }

  #failed(failure: unknown): void {
    const { clock } = this.#of.settings
    const { authority } = this.#of.target
    this.#isIncomplete = true
    this.#error = connectionError(failure, authority)
    const waitMs = Math.min(BACKOFF.firstMs * BACKOFF.multiplier ** this.#failures++, BACKOFF.mostMs)
    this.#retryAtMs = clock.monotonicMs() + waitMs * (1 + BACKOFF.jitter * (2 * Math.random() - 1))
    if (!this.#waitsForReady) for (const waiter of this.#waiters) waiter.fail(this.#error)
  }

  /** Where to connect to. With a proxy the proxy looks the name up. */
  async #resolve(): Promise<readonly GrpcAddress[]> {
    const { host, port, socketPath, scheme } = this.#of.target
    if (socketPath !== undefined) return [{ host, port, socketPath }]
    const proxy = proxyFor(
      new URL(`https://${isIP(host) === 6 ? `[${host}]` : host}:${port}`),
      '',
      this.#of.environment,
    )
    if (proxy !== undefined) return [{ host, port, proxy }]
    if (isIP(host) !== 0 || scheme === 'passthrough') return [{ host, port }]
    const found = await lookupAll(this.#of.lookup, host)
    const addresses = new Set(found.map(({ address }) => address))
    return [...addresses].slice(0, MAX_ADDRESSES).map((address) => ({ host: address, port }))
  }

  /** Resolves with a failure if there was one that leaves something to do. */
  async #open(addresses: readonly GrpcAddress[]): Promise<unknown> {
    const missing = addresses.filter((address) => !this.#ready.some((one) => isSame(address, one.address)))
    if (this.#of.config.balancer_name === 'round_robin') {
      const failures = await Promise.all(missing.map((address) => this.#openOne(address)))
      return failures.find((failure) => failure !== undefined)
    }
    let failure: unknown
    for (const address of this.#ready.length > 0 ? [] : missing) {
      failure = await this.#openOne(address)
      if (failure === undefined) return undefined
    }
    return failure
  }

  async #openOne(address: GrpcAddress): Promise<unknown> {
    const { serverName, tls, settings, lookup } = this.#of
    const connection = new GrpcConnection({
      address,
      tls: tls(),
      serverName,
      lookup,
      pings: this.#pings,
      clock: settings.clock,
      log: settings.log,
      onGone: () => {
        this.#isIncomplete = true
        this.#ready = this.#ready.filter((one) => one !== connection)
      },
      onClosed: () => this.#all.delete(connection),
      onTooManyPings: () => this.#pingLessOften(),
    })
    this.#all.add(connection)
    try {
      await connection.open()
    } catch (error) {
      return error
    }
    if (!connection.isReady) return undefined
    this.#ready = [...this.#ready, connection]
    for (const waiter of this.#waiters) waiter.take(this.pick()!)
    return undefined
  }

  /** As Go's gRPC does when it is asked to calm down. */
  #pingLessOften(): void {
    if (this.#pings === undefined) return
    this.#pings = { ...this.#pings, timeMs: this.#pings.timeMs * 2 }
    this.#of.settings.log.warn('server wants fewer pings, from now on half as many', { everyMs: this.#pings.timeMs })
  }
}

const isSame = (a: GrpcAddress, b: GrpcAddress): boolean =>
  a.host === b.host && a.port === b.port && a.socketPath === b.socketPath && a.proxy?.href === b.proxy?.href
