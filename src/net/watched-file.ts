// A small file that somebody else writes: tokens, passwords. Read at the start, and again while running.
import { readFile } from 'node:fs/promises'
import { type Clock, type Logger, messageOf } from '../contract/index.ts'

/** A file is looked at, not watched: what mounts secrets replaces links, which no watcher of a file hears about. */
const LOOK_MS = 5000
const MAX_BYTES = 1024 * 1024

export interface WatchedFileSettings {
  readonly path: string
  /** Which setting names it. */
  readonly setting: string
  /** Gets what the file says, at first and whenever that changes. Fails when it is of no use; then what was there stays. */
  take(text: string): void | Promise<void>
}

export class WatchedFile {
  readonly #of: WatchedFileSettings
  readonly #clock: Clock
  readonly #log: Logger
  #text: string | undefined
  #isBroken = false
  #isStopped = false
  #cancel: (() => void) | undefined

  constructor(of: WatchedFileSettings, { clock, log }: { readonly clock: Clock; readonly log: Logger }) {
    this.#of = of
    this.#clock = clock
    this.#log = log
  }

  /** Reads it now; true when something is different. Rejects, with the name of the setting, when it is of no use. */
  async read(): Promise<boolean> {
    const { path, setting, take } = this.#of
    try {
      const bytes = await readFile(path)
      if (bytes.length > MAX_BYTES) throw new Error(`${path} has ${bytes.length} bytes, more than ${MAX_BYTES}`)
      const text = bytes.toString('utf8')
      if (text === this.#text) return false
      await take(text)
      this.#text = text
      return true
    } catch (error) {
      throw new Error(`${setting}: ${messageOf(error)}`, { cause: error })
    }
  }

  /** Looks at it from now on. A file that is of no use is said once. */
  watch(afterMs: number = LOOK_MS): void {
    if (this.#isStopped) return
    this.#cancel = this.#clock.after(afterMs, () => void this.look().then(() => this.watch()))
  }

  /** As `read`, but never rejects. */
  async look(): Promise<boolean> {
    try {
      const isNew = await this.read()
      if (isNew) this.#log.info('file has changed and was read again', { file: this.#of.path })
      this.#isBroken = false
      return isNew
    } catch (error) {
      if (!this.#isBroken) this.#log.warn('file cannot be read, what it said before stays', { error: messageOf(error) })
      this.#isBroken = true
      return false
    }
  }

  stop(): void {
    this.#isStopped = true
    this.#cancel?.()
  }
}
