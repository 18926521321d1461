// One output file: records in order, acknowledged when the operating system has them, rotated between records.
import { dirname } from 'node:path'
import {
  type Clock,
  type Logger,
  messageOf,
  PermanentError,
  RetryableError,
  ShutdownError,
} from '../../contract/index.ts'
import type { Batch } from '../../data/index.ts'
import { freeBackupPath, prune, type Retention } from './backups.ts'
import { APPEND, codeOf, type Disk, type DiskFile, EMPTY } from './disk.ts'
import type { Encode, Record } from './record.ts'

export interface FileOptions {
  /** Forget what the file has when it is opened for the first time. */
  readonly isEmptied: boolean
  readonly rotation: (Retention & { readonly maxBytes: number }) | undefined
  readonly flushMs: number
  readonly encode: Encode
  /** Further flags of open(2). */
  readonly flags: number
  /** Before each opening: makes directories, checks them. */
  prepare(): Promise<void>
}

interface Waiting {
  readonly batch: Batch
  resolve(): void
  reject(error: Error): void
}
interface Ready extends Waiting {
  readonly record: Record
}

const PERMISSIONS = 0o644
/** What is encoded and written at once; what comes meanwhile waits as the bytes that it is. */
const MAX_WRITE_BYTES = 1024 * 1024

export class OutputFile {
  readonly path: string
  readonly #options: FileOptions
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #log: Logger
  #file: DiskFile | undefined
  #sizeBytes = 0
  #wasOpened = false
  readonly #waiting: Waiting[] = []
  #draining: Promise<void> | undefined
  #pruning: Promise<void> = Promise.resolve()
  /** Set while something has been written that may not be on the disk yet. */
  #cancelFlush: (() => void) | undefined
  #isClosed = false

  constructor(path: string, options: FileOptions, disk: Disk, clock: Clock, log: Logger) {
    this.path = path
    this.#options = options
    this.#disk = disk
    this.#clock = clock
    this.#log = log
  }

  async open(): Promise<void> {
    const { isEmptied, flags, prepare } = this.#options
    await prepare()
    const mode = APPEND | flags | (isEmptied && !this.#wasOpened ? EMPTY : 0)
    this.#file = await this.#disk.open(this.path, mode, PERMISSIONS)
    this.#wasOpened = true
    this.#sizeBytes = (await this.#file.stat()).size
  }

  /** Resolves when the operating system has it; rejects, nothing written, when it does not take it. */
  write(batch: Batch): Promise<void> {
    if (this.#isClosed) return Promise.reject(new ShutdownError('the file is closed'))
    return new Promise((resolve, reject) => {
      this.#waiting.push({ batch, resolve, reject })
      this.#draining ??= this.#drain()
    })
  }

  /** Writes what waits, forces it to the disk and closes. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#draining
    await this.#pruning
    await this.#release()
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) await this.#writeAll(await this.#encodeSome())
    this.#draining = undefined
  }

  async #encodeSome(): Promise<Ready[]> {
    const ready: Ready[] = []
    let sizeBytes = 0
    while (this.#waiting.length > 0 && sizeBytes < MAX_WRITE_BYTES) {
      const next = this.#waiting.shift()!
      try {
        const record = await this.#options.encode(next.batch)
        sizeBytes += record.sizeBytes
        ready.push({ ...next, record })
      } catch (error) {
        next.reject(error instanceof Error ? error : new Error(String(error)))
      }
    }
    return ready
  }

  /** In runs that fit the file; a record that is larger than any file gets one of its own. */
  async #writeAll(ready: readonly Ready[]): Promise<void> {
    const maxBytes = this.#options.rotation?.maxBytes ?? Number.POSITIVE_INFINITY
    for (let at = 0; at < ready.length; ) {
      const run: Ready[] = []
      try {
        if (this.#file === undefined) await this.open()
        if (this.#sizeBytes > 0 && this.#sizeBytes + ready[at]!.record.sizeBytes > maxBytes) await this.#rotate()
        let room = maxBytes - this.#sizeBytes
        do {
          room -= ready[at]!.record.sizeBytes
          run.push(ready[at++]!)
        } while (at < ready.length && ready[at]!.record.sizeBytes <= room)
        await this.#append(run.flatMap(({ record }) => record.pieces))
        for (const { resolve } of run) resolve()
      } catch (error) {
        if (run.length === 0) run.push(ready[at++]!)
        const failure = this.#failureOf(error)
        for (const { reject } of run) reject(failure)
      }
    }
  }

  /** All or nothing: what the system took of a write that then failed is cut off again. */
  async #append(pieces: Buffer[]): Promise<void> {
    const file = this.#file!
    let written = 0
    try {
      for (let rest = pieces; rest.length > 0; ) {
        const { bytesWritten } = await file.writev(rest)
        if (bytesWritten === 0) throw new Error('the operating system took nothing')
        written += bytesWritten
        rest = after(rest, bytesWritten)
      }
    } catch (error) {
      if (written > 0) await this.#cutOff(file, written)
      throw error
    }
    this.#sizeBytes += written
    this.#cancelFlush ??= this.#clock.after(this.#options.flushMs, () => void this.#flush())
  }

  async #cutOff(file: DiskFile, sizeBytes: number): Promise<void> {
    try {
      await file.truncate((await file.stat()).size - sizeBytes)
    } catch (error) {
      this.#log.error('part of a record stays in the file', { path: this.path, error: messageOf(error) })
    }
  }

  async #flush(): Promise<void> {
    this.#cancelFlush?.()
    this.#cancelFlush = undefined
    try {
      await this.#file?.datasync()
    } catch (error) {
      // a pipe or a terminal has no disk, and a file that was rotated meanwhile has been flushed then
      if (['EINVAL', 'EROFS', 'ENOTSUP', 'EBADF'].includes(codeOf(error))) return
      this.#log.error('what was written may not be on the disk', { path: this.path, error: messageOf(error) })
    }
  }

  async #rotate(): Promise<void> {
    const { rotation } = this.#options
    await this.#release()
    const backup = await freeBackupPath(this.path, this.#clock.now(), rotation!.isLocalTime, this.#disk)
    await this.#disk.rename(this.path, backup)
    await this.open()
    this.prune()
  }

  /** Removes old backups, beside the writing. */
  prune(): void {
    const { rotation } = this.#options
    if (rotation === undefined) return
    this.#pruning = this.#pruning.then(async () => {
      const failures = await prune(this.path, rotation, this.#clock.now(), this.#disk).catch((error) => [error])
      for (const error of failures)
        this.#log.warn('an old file cannot be removed', { directory: dirname(this.path), error: messageOf(error) })
    })
  }

  async #release(): Promise<void> {
    const file = this.#file
    if (file === undefined) return
    if (this.#cancelFlush !== undefined) await this.#flush()
    this.#file = undefined
    await file.close()
  }

  #failureOf(error: unknown): Error {
    if (error instanceof PermanentError) return error
    const code = codeOf(error)
    if (code === 'ELOOP') return new PermanentError(`${this.path}: is a link`, { cause: error, reason: 'path_escape' })
    const reason = code === 'ENOSPC' || code === 'EDQUOT' ? 'disk_full' : 'write_failed'
    return new RetryableError(`${this.path}: ${messageOf(error)}`, { cause: error, reason })
  }
}

/** What is left of the pieces behind that many bytes. */
function after(pieces: Buffer[], count: number): Buffer[] {
  let whole = 0
  while (whole < pieces.length && count >= pieces[whole]!.length) count -= pieces[whole++]!.length
  const rest = pieces.slice(whole)
  if (count > 0) rest[0] = rest[0]!.subarray(count)
  return rest
}
