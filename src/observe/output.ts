// Where lines go: stdout, stderr or a file. Writing never blocks the agent: what a stuck reader does not take waits in a
// bounded buffer, and beyond that is lost and counted.
import { openSync } from 'node:fs'
import { isatty } from 'node:tty'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { messageOf } from '../contract/index.ts'

export interface Output {
  readonly isTerminal: boolean
  write(line: string): void
  /** Waits for what is buffered, but not for ever: the reader may be stuck. */
  close(): Promise<void>
}

/** A reader that stands still costs at most this much memory. */
const MAX_BUFFERED_BYTES = 1024 * 1024
const CLOSE_WAIT_MS = 1000

/** `onFailure` hears of lines that could not be written. Throws when a file cannot be opened. */
export function openOutput(path: string, onFailure: (message: string) => void): Output {
  const standard = path === 'stdout' ? 1 : path === 'stderr' ? 2 : undefined
  const fd = standard ?? openFile(path)
  const stream = pino.destination({ fd, sync: false, maxLength: MAX_BUFFERED_BYTES, minLength: 0 })
  stream.on('error', (error: unknown) => onFailure(`cannot write the log to ${path}: ${messageOf(error)}`))
  stream.on('drop', () => onFailure(`lines of the log are lost: ${path} takes them too slowly`))
  let isClosed = false
  return {
    isTerminal: standard !== undefined && isatty(standard),
    write: (line) => {
      if (!isClosed) stream.write(line)
    },
    close: () =>
      new Promise((resolve) => {
        if (isClosed) return resolve()
        isClosed = true
        const end = (): void => {
          clearTimeout(timer)
          resolve()
        }
        const timer = setTimeout(end, CLOSE_WAIT_MS)
        // Ends with what is buffered written; a file is closed, stdout and stderr stay open.
        stream.once('close', end)
        stream.end()
      }),
  }
}

function openFile(path: string): number {
  try {
    return openSync(path.startsWith('file:') ? fileURLToPath(path) : path, 'a', 0o640)
  } catch (error) {
    throw new Error(`service::telemetry::logs: cannot open ${path}: ${messageOf(error)}`, { cause: error })
  }
}
