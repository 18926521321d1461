// What the operating system and the runtime say about memory; and the collection of garbage.
import { totalmem } from 'node:os'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

export interface Usage {
  /** Resident memory: what counts against a container's limit. It shrinks late, if at all. */
  readonly rssBytes: number
  /** Objects and buffers, garbage that is not collected yet included. */
  readonly allocatedBytes: number
}

export interface ProcessMemory {
  usage(): Usage
  /** What the container may take; what the machine has where there is no limit. */
  totalBytes(): number
  /** Whether `totalBytes` is a container's limit. */
  isContained(): boolean
  collectGarbage(): void
}

export const processMemory: ProcessMemory = {
  usage() {
    const { rss, heapUsed, external } = process.memoryUsage()
    return { rssBytes: rss, allocatedBytes: heapUsed + external }
  },
  totalBytes: () => Math.min(containerLimit(process.constrainedMemory(), totalmem()) ?? totalmem(), totalmem()),
  isContained: () => containerLimit(process.constrainedMemory(), totalmem()) !== undefined,
  collectGarbage() {
    collect ??= exposeGc()
    collect()
  },
}

/**
 * A cgroup without a limit says so in many ways: 0, 2^63 less a page (v1), 2^64 (v2). None of them is less than what the
 * machine has.
 */
export const containerLimit = (constrainedBytes: number | undefined, totalBytes: number): number | undefined =>
  constrainedBytes === undefined || constrainedBytes <= 0 || constrainedBytes >= totalBytes
    ? undefined
    : constrainedBytes

let collect: (() => void) | undefined

/** Without a flag on the command line; takes 8 ms and half a MiB, once, and only where memory is short. */
function exposeGc(): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
}
