// Requests on disk, in order: what was accepted and not yet sent survives a restart, a crash and a loss of power.
// folder  = <number of its first entry, 20 digits>.wal…, and `sent`: the number of the first entry that is not sent yet, as text
// segment = entry*          entry = length (u32), crc32 of what follows (u32), payload
// payload = JSON of { items, requests: [WriteRequest] } with the lengths of bodies, a zero byte, the bodies one after the other
import { constants } from 'node:fs'
import { access, type FileHandle, mkdir, open, readdir, readFile, rename, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { messageOf, type Settings } from '../../contract/index.ts'
import type { WalConfig } from './config.ts'
import type { WriteRequest } from './request.ts'

export interface WalEntry {
  readonly index: number
  readonly items: number
  readonly requests: readonly WriteRequest[]
}

export interface WalRead {
  readonly entries: readonly WalEntry[]
  /** Of entries that were accepted, and have been damaged on the disk since. */
  readonly lostItems: number
}

const HEADER_BYTES = 8
/** A segment is closed when it is this large: what has been sent can then be removed. */
const SEGMENT_BYTES = 16 * 1024 * 1024
/** No entry of ours is larger; a length that says so is damage. */
const MAX_ENTRY_BYTES = 1024 * 1024 * 1024

interface Segment {
  readonly first: number
  readonly path: string
  /** Of each entry in it: what is lost when it cannot be read any more. */
  readonly items: number[]
}

/** What was received is nobody else's to read; a link that somebody has put there leads nowhere. */
const FOLDER_MODE = 0o700
const FILE_MODE = 0o600
const WRITE_NEW = constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW

/** Written by one, read by one. Every method but `open` needs `open` to have ended. */
export class Wal {
  readonly #folder: string
  readonly #settings: Settings
  #segments: Segment[] = []
  #file: FileHandle | undefined
  #fileBytes = 0
  /** What would be appended to the open file could not be read: the next entry begins another. */
  #isFileDamaged = false
  #next = 0
  #sent = 0
  /** Entries behind `#sent` that have been read from the disk, in order. */
  #writing: Promise<void> = Promise.resolve()

  constructor({ directory }: WalConfig, settings: Settings) {
    this.#folder = directory
    this.#settings = settings
  }

  /** Entries that wait. */
  get waiting(): number {
    return this.#next - this.#sent
  }

  /** Resolves with how many items wait from earlier. What is damaged is left out, and told. */
  async open(): Promise<number> {
    await mkdir(this.#folder, { recursive: true, mode: FOLDER_MODE })
    const names = (await readdir(this.#folder)).filter((name) => /^\d{20}\.wal$/.test(name)).sort()
    const sent = await readFile(join(this.#folder, 'sent'), 'utf8').catch(() => '')
    this.#sent = Number(sent) || 0
    /** The first that the next segment must have; unknown behind one that is damaged. */
    let expected = sent === '' ? undefined : this.#sent
    let items = 0
    for (const name of names) {
      const segment: Segment = { first: Number(name.slice(0, 20)), path: join(this.#folder, name), items: [] }
      const { entries, damage } = await this.#contentOf(segment)
      if (damage !== undefined) this.#settings.log.error(DAMAGED, { ...damage })
      for (const entry of entries) {
        segment.items.push(entry.items)
        if (entry.index >= this.#sent) items += entry.items
      }
      this.#segments.push(segment)
      if (expected !== undefined && segment.first > expected)
        this.#settings.log.error(DELETED, { batches: segment.first - expected, in_front_of: segment.path })
      expected = damage === undefined ? Math.max(this.#sent, endOf(segment)) : undefined
    }
    const last = this.#segments.at(-1)
    this.#next = Math.max(this.#sent, last === undefined ? 0 : endOf(last))
    // What a damaged end has hidden must not be mistaken for what comes now.
    this.#sent = Math.max(this.#sent, this.#segments[0]?.first ?? this.#sent)
    await this.truncate()
    return items
  }

  /** On disk, and there to stay, when it resolves. */
  append(requests: readonly WriteRequest[], items: number): Promise<void> {
    const payload = encode(requests, items)
    this.#writing = this.#writing.catch(() => {}).then(() => this.#append(payload, items))
    return this.#writing
  }

  async #append(payload: Buffer, items: number): Promise<void> {
    if (this.#file === undefined || this.#fileBytes >= SEGMENT_BYTES || this.#isFileDamaged) await this.#begin()
    const header = Buffer.alloc(HEADER_BYTES)
    header.writeUInt32LE(payload.length, 0)
    header.writeUInt32LE(crc32(payload), 4)
    const file = this.#file!
    try {
      await file.writev([header, payload], this.#fileBytes)
      await file.datasync()
    } catch (error) {
      // Half an entry at the end would hide what comes behind it.
      await file.truncate(this.#fileBytes).catch(() => {})
      throw error
    }
    this.#fileBytes += HEADER_BYTES + payload.length
    this.#segments.at(-1)!.items.push(items)
    this.#next++
  }

  async #begin(): Promise<void> {
    await this.#file?.close()
    this.#file = undefined
    const path = join(this.#folder, `${String(this.#next).padStart(20, '0')}.wal`)
    this.#file = await open(path, WRITE_NEW, FILE_MODE)
    this.#fileBytes = 0
    this.#isFileDamaged = false
    this.#segments = this.#segments.filter((segment) => segment.first !== this.#next)
    this.#segments.push({ first: this.#next, path, items: [] })
  }

  /** The next entries that wait, at most so many, from one segment; or what of it is lost. */
  async read(atMost: number): Promise<WalRead> {
    const segment = this.#segments.find((one) => endOf(one) > this.#sent)
    if (segment === undefined) return { entries: [], lostItems: 0 }
    const end = endOf(segment)
    const { entries, damage } = await this.#contentAgain(segment)
    const waiting = entries.filter(({ index }) => index >= this.#sent)
    if (waiting.length > 0) return { entries: waiting.slice(0, atMost), lostItems: 0 }
    const lostItems = segment.items.slice(Math.max(0, this.#sent - segment.first), end - segment.first).reduce(sum, 0)
    const isGone = damage?.problem === GONE
    this.#settings.log.error(isGone ? DELETED : DAMAGED, { ...damage, items: lostItems })
    this.#sent = end
    if (segment === this.#segments.at(-1)) this.#isFileDamaged = true
    if (isGone) this.#segments = this.#segments.filter((one) => one !== segment)
    return { entries: [], lostItems }
  }

  /** Of a segment of which entries wait. What somebody has deleted is written again, if it is open; else it is gone. */
  async #contentAgain(segment: Segment): Promise<Content> {
    try {
      return await this.#contentOf(segment, segment.items.length)
    } catch (error) {
      if (!isMissing(error)) throw error
      // Without its folder it may be on a disk that is away for a while.
      await access(this.#folder)
      if (this.#file === undefined || segment !== this.#segments.at(-1))
        return { entries: [], damage: { path: segment.path, byte: 0, problem: GONE } }
      this.#writing = this.#writing.catch(() => {}).then(() => this.#writeAgain(segment))
      await this.#writing
      return await this.#contentOf(segment, segment.items.length)
    }
  }

  async #writeAgain(segment: Segment): Promise<void> {
    const deleted = this.#file
    if (deleted === undefined || segment !== this.#segments.at(-1)) return
    const bytes = Buffer.alloc(this.#fileBytes)
    await deleted.read(bytes, 0, bytes.length, 0)
    const file = await open(segment.path, WRITE_NEW, FILE_MODE)
    try {
      await file.writeFile(bytes)
      await file.datasync()
    } catch (error) {
      await file.close()
      throw error
    }
    this.#file = file
    await deleted.close()
    this.#settings.log.warn('a file of the write-ahead log was deleted: it was open, and is written again', {
      path: segment.path,
    })
  }

  /** That entry and all before it have been sent, or given up. */
  markSent(index: number): void {
    this.#sent = Math.max(this.#sent, index + 1)
  }

  /** Writes down what has been sent, and removes segments of which nothing waits. */
  async truncate(): Promise<void> {
    const path = join(this.#folder, 'sent')
    await writeFile(`${path}.new`, String(this.#sent), { flag: WRITE_NEW, mode: FILE_MODE })
    await rename(`${path}.new`, path)
    const open = this.#file === undefined ? undefined : this.#segments.at(-1)
    for (const segment of [...this.#segments]) {
      if (segment === open || endOf(segment) > this.#sent) continue
      await unlink(segment.path).catch((error: unknown) => {
        if (!isMissing(error)) throw error
      })
      this.#segments = this.#segments.filter((one) => one !== segment)
    }
  }

  async close(): Promise<void> {
    await this.#writing.catch(() => {})
    await this.#file?.close()
    this.#file = undefined
    await this.truncate()
  }

  /** Its entries, as far as they can be read: all to the end of the file, or so many, as another may just be written. */
  async #contentOf({ first, path }: Segment, count?: number): Promise<Content> {
    const bytes = await readFile(path)
    const entries: WalEntry[] = []
    let at = 0
    while (count === undefined ? at < bytes.length : entries.length < count) {
      const entry = entryAt(bytes, at, first + entries.length)
      if (typeof entry === 'string') return { entries, damage: { path, byte: at, problem: entry } }
      entries.push(entry)
      at += HEADER_BYTES + bytes.readUInt32LE(at)
    }
    return { entries }
  }
}

interface Content {
  readonly entries: readonly WalEntry[]
  /** What ended it before its end, and where. */
  readonly damage?: { readonly path: string; readonly byte: number; readonly problem: string }
}

const DAMAGED = 'data lost: the end of a file of the write-ahead log is damaged'
const DELETED = 'data lost: a file of the write-ahead log was deleted'
const GONE = 'it is gone'

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT'

/** The number that follows its last entry's. */
const endOf = ({ first, items }: Segment): number => first + items.length
const sum = (a: number, b: number): number => a + b

function entryAt(bytes: Buffer, at: number, index: number): WalEntry | string {
  if (at + HEADER_BYTES > bytes.length) return 'it breaks off'
  const length = bytes.readUInt32LE(at)
  if (length > MAX_ENTRY_BYTES || at + HEADER_BYTES + length > bytes.length) return 'it breaks off'
  const payload = bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length)
  if (crc32(payload) !== bytes.readUInt32LE(at + 4)) return 'the checksum is wrong'
  try {
    return { index, ...decode(payload) }
  } catch (error) {
    return messageOf(error)
  }
}

interface Described {
  readonly items: number
  readonly requests: readonly (Omit<WriteRequest, 'body'> & { readonly body: number })[]
}

function encode(requests: readonly WriteRequest[], items: number): Buffer {
  const described: Described = {
    items,
    requests: requests.map((request) => ({ ...request, body: request.body.length })),
  }
  const parts: Uint8Array[] = [Buffer.from(`${JSON.stringify(described)}\0`)]
  for (const { body } of requests) parts.push(body)
  return Buffer.concat(parts)
}

function decode(payload: Buffer): Omit<WalEntry, 'index'> {
  const end = payload.indexOf(0)
  const { items, requests } = JSON.parse(payload.toString('utf8', 0, end)) as Described
  let at = end + 1
  const take = (length: number): Buffer => payload.subarray(at, (at += length))
  return {
    items,
    requests: requests.map((one) => ({ ...one, body: take(one.body) })),
  }
}
