// What detectors look at on the machine that they run on; a test gives another one.
import { readdir, readFile } from 'node:fs/promises'
import { arch, hostname, machine, type NetworkInterfaceInfo, networkInterfaces, release, type, version } from 'node:os'
import type { Environment } from '../../net/proxy.ts'

export interface Machine {
  readonly environment: Environment
  readonly platform: NodeJS.Platform
  /** As Node says it: `x64`. */
  readonly arch: string
  hostname(): string
  /** Of the operating system: its name (`Linux`), its release, what it was built from, the hardware (`x86_64`). */
  system(): { readonly name: string; readonly release: string; readonly version: string; readonly hardware: string }
  /** By interface: the addresses of those that are up. */
  addresses(): Readonly<Record<string, readonly NetworkInterfaceInfo[]>>
  /** All interfaces, up or not. */
  interfaces(): Promise<readonly string[]>
  /** Rejects when there is no such file. */
  readText(path: string): Promise<string>
  /** What a command writes; rejects when it fails. */
  run(command: string, args: readonly string[], abort: AbortSignal): Promise<string>
  readonly names: Names
}

/** The name service; all of it rejects for what is not known. */
export interface Names {
  addresses(host: string): Promise<readonly string[]>
  /** What the host is an alias of; empty when it is none. */
  aliasOf(host: string): Promise<readonly string[]>
  hosts(address: string): Promise<readonly string[]>
}

export const thisMachine: Machine = {
  environment: process.env,
  platform: process.platform,
  arch: arch(),
  hostname,
  system: () => ({ name: type(), release: release(), version: version(), hardware: machine() }),
  addresses() {
    const known: Record<string, readonly NetworkInterfaceInfo[]> = {}
    for (const [name, list] of Object.entries(networkInterfaces())) known[name] = list ?? []
    return known
  },
  async interfaces() {
    if (process.platform === 'linux') return readdir('/sys/class/net')
    return Object.keys(networkInterfaces())
  },
  readText: (path) => readFile(path, 'utf8'),
  async run(command, args, signal) {
    const { execFile } = await import('node:child_process')
    return new Promise((resolve, reject) => {
      execFile(command, [...args], { signal, encoding: 'utf8' }, (error, output) => {
        if (error === null) resolve(output)
        else reject(error)
      })
    })
  },
  names: {
    async addresses(host) {
      const { lookup } = await import('node:dns/promises')
      const found = await lookup(host, { all: true })
      return found.map(({ address }) => address)
    },
    async aliasOf(host) {
      const { resolveCname } = await import('node:dns/promises')
      return resolveCname(host)
    },
    async hosts(address) {
      const { reverse } = await import('node:dns/promises')
      return reverse(address)
    },
  },
}
