// What the operating system and the runtime say about memory; and the collection of garbage.
import { totalmem } from 'node:os'
import { collectGarbage } from '../../observe/collect-garbage.ts'
import { containerMemory } from '../../observe/container-memory.ts'

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
  totalBytes: () => containerMemory()?.limitBytes ?? totalmem(),
  isContained: () => containerMemory() !== undefined,
  collectGarbage: () => collectGarbage('regular'),
}
