// What comes in compressed: never more than a limit comes out, whatever the header promises.
import {
  constants,
  gunzip,
  gunzipSync,
  inflate,
  inflateRaw,
  inflateRawSync,
  inflateSync,
  zstdDecompress,
  zstdDecompressSync,
} from 'node:zlib'
import { messageOf } from '../contract/index.ts'
import { decompressLz4, lz4Length } from '../wire/lz4.ts'
import { decompressSnappy, decompressSnappyStream, snappyLength } from '../wire/snappy-reader.ts'
import { UnpackedTooLargeError } from '../wire/unpacked.ts'
import { GRPC, RefusedError } from './status.ts'

/**
 * What this agent reads. `deflate` is RFC 1950 as in HTTP, or bare RFC 1951, which some senders mean. `snappy` is a bare block, as
 * in the collector; `lz4` is its frames.
 */
export const encodings = ['gzip', 'zstd', 'zlib', 'deflate', 'snappy', 'x-snappy-framed', 'lz4'] as const
export type Encoding = (typeof encodings)[number]
export const isEncoding = (text: string): text is Encoding => (encodings as readonly string[]).includes(text)

/** By the names of gRPC, where snappy is its stream format. */
const GRPC_ENCODINGS: ReadonlyMap<string, Encoding> = new Map([
  ['gzip', 'gzip'],
  ['zstd', 'zstd'],
  ['zlib', 'zlib'],
  ['deflate', 'deflate'],
  ['snappy', 'x-snappy-framed'],
])
export const grpcEncodings = [...GRPC_ENCODINGS.keys()]
export const encodingOfGrpc = (name: string): Encoding | undefined => GRPC_ENCODINGS.get(name)

/**
 * A buffer at once when the body is small, a promise of one when it is large. The buffer owns its memory: it may be kept.
 * Throws or rejects with a `RefusedError`: 413 when more than `limitBytes` would come out, 400 when the body is damaged.
 */
export function decompress(encoding: Encoding, body: Buffer, limitBytes: number): Buffer | Promise<Buffer> {
  const declared = declaredSize(encoding, body)
  if (declared !== undefined && declared > limitBytes) throw tooLarge(limitBytes)
  const codec = codecOf(encoding, body)
  const options = optionsOf(body, declared, limitBytes)
  if (body.length < ASYNC_FROM_BYTES || codec.async === undefined) {
    try {
      return owned(codec.sync(body, options))
    } catch (error) {
      throw refusal(error, encoding, limitBytes)
    }
  }
  return new Promise((resolve, reject) => {
    codec.async!(body, options, (error, out) =>
      error === null ? resolve(owned(out)) : reject(refusal(error, encoding, limitBytes)),
    )
  })
}

/** A thread costs two to eight times the CPU for a small body; a large one would hold up everybody else. */
const ASYNC_FROM_BYTES = 256 * 1024

interface Options {
  readonly maxOutputLength: number
  readonly chunkSize: number
  readonly params?: Record<number, number>
}
interface Codec {
  sync(body: Buffer, options: Options): Buffer
  /** Those that have none cost little enough. */
  readonly async?: (body: Buffer, options: Options, done: (error: Error | null, out: Buffer) => void) => void
}
const GZIP: Codec = { sync: gunzipSync, async: gunzip }
const ZLIB: Codec = { sync: inflateSync, async: inflate }
const RAW: Codec = { sync: inflateRawSync, async: inflateRaw }
const ZSTD: Codec = {
  sync: (body, options) => zstdDecompressSync(body, withWindow(options)),
  async: (body, options, done) => zstdDecompress(body, withWindow(options), done),
}
const SNAPPY: Codec = { sync: (body, { maxOutputLength }) => decompressSnappy(body, maxOutputLength) }
const SNAPPY_STREAM: Codec = { sync: (body, { maxOutputLength }) => decompressSnappyStream(body, maxOutputLength) }
const LZ4: Codec = { sync: (body, { maxOutputLength }) => decompressLz4(body, maxOutputLength) }

function codecOf(encoding: Encoding, body: Buffer): Codec {
  switch (encoding) {
    case 'gzip':
      return GZIP
    case 'zstd':
      return ZSTD
    case 'zlib':
      return ZLIB
    case 'deflate':
      return hasZlibHeader(body) ? ZLIB : RAW
    case 'snappy':
      return SNAPPY
    case 'x-snappy-framed':
      return SNAPPY_STREAM
    case 'lz4':
      return LZ4
  }
}

/** RFC 1950 2.2: method 8, and the two bytes are a multiple of 31. */
const hasZlibHeader = (body: Buffer): boolean =>
  body.length >= 2 && (body[0]! & 15) === 8 && (body[0]! * 256 + body[1]!) % 31 === 0

/** A frame may ask for a window of gigabytes before its first byte. One as large as the limit is of no use to it. */
const withWindow = (options: Options): Options => ({
  ...options,
  params: {
    [constants.ZSTD_d_windowLogMax]: Math.min(27, Math.max(23, Math.ceil(Math.log2(options.maxOutputLength)))),
  },
})

/** One piece of output that is large enough saves joining pieces; the promise of a header is believed within reason. */
function optionsOf(body: Buffer, declared: number | undefined, limitBytes: number): Options {
  const expected = Math.min(declared ?? body.length * 4, limitBytes) + 1
  return { maxOutputLength: limitBytes, chunkSize: Math.max(expected, body.length, 4096) }
}

/** What the body says will come out, unless it does not say. It may lie in either direction. */
export function declaredSize(encoding: Encoding, body: Buffer): number | undefined {
  // RFC 1952 2.3.1: the last four bytes of the last member, modulo 2^32. Deflate shrinks to 1/1032 at best.
  if (encoding === 'gzip' && body.length >= 18 && body.readUInt16BE(0) === 0x1f8b) {
    const size = body.readUInt32LE(body.length - 4)
    return size <= body.length * 1032 ? size : undefined
  }
  if (encoding === 'snappy') return snappyLength(body)
  if (encoding === 'lz4') return lz4Length(body)
  return encoding === 'zstd' ? zstdContentSize(body) : undefined
}

/**
 * RFC 8878 3.1.1: magic, then a descriptor: 2 bits size of the content size, 1 bit single segment, …, 2 bits size of the
 * dictionary id; window (unless single segment); dictionary id; content size.
 */
function zstdContentSize(body: Buffer): number | undefined {
  if (body.length < 18 || body.readUInt32LE(0) !== 0xfd2fb528) return undefined
  const descriptor = body[4]!
  const isSingleSegment = (descriptor & 0x20) !== 0
  const at = 5 + (isSingleSegment ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]!
  switch (descriptor >> 6) {
    case 0:
      return isSingleSegment ? body[at] : undefined
    case 1:
      return body.readUInt16LE(at) + 256
    case 2:
      return body.readUInt32LE(at)
    default:
      return Number(body.readBigUInt64LE(at))
  }
}

/** A small result lies in a slab shared with strangers, or in a piece that was too large: what is kept must not pin it. */
export function owned(bytes: Buffer): Buffer {
  if (bytes.buffer.byteLength <= bytes.length + bytes.length / 8 + 64) return bytes
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  bytes.copy(copy)
  return copy
}

const tooLarge = (limitBytes: number): RefusedError =>
  new RefusedError(
    413,
    GRPC.RESOURCE_EXHAUSTED,
    'too_large',
    `the decompressed body is larger than the limit of ${limitBytes} bytes`,
  )

function refusal(error: unknown, encoding: Encoding, limitBytes: number): RefusedError {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  if (error instanceof UnpackedTooLargeError || code === 'ERR_BUFFER_TOO_LARGE' || code.endsWith('windowTooLarge'))
    return tooLarge(limitBytes)
  return new RefusedError(
    400,
    GRPC.INVALID_ARGUMENT,
    'bad_compression',
    `the body is no ${encoding}: ${messageOf(error)}`,
  )
}
