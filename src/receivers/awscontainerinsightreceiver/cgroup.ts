// What the host's own cgroup says: the sum of all that runs. Both versions of cgroups; of the second the root says less, and
// /proc says the rest. https://docs.kernel.org/admin-guide/cgroup-v2.html
import { exists, firstText, tableOf, textOf, wholeOf } from './surroundings.ts'

export interface Cgroups {
  readonly version: 1 | 2
  readonly directory: string
  /** In a container that does not see the host's, the root is its own and says nothing about the host. */
  readonly isHost: boolean
}

/** `roots`: the host's, then this process's own. Rejects when there is none. */
export async function findCgroups(roots: readonly string[]): Promise<Cgroups> {
  for (const root of roots)
    for (const directory of [`${root}/sys/fs/cgroup`, `${root}/cgroup`]) {
      if (await exists(`${directory}/cgroup.controllers`))
        return { version: 2, directory, isHost: !(await exists(`${directory}/cgroup.type`)) }
      if (await exists(`${directory}/memory`)) return { version: 1, directory, isHost: true }
    }
  throw new Error('neither /sys/fs/cgroup nor /cgroup has cgroups')
}

export interface CpuTimes {
  readonly totalNanos: number
  readonly userNanos: number | undefined
  readonly systemNanos: number | undefined
}
/** Every kernel that Linux runs on says its ticks to programs in hundredths of a second. */
const NANOS_PER_TICK = 1e7

export async function readCpu(cgroups: Cgroups | undefined, host: string): Promise<CpuTimes> {
  if (cgroups?.version === 1) {
    const directory = `${cgroups.directory}/cpuacct`
    const totalNanos = wholeOf(await textOf(`${directory}/cpuacct.usage`))
    const stat = tableOf(await textOf(`${directory}/cpuacct.stat`))
    if (totalNanos !== undefined)
      return {
        totalNanos,
        userNanos: times(stat.get('user'), NANOS_PER_TICK),
        systemNanos: times(stat.get('system'), NANOS_PER_TICK),
      }
  }
  if (cgroups?.version === 2 && cgroups.isHost) {
    const stat = tableOf(await textOf(`${cgroups.directory}/cpu.stat`))
    const micros = stat.get('usage_usec')
    if (micros !== undefined)
      return {
        totalNanos: micros * 1000,
        userNanos: times(stat.get('user_usec'), 1000),
        systemNanos: times(stat.get('system_usec'), 1000),
      }
  }
  return cpuOfProc(await firstText(`${host}/proc/stat`))
}

function cpuOfProc(text: string): CpuTimes {
  const ticks = /^cpu +(.*)$/m.exec(text)?.[1]?.split(' ').map(Number)
  if (ticks === undefined || ticks.length < 8 || ticks.some(Number.isNaN))
    throw new Error('/proc/stat has no line of all CPUs')
  const [user, nice, system, , , irq, softirq] = ticks as [number, number, number, number, number, number, number]
  return {
    totalNanos: (user + nice + system + irq + softirq) * NANOS_PER_TICK,
    userNanos: (user + nice) * NANOS_PER_TICK,
    systemNanos: (system + irq + softirq) * NANOS_PER_TICK,
  }
}

/** In bytes; counts for those that are called so. */
export interface MemoryUse {
  readonly usage: number
  readonly workingSet: number
  readonly cache: number | undefined
  readonly rss: number | undefined
  readonly swap: number | undefined
  readonly mappedFile: number | undefined
  readonly maxUsage: number | undefined
  readonly failureCount: number | undefined
  readonly pageFaults: number | undefined
  readonly majorPageFaults: number | undefined
  readonly allPageFaults: number | undefined
  readonly allMajorPageFaults: number | undefined
}

export async function readMemory(cgroups: Cgroups | undefined, host: string): Promise<MemoryUse> {
  if (cgroups?.version === 1) {
    const read = async (name: string): Promise<number | undefined> =>
      wholeOf(await textOf(`${cgroups.directory}/memory/memory.${name}`))
    const usage = await read('usage_in_bytes')
    const stat = tableOf(await textOf(`${cgroups.directory}/memory/memory.stat`))
    const all = (name: string): number | undefined => stat.get(`total_${name}`) ?? stat.get(name)
    if (usage !== undefined)
      return {
        usage,
        workingSet: Math.max(0, usage - (all('inactive_file') ?? 0)),
        cache: all('cache'),
        rss: all('rss'),
        swap: all('swap'),
        mappedFile: all('mapped_file'),
        maxUsage: await read('max_usage_in_bytes'),
        failureCount: await read('failcnt'),
        pageFaults: stat.get('pgfault'),
        majorPageFaults: stat.get('pgmajfault'),
        allPageFaults: all('pgfault'),
        allMajorPageFaults: all('pgmajfault'),
      }
  }
  const stat = cgroups?.isHost ? tableOf(await textOf(`${cgroups.directory}/memory.stat`)) : new Map<string, number>()
  return memoryOfProc(tableOf(await firstText(`${host}/proc/meminfo`)), stat)
}

/** `stat` is the root's of the second version, which has no `memory.current`. */
function memoryOfProc(info: ReadonlyMap<string, number>, stat: ReadonlyMap<string, number>): MemoryUse {
  const total = info.get('MemTotal')
  const free = info.get('MemFree')
  if (total === undefined || free === undefined) throw new Error('/proc/meminfo has no MemTotal and MemFree')
  const usage = total - free
  const inactiveFile = stat.get('inactive_file') ?? info.get('Inactive(file)') ?? 0
  const swap = info.get('SwapTotal')
  const pageFaults = stat.get('pgfault')
  const majorPageFaults = stat.get('pgmajfault')
  return {
    usage,
    workingSet: Math.max(0, usage - inactiveFile),
    cache: stat.get('file') ?? info.get('Cached'),
    rss: stat.get('anon') ?? info.get('AnonPages'),
    swap: swap === undefined ? undefined : swap - (info.get('SwapFree') ?? 0),
    mappedFile: stat.get('file_mapped') ?? info.get('Mapped'),
    maxUsage: undefined,
    failureCount: undefined,
    pageFaults,
    majorPageFaults,
    allPageFaults: pageFaults,
    allMajorPageFaults: majorPageFaults,
  }
}

const times = (value: number | undefined, factor: number): number | undefined =>
  value === undefined ? undefined : value * factor
