import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'

const FIRST = 12_000

/**
 * Ports of 127.0.0.1 for a process that has to be told where to listen. (What can listen on port 0 and say where it does
 * should.) They are free until somebody listens on them, so they come from below the range that the system gives to
 * connections and to port 0: no other test is given one of them by accident, whenever the process gets round to it.
 */
export async function freePorts(count: number): Promise<number[]> {
  const end = firstOfSystem()
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = FIRST + Math.floor(Math.random() * (end - FIRST))
    if (!ports.has(port) && (await isFree(port))) ports.add(port)
  }
  return [...ports]
}

export const freePort = async (): Promise<number> => (await freePorts(1))[0]!

function firstOfSystem(): number {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s/)[0])
  } catch {
    // Not Linux: IANA's ephemeral ports begin later.
    return 32_768
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening')
  } catch {
    return false
  }
  await once(server.close(), 'close')
  return true
}
