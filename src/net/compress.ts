// Compresses what goes out. Takes the list of chunks that a batch is, gives one buffer.

import { constants, deflate, deflateSync, gzip, gzipSync, zstdCompress, zstdCompressSync } from 'node:zlib'
import { compressLz4 } from '../wire/lz4.ts'
import { compressSnappy } from '../wire/snappy.ts'
import { compressSnappyStream } from '../wire/snappy-reader.ts'

/** What this agent can write, under the names of `compression`. `zlib` and `deflate` are both RFC 1950, as in the collector. */
export type Codec = 'gzip' | 'zlib' | 'deflate' | 'zstd' | 'snappy' | 'x-snappy-framed' | 'lz4'

/** A buffer at once when the input is small, a promise of one when it is large. */
export type Compress = (chunks: readonly Uint8Array[], sizeBytes: number) => Buffer | Promise<Buffer>

interface Shape {
  readonly chunkSize: number
  readonly sizeBytes: number
}
type Done = (error: Error | null, compressed: Buffer) => void

interface CodecFunctions {
  /** Up to this size the event loop waits, about a millisecond; beyond it a thread compresses, for 15 % more CPU (small bodies: 2 to 5 times). */
  readonly syncUpToBytes: number
  sync(bytes: Uint8Array, level: number | undefined, shape: Shape): Buffer
  /** Those that have none cost little enough. */
  readonly async?: (bytes: Uint8Array, level: number | undefined, shape: Shape, done: Done) => void
}

const zlibOptions = (level: number | undefined, { chunkSize, sizeBytes }: Shape) => ({
  chunkSize,
  // A hash table twice as large finds the same matches for 10 % less; setting it up is too much for a small body.
  memLevel: sizeBytes > LARGE_BYTES ? constants.Z_MAX_MEMLEVEL : constants.Z_DEFAULT_MEMLEVEL,
  ...(level === HUFFMAN_ONLY
    ? { level: 1, strategy: constants.Z_HUFFMAN_ONLY }
    : { level: level ?? DEFAULT_ZLIB_LEVEL }),
})

const zstdOptions = (level: number | undefined, { chunkSize, sizeBytes }: Shape) => ({
  chunkSize,
  // The decoder then needs no window larger than the content.
  pledgedSrcSize: sizeBytes,
  params: { [constants.ZSTD_c_compressionLevel]: level ?? DEFAULT_ZSTD_LEVEL },
})

/** Go's `compress/flate` at its default and zlib's level 6 agree in size to 0.5 % (docs/performance.md). */
const DEFAULT_ZLIB_LEVEL = 6
/** At most the size of what the collector's default (`fastest`) writes; libzstd's own, 3, saves 2 % for half as much again. */
const DEFAULT_ZSTD_LEVEL = 1
/** Go's name for level -2. */
const HUFFMAN_ONLY = -2

const LARGE_BYTES = 16 * 1024
const ZLIB_SYNC_BYTES = 128 * 1024
const ZSTD_SYNC_BYTES = 512 * 1024

const zlibCodec: CodecFunctions = {
  syncUpToBytes: ZLIB_SYNC_BYTES,
  sync: (bytes, level, shape) => deflateSync(bytes, zlibOptions(level, shape)),
  async: (bytes, level, shape, done) => deflate(bytes, zlibOptions(level, shape), done),
}

const CODECS: Readonly<Record<Codec, CodecFunctions>> = {
  gzip: {
    syncUpToBytes: ZLIB_SYNC_BYTES,
    sync: (bytes, level, shape) => gzipSync(bytes, zlibOptions(level, shape)),
    async: (bytes, level, shape, done) => gzip(bytes, zlibOptions(level, shape), done),
  },
  zlib: zlibCodec,
  deflate: zlibCodec,
  zstd: {
    syncUpToBytes: ZSTD_SYNC_BYTES,
    sync: (bytes, level, shape) => zstdCompressSync(bytes, zstdOptions(level, shape)),
    async: (bytes, level, shape, done) => zstdCompress(bytes, zstdOptions(level, shape), done),
  },
  snappy: { syncUpToBytes: Infinity, sync: compressSnappy },
  'x-snappy-framed': { syncUpToBytes: Infinity, sync: compressSnappyStream },
  lz4: { syncUpToBytes: Infinity, sync: compressLz4 },
}

/** `level` as in `compression_params`; 0, -1 and undefined are the codec's default. */
export function createCompress(codec: Codec, level?: number): Compress {
  const { sync, async, syncUpToBytes } = CODECS[codec]
  const asked = level === 0 || level === -1 ? undefined : level
  return (chunks, sizeBytes) => {
    const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, sizeBytes)
    const shape = { sizeBytes, chunkSize: outputSize(sizeBytes) }
    if (sizeBytes <= syncUpToBytes || async === undefined) return sync(bytes, asked, shape)
    return new Promise((resolve, reject) =>
      async(bytes, asked, shape, (error, compressed) => (error ? reject(error) : resolve(compressed))),
    )
  }
}

/** Telemetry shrinks to a quarter or less: one piece of output then holds it, without joining pieces of 16 KiB. */
const outputSize = (sizeBytes: number): number => Math.max(1024, Math.ceil(sizeBytes / 3))
