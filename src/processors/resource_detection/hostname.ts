// What the host is called: the first source that knows.
import { type Logger, messageOf } from '../../contract/index.ts'
import type { Machine } from './machine.ts'

export type HostnameSource = 'dns' | 'os' | 'cname' | 'lookup'

/** Rejects when none of them knows. */
export async function hostnameFrom(sources: readonly HostnameSource[], machine: Machine, log: Logger): Promise<string> {
  for (const source of sources) {
    try {
      const name = await ask[source](machine)
      if (name !== '') return name
    } catch (error) {
      log.debug('a source does not know the host name', { source, error: messageOf(error) })
    }
  }
  throw new Error(`no source knows the host name: ${sources.join(', ')}`)
}

const ask: Readonly<Record<HostnameSource, (machine: Machine) => Promise<string>>> = {
  os: async (machine) => machine.hostname(),
  cname: (machine) => canonicalName(machine),
  lookup: (machine) => reverseName(machine),
  /** The file of hosts first, as every resolver does; then the name service, forwards and backwards. */
  async dns(machine) {
    const inFile = await nameInHosts(machine)
    if (inFile !== undefined) return inFile
    return canonicalName(machine).catch(() => reverseName(machine))
  },
}

/** https://man7.org/linux/man-pages/man5/hosts.5.html: address, canonical name, aliases; "#" begins a comment. */
async function nameInHosts(machine: Machine): Promise<string | undefined> {
  const path = machine.platform === 'win32' ? 'C:\\Windows\\System32\\drivers\\etc\\hosts' : '/etc/hosts'
  const text = await machine.readText(path).catch(() => '')
  const host = machine.hostname()
  for (const line of text.split('\n')) {
    const [, canonical, ...aliases] = line.replace(/#.*/, '').trim().split(/\s+/)
    if (canonical !== undefined && (canonical === host || aliases.includes(host))) return canonical
  }
  return undefined
}

/** Follows aliases; a name that is none stands for itself, if it has addresses. */
async function canonicalName(machine: Machine): Promise<string> {
  let name = machine.hostname()
  for (let hops = 0; hops < 8; hops++) {
    const [next] = await machine.names.aliasOf(name).catch(() => [])
    if (next === undefined) break
    name = next
  }
  await machine.names.addresses(name)
  return withoutDot(name)
}

async function reverseName(machine: Machine): Promise<string> {
  let failure: unknown
  for (const address of await machine.names.addresses(machine.hostname())) {
    try {
      const [name] = await machine.names.hosts(address)
      if (name !== undefined) return withoutDot(name)
    } catch (error) {
      failure = error
    }
  }
  throw failure ?? new Error('no address of the host has a name')
}

const withoutDot = (name: string): string => name.replace(/\.$/, '')
