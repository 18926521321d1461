// What is measured as the collector names it, by what is measured.
import type { CpuTimes, MemoryUse } from './cgroup.ts'
import type { DiskUse, FilesystemUse } from './disks.ts'
import { type Capacity, type InterfaceUse, NETWORK_COUNTS } from './host.ts'
import type { Rates } from './rates.ts'
import type { Reserved } from './reserved.ts'

/** By name without what it begins with. What nobody measured is not there: it is not zero. */
export type Measures = Map<string, number>

const MILLICORES = 1000

export function addCpu(to: Measures, times: CpuTimes, capacity: Capacity | undefined, rates: Rates): void {
  const millicores = (counter: string, nanos: number | undefined): number | undefined => {
    const rate = rates.of(counter, nanos)
    return rate === undefined ? undefined : (rate / 1e9) * MILLICORES
  }
  const total = millicores('cpu_usage_total', times.totalNanos)
  put(to, 'cpu_usage_total', total)
  put(to, 'cpu_usage_user', millicores('cpu_usage_user', times.userNanos))
  put(to, 'cpu_usage_system', millicores('cpu_usage_system', times.systemNanos))
  if (capacity !== undefined && total !== undefined)
    put(to, 'cpu_utilization', (total / (capacity.cores * MILLICORES)) * 100)
}

export function addMemory(to: Measures, use: MemoryUse, capacity: Capacity | undefined, rates: Rates): void {
  put(to, 'memory_usage', use.usage)
  put(to, 'memory_cache', use.cache)
  put(to, 'memory_rss', use.rss)
  put(to, 'memory_max_usage', use.maxUsage)
  put(to, 'memory_swap', use.swap)
  put(to, 'memory_failcnt', use.failureCount)
  put(to, 'memory_mapped_file', use.mappedFile)
  put(to, 'memory_working_set', use.workingSet)
  const { pageFaults, majorPageFaults } = use
  const all = pageFaults === undefined || majorPageFaults === undefined ? undefined : pageFaults + majorPageFaults
  for (const [name, value] of [
    ['memory_pgfault', pageFaults],
    ['memory_pgmajfault', majorPageFaults],
    ['memory_hierarchical_pgfault', use.allPageFaults],
    ['memory_hierarchical_pgmajfault', use.allMajorPageFaults],
    ['memory_failures_total', all],
  ] as const)
    put(to, name, rates.of(name, value))
  if (capacity !== undefined) put(to, 'memory_utilization', (use.workingSet / capacity.memoryBytes) * 100)
}

export function addLimits(to: Measures, { cores, memoryBytes }: Capacity): void {
  put(to, 'cpu_limit', cores * MILLICORES)
  put(to, 'memory_limit', memoryBytes)
}

export function addReserved(to: Measures, { cpuUnits, memoryBytes }: Reserved, capacity: Capacity): void {
  put(to, 'cpu_reserved_capacity', (cpuUnits / (capacity.cores * 1024)) * 100)
  put(to, 'memory_reserved_capacity', (memoryBytes / capacity.memoryBytes) * 100)
}

export function networkOf({ name, counts }: InterfaceUse, rates: Rates): Measures {
  const measures: Measures = new Map()
  for (const direction of ['rx', 'tx'])
    for (const count of NETWORK_COUNTS) {
      const key = `${direction}_${count}`
      put(measures, `network_${key}`, rates.of(`network ${name} ${key}`, counts.get(key)))
    }
  const received = measures.get('network_rx_bytes')
  const sent = measures.get('network_tx_bytes')
  if (received !== undefined && sent !== undefined) put(measures, 'network_total_bytes', received + sent)
  return measures
}

/** What all interfaces have together. */
export function addSums(to: Measures, interfaces: readonly Measures[]): void {
  for (const measures of interfaces) for (const [name, value] of measures) to.set(name, (to.get(name) ?? 0) + value)
}

export function filesystemOf({ capacity, usage, available, inodes, inodesFree }: FilesystemUse): Measures {
  const measures: Measures = new Map([
    ['filesystem_usage', usage],
    ['filesystem_capacity', capacity],
    ['filesystem_available', available],
    ['filesystem_utilization', (usage / capacity) * 100],
  ])
  // Some filesystems make them as they need them.
  if (inodes > 0) {
    measures.set('filesystem_inodes', inodes)
    measures.set('filesystem_inodes_free', inodesFree)
  }
  return measures
}

export function diskOf({ device, bytes, requests }: DiskUse, rates: Rates): Measures {
  const measures: Measures = new Map()
  for (const [prefix, operations] of [
    ['diskio_io_service_bytes_', bytes],
    ['diskio_io_serviced_', requests],
  ] as const)
    for (const [operation, value] of operations)
      put(measures, prefix + operation, rates.of(`${prefix}${operation} ${device}`, value))
  return measures
}

/** Empty for CPU in thousandths of a core, for which CloudWatch has no unit. */
export function unitOf(name: string): string {
  if (/_(utilization|reserved_capacity)$/.test(name)) return 'Percent'
  if (/^network_.._bytes$|^network_total_bytes$|^diskio_io_service_bytes_/.test(name)) return 'Bytes/Second'
  if (/^network_|^diskio_io_serviced_|pgfault$|pgmajfault$|^memory_failures_total$/.test(name)) return 'Count/Second'
  if (/^filesystem_inodes|^memory_failcnt$|^number_of_/.test(name)) return 'Count'
  return name.startsWith('cpu_') ? '' : 'Bytes'
}

/** The others are doubles, whole or not, as they are in the collector. */
export const isWhole = (name: string): boolean =>
  name === 'cpu_limit' || name === 'memory_limit' || name === 'number_of_running_tasks'

function put(to: Measures, name: string, value: number | undefined): void {
  if (value !== undefined) to.set(name, value)
}
