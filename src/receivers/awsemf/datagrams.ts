// Packets over UDP.
import { createSocket, type Socket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { parseEndpoint } from '../../config/endpoint.ts'
import { explainListening } from '../../net/listen.ts'

const UNSPECIFIED = ['', '0.0.0.0', '::']

export interface DatagramSettings {
  readonly endpoint: string
  readonly transport: 'udp' | 'udp4' | 'udp6'
  /** What the kernel is asked to keep while nobody reads. */
  readonly bufferBytes: number
}

export interface DatagramTaker {
  onDatagram(bytes: Buffer, start: number, end: number, origin: { readonly address: string }): void
  onError(error: Error): void
}

export interface DatagramListener {
  /** `udp://127.0.0.1:2000` */
  readonly endpoint: string
  stop(): Promise<void>
}

/** An error says what is in the way. */
export async function listenForDatagrams(
  { endpoint, transport, bufferBytes }: DatagramSettings,
  taker: DatagramTaker,
): Promise<DatagramListener> {
  const { address, port, isV6 } = await placeOf(endpoint, transport)
  const socket = createSocket({
    type: isV6 ? 'udp6' : 'udp4',
    ipv6Only: transport === 'udp6',
    recvBufferSize: bufferBytes,
  })
  try {
    socket.bind(port, address)
    await once(socket, 'listening')
  } catch (error) {
    await closed(socket)
    throw new Error(explainListening(endpoint, error), { cause: error })
  }
  socket.on('error', (error) => taker.onError(error))
  socket.on('message', (bytes, origin) => taker.onDatagram(bytes, 0, bytes.length, origin))
  const bound = socket.address()
  const host = isV6 ? `[${bound.address}]` : bound.address
  return { endpoint: `udp://${host}:${bound.port}`, stop: () => closed(socket) }
}

interface Place {
  readonly address: string
  readonly port: number
  readonly isV6: boolean
}

/** As in Go: one address of a name, IPv4 before IPv6; no host is every interface of either kind. */
async function placeOf(endpoint: string, transport: DatagramSettings['transport']): Promise<Place> {
  const { host = '', port = 0 } = parseEndpoint(endpoint)
  if (host === '' || host === '::') {
    const isV6 = transport !== 'udp4'
    return { address: isV6 ? '::' : '0.0.0.0', port, isV6 }
  }
  if (UNSPECIFIED.includes(host)) return { address: host, port, isV6: false }
  const family = transport === 'udp4' ? 4 : transport === 'udp6' ? 6 : 0
  const found = await lookup(host, { all: true, family }).catch((error: unknown) => {
    throw new Error(`${host} has no ${transport} address`, { cause: error })
  })
  const chosen = found.find((one) => one.family === 4) ?? found[0]!
  return { address: chosen.address, port, isV6: chosen.family === 6 }
}

async function closed(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => {
    try {
      socket.close(() => resolve())
    } catch {
      resolve() // it is closed already
    }
  })
}
