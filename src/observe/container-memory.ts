// What the process may take before the kernel ends it: the limit of its cgroup, of version 1 and 2, and of those around it.
// Read where the kernel says that they are (cgroups(7), proc(5)), since a container's cgroup may stand anywhere in the tree. Imports nothing
// heavy: the agent asks before it has its heap.
import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { join } from 'node:path'

const MIB = 1024 * 1024

export interface MemoryLimit {
  readonly limitBytes: number
  /** Where it was found: `/sys/fs/cgroup/memory.max`. */
  readonly source: string
}

export interface MemoryTree {
  /** Where `proc` and `sys` begin. */
  readonly root: string
  /** What the machine has: more than that is no limit. */
  readonly totalBytes: number
  /** What the runtime has found, for systems that have no cgroups. */
  readonly constrainedBytes: number | undefined
}

const thisMachine = (): MemoryTree => ({
  root: '/',
  totalBytes: totalmem(),
  constrainedBytes: process.constrainedMemory(),
})

/** The smallest limit that holds for this process; undefined when nothing limits it but the machine. */
export function containerMemory(tree: MemoryTree = thisMachine()): MemoryLimit | undefined {
  const found = cgroupLimits(tree.root).filter(({ limitBytes }) => isLimit(limitBytes, tree.totalBytes))
  if (found.length > 0) return found.reduce((least, one) => (one.limitBytes < least.limitBytes ? one : least))
  const { constrainedBytes, totalBytes } = tree
  if (constrainedBytes === undefined || !isLimit(constrainedBytes, totalBytes)) return undefined
  return { limitBytes: constrainedBytes, source: 'the runtime' }
}

/**
 * For JavaScript's own objects: half of what the container has, less what code and thread stacks take. Payload is outside of the heap, but in a
 * flood of tiny requests three quarters of what `memory_limiter` lets in are objects around it. V8 itself takes 262 MiB for its limit however
 * small the container is, and would rather be killed than collect.
 */
export const heapMibOf = (limitBytes: number): number =>
  Math.min(MOST_HEAP_MIB, Math.max(LEAST_HEAP_MIB, Math.floor(limitBytes / 2 / MIB) - BESIDE_HEAP_MIB))
const BESIDE_HEAP_MIB = 32
const LEAST_HEAP_MIB = 48
/** V8's own choice for a large machine. */
const MOST_HEAP_MIB = 4096

/**
 * For payload where no `memory_limiter` says it: half of what the agent itself leaves. The other half is for what is not counted:
 * bodies that were unpacked and are garbage, requests that are being written, objects.
 */
export const payloadBytesOf = (limitBytes: number): number =>
  Math.max(LEAST_PAYLOAD_BYTES, Math.floor((limitBytes - AGENT_BYTES) / 2))
const AGENT_BYTES = 100 * MIB
/** However small the container, or the agent would do nothing at all. */
const LEAST_PAYLOAD_BYTES = 8 * MIB

/** A cgroup without a limit says so in many ways: `max`, 2^63 less a page (v1), 2^64, 0. None of them is less than what the machine has. */
const isLimit = (bytes: number, totalBytes: number): boolean => bytes > 0 && bytes < totalBytes

interface Mount {
  readonly version: 1 | 2
  /** The part of the hierarchy that is mounted. */
  readonly root: string
  readonly point: string
}

function cgroupLimits(root: string): MemoryLimit[] {
  const paths = cgroupPaths(read(root, 'proc/self/cgroup') ?? '')
  return memoryMounts(read(root, 'proc/self/mountinfo') ?? '').flatMap((mount) => {
    const path = paths[mount.version]
    return path === undefined ? [] : limitsOn(root, mount, path)
  })
}

/** Lines of `id:controllers:path`; version 2 has id 0 and no controllers. */
function cgroupPaths(text: string): { 1?: string; 2?: string } {
  const paths: { 1?: string; 2?: string } = {}
  for (const line of text.split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    if (path === undefined) continue
    if (controllers === '') paths[2] = path
    else if (controllers!.split(',').includes('memory')) paths[1] = path
  }
  return paths
}

/** `31 23 0:28 /root /point rw … - type source options` */
function memoryMounts(text: string): Mount[] {
  return text.split('\n').flatMap((line): Mount[] => {
    const [head = '', tail = ''] = line.split(' - ')
    const [, , , root, point] = head.split(' ').map(unescaped)
    const [type, , options = ''] = tail.split(' ')
    if (root === undefined || point === undefined) return []
    if (type === 'cgroup2') return [{ version: 2, root, point }]
    const isMemory = type === 'cgroup' && options.split(',').includes('memory')
    return isMemory ? [{ version: 1, root, point }] : []
  })
}

/** Blanks and backslashes are octal there. */
const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))

/** Of the process' own cgroup and of all above it, as far as they can be seen. */
function limitsOn(root: string, mount: Mount, path: string): MemoryLimit[] {
  const steps = stepsBelow(mount, path)
  const limits: MemoryLimit[] = []
  for (let depth = steps.length; depth >= 0; depth--) {
    const folder = join(mount.point, ...steps.slice(0, depth))
    for (const [name, pick] of FILES[mount.version]) {
      const text = read(root, join(folder, name))
      const limitBytes = text === undefined ? Number.NaN : Number(pick(text))
      if (Number.isFinite(limitBytes)) limits.push({ limitBytes, source: join(folder, name) })
    }
  }
  return limits
}

/** Above `memory.high` nothing is killed, but all come to a stop. What is above the mount shows only in version 1, in `memory.stat`. */
const FILES: Readonly<Record<1 | 2, readonly (readonly [name: string, pick: (text: string) => string | undefined])[]>> =
  {
    1: [
      ['memory.limit_in_bytes', (text) => text],
      ['memory.stat', (text) => /^hierarchical_memory_limit (\d+)$/m.exec(text)?.[1]],
    ],
    2: [
      ['memory.max', (text) => text],
      ['memory.high', (text) => text],
    ],
  }

/**
 * From where the hierarchy is mounted to the process. A mount may begin at the container's own cgroup while the path still begins at the host's;
 * in a cgroup namespace (cgroup_namespaces(7)) what is outside of it begins with `/..`, and the mount itself is all that can be seen.
 */
function stepsBelow({ root, point }: Mount, path: string): string[] {
  if (point === '' || path.startsWith('/..') || root.startsWith('/..')) return []
  const isBelow = root === '/' || path === root || path.startsWith(`${root}/`)
  return isBelow
    ? path
        .slice(root === '/' ? 0 : root.length)
        .split('/')
        .filter(Boolean)
    : []
}

function read(root: string, path: string): string | undefined {
  try {
    return readFileSync(join(root, path), 'utf8')
  } catch {
    return undefined
  }
}
