// What is read from and written to disks, and how full filesystems are.
import type { Cgroups } from './cgroup.ts'
import { type FilesystemSize, firstText, type Surroundings, textOf } from './surroundings.ts'

/** `read`, `write`, `sync`, `async`, `total`: what the kernel tells apart. */
export type Operations = ReadonlyMap<string, number>
export interface DiskUse {
  readonly device: string
  readonly bytes: Operations
  readonly requests: Operations
}

const OPERATIONS = ['async', 'sync', 'read', 'write', 'total']

export async function readDisks(cgroups: Cgroups | undefined, host: string): Promise<readonly DiskUse[]> {
  if (cgroups === undefined || !cgroups.isHost) return []
  const [bytes, requests] = await (cgroups.version === 1 ? readBlkio(cgroups.directory) : readIoStat(cgroups.directory))
  if (bytes.size === 0 && requests.size === 0) return []
  const names = namesOf(await textOf(`${host}/proc/diskstats`))
  return [...new Set([...bytes.keys(), ...requests.keys()])].map((number) => ({
    device: names.get(number) ?? number,
    bytes: bytes.get(number) ?? new Map(),
    requests: requests.get(number) ?? new Map(),
  }))
}

/** By the number of the device: `259:0`. */
type ByDevice = Map<string, Map<string, number>>

async function readBlkio(directory: string): Promise<readonly [bytes: ByDevice, requests: ByDevice]> {
  // Who counts depends on the scheduler of the disk; those that do not have files without devices.
  const read = async (what: string): Promise<ByDevice> => {
    for (const counter of [
      `${what}_recursive`,
      `bfq.${what}_recursive`,
      `throttle.${what}_recursive`,
      `throttle.${what}`,
    ]) {
      const found = blkioOf(await textOf(`${directory}/blkio/blkio.${counter}`))
      if (found.size > 0) return found
    }
    return new Map()
  }
  return [await read('io_service_bytes'), await read('io_serviced')]
}

function blkioOf(text: string | undefined): ByDevice {
  const found: ByDevice = new Map()
  for (const [, device, operation, digits] of (text ?? '').matchAll(/^(\d+:\d+) (\w+) (\d+)$/gm))
    if (OPERATIONS.includes(operation!.toLowerCase())) set(found, device!, operation!.toLowerCase(), Number(digits))
  return found
}

async function readIoStat(directory: string): Promise<readonly [bytes: ByDevice, requests: ByDevice]> {
  const bytes: ByDevice = new Map()
  const requests: ByDevice = new Map()
  for (const [, device, rest] of ((await textOf(`${directory}/io.stat`)) ?? '').matchAll(/^(\d+:\d+) (.*)$/gm)) {
    const counts = new Map([...rest!.matchAll(/(\w+)=(\d+)/g)].map(([, name, digits]) => [name, Number(digits)]))
    for (const [found, unit] of [
      [bytes, 'bytes'],
      [requests, 'ios'],
    ] as const) {
      const read = counts.get(`r${unit}`)
      const write = counts.get(`w${unit}`)
      if (read === undefined || write === undefined) continue
      set(found, device!, 'read', read)
      set(found, device!, 'write', write)
      set(found, device!, 'total', read + write)
    }
  }
  return [bytes, requests]
}

function set(of: ByDevice, device: string, operation: string, value: number): void {
  let operations = of.get(device)
  if (operations === undefined) of.set(device, (operations = new Map()))
  operations.set(operation, value)
}

/** Names by number, from `/proc/diskstats`. */
function namesOf(text: string | undefined): ReadonlyMap<string, string> {
  const lines = (text ?? '').matchAll(/^ *(\d+) +(\d+) (\S+) /gm)
  return new Map(Array.from(lines, ([, major, minor, name]) => [`${major}:${minor}`, `/dev/${name}`]))
}

export interface FilesystemUse {
  readonly device: string
  readonly capacity: number
  readonly usage: number
  readonly available: number
  readonly inodes: number
  readonly inodesFree: number
}

const ON_DISK = /^(ext[234]|xfs|btrfs)$/
const MAX_FILESYSTEMS = 256

/** Those on disks, each once, wherever this process sees it: of the host's disk a container has at least `/etc/hosts`. */
export async function readFilesystems({ root, statfs }: Surroundings): Promise<readonly FilesystemUse[]> {
  const places = placesOf(await firstText(`${root}/proc/self/mountinfo`))
  const found: FilesystemUse[] = []
  for (const [device, place] of [...places].slice(0, MAX_FILESYSTEMS)) {
    const size = await statfs(root + place).catch(() => undefined)
    if (size !== undefined && size.blocks > 0) found.push(useOf(device, size))
  }
  return found
}

/** Where each device is mounted first. The grammar: proc_pid_mountinfo(5). */
function placesOf(text: string): ReadonlyMap<string, string> {
  const places = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [before, after] = line.split(' - ')
    const place = before?.split(' ')[4]
    const [type, device] = after?.split(' ') ?? []
    if (place === undefined || type === undefined || !device?.startsWith('/dev/') || !ON_DISK.test(type)) continue
    if (!places.has(device))
      places.set(
        device,
        place.replace(/\\([0-7]{3})/g, (_all, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
      )
  }
  return places
}

const useOf = (device: string, { bsize, blocks, bfree, bavail, files, ffree }: FilesystemSize): FilesystemUse => ({
  device,
  capacity: blocks * bsize,
  usage: (blocks - bfree) * bsize,
  available: bavail * bsize,
  inodes: files,
  inodesFree: ffree,
})
