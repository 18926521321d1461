// What the receiver looks at: the files of the host, mounted under /rootfs or its own, and who answers beside it.
import { access, readFile, statfs } from 'node:fs/promises'
import { messageOf } from '../../contract/index.ts'
import type { Environment } from '../../net/proxy.ts'

export interface Surroundings {
  /** In front of every path. */
  readonly root: string
  readonly environment: Environment
  /** Where the ECS agent answers, when that is known beforehand. */
  readonly agentUrls?: readonly string[]
  statfs(path: string): Promise<FilesystemSize>
}
export interface FilesystemSize {
  readonly bsize: number
  readonly blocks: number
  readonly bfree: number
  readonly bavail: number
  readonly files: number
  readonly ffree: number
}

export const theseSurroundings: Surroundings = { root: '', environment: process.env, statfs: (path) => statfs(path) }

/** Text of a file; undefined when it cannot be read. */
export async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch {
    return undefined
  }
}

/** The first file that can be read. Rejects when there is none. */
export async function firstText(...paths: readonly string[]): Promise<string> {
  let error: unknown
  for (const path of paths) {
    try {
      return await readFile(path, 'utf8')
    } catch (cause) {
      error ??= cause
    }
  }
  throw new Error(messageOf(error), { cause: error })
}

export const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

/** Where the host's /proc, /sys and /dev are: under /rootfs when they are mounted there, as in AWS's task definitions. */
export const hostRootOf = async (root: string): Promise<string> =>
  (await exists(`${root}/rootfs/proc`)) ? `${root}/rootfs` : root

/** A whole number that is not negative; undefined for all else (`max`, -1, nothing). */
export function wholeOf(text: string | undefined): number | undefined {
  const digits = text?.trim() ?? ''
  return /^\d+$/.test(digits) ? Number(digits) : undefined
}

/** `name value`, one a line; of `name: value kB` the bytes. */
export function tableOf(text: string | undefined): ReadonlyMap<string, number> {
  const table = new Map<string, number>()
  for (const [, name, digits, unit] of (text ?? '').matchAll(/^(\S+?):?\s+(\d+)(?: (kB))?$/gm))
    table.set(name!, Number(digits) * (unit === undefined ? 1 : 1024))
  return table
}
