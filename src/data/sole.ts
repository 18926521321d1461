// Memory of payloads that is given back at once. To V8 a request of 400 KB is a few bytes of heap: left to the garbage collector, with what
// has been written in its place, it makes V8 mark everything twice as often.
import { Batch } from './batch.ts'

/** Smaller ones cost more to give back than to leave to the garbage collector. */
const WORTH_FREEING_BYTES = 4096

/** Said by whoever made the batch of bytes that nobody else has, and will not look at it again once it has been accepted. */
export function markSole(batch: Batch): void {
  for (const chunk of Batch.chunksOf(batch)) chunk.isSole = true
}

/** Before a batch goes to several, or to somebody who may keep it. */
export function share(batch: Batch): void {
  for (const chunk of Batch.chunksOf(batch)) chunk.isSole = false
}

/** `after` has been made from `before`, and accepted: gives back what was replaced, as far as it has been nobody else's. */
export function giveBackReplaced(before: Batch, after: Batch): void {
  if (before === after) return
  const left = Batch.chunksOf(after)
  for (const chunk of Batch.chunksOf(before)) {
    const { buffer, length } = chunk.bytes
    if (!chunk.isSole || chunk.holders > 0 || length < WORTH_FREEING_BYTES || left.includes(chunk)) continue
    // A part of something larger is not ours alone.
    if (buffer.byteLength !== length || !(buffer instanceof ArrayBuffer)) continue
    chunk.isSole = false
    buffer.transfer(0)
  }
}
