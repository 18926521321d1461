// Which payload bytes the process holds. A chunk counts once, however many batches, branches and queues share it.
import type { PayloadMemory } from '../contract/index.ts'
import { Batch } from '../data/index.ts'

export class HeldPayload implements PayloadMemory {
  heldBytes = 0
  heldChunks = 0

  hold(batch: Batch): void {
    for (const chunk of Batch.chunksOf(batch)) {
      if (chunk.holders++ > 0) continue
      this.heldBytes += chunk.bytes.length
      this.heldChunks++
    }
  }
  release(batch: Batch): void {
    for (const chunk of Batch.chunksOf(batch)) {
      if (--chunk.holders > 0) continue
      this.heldBytes -= chunk.bytes.length
      this.heldChunks--
    }
  }
  add(sizeBytes: number): void {
    this.heldBytes += sizeBytes
  }
}
