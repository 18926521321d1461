// Sockets for packets, made by system calls: a file descriptor each. -1 or undefined means "not like that"; why not, Node's own
// sockets say better.
import type { Kernel } from './kernel.ts'

const AF_UNIX = 1
const AF_INET = 2
const AF_INET6 = 10
const SOCK_DGRAM = 2
const SOCK_NONBLOCK = 0o4000
export const CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SO_RCVBUF = 8
const SO_RCVBUFFORCE = 33
const IPPROTO_IPV6 = 41
const IPV6_V6ONLY = 26

export interface UdpPlace {
  /** As text; without a scope. */
  readonly address: string
  readonly port: number
  readonly isV6: boolean
  /** Of IPv6: IPv4 does not come here as well. */
  readonly isV6Only: boolean
}

/** Bound there; undefined when that cannot be. */
export function openUdpSocket(calls: Kernel, place: UdpPlace, bufferBytes: number): number | undefined {
  const name = encodeAddress(place)
  if (name === undefined) return undefined
  const fd = open(calls, place.isV6 ? AF_INET6 : AF_INET)
  if (fd < 0) return undefined
  if (place.isV6) setOption(calls, fd, IPPROTO_IPV6, IPV6_V6ONLY, place.isV6Only ? 1 : 0)
  return bound(calls, fd, name, bufferBytes)
}

/** A unix socket bound to that path; undefined when that cannot be. */
export function openUnixSocket(calls: Kernel, path: string, bufferBytes: number): number | undefined {
  const fd = open(calls, AF_UNIX)
  if (fd < 0) return undefined
  const name = Buffer.from(`\0\0${path}\0`)
  name.writeUInt16LE(AF_UNIX)
  return bound(calls, fd, name, bufferBytes)
}

/** One of UDP that is bound to nothing. */
export const openAnySocket = (calls: Kernel): number => open(calls, AF_INET)

const open = (calls: Kernel, family: number): number => calls.socket(family, SOCK_DGRAM | SOCK_NONBLOCK | CLOEXEC, 0)

function bound(calls: Kernel, fd: number, name: Buffer, bufferBytes: number): number | undefined {
  // Beyond the system's limit when the process may do that, otherwise up to it.
  if (setOption(calls, fd, SOL_SOCKET, SO_RCVBUFFORCE, bufferBytes) < 0)
    setOption(calls, fd, SOL_SOCKET, SO_RCVBUF, bufferBytes)
  if (calls.bind(fd, calls.addressOf(name), name.length) === 0) return fd
  calls.close(fd)
  return undefined
}

function setOption(calls: Kernel, fd: number, level: number, option: number, value: number): number {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return calls.setsockopt(fd, level, option, calls.addressOf(bytes), bytes.length)
}

/** What the kernel keeps for it, its own overhead included. */
export function receiveBufferOf(calls: Kernel, fd: number): number {
  const value = Buffer.alloc(4)
  const size = Buffer.from([4, 0, 0, 0])
  const isKnown = calls.getsockopt(fd, SOL_SOCKET, SO_RCVBUF, calls.addressOf(value), calls.addressOf(size)) === 0
  return isKnown ? value.readInt32LE() : 0
}

/** The port that it is bound to. */
export function portOf(calls: Kernel, fd: number): number {
  const name = Buffer.alloc(NAME_BYTES)
  const size = Buffer.from([NAME_BYTES, 0, 0, 0])
  return calls.getsockname(fd, calls.addressOf(name), calls.addressOf(size)) === 0 ? name.readUInt16BE(2) : 0
}

/**
 * sockaddr_in  = family (2), port (2, big-endian), address (4), zeros (8)
 * sockaddr_in6 = family (2), port (2, big-endian), flow (4), address (16), scope (4)
 */
export const NAME_BYTES = 28

function encodeAddress({ address, port, isV6 }: UdpPlace): Buffer | undefined {
  const bytes = bytesOfAddress(address)
  if (bytes === undefined) return undefined
  const name = Buffer.alloc(isV6 ? NAME_BYTES : 16)
  name.writeUInt16LE(isV6 ? AF_INET6 : AF_INET)
  name.writeUInt16BE(port, 2)
  name.set(bytes, isV6 ? 8 : 4)
  return name
}

/** Of an address as text: four or sixteen. Undefined when it has a scope. */
export const bytesOfAddress = (address: string): readonly number[] | undefined =>
  address.includes(':') ? bytesOfV6(address) : address.split('.').map(Number)

function bytesOfV6(address: string): number[] | undefined {
  const url = `http://[${address}]`
  if (!URL.canParse(url)) return undefined
  // In one spelling: `::ffff:127.0.0.1` is `::ffff:7f00:1`.
  const [head = '', tail] = new URL(url).hostname.slice(1, -1).split('::')
  const groupsOf = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
  const before = groupsOf(head)
  const after = groupsOf(tail ?? '')
  const groups = [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after]
  return groups.flatMap((group) => [group >> 8, group & 255])
}

/** The address in the name that stands there, as text. */
export function readAddress(names: Buffer, at: number): string {
  if (names.readUInt16LE(at) === AF_INET) return [...names.subarray(at + 4, at + 8)].join('.')
  const groups = Array.from({ length: 8 }, (_, i) => names.readUInt16BE(at + 8 + 2 * i))
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff)
    return [...names.subarray(at + 20, at + 24)].join('.')
  return new URL(`http://[${groups.map((group) => group.toString(16)).join(':')}]`).hostname.slice(1, -1)
}
