// Lines over TCP and unix stream sockets.

import { chmod } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import type { Settings } from '../../contract/index.ts'
import { limitConnections } from '../../net/connection-limit.ts'
import type { Sparable } from '../../net/connection-room.ts'
import type { Origin } from '../../net/datagrams.ts'
import { Lines } from '../../net/lines.ts'
import { listen, logAcceptErrors } from '../../net/listen.ts'
import { QuietConnections } from '../../net/quiet-connections.ts'
import type { StatsdConfig } from './config.ts'

/** As long as a packet can be. What is longer is skipped up to its end, and counted. */
const MAX_LINE_BYTES = 65_535

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
  const quiet = new QuietConnections(settings.clock)
  const server = createServer((socket) => {
    connections.add(socket)
    const origin = originOf(socket)
    const lines = new Lines(MAX_LINE_BYTES, {
      onLines: (bytes, start, end) => taker.onLines(bytes, start, end, origin),
      onTooLong: () => taker.onTooLong(),
    })
    const connection: Sparable = {
      get rest() {
        return lines.isInside ? 'beginning' : 'idle'
      },
      giveWay() {
        taker.onTooMany()
        socket.destroy()
      },
    }
    socket.on('data', (bytes: Buffer) => {
      quiet.said(connection)
      lines.add(bytes)
    })
    socket.on('end', () => lines.end())
    // Reset by the other side, mostly: what has come of it counts.
    socket.on('error', () => {})
    socket.on('close', () => {
      connections.delete(socket)
      quiet.delete(connection)
    })
  })
  limitConnections(server, { sparable: () => quiet.sparable(), onRefused: () => taker.onTooMany() })
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
