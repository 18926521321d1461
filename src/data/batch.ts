// Telemetry of one signal, immutable: chunks of serialized OTLP, shared by whoever holds the batch.
import { type Chunk, chunkOf } from './chunk.ts'
import { cutChunk } from './cut.ts'
import { withPass } from './pass.ts'
import type { Signal } from './signal.ts'
import { type Limit, splitChunks } from './split.ts'
import { validate } from './validate.ts'
import { type AnyVisitor, type Context, fuse, type Visitor } from './visitors.ts'

export { type Chunk, chunkOf } from './chunk.ts'
export type { Limit } from './split.ts'

/** Made by `decodeOtlp`, `decodeOtlpJson` or a `Builder`; changed by `rewrite`, which gives another one. */
export class Batch<S extends Signal = Signal> {
  readonly signal: S
  readonly #chunks: readonly Chunk[]
  /** Spans, data points or log records. */
  readonly items: number
  readonly sizeBytes: number

  constructor(signal: S, chunks: readonly Chunk[], items: number, sizeBytes: number) {
    this.signal = signal
    this.#chunks = chunks
    this.items = items
    this.sizeBytes = sizeBytes
  }

  /** No chunks, no items. */
  static empty<S extends Signal>(signal: S): Batch<S> {
    return new Batch(signal, [], 0, 0)
  }

  static of<S extends Signal>(signal: S, chunks: readonly Chunk[]): Batch<S> {
    let items = 0
    let sizeBytes = 0
    for (const chunk of chunks) {
      items += chunk.items
      sizeBytes += chunk.bytes.length
    }
    return new Batch(signal, chunks, items, sizeBytes)
  }

  /** No items; there may be resources, scopes and metrics without any. */
  get isEmpty(): boolean {
    return this.items === 0
  }

  /** For whoever accounts for memory by chunk: a chunk that several batches share is the same object in each. */
  static chunksOf(batch: Batch): readonly Chunk[] {
    return batch.#chunks
  }

  /** Whole Resource* entries each: in a row they are one TracesData, MetricsData or LogsData message. */
  get chunks(): readonly Uint8Array[] {
    return this.#chunks.map(({ bytes }) => bytes)
  }

  /** Reads every item. Views are valid inside the hook only; a parent's hook that returns false skips what is below. */
  visit(visitor: Visitor<S>, context?: Context): void {
    withPass(this.signal, (pass) => {
      pass.begin([visitor as AnyVisitor], context, undefined)
      for (const { bytes } of this.#chunks) pass.run(bytes)
    })
  }

  /**
   * Edits and drops, in as few passes as `fuse` allows. This very batch when nothing changed.
   * `dropped[i]` grows by the number of items that visitor i dropped.
   */
  rewrite(visitors: readonly Visitor<S>[], context: Context, dropped: number[] = []): Batch<S> {
    for (let i = 0; i < visitors.length; i++) dropped[i] ??= 0
    let batch: Batch<S> = this
    for (const run of fuse(visitors as readonly AnyVisitor[])) {
      const counts = run.map(() => 0)
      batch = batch.#rewriteOnce(
        run.map((position) => visitors[position] as AnyVisitor),
        context,
        counts,
      )
      for (const [i, position] of run.entries()) dropped[position]! += counts[i]!
    }
    return batch
  }

  #rewriteOnce(visitors: readonly AnyVisitor[], context: Context, dropped: number[]): Batch<S> {
    let changed = false
    const chunks = withPass(this.signal, (pass) => {
      pass.begin(visitors, context, dropped)
      let before = 0
      return this.#chunks.flatMap((chunk) => {
        const bytes = pass.run(chunk.bytes)
        const after = dropped.reduce((sum, count) => sum + count, 0)
        const items = chunk.items - (after - before)
        before = after
        if (bytes === chunk.bytes) return [chunk]
        changed = true
        return bytes === undefined ? [] : [chunkOf(bytes, items)]
      })
    })
    return changed ? Batch.of(this.signal, chunks) : this
  }

  /**
   * Parts of at most that many items or bytes, in order, resource and scope repeated and counted. A single item with what is
   * around it may exceed `sizeBytes`. This very batch when it fits.
   */
  split(limit: Limit): Batch<S>[] {
    const { items = Infinity, sizeBytes = Infinity } = limit
    if (this.items <= items && this.sizeBytes <= sizeBytes) return [this]
    return splitChunks(this.signal, this.#chunks, limit).map((chunks) => Batch.of(this.signal, chunks))
  }

  /** The items at these positions (ascending), resource and scope kept: what is left after a partial failure. */
  select(positions: readonly number[]): Batch<S> {
    let position = 0
    let wanted = 0
    const chunks = this.#chunks.flatMap((chunk) => {
      const stop = position + chunk.items
      if (positions[wanted] === undefined || positions[wanted]! >= stop) {
        position = stop
        return []
      }
      return cutChunk(this.signal, chunk.bytes, () => {
        if (positions[wanted] !== position++) return 'skip'
        wanted++
        return 'keep'
      }).map(({ bytes, items }) => chunkOf(bytes, items))
    })
    return Batch.of(this.signal, chunks)
  }
}

/** Joins batches without copying a byte. */
export function concat<S extends Signal>(batches: readonly [Batch<S>, ...Batch<S>[]]): Batch<S> {
  return Batch.of(
    batches[0].signal,
    batches.flatMap((batch) => Batch.chunksOf(batch)),
  )
}

/** The only way in for foreign bytes: checks to full depth and counts, throws `MalformedError`. Takes the bytes over. */
export function decodeOtlp<S extends Signal>(signal: S, bytes: Uint8Array): Batch<S> {
  // Every chunk is a Buffer: one hidden class, so that the readers stay monomorphic.
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const items = validate(signal, buffer)
  return new Batch(signal, buffer.length === 0 ? [] : [chunkOf(buffer, items)], items, buffer.length)
}
