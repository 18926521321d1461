// A cgroup of version 1 with a limit of memory, below the one that the tests run in, for processes that tests start.
import { accessSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

export interface MemoryCgroup {
  /** Put in front of a command, has it run inside. */
  readonly enter: readonly string[]
  /** A file of it: `memory.max_usage_in_bytes`. */
  read(name: string): string
  remove(): Promise<void>
}

/** Why none can be made here; undefined when one can. */
export function cgroupHindrance(): string | undefined {
  try {
    const parent = ownFolder()
    accessSync(`${parent}/memory.limit_in_bytes`, constants.R_OK)
    const probe = `${parent}/sluice-test-probe-${process.pid}`
    mkdirSync(probe)
    rmdirSync(probe)
    return undefined
  } catch (error) {
    return `no writable cgroup v1 for memory: ${(error as Error).message}`
  }
}

export function memoryCgroup(name: string, limitBytes: number): MemoryCgroup {
  const folder = `${ownFolder()}/sluice-test-${name}-${process.pid}`
  mkdirSync(folder)
  writeFileSync(`${folder}/memory.limit_in_bytes`, `${limitBytes}`)
  return {
    enter: ['sh', '-c', `echo $$ > ${folder}/cgroup.procs && exec "$@"`, 'sh'],
    read: (file) => readFileSync(`${folder}/${file}`, 'utf8'),
    async remove() {
      // The kernel lets go of ended processes a moment later.
      for (let tries = 0; ; tries++) {
        try {
          return rmdirSync(folder)
        } catch (error) {
          if (tries === 50) throw error
          await sleep(20)
        }
      }
    },
  }
}

function ownFolder(): string {
  const [, path] = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8')) ?? []
  if (path === undefined) throw new Error('this process is in none')
  return `/sys/fs/cgroup/memory${path === '/' ? '' : path}`
}
