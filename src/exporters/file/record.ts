// json = {record "\n"}; proto, and whatever is compressed = {length record}, the length in four bytes, big endian.
import { promisify } from 'node:util'
import { constants, zstdCompress, zstdCompressSync } from 'node:zlib'
import { type Batch, encodeOtlpJson } from '../../data/index.ts'

/** One batch as it stands in the file. */
export interface Record {
  readonly pieces: readonly Buffer[]
  readonly sizeBytes: number
}
export type Encode = (batch: Batch) => Record | Promise<Record>

export type Format = 'json' | 'proto'

export function createEncode(format: Format, compression: string | undefined, level: number): Encode {
  const encode = format === 'json' ? (batch: Batch) => [encodeOtlpJson(batch)] : protobuf
  if (compression === 'zstd') {
    const compress = createCompress(level === 0 ? 3 : level)
    return async (batch) => withLength([await compress(Buffer.concat(encode(batch)))])
  }
  return format === 'json' ? (batch) => recordOf([...encode(batch), NEWLINE]) : (batch) => withLength(encode(batch))
}

const NEWLINE = Buffer.from('\n')
const protobuf = (batch: Batch): Buffer[] => batch.chunks.map(asBuffer)

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)

function withLength(pieces: readonly Buffer[]): Record {
  const length = Buffer.allocUnsafe(4)
  length.writeUInt32BE(sizeOf(pieces))
  return recordOf([length, ...pieces])
}

const recordOf = (pieces: readonly Buffer[]): Record => ({ pieces, sizeBytes: sizeOf(pieces) })
const sizeOf = (pieces: readonly Buffer[]): number => pieces.reduce((sum, piece) => sum + piece.length, 0)

/** A round trip to another thread costs more than compressing that much. */
const SYNC_BELOW = 32 * 1024
const compressAsync = promisify(zstdCompress)

function createCompress(level: number): (bytes: Buffer) => Buffer | Promise<Buffer> {
  const options = { params: { [constants.ZSTD_c_compressionLevel]: level } }
  return (bytes) => (bytes.length < SYNC_BELOW ? zstdCompressSync(bytes, options) : compressAsync(bytes, options))
}
