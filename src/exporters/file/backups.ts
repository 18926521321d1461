// Rotated files: `name-2006-01-02T15-04-05.000.ext` beside `name.ext`, as the collector names them.
import { basename, dirname, join } from 'node:path'
import type { Disk } from './disk.ts'

export interface Retention {
  /** 0: all. */
  readonly maxBackups: number
  /** 0: for ever. */
  readonly maxDays: number
  readonly isLocalTime: boolean
}

const DAY_MS = 86_400_000

/** A name that nothing has yet, for the file that is moved out of the way at that time. */
export async function freeBackupPath(path: string, now: number, isLocalTime: boolean, disk: Disk): Promise<string> {
  for (let at = now; ; at++) {
    const [stem, extension] = partsOf(basename(path))
    const candidate = join(dirname(path), `${stem}-${stamp(new Date(at), isLocalTime)}${extension}`)
    if (!(await disk.exists(candidate))) return candidate
  }
}

/** Removes the backups of a file that are too many or too old; returns what could not be removed. */
export async function prune(path: string, keep: Retention, now: number, disk: Disk): Promise<unknown[]> {
  if (keep.maxBackups === 0 && keep.maxDays === 0) return []
  const directory = dirname(path)
  const backups = (await disk.readdir(directory))
    .map((name) => ({ name, time: timeOf(name, basename(path), keep.isLocalTime) }))
    .filter(({ time }) => !Number.isNaN(time))
    .toSorted((a, b) => b.time - a.time)
  const gone = backups.filter(
    ({ time }, position) =>
      (keep.maxBackups > 0 && position >= keep.maxBackups) || (keep.maxDays > 0 && time < now - keep.maxDays * DAY_MS),
  )
  const results = await Promise.allSettled(gone.map(({ name }) => disk.unlink(join(directory, name))))
  return results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
}

/** What stands before the last dot, and the rest. */
function partsOf(name: string): [stem: string, extension: string] {
  const dot = name.lastIndexOf('.')
  return dot < 0 ? [name, ''] : [name.slice(0, dot), name.slice(dot)]
}

function stamp(date: Date, isLocalTime: boolean): string {
  const shown = isLocalTime ? new Date(date.getTime() - date.getTimezoneOffset() * 60_000) : date
  return shown.toISOString().slice(0, 23).replaceAll(':', '-')
}

/** Newer collectors put the reason behind the time. */
const STAMP = /^(\d{4})-(\d\d)-(\d\d)T(\d\d)-(\d\d)-(\d\d)\.(\d{3})(?:-size)?$/

/** When a file of that name was rotated; NaN when it is not a backup of `of`. */
function timeOf(name: string, of: string, isLocalTime: boolean): number {
  const [stem, extension] = partsOf(of)
  if (!name.startsWith(`${stem}-`) || !name.endsWith(extension)) return Number.NaN
  const match = STAMP.exec(name.slice(stem.length + 1, name.length - extension.length))
  if (match === null) return Number.NaN
  const [year, month, day, hour, minute, second, ms] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  return isLocalTime
    ? new Date(year, month - 1, day, hour, minute, second, ms).getTime()
    : Date.UTC(year, month - 1, day, hour, minute, second, ms)
}
