// Lines over TCP and unix stream sockets.

import { chmod } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import type { Settings } from '../../contract/index.ts'
import type { Origin } from '../../net/datagrams.ts'
import { listen, logAcceptErrors } from '../../net/listen.ts'
import type { StatsdConfig } from './config.ts'

/** As long as a packet can be. What is longer is skipped up to its end, and counted. */
const MAX_LINE_BYTES = 65_535
const MAX_CONNECTIONS = 1024
const LINE_FEED = 0x0a

export type StreamTransport = 'tcp' | 'tcp4' | 'tcp6' | 'unix'

export interface StreamListener {
  /** `tcp://127.0.0.1:8125`, `unix:///run/statsd.sock` */
  readonly endpoint: string
  stop(): Promise<void>
}

export interface StreamTaker {
  /** Whole lines, valid during the call. */
  onLines(bytes: Buffer, start: number, end: number, origin: Origin): void
  onTooLong(): void
  onTooMany(): void
}

/** An error says what is in the way. */
export async function listenForLines(
  { endpoint, socket_permissions }: StatsdConfig,
  transport: StreamTransport,
  settings: Settings,
  taker: StreamTaker,
): Promise<StreamListener> {
  const connections = new Set<Socket>()
  const server = createServer((socket) => {
    connections.add(socket)
    // Reset by the other side, mostly: what has come of it counts.
    socket.on('error', () => {})
    socket.on('close', () => connections.delete(socket))
    const lines = new Lines(originOf(socket), taker)
    socket.on('data', (bytes: Buffer) => lines.add(bytes))
    socket.on('end', () => lines.end())
  })
  server.maxConnections = MAX_CONNECTIONS
  server.on('drop', () => taker.onTooMany())
  const bound = await listen(server, { endpoint, transport })
  if (transport === 'unix') await chmod(endpoint, socket_permissions)
  logAcceptErrors(server, settings)
  return {
    endpoint: transport === 'unix' ? `unix://${endpoint}` : `tcp://${bound}`,
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of connections) socket.destroy()
      await closed
    },
  }
}

const originOf = ({ remoteAddress = '', remotePort = 0 }: Socket): Origin => ({
  address: remoteAddress.replace(/^::ffff:(?=\d+\.)/, ''),
  port: remotePort,
})

/** The lines of one connection, however they are cut on the way. */
class Lines {
  readonly #origin: Origin
  readonly #taker: StreamTaker
  /** The beginning of a line whose end has not come. */
  #rest = Buffer.alloc(0)
  #restSize = 0
  #isSkipping = false

  constructor(origin: Origin, taker: StreamTaker) {
    this.#origin = origin
    this.#taker = taker
  }

  add(bytes: Buffer): void {
    const firstEnd = bytes.indexOf(LINE_FEED)
    if (firstEnd < 0) return this.#keep(bytes, 0, bytes.length)
    let start = 0
    if (this.#restSize > 0 || this.#isSkipping) {
      this.#keep(bytes, 0, firstEnd)
      this.#takeRest()
      this.#isSkipping = false
      start = firstEnd + 1
    }
    const lastEnd = bytes.lastIndexOf(LINE_FEED)
    if (lastEnd > start) this.#taker.onLines(bytes, start, lastEnd, this.#origin)
    this.#keep(bytes, lastEnd + 1, bytes.length)
  }

  /** The last line needs no line break. */
  end(): void {
    this.#takeRest()
  }

  #takeRest(): void {
    const size = this.#restSize
    this.#restSize = 0
    if (size > 0) this.#taker.onLines(this.#rest, 0, size, this.#origin)
  }

  #keep(bytes: Buffer, start: number, end: number): void {
    if (this.#isSkipping || start === end) return
    const needed = this.#restSize + end - start
    if (needed > MAX_LINE_BYTES) {
      this.#isSkipping = true
      this.#restSize = 0
      this.#rest = Buffer.alloc(0)
      this.#taker.onTooLong()
      return
    }
    if (needed > this.#rest.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#rest.length))
      this.#rest.copy(larger, 0, 0, this.#restSize)
      this.#rest = larger
    }
    this.#restSize += bytes.copy(this.#rest, this.#restSize, start, end)
  }
}
