// Where lines go: stdout, stderr or a file. Writing never blocks the agent, and a full disk never keeps it from ending
// (pino's own destination does both): what a stuck reader does not take waits in a bounded buffer, beyond that it is lost.
import { close, openSync, write, writeSync } from 'node:fs'
import { isatty } from 'node:tty'
import { fileURLToPath } from 'node:url'
import { messageOf } from '../contract/index.ts'
import { takesColours } from './console.ts'

/** A reader that stands still costs at most this much memory. */
const MAX_WAITING_BYTES = 1024 * 1024
/** How long the end of the agent waits for one. */
const CLOSE_WAIT_MS = 1000

/** `onFailure` hears of lines that could not be written. Throws when a file cannot be opened. */
export function openOutput(path: string, onFailure: (message: string) => void): Output {
  const standard = path === 'stdout' ? 1 : path === 'stderr' ? 2 : undefined
  return new Output(path, standard ?? openFile(path), standard === undefined, onFailure)
}

function openFile(path: string): number {
  try {
    return openSync(path.startsWith('file:') ? fileURLToPath(path) : path, 'a', 0o640)
  } catch (error) {
    throw new Error(`service::telemetry::logs: cannot open ${path}: ${messageOf(error)}`, { cause: error })
  }
}

export class Output {
  readonly hasColours: boolean
  readonly #path: string
  readonly #fd: number
  readonly #isOwnFile: boolean
  readonly #onFailure: (message: string) => void
  #waiting: Buffer[] = []
  #waitingBytes = 0
  /** What the operating system has now. */
  #writing: Buffer | undefined
  #whenIdle: (() => void) | undefined
  #isClosed = false

  constructor(path: string, fd: number, isOwnFile: boolean, onFailure: (message: string) => void) {
    this.#path = path
    this.#fd = fd
    this.#isOwnFile = isOwnFile
    this.#onFailure = onFailure
    this.hasColours = takesColours(!isOwnFile && isatty(fd))
    process.on('exit', this.#writeRest)
  }

  write(line: string): void {
    if (this.#isClosed) return
    const bytes = Buffer.from(line)
    if (this.#waitingBytes + bytes.length > MAX_WAITING_BYTES) {
      this.#onFailure(`lines of the log are lost: ${this.#path} takes them too slowly`)
      return
    }
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    if (this.#writing === undefined) this.#writeNext()
  }

  /** Waits for what is buffered, but not for ever: the reader may be stuck. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    if (this.#writing !== undefined) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, CLOSE_WAIT_MS)
        this.#whenIdle = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    process.off('exit', this.#writeRest)
    if (this.#isOwnFile && this.#writing === undefined)
      await new Promise<void>((resolve) => close(this.#fd, () => resolve()))
  }

  #writeNext(): void {
    if (this.#waiting.length === 0) {
      this.#writing = undefined
      this.#whenIdle?.()
      return
    }
    const bytes = this.#waiting.length === 1 ? this.#waiting[0]! : Buffer.concat(this.#waiting)
    this.#waiting = []
    this.#write(bytes)
  }

  #write(bytes: Buffer): void {
    this.#writing = bytes
    write(this.#fd, bytes, (error, written) => {
      if (error !== null) {
        if (error.code === 'EAGAIN') return void setTimeout(() => this.#write(bytes), 50).unref()
        this.#onFailure(`cannot write the log to ${this.#path}: ${messageOf(error)}`)
      }
      const done = error === null ? written : bytes.length
      this.#waitingBytes -= done
      if (done < bytes.length) this.#write(bytes.subarray(done))
      else this.#writeNext()
    })
  }

  /** The process ends without `close`: one attempt, for what no write has begun with. */
  readonly #writeRest = (): void => {
    try {
      if (this.#waiting.length > 0) writeSync(this.#fd, Buffer.concat(this.#waiting))
    } catch {
      // Nobody is left to tell.
    }
  }
}
