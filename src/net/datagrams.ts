// Packets: UDP, and unix sockets of that kind.
//
// Node reads one packet a system call and makes three objects of it: 3 µs. Where the kernel can be asked for many at a
// time (`many-datagrams.ts`) a packet costs 0.6 µs; everywhere else they are read Node's way.
import { createSocket, type Socket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { chmod, lstat, unlink } from 'node:fs/promises'
import { parseEndpoint } from '../config/endpoint.ts'
import { type Kernel, kernel } from './kernel.ts'
import { explainListening } from './listen.ts'
import { lostPackets } from './lost-datagrams.ts'
import { ManyDatagrams } from './many-datagrams.ts'
import { Origins } from './origins.ts'
import { openUdpSocket, openUnixSocket, portOf, type UdpPlace } from './raw-socket.ts'

export type DatagramTransport = 'udp' | 'udp4' | 'udp6' | 'unixgram'

export interface DatagramSettings {
  /** host:port, or a path. */
  readonly endpoint: string
  readonly transport: DatagramTransport
  /** What the kernel is asked to keep while nobody reads. */
  readonly bufferBytes: number
  /** Of a unix socket. */
  readonly permissions?: number
  /** Node's way, whatever else there is. */
  readonly isPlain?: boolean
}

/** Where a packet came from: for the same sender the same object, most of the time. */
export interface Origin {
  /** Empty for a unix socket. */
  readonly address: string
  readonly port: number
}

export interface DatagramTaker {
  /** The bytes are valid during the call. */
  onDatagram(bytes: Buffer, start: number, end: number, origin: Origin): void
  /** One was longer than UDP can carry; what there is of it follows. */
  onTruncated(): void
  onError(error: Error): void
}

export interface DatagramListener {
  /** `udp://127.0.0.1:8125`, `unixgram:///run/statsd.sock` */
  readonly endpoint: string
  /** Packets that the kernel had no room for since the start; undefined where nobody counts them. */
  lostPackets(): Promise<number | undefined>
  stop(): Promise<void>
}

/** An error says what is in the way. */
export async function listenForDatagrams(settings: DatagramSettings, taker: DatagramTaker): Promise<DatagramListener> {
  const calls = settings.isPlain ? undefined : kernel()
  if (settings.transport === 'unixgram') return listenOnUnixSocket(settings, calls, taker)
  const place = await placeOf(settings.endpoint, settings.transport)
  const fd = calls && openUdpSocket(calls, place, settings.bufferBytes)
  if (calls === undefined || fd === undefined) return listenPlainly(settings, place, taker)
  const datagrams = new ManyDatagrams(calls, fd, false, new Origins(place.isV6), taker)
  datagrams.start()
  return listenerOf(place.address, portOf(calls, fd), () => datagrams.stop())
}

async function listenPlainly(
  settings: DatagramSettings,
  place: UdpPlace,
  taker: DatagramTaker,
): Promise<DatagramListener> {
  const socket = createSocket({
    type: place.isV6 ? 'udp6' : 'udp4',
    ipv6Only: place.isV6Only,
    recvBufferSize: settings.bufferBytes,
  })
  try {
    socket.bind(place.port, place.address)
    await once(socket, 'listening')
  } catch (error) {
    await closed(socket)
    throw new Error(explainListening(settings.endpoint, error), { cause: error })
  }
  const origins = new Origins(place.isV6)
  socket.on('error', (error) => taker.onError(error))
  socket.on('message', (bytes, { address, port }) =>
    taker.onDatagram(bytes, 0, bytes.length, origins.of(address, port)),
  )
  return listenerOf(place.address, socket.address().port, () => closed(socket))
}

function listenerOf(address: string, port: number, stop: () => Promise<void>): DatagramListener {
  const host = address.includes(':') ? `[${address}]` : address
  return { endpoint: `udp://${host}:${port}`, lostPackets: () => lostPackets(address, port), stop }
}

async function listenOnUnixSocket(
  { endpoint, bufferBytes, permissions = 0o660 }: DatagramSettings,
  calls: Kernel | undefined,
  taker: DatagramTaker,
): Promise<DatagramListener> {
  if (calls === undefined)
    throw new Error(
      'transport unixgram needs Linux and a Node with node:ffi (26 has it): use udp, or unix for a stream',
    )
  // What a killed process left behind is in the way of the next one.
  const stats = await lstat(endpoint).catch(() => undefined)
  if (stats?.isSocket()) await unlink(endpoint)
  const fd = openUnixSocket(calls, endpoint, bufferBytes)
  if (fd === undefined)
    throw new Error(
      `${endpoint}: no socket can be made there; its folder must exist and be writable, and nothing else have the name`,
    )
  await chmod(endpoint, permissions)
  const datagrams = new ManyDatagrams(calls, fd, true, new Origins(false), taker)
  datagrams.start()
  return {
    endpoint: `unixgram://${endpoint}`,
    // A sender waits, or is told.
    lostPackets: async () => 0,
    stop: async () => {
      await unlink(endpoint).catch(() => {})
      await datagrams.stop()
    },
  }
}

/** As in Go: one address of a name, IPv4 before IPv6; no host is every interface of either kind. */
async function placeOf(endpoint: string, transport: DatagramTransport): Promise<UdpPlace> {
  const { host = '', port = 0 } = parseEndpoint(endpoint)
  const isV6Only = transport === 'udp6'
  if (host === '' || host === '::') {
    const isV6 = transport !== 'udp4'
    return { address: isV6 ? '::' : '0.0.0.0', port, isV6, isV6Only }
  }
  const family = transport === 'udp4' ? 4 : transport === 'udp6' ? 6 : 0
  const all = await lookup(host, { all: true, family }).catch(() => [])
  const found = all.filter((one) => family === 0 || one.family === family)
  const chosen = found.find((one) => one.family === 4) ?? found[0]
  if (chosen === undefined) throw new Error(`${host} has no ${transport} address`)
  return { address: chosen.address, port, isV6: chosen.family === 6, isV6Only }
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
