// A disk that keeps count and fails on demand, over the real one.
import { type Disk, type DiskFile, nodeDisk } from '../../../src/exporters/file/disk.ts'

export class FaultyDisk implements Disk {
  /** Bytes that the next writes may take before the disk is full. */
  room = Number.POSITIVE_INFINITY
  /** What the next calls of that name answer. */
  readonly failures = new Map<keyof Disk | keyof DiskFile, string>()
  writes = 0
  datasyncs = 0
  openFiles = 0
  maxOpenFiles = 0
  /** When set, writes wait for it. */
  gate: Promise<void> | undefined

  async open(path: string, flags: number, mode: number): Promise<DiskFile> {
    this.#fail('open')
    const file = await nodeDisk.open(path, flags, mode)
    this.maxOpenFiles = Math.max(this.maxOpenFiles, ++this.openFiles)
    return {
      writev: async (buffers) => {
        this.writes++
        await this.gate
        this.#fail('writev')
        if (this.room === 0) throw failure('ENOSPC')
        const bytes = Buffer.concat(buffers)
        const taken = bytes.subarray(0, Math.min(bytes.length, this.room))
        this.room -= taken.length
        return file.writev([taken])
      },
      truncate: async (size) => {
        this.#fail('truncate')
        await file.truncate(size)
      },
      stat: () => file.stat(),
      datasync: async () => {
        this.#fail('datasync')
        this.datasyncs++
        await file.datasync()
      },
      close: async () => {
        this.openFiles--
        await file.close()
      },
    }
  }
  mkdir: Disk['mkdir'] = (path, options) => nodeDisk.mkdir(path, options)
  realpath: Disk['realpath'] = (path) => nodeDisk.realpath(path)
  readdir: Disk['readdir'] = (path) => nodeDisk.readdir(path)
  exists: Disk['exists'] = (path) => nodeDisk.exists(path)
  async rename(from: string, to: string): Promise<void> {
    this.#fail('rename')
    await nodeDisk.rename(from, to)
  }
  async unlink(path: string): Promise<void> {
    this.#fail('unlink')
    await nodeDisk.unlink(path)
  }

  #fail(call: keyof Disk | keyof DiskFile): void {
    const code = this.failures.get(call)
    if (code !== undefined) throw failure(code)
  }
}

const failure = (code: string): Error => Object.assign(new Error(`${code}: on demand`), { code })
