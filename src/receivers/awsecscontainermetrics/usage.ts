// What a container uses, from its Docker statistics, and what a task uses, from its containers.
// https://docs.docker.com/reference/api/engine/version/v1.48/#tag/Container/operation/ContainerStats
import { isObject, type Json, listIn, numberIn, objectIn, textIn, wholeIn } from './json.ts'

/** By what the names of metrics end with. What nobody measured is not there: it is not zero. */
export type Usage = { [name in Measure]?: number | bigint }

/** In the order in which they are written. `sum`: it only grows. */
export const MEASURES = {
  'memory.usage': { unit: 'Bytes', type: 'gauge' },
  'memory.usage.max': { unit: 'Bytes', type: 'gauge' },
  'memory.usage.limit': { unit: 'Bytes', type: 'gauge' },
  'memory.utilized': { unit: 'MiB', type: 'gauge' },
  'memory.reserved': { unit: 'MiB', type: 'gauge' },
  'cpu.usage.total': { unit: 'Nanoseconds', type: 'sum' },
  'cpu.usage.kernelmode': { unit: 'Nanoseconds', type: 'sum' },
  'cpu.usage.usermode': { unit: 'Nanoseconds', type: 'sum' },
  'cpu.cores': { unit: 'Count', type: 'gauge' },
  'cpu.onlines': { unit: 'Count', type: 'gauge' },
  'cpu.usage.system': { unit: 'Nanoseconds', type: 'sum' },
  'cpu.utilized': { unit: 'None', type: 'gauge' },
  'cpu.reserved': { unit: 'None', type: 'gauge' },
  'cpu.usage.vcpu': { unit: 'vCPU', type: 'gauge' },
  'network.rate.rx': { unit: 'Bytes/Second', type: 'gauge' },
  'network.rate.tx': { unit: 'Bytes/Second', type: 'gauge' },
  'network.io.usage.rx_bytes': { unit: 'Bytes', type: 'sum' },
  'network.io.usage.rx_packets': { unit: 'Count', type: 'sum' },
  'network.io.usage.rx_errors': { unit: 'Count', type: 'sum' },
  'network.io.usage.rx_dropped': { unit: 'Count', type: 'sum' },
  'network.io.usage.tx_bytes': { unit: 'Bytes', type: 'sum' },
  'network.io.usage.tx_packets': { unit: 'Count', type: 'sum' },
  'network.io.usage.tx_errors': { unit: 'Count', type: 'sum' },
  'network.io.usage.tx_dropped': { unit: 'Count', type: 'sum' },
  'storage.read_bytes': { unit: 'Bytes', type: 'sum' },
  'storage.write_bytes': { unit: 'Bytes', type: 'sum' },
  'ephemeral_storage.utilized': { unit: 'MiB', type: 'gauge' },
  'ephemeral_storage.reserved': { unit: 'MiB', type: 'gauge' },
  duration: { unit: 'Seconds', type: 'gauge' },
} as const satisfies Record<string, { readonly unit: string; readonly type: 'gauge' | 'sum' }>
export type Measure = keyof typeof MEASURES

const MIB = 1024n * 1024n
/** CPU units of a vCPU. */
const UNITS_PER_VCPU = 1024

/** `container` is what the metadata says about it. */
export function usageOfContainer(stats: Json, container: Json): Usage {
  const usage: Usage = {}
  const limits = objectIn(container, 'Limits')
  addMemory(usage, objectIn(stats, 'memory_stats'))
  usage['memory.reserved'] = wholeIn(limits, 'Memory') ?? 0n
  addCpu(usage, stats, numberIn(limits, 'CPU') ?? 0)
  addNetwork(usage, stats)
  addStorage(usage, objectIn(stats, 'blkio_stats'))
  return usage
}

function addMemory(usage: Usage, stats: Json | undefined): void {
  const bytes = wholeIn(stats, 'usage')
  set(usage, 'memory.usage', bytes)
  set(usage, 'memory.usage.max', wholeIn(stats, 'max_usage'))
  set(usage, 'memory.usage.limit', wholeIn(stats, 'limit'))
  const details = objectIn(stats, 'stats')
  if (bytes === undefined || details === undefined) return
  // Pages that can be dropped are not used: `cache` in the first version of cgroups, `inactive_file` in the second.
  const freeable = wholeIn(details, 'cache') ?? wholeIn(details, 'inactive_file') ?? 0n
  usage['memory.utilized'] = (bytes > freeable ? bytes - freeable : 0n) / MIB
}

function addCpu(usage: Usage, stats: Json, reservedUnits: number): void {
  usage['cpu.reserved'] = reservedUnits
  const now = objectIn(stats, 'cpu_stats')
  const times = objectIn(now, 'cpu_usage')
  const total = wholeIn(times, 'total_usage')
  if (total === undefined) return
  usage['cpu.usage.total'] = total
  set(usage, 'cpu.usage.kernelmode', wholeIn(times, 'usage_in_kernelmode'))
  set(usage, 'cpu.usage.usermode', wholeIn(times, 'usage_in_usermode'))
  set(usage, 'cpu.onlines', wholeIn(now, 'online_cpus'))
  set(usage, 'cpu.usage.system', wholeIn(now, 'system_cpu_usage'))
  const perCpu = listIn(times, 'percpu_usage')?.length ?? 0
  // The second version of cgroups counts no single CPUs.
  set(usage, 'cpu.cores', perCpu > 0 ? BigInt(perCpu) : wholeIn(now, 'online_cpus'))
  const before = wholeIn(objectIn(objectIn(stats, 'precpu_stats'), 'cpu_usage'), 'total_usage')
  const elapsedNanos = nanosBetween(textIn(stats, 'preread'), textIn(stats, 'read'))
  if (before === undefined || elapsedNanos === undefined || total < before) return
  const vcpu = Number(total - before) / elapsedNanos
  usage['cpu.usage.vcpu'] = vcpu
  // In hundredths of a vCPU for each CPU unit that is reserved: the collector's measure.
  usage['cpu.utilized'] = (vcpu * 100) / (reservedUnits > 0 ? reservedUnits : 1)
}

const DIRECTIONS = ['rx', 'tx'] as const
const COUNTS = ['bytes', 'packets', 'errors', 'dropped'] as const

function addNetwork(usage: Usage, stats: Json): void {
  const rates = objectIn(stats, 'network_rate_stats')
  const networks = Object.values(objectIn(stats, 'networks') ?? {})
  for (const direction of DIRECTIONS) {
    set(usage, `network.rate.${direction}`, numberIn(rates, `${direction}_bytes_per_sec`))
    for (const count of COUNTS)
      for (const network of networks)
        add(usage, `network.io.usage.${direction}_${count}`, wholeIn(network, `${direction}_${count}`))
  }
}

function addStorage(usage: Usage, stats: Json | undefined): void {
  const entries = listIn(stats, 'io_service_bytes_recursive')
  if (entries === undefined) return
  usage['storage.read_bytes'] = 0n
  usage['storage.write_bytes'] = 0n
  for (const entry of entries) {
    // `Read` in the first version of cgroups, `read` in the second.
    const operation = textIn(entry, 'op').toLowerCase()
    if (operation === 'read' || operation === 'write') add(usage, `storage.${operation}_bytes`, wholeIn(entry, 'value'))
  }
}

/** What all of its containers use, by the limits of the task where it has some. */
export function usageOfTask(task: Json, containers: readonly Usage[]): Usage {
  const usage: Usage = {}
  for (const container of containers)
    for (const name of Object.keys(MEASURES) as Measure[]) add(usage, name, container[name])
  const limits = objectIn(task, 'Limits')
  set(usage, 'memory.reserved', wholeIn(limits, 'Memory'))
  const limit = numberIn(limits, 'CPU')
  if (limit !== undefined) usage['cpu.reserved'] = limit * UNITS_PER_VCPU
  // In CPU units, as what is reserved.
  if (usage['cpu.usage.vcpu'] !== undefined) usage['cpu.utilized'] = Number(usage['cpu.usage.vcpu']) * UNITS_PER_VCPU
  const storage = objectIn(task, 'EphemeralStorageMetrics')
  set(usage, 'ephemeral_storage.utilized', wholeIn(storage, 'Utilized'))
  set(usage, 'ephemeral_storage.reserved', wholeIn(storage, 'Reserved'))
  return usage
}

/** Of a container that has ended, how long it ran; nothing while it runs, or when its times are none. */
export function usageOfEnded(container: Json): Usage {
  const nanos = nanosBetween(textIn(container, 'StartedAt'), textIn(container, 'FinishedAt'))
  return nanos === undefined ? {} : { duration: nanos / 1e9 }
}

/** Docker has statistics of a container by then. */
export const hasStatistics = (stats: unknown): stats is Json => isObject(stats) && textIn(stats, 'id') !== ''

function set(usage: Usage, name: Measure, value: number | bigint | undefined): void {
  if (value !== undefined) usage[name] = value
}

function add(usage: Usage, name: Measure, value: number | bigint | undefined): void {
  if (value === undefined) return
  const sum = usage[name]
  if (sum === undefined) usage[name] = value
  else usage[name] = typeof sum === 'bigint' && typeof value === 'bigint' ? sum + value : Number(sum) + Number(value)
}

/** Undefined when one is no time after 1970, or the later one is not later. */
function nanosBetween(earlier: string, later: string): number | undefined {
  const [from, to] = [nanosOf(earlier), nanosOf(later)]
  if (from === undefined || to === undefined || to <= from) return undefined
  return Number(to - from)
}

/** RFC 3339, to the nanosecond. */
function nanosOf(text: string): bigint | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/i.exec(text)
  const millis = match === null ? Number.NaN : Date.parse(`${match[1]}${match[3]}`)
  return millis > 0 ? BigInt(millis) * 1_000_000n + BigInt((match![2] ?? '').padEnd(9, '0')) : undefined
}
