// From the bytes of a request to the pipelines, and back to whoever asked: the same however they came.
import { type Consume, messageOf, PermanentError } from '../../contract/index.ts'
import { type Batch, type Context, decodeOtlp, decodeOtlpJson, type Signal } from '../../data/index.ts'
import { markSole } from '../../data/sole.ts'
import { encodePartialSuccess, type Format } from './answers.ts'

/** Is told once how it went. */
export interface Asker {
  onTaken(): void
  /** An Export*ServiceResponse that says how many items were not taken, and why. */
  onPartlyTaken(response: Buffer): void
  onRefused(error: unknown): void
}

/** Takes the bytes over; throws what is wrong with them. */
export function decodeRequest(format: Format, signal: Signal, bytes: Buffer): Batch {
  if (format === 'json') return decodeOtlpJson(signal, bytes)
  const batch = decodeOtlp(signal, bytes)
  markSole(batch)
  return batch
}

/** Throws what `consume` throws; what it rejects with goes to the asker. */
export function hand(batch: Batch, context: Context, consume: Consume, format: Format, asker: Asker): void {
  consume(batch, context).then(
    () => asker.onTaken(),
    (error: unknown) => {
      const rejected = error instanceof PermanentError ? error.rejectedItems : undefined
      if (rejected === undefined || rejected >= batch.items) asker.onRefused(error)
      else asker.onPartlyTaken(encodePartialSuccess(format, batch.signal, rejected, messageOf(error)))
    },
  )
}
