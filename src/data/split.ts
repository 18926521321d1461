// Chunks in parts of bounded size. What is around the items of a part stands in it again, and counts.
import { type Chunk, chunkOf } from './chunk.ts'
import { cutChunk } from './cut.ts'
import type { Signal } from './signal.ts'

/** What a part may hold; a single item may exceed `sizeBytes`, parents included. */
export interface Limit {
  readonly items?: number
  readonly sizeBytes?: number
}

/** The chunks of each part, in order; a chunk that fits a part whole is shared. */
export function splitChunks(signal: Signal, chunks: readonly Chunk[], limit: Limit): Chunk[][] {
  const { items: maxItems = Infinity, sizeBytes: maxBytes = Infinity } = limit
  const parts: Chunk[][] = []
  let part: Chunk[] = []
  let items = 0
  let sizeBytes = 0
  const endPart = (): void => {
    if (part.length > 0) parts.push(part)
    part = []
  }
  for (const chunk of chunks) {
    if (items + chunk.items <= maxItems && sizeBytes + chunk.bytes.length <= maxBytes) {
      part.push(chunk)
      items += chunk.items
      sizeBytes += chunk.bytes.length
      continue
    }
    let isFirst = true
    const pieces = cutChunk(signal, chunk.bytes, (addedBytes, aloneBytes) => {
      const isFull = items + 1 > maxItems || (items > 0 && sizeBytes + addedBytes > maxBytes)
      const choice = isFull && !isFirst ? 'cut' : 'keep'
      if (isFull && isFirst) endPart()
      items = isFull ? 1 : items + 1
      sizeBytes = isFull ? aloneBytes : sizeBytes + addedBytes
      isFirst = false
      return choice
    })
    for (const [i, piece] of pieces.entries()) {
      if (i > 0) endPart()
      part.push(chunkOf(piece.bytes, piece.items))
    }
  }
  endPart()
  return parts
}
