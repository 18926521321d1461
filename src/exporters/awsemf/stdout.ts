// Events as lines of text, for stdout.
import { RetryableError } from '../../contract/index.ts'
import type { Outgoing } from '../../delivery/index.ts'
import { ByteWriter } from '../../wire/writer.ts'
import type { EventSink } from './translate.ts'

/** A line each, those of one batch together. */
export class Lines implements EventSink {
  readonly #out = new ByteWriter(4096)
  #items = 0

  enter(): void {}
  streamOf(): number {
    return 0
  }
  add(_stream: number, _timeMs: number, json: Buffer, start: number, end: number, items: number): void {
    this.#out.raw(json, start, end)
    this.#out.byte(0x0a)
    this.#items += items
  }

  clear(): void {
    this.#out.clear()
    this.#items = 0
  }

  /** All of them, or none; begins anew. */
  take(): Outgoing<Buffer>[] {
    const taken = this.#out.length === 0 ? [] : [{ request: this.#out.take(), items: this.#items }]
    this.clear()
    return taken
  }
}

/** Rejects when nobody reads any more. */
export const writeLines = (stream: NodeJS.WritableStream, lines: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    stream.write(lines, (error) =>
      error
        ? reject(new RetryableError(`stdout: ${error.message}`, { cause: error, reason: 'write_error' }))
        : resolve(),
    )
  })
