/** Whole Resource* entries in a row, shared by every batch that has them. */
export interface Chunk {
  readonly bytes: Buffer
  /** Spans, data points or log records. */
  readonly items: number
  /** How many hold it beyond an acknowledgement; kept by whoever accounts for memory, nobody else. */
  holders: number
  /** The memory is nobody else's: see sole.ts. */
  isSole: boolean
}
/** A chunk that nobody holds yet; takes the bytes over. */
export const chunkOf = (bytes: Buffer, items: number): Chunk => ({ bytes, items, holders: 0, isSole: false })
