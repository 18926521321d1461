// Names to addresses past the system's resolver, which takes a thread for each: the hosts file, then the name servers, by
// c-ares, in the order that resolv.conf(5) has. No other source of nsswitch.conf is known here.
import type { LookupAddress } from 'node:dns'
import { Resolver } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'

/** Addresses of a name, IPv4 first; none when nobody knows it. Rejects when that cannot be said. */
export type AskNameServers = (name: string, family: 0 | 4 | 6) => Promise<readonly LookupAddress[]>

export interface NameSources {
  /** Texts of files; rejects when there is none. */
  read(path: string): Promise<string>
  /** Made anew for each name: the name servers may be others by now. */
  resolver(): Pick<Resolver, 'resolve4' | 'resolve6'>
}

const HOSTS = '/etc/hosts'
const RESOLV_CONF = '/etc/resolv.conf'
/** Of each name server, twice. */
const TIMEOUT_MS = 2000
const system: NameSources = {
  read: (path) => readFile(path, 'utf8'),
  resolver: () => new Resolver({ timeout: TIMEOUT_MS, tries: 2 }),
}

export const askNameServers =
  ({ read, resolver }: NameSources = system): AskNameServers =>
  async (name, family) => {
    const [hosts, resolvConf] = await Promise.all([HOSTS, RESOLV_CONF].map((path) => read(path).catch(() => '')))
    const local = addressesIn(hosts!, name, family)
    if (local.length > 0) return local
    const servers = resolver()
    for (const candidate of candidatesOf(name, resolvConf!)) {
      const found = await resolve(servers, candidate, family)
      if (found.length > 0) return found
    }
    return []
  }

/** hosts(5): an address, its name and further names. */
function addressesIn(hosts: string, name: string, family: 0 | 4 | 6): LookupAddress[] {
  const found: LookupAddress[] = []
  for (const line of hosts.split('\n')) {
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/)
    if (address === undefined || !names.some((one) => one.toLowerCase() === name.toLowerCase())) continue
    found.push({ address, family: address.includes(':') ? 6 : 4 })
  }
  return ordered(found.filter((one) => family === 0 || one.family === family))
}

/** resolv.conf(5): a name with fewer dots than `ndots` is below one of the search domains first. */
function candidatesOf(name: string, resolvConf: string): readonly string[] {
  if (name.endsWith('.')) return [name]
  let domains: readonly string[] = []
  let ndots = 1
  for (const line of resolvConf.split('\n')) {
    const [word, ...values] = line
      .replace(/[#;].*/, '')
      .trim()
      .split(/\s+/)
    if (word === 'search' || word === 'domain') domains = values
    else if (word === 'options') ndots = Number(/(?:^| )ndots:(\d+)/.exec(values.join(' '))?.[1] ?? ndots)
  }
  const below = domains.map((domain) => `${name}.${domain.replace(/\.$/, '')}`)
  return name.split('.').length - 1 >= ndots ? [name, ...below] : [...below, name]
}

async function resolve(servers: ReturnType<NameSources['resolver']>, name: string, family: 0 | 4 | 6) {
  const [v4, v6] = await Promise.all([
    family === 6 ? [] : servers.resolve4(name).catch(noneIfUnknown),
    family === 4 ? [] : servers.resolve6(name).catch(noneIfUnknown),
  ])
  return ordered([...v4.map((address) => ({ address, family: 4 })), ...v6.map((address) => ({ address, family: 6 }))])
}

const UNKNOWN = new Set(['ENOTFOUND', 'ENODATA'])

function noneIfUnknown(error: NodeJS.ErrnoException): string[] {
  if (UNKNOWN.has(error.code ?? '')) return []
  throw error
}

const ordered = (found: LookupAddress[]): LookupAddress[] => found.toSorted((a, b) => a.family - b.family)
