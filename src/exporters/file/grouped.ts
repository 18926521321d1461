// A file for each value of a resource attribute; as many open as allowed, the least recently used is closed first.
import { dirname, sep } from 'node:path'
import { PermanentError } from '../../contract/index.ts'
import type { Batch } from '../../data/index.ts'
import { codeOf, type Disk } from './disk.ts'
import type { OutputFile } from './file.ts'
import { type PathTemplate, pathFor } from './segments.ts'

/** How many names are remembered as written to by this run; what comes after them is never emptied. */
const MAX_KNOWN = 4096

/** A file that is opened when `room` says so, and emptied then if it is new to this run. */
export type CreateFile = (path: string, isNew: boolean, room: Promise<void> | undefined) => OutputFile

export class GroupedFiles {
  readonly #template: PathTemplate
  readonly #maxOpen: number
  readonly #create: CreateFile
  /** The least recently used first. */
  readonly #open = new Map<string, OutputFile>()
  readonly #closing = new Map<string, Promise<void>>()
  readonly #known = new Set<string>()

  constructor(template: PathTemplate, maxOpen: number, create: CreateFile) {
    this.#template = template
    this.#maxOpen = maxOpen
    this.#create = create
  }

  write(value: string, batch: Batch): Promise<void> {
    const path = pathFor(this.#template, value)
    const open = this.#open.get(path)
    if (open !== undefined) {
      this.#open.delete(path)
      this.#open.set(path, open)
      return open.write(batch)
    }
    const closing = this.#closing.get(path)
    if (closing !== undefined) return closing.then(() => this.write(value, batch))
    const room = this.#open.size < this.#maxOpen ? undefined : this.#closeOldest()
    const file = this.#create(path, !this.#known.has(path) && this.#known.size < MAX_KNOWN, room)
    if (this.#known.size < MAX_KNOWN) this.#known.add(path)
    this.#open.set(path, file)
    return file.write(batch)
  }

  async close(): Promise<void> {
    while (this.#open.size > 0) void this.#closeOldest()
    await Promise.all(this.#closing.values())
  }

  #closeOldest(): Promise<void> {
    const [path, file] = this.#open.entries().next().value!
    this.#open.delete(path)
    const closed = file.close().finally(() => this.#closing.delete(path))
    this.#closing.set(path, closed)
    return closed
  }
}

/** Makes the directory of a file below an existing root. A link in between may lead out of it: then nothing is made. */
export async function makeDirectoryInside(root: string, path: string, mode: number, disk: Disk): Promise<void> {
  const directory = dirname(path)
  const realRoot = await disk.realpath(root)
  const inside = await realPathOfNearest(directory, disk)
  if (inside !== realRoot && !inside.startsWith(realRoot + (realRoot.endsWith(sep) ? '' : sep)))
    throw new PermanentError(`${path} leads out of ${root}`, { reason: 'path_escape' })
  await disk.mkdir(directory, { recursive: true, mode })
}

/** Of the directory, or of the first one above it that is there. */
async function realPathOfNearest(directory: string, disk: Disk): Promise<string> {
  for (;;) {
    const found = await disk.realpath(directory).catch((error) => {
      if (codeOf(error) !== 'ENOENT') throw error
    })
    if (found !== undefined) return found
    directory = dirname(directory)
  }
}
