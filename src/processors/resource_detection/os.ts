// What an operating system says of itself, on Linux, macOS and Windows.
import type { Machine } from './machine.ts'

/** https://www.freedesktop.org/software/systemd/man/latest/os-release.html; empty where there is none. */
export async function osRelease({ platform, readText }: Machine): Promise<ReadonlyMap<string, string>> {
  const values = new Map<string, string>()
  if (platform !== 'linux') return values
  const text = await readText('/etc/os-release').catch(() => readText('/usr/lib/os-release').catch(() => ''))
  for (const line of text.split('\n')) {
    const match = /^([A-Z0-9_]+)=(["']?)(.*)\2\s*$/.exec(line)
    if (match !== null) values.set(match[1]!, match[3]!.replaceAll(/\\(["'$`\\])/g, '$1'))
  }
  return values
}

/** Debian has its minor version in a file of its own. */
export async function versionOf(
  machine: Machine,
  release: ReadonlyMap<string, string>,
  abort: AbortSignal,
): Promise<string> {
  if (machine.platform === 'darwin') return (await machine.run('sw_vers', ['-productVersion'], abort)).trim()
  if (release.get('ID') === 'debian') {
    const version = await machine.readText('/etc/debian_version').catch(() => '')
    if (version.trim() !== '') return version.trim()
  }
  return release.get('VERSION_ID') ?? machine.system().release
}

export async function buildIdOf(machine: Machine, abort: AbortSignal): Promise<string> {
  if (machine.platform === 'darwin') return (await machine.run('sw_vers', ['-buildVersion'], abort)).trim()
  return machine.system().release
}

/** `Ubuntu 24.04 LTS (Linux host 6.8.0 #1 SMP x86_64)` */
export function descriptionOf(machine: Machine, release: ReadonlyMap<string, string>): string {
  const { name, release: kernel, version, hardware } = machine.system()
  const uname = `${name} ${machine.hostname()} ${kernel} ${version} ${hardware}`
  const pretty = release.get('PRETTY_NAME') ?? [release.get('NAME'), release.get('VERSION')].filter(Boolean).join(' ')
  return pretty === '' ? uname : `${pretty} (${uname})`
}

/** Stays the same from one start of the machine to the next. Rejects when there is none. */
export async function hostIdOf(machine: Machine, abort: AbortSignal): Promise<string> {
  const id = await readHostId(machine, abort)
  if (id === '') throw new Error('it is empty')
  return id
}

async function readHostId({ platform, readText, run }: Machine, abort: AbortSignal): Promise<string> {
  switch (platform) {
    case 'darwin': {
      const output = await run('ioreg', ['-rd1', '-c', 'IOPlatformExpertDevice'], abort)
      return /"IOPlatformUUID" = "([^"]+)"/.exec(output)?.[1] ?? ''
    }
    case 'win32': {
      const key = 'HKLM\\SOFTWARE\\Microsoft\\Cryptography'
      const output = await run('reg', ['query', key, '/v', 'MachineGuid'], abort)
      return /MachineGuid\s+REG_SZ\s+(\S+)/.exec(output)?.[1] ?? ''
    }
    default: {
      const id = await readText('/etc/machine-id').catch(() => readText('/var/lib/dbus/machine-id'))
      return id.trim()
    }
  }
}
