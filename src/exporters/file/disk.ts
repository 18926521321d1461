// What the exporter needs of a file system: `node:fs/promises`, or one of a test that fails on demand.
import { constants } from 'node:fs'
import * as fs from 'node:fs/promises'

export interface DiskFile {
  writev(buffers: readonly Buffer[]): Promise<{ readonly bytesWritten: number }>
  truncate(size: number): Promise<void>
  stat(): Promise<{ readonly size: number }>
  datasync(): Promise<void>
  close(): Promise<void>
}

export interface Disk {
  open(path: string, flags: number, mode: number): Promise<DiskFile>
  mkdir(path: string, options: { readonly recursive: true; readonly mode: number }): Promise<unknown>
  realpath(path: string): Promise<string>
  readdir(path: string): Promise<string[]>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  /** Whether something has that name, be it a dangling link. */
  exists(path: string): Promise<boolean>
}

export const nodeDisk: Disk = {
  open: fs.open,
  mkdir: fs.mkdir,
  realpath: fs.realpath,
  readdir: fs.readdir,
  rename: fs.rename,
  unlink: fs.unlink,
  exists: (path) =>
    fs.lstat(path).then(
      () => true,
      () => false,
    ),
}

/** Appends, made when it is not there. Opened for reading too, as a pipe without a reader would block otherwise. */
export const APPEND: number = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND
export const EMPTY: number = constants.O_TRUNC
/** Zero where the system does not have it. */
export const NO_LINK: number = constants.O_NOFOLLOW ?? 0

export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'error'
