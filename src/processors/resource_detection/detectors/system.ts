// `system`: the host that we run on.
import { messageOf } from '../../../contract/index.ts'
import type { ResourceDetectionConfig } from '../config.ts'
import { firstCpu } from '../cpu.ts'
import { type Around, collecting, type Detect, type Found } from '../detector.ts'
import { hostnameFrom } from '../hostname.ts'
import type { Machine } from '../machine.ts'
import { buildIdOf, descriptionOf, hostIdOf, osRelease, versionOf } from '../os.ts'

type Name = keyof ResourceDetectionConfig['system']['resource_attributes']

/** Node's names where OpenTelemetry has others. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: 'x86', arm: 'arm32' }

export function createSystemDetector({ system }: ResourceDetectionConfig, { machine, log }: Around): Detect {
  const attributes = collecting(system.resource_attributes)
  const sources = system.hostname_sources.length > 0 ? system.hostname_sources : (['dns', 'os'] as const)
  return async (abort) => {
    const found = attributes.begin()
    found.set('host.name', await hostnameFrom(sources, machine, log))
    found.set('os.type', osTypeOf(machine.platform))
    found.set('host.arch', ARCHITECTURES[machine.arch] ?? machine.arch)
    addAddresses(found, machine)
    if (found.wants('host.interface')) found.set('host.interface', [...(await machine.interfaces())])
    if (found.wants('os.version', 'os.name', 'os.build.id', 'os.description')) {
      const release = await osRelease(machine)
      found.set('os.version', await versionOf(machine, release, abort))
      found.set('os.name', release.get('ID') ?? machine.platform)
      found.set('os.build.id', release.get('BUILD_ID') ?? (await buildIdOf(machine, abort)))
      found.set('os.description', descriptionOf(machine, release))
    }
    if (found.wants('host.id'))
      await hostIdOf(machine, abort).then(
        (id) => found.set('host.id', id),
        (error: unknown) => log.warn('the id of the host is not known', { error: messageOf(error) }),
      )
    await addCpu(found, machine)
    return found.done()
  }
}

function osTypeOf(platform: NodeJS.Platform): string {
  return platform === 'win32' ? 'windows' : platform === 'sunos' ? 'solaris' : platform
}

/** Not those that only this machine knows. */
function addAddresses(found: Found<Name>, machine: Machine): void {
  if (!found.wants('host.ip', 'host.mac')) return
  const outer = Object.values(machine.addresses())
    .map((list) => list.filter(({ internal }) => !internal))
    .filter((list) => list.length > 0)
  found.set(
    'host.ip',
    outer.flat().map(({ address }) => address),
  )
  found.set(
    'host.mac',
    outer.map(([first]) => first!.mac.toUpperCase().replaceAll(':', '-')),
  )
}

async function addCpu(found: Found<Name>, machine: Machine): Promise<void> {
  const names = [
    'host.cpu.vendor.id',
    'host.cpu.family',
    'host.cpu.model.id',
    'host.cpu.model.name',
    'host.cpu.stepping',
    'host.cpu.cache.l2.size',
  ] as const
  if (!found.wants(...names)) return
  const cpu = await firstCpu(machine)
  if (cpu === undefined) return
  found.set('host.cpu.vendor.id', cpu.vendorId)
  found.set('host.cpu.family', cpu.family)
  if (cpu.modelId !== '') found.set('host.cpu.model.id', cpu.modelId)
  found.set('host.cpu.model.name', cpu.modelName)
  found.set('host.cpu.stepping', cpu.stepping)
  found.set('host.cpu.cache.l2.size', cpu.cacheSize)
}
