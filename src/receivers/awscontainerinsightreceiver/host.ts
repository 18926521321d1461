// How large the host is, and what its interfaces have moved.
import { firstText, tableOf } from './surroundings.ts'

export interface Capacity {
  readonly cores: number
  readonly memoryBytes: number
}

export async function readCapacity(host: string): Promise<Capacity> {
  const cores = [...(await firstText(`${host}/proc/cpuinfo`)).matchAll(/^processor\s*:/gm)].length
  const memoryBytes = tableOf(await firstText(`${host}/proc/meminfo`)).get('MemTotal')
  if (cores === 0) throw new Error('/proc/cpuinfo has no processors')
  if (memoryBytes === undefined) throw new Error('/proc/meminfo has no MemTotal')
  return { cores, memoryBytes }
}

/** In the order of `/proc/net/dev`; its other columns are not asked for. */
export const NETWORK_COUNTS = ['bytes', 'packets', 'errors', 'dropped'] as const

export interface InterfaceUse {
  readonly name: string
  /** `rx_bytes`, …, `tx_dropped`. */
  readonly counts: ReadonlyMap<string, number>
}

/** Ends of containers' links, and what never leaves the host. */
const NOT_THE_HOSTS = /^(lo|veth|docker)/i

/** Of the first process, which is on the host's network whatever this one is on. */
export async function readInterfaces(host: string): Promise<readonly InterfaceUse[]> {
  const text = await firstText(`${host}/proc/1/net/dev`, `${host}/proc/net/dev`)
  const interfaces: InterfaceUse[] = []
  for (const [, name, rest] of text.matchAll(/^ *([^\s|]+): *(.*)$/gm)) {
    const numbers = rest!.trim().split(/ +/).map(Number)
    if (NOT_THE_HOSTS.test(name!) || numbers.length !== 16 || numbers.some(Number.isNaN)) continue
    const counts = new Map<string, number>()
    NETWORK_COUNTS.forEach((count, at) => {
      counts.set(`rx_${count}`, numbers[at]!)
      counts.set(`tx_${count}`, numbers[at + 8]!)
    })
    interfaces.push({ name: name!, counts })
  }
  return interfaces
}
