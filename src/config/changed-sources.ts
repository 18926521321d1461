// Whether what a config was made from is still what it was. Of the values only digests are kept.
import { createHash } from 'node:crypto'
import { messageOf } from '../contract/index.ts'
import type { Read } from './expand.ts'
import { type LoadOptions, withSurroundings } from './load.ts'
import { retrieve, type Surroundings, type Uri, uriText } from './retrieve.ts'

export interface SourceChanges {
  /** Other than at the look before, and other than at the start. */
  readonly changed: readonly string[]
  /** As at the start again. */
  readonly restored: readonly string[]
  /** Could be read at the look before, and cannot now. */
  readonly failed: readonly { readonly name: string; readonly error: string }[]
}

interface Watched {
  readonly uri: Uri
  readonly name: string
  readonly digest: string
  seen: string
  isFailing: boolean
}

/** Looked at in one go; more wait. */
const AT_ONCE = 16

export class ChangedSources {
  readonly #options: Omit<LoadOptions, 'sources' | 'set'>
  readonly #sources: readonly Watched[]

  /** `options` are those that the config was loaded with. What the environment and the command line say stays what it is. */
  constructor(read: readonly Read[], options: Omit<LoadOptions, 'sources' | 'set'>) {
    this.#options = options
    const byUri = new Map<string, Watched>()
    for (const { uri, name, text } of read) {
      if (uri.scheme === 'env' || uri.scheme === 'yaml') continue
      const digest = digestOf(text)
      byUri.set(uriText(uri), { uri, name, digest, seen: digest, isFailing: false })
    }
    this.#sources = [...byUri.values()]
  }

  /** How many there are to look at. */
  get size(): number {
    return this.#sources.length
  }
  /** The names of those that were not what they were at the start. */
  get changed(): readonly string[] {
    return this.#sources.filter(({ seen, digest }) => seen !== digest).map(({ name }) => name)
  }
  /** How many could not be read at the last look. */
  get failing(): number {
    return this.#sources.filter(({ isFailing }) => isFailing).length
  }

  async look(): Promise<SourceChanges> {
    const changes = {
      changed: [] as string[],
      restored: [] as string[],
      failed: [] as { name: string; error: string }[],
    }
    await withSurroundings(this.#options, async (surroundings) => {
      for (let from = 0; from < this.#sources.length; from += AT_ONCE)
        await Promise.all(this.#sources.slice(from, from + AT_ONCE).map((one) => lookAt(one, surroundings, changes)))
    })
    return changes
  }
}

async function lookAt(
  source: Watched,
  surroundings: Surroundings,
  to: { changed: string[]; restored: string[]; failed: { name: string; error: string }[] },
): Promise<void> {
  const { uri, name, digest } = source
  try {
    const seen = digestOf((await retrieve(uri, surroundings)).text)
    source.isFailing = false
    if (seen === source.seen) return
    source.seen = seen
    if (seen === digest) to.restored.push(name)
    else to.changed.push(name)
  } catch (error) {
    if (!source.isFailing) to.failed.push({ name, error: messageOf(error) })
    source.isFailing = true
  }
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('base64')
