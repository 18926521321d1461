// Packets that the kernel had no room for: where Linux counts them, by socket.
//
// A line of /proc/net/udp: number, local address, remote address, state, queues, timers, retransmits, user, timeout, inode,
// references, pointer, lost packets. Addresses are hexadecimal, in words of the machine's order.
import { readFile } from 'node:fs/promises'
import { endianness } from 'node:os'
import { bytesOfAddress } from './raw-socket.ts'

/** Of the socket that is bound there; undefined where there is no such count. */
export async function lostPackets(address: string, port: number): Promise<number | undefined> {
  const isV6 = address.includes(':')
  const text = await readFile(isV6 ? '/proc/net/udp6' : '/proc/net/udp', 'utf8').catch(() => '')
  const bound = `${hexOf(address)}:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const line = text.split('\n').find((one) => one.trim().split(/\s+/)[1] === bound)
  const count = Number(line?.trim().split(/\s+/).at(-1))
  return Number.isSafeInteger(count) ? count : undefined
}

function hexOf(address: string): string {
  const bytes = Buffer.from(bytesOfAddress(address) ?? [])
  return (endianness() === 'LE' ? bytes.swap32() : bytes).toString('hex').toUpperCase()
}
