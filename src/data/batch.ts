// Telemetry of one signal, immutable: chunks of serialized OTLP, shared by whoever holds the batch.
import { type Chunk, chunkOf } from './chunk.ts'
import { cutChunk } from './cut.ts'
import { withPass } from './pass.ts'
import type { Signal } from './signal.ts'
import type { Slab } from './slab.ts'
import { type Limit, splitChunks } from './split.ts'
import { validate } from './validate.ts'
import { type AnyVisitor, type Context, planOf, type Visitor } from './visitors.ts'

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
      pass.begin([visitor as AnyVisitor], context, undefined, undefined)
      for (const { bytes } of this.#chunks) pass.run(bytes)
    })
  }

  /**
   * Edits and drops, in as few passes as `fuse` allows. This very batch when nothing changed.
   * `dropped[i]` grows by the number of items that visitor i dropped. The list of visitors is known again by itself: the
   * same one costs less than an equal one, and must not change.
   */
  rewrite(visitors: readonly Visitor<S>[], context: Context, dropped: number[] = []): Batch<S> {
    for (let i = 0; i < visitors.length; i++) dropped[i] ??= 0
    const { runs, slab } = planOf(visitors as readonly AnyVisitor[])
    const [only] = runs
    if (only !== undefined && runs.length === 1) return this.#rewriteOnce(only.visitors, context, dropped, slab)
    let batch: Batch<S> = this
    for (const run of runs) {
      const counts = run.positions.map(() => 0)
      batch = batch.#rewriteOnce(run.visitors, context, counts, slab)
      for (const [i, position] of run.positions.entries()) dropped[position]! += counts[i]!
    }
    return batch
  }

  #rewriteOnce(visitors: readonly AnyVisitor[], context: Context, dropped: number[], slab: Slab): Batch<S> {
    return withPass(this.signal, (pass) => {
      pass.begin(visitors, context, dropped, slab)
      let before = sumOf(dropped)
      let rewritten: Chunk[] | undefined
      for (let i = 0; i < this.#chunks.length; i++) {
        const chunk = this.#chunks[i]!
        const bytes = pass.run(chunk.bytes)
        const after = sumOf(dropped)
        const items = chunk.items - (after - before)
        before = after
        if (bytes === chunk.bytes) {
          rewritten?.push(chunk)
          continue
        }
        rewritten ??= this.#chunks.slice(0, i)
        if (bytes !== undefined) rewritten.push(chunkOf(bytes, items))
      }
      return rewritten === undefined ? this : Batch.of(this.signal, rewritten)
    })
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

const sumOf = (counts: readonly number[]): number => {
  let sum = 0
  for (const count of counts) sum += count
  return sum
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
