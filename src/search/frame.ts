// JSON that is known beforehand but for times and ids, which have their sizes: one copy, then digits in their places.
import type { Id, Instant } from '../data/index.ts'
import { writeIso } from '../wire/time.ts'
import type { ByteWriter } from '../wire/writer.ts'

/** How much a hole takes. */
export const TIME = 30
export const TRACE_ID = 32
export const SPAN_ID = 16

/** `new Frame('{"at":"', TIME, '","id":"', SPAN_ID, '"}')`; holes are counted from 0. */
export class Frame {
  readonly #bytes: Buffer
  readonly #holes: readonly number[]

  constructor(...parts: readonly (string | number)[]) {
    const holes: number[] = []
    let text = ''
    for (const part of parts)
      if (typeof part === 'string') text += part
      else {
        holes.push(text.length)
        text += '0'.repeat(part)
      }
    this.#bytes = Buffer.from(text)
    this.#holes = holes
  }

  /** Copies the whole, with no comma before it. Returns where it begins. */
  write(out: ByteWriter): number {
    const from = out.length
    out.raw(this.#bytes)
    return from
  }

  putTime({ bytes }: ByteWriter, from: number, hole: number, time: Instant): void {
    writeIso(time, bytes, from + this.#holes[hole]!)
  }
  /** The id has the size of the hole. */
  putId({ bytes }: ByteWriter, from: number, hole: number, id: Id): void {
    id.writeHexTo(bytes, from + this.#holes[hole]!)
  }
}

/** Whether they have the sizes of their holes: others come from nowhere but hand-made telemetry. */
export const areWhole = (traceId: Id, spanId: Id): boolean => traceId.size === 16 && spanId.size === 8
