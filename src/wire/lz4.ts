// LZ4's frames (lz4/lz4: doc/lz4_Frame_format.md, doc/lz4_Block_format.md). All numbers are little endian.
//
// frame = magic (4) FLG (1) BD (1) [content size (8)] [dictionary id (4)] header checksum (1), blocks, 0 (4), [checksum (4)]
// block = size (4; the highest bit: as it is), bytes, [checksum (4)]
// bytes = sequences;  sequence = token (literals << 4 | match - 4), [more literals], literals, offset (2), [more match]
//         the last one ends after its literals; 15 is followed by bytes to add, until one is not 255
import { DamagedError, Unpacked } from './unpacked.ts'
import { xxHash32 } from './xxhash32.ts'

const MAGIC = 0x184d2204
const SKIPPABLE = 0x184d2a50
const FLAG = { version: 0xc0, version1: 0x40, blockChecksum: 0x10, contentSize: 8, contentChecksum: 4, dictionary: 1 }
const AS_IS = 0x80000000
/** By the number in BD. */
const BLOCK_BYTES: Readonly<Record<number, number>> = { 4: 65_536, 5: 262_144, 6: 1_048_576, 7: 4_194_304 }

/** What the first frame says comes out; undefined when it does not say, or it cannot be: 255 bytes for one at best. */
export function lz4Length(input: Buffer): number | undefined {
  if (input.length < 15 || input.readUInt32LE(0) !== MAGIC || (input[4]! & FLAG.contentSize) === 0) return undefined
  const length = Number(input.readBigUInt64LE(6))
  return length > input.length * 255 ? undefined : length
}

export function decompressLz4(input: Buffer, limitBytes: number): Buffer {
  const out = new Unpacked(Math.min(lz4Length(input) ?? input.length * 4, limitBytes), limitBytes)
  for (let at = 0; at < input.length || at === 0; ) at = readFrame(input, at, out)
  return out.take()
}

/** Where the next one begins. */
function readFrame(input: Buffer, start: number, out: Unpacked): number {
  const magic = wordAt(input, start)
  if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE) {
    const end = start + 8 + wordAt(input, start + 4)
    if (end > input.length) throw new DamagedError('a frame is cut short')
    return end
  }
  if (magic !== MAGIC) throw new DamagedError('it does not begin as a frame of LZ4')
  const flags = input[start + 4] ?? 0
  const blockBytes = BLOCK_BYTES[((input[start + 5] ?? 0) >>> 4) & 7]
  if ((flags & FLAG.version) !== FLAG.version1 || blockBytes === undefined)
    throw new DamagedError('a frame of an unknown version')
  if ((flags & FLAG.dictionary) !== 0) throw new DamagedError('a frame that needs a dictionary')
  const headEnd = start + 6 + ((flags & FLAG.contentSize) === 0 ? 0 : 8)
  if (headEnd >= input.length) throw new DamagedError('a frame is cut short')
  if (input[headEnd] !== ((xxHash32(input.subarray(start + 4, headEnd)) >>> 8) & 255))
    throw new DamagedError('the checksum of a header is wrong')
  const first = out.length
  let at = headEnd + 1
  for (;;) {
    const size = wordAt(input, at)
    at += 4
    if (size === 0) break
    at = readBlock(input, at, size, { flags, blockBytes, first }, out)
  }
  if ((flags & FLAG.contentSize) !== 0 && out.length - first !== Number(input.readBigUInt64LE(start + 6)))
    throw new DamagedError('another size comes out than was promised')
  if ((flags & FLAG.contentChecksum) === 0) return at
  checkSum(out.bytes.subarray(first, out.length), wordAt(input, at))
  return at + 4
}

interface FrameHead {
  readonly flags: number
  readonly blockBytes: number
  /** Where its content begins: what came before is another's. */
  readonly first: number
}

function readBlock(input: Buffer, from: number, size: number, of: FrameHead, out: Unpacked): number {
  const length = size & 0x7fffffff
  const end = from + length
  if (length > of.blockBytes || end > input.length) throw new DamagedError('a block is too large, or cut short')
  const start = out.length
  if ((size & AS_IS) !== 0) out.add(input, from, end)
  else readSequences(input, from, end, of.first, start + of.blockBytes, out)
  if ((of.flags & FLAG.blockChecksum) === 0) return end
  checkSum(input.subarray(from, end), wordAt(input, end))
  return end + 4
}

function readSequences(input: Buffer, from: number, end: number, first: number, most: number, out: Unpacked): void {
  let at = from
  const lengthOf = (nibble: number): number => {
    let length = nibble
    if (nibble === 15)
      for (let more = 255; more === 255; length += more) {
        if (at >= end) throw new DamagedError('a length is cut short')
        more = input[at++]!
      }
    return length
  }
  while (at < end) {
    const token = input[at++]!
    const literals = lengthOf(token >>> 4)
    if (at + literals > end || out.length + literals > most) throw new DamagedError('a literal is cut short')
    out.add(input, at, at + literals)
    at += literals
    if (at === end) return
    if (at + 2 > end) throw new DamagedError('an offset is cut short')
    const offset = input[at]! | (input[at + 1]! << 8)
    at += 2
    const length = 4 + lengthOf(token & 15)
    if (out.length + length > most) throw new DamagedError('a block unpacks to more than a block')
    out.repeat(offset, length, first)
  }
}

function wordAt(input: Buffer, at: number): number {
  if (at + 4 > input.length) throw new DamagedError('it is cut short')
  return input.readUInt32LE(at)
}

function checkSum(bytes: Uint8Array, wanted: number): void {
  if (xxHash32(bytes) !== wanted) throw new DamagedError('a checksum is wrong')
}

/** A match may begin no later than this before the end of a block, and its last bytes are literals: the format's rules. */
const LAST_MATCH = 12
const LAST_LITERALS = 5
const HASH_BITS = 14
const MAX_OFFSET = 65_535
const WRITTEN_BLOCK = 6

/** By the hash of four bytes: where in the input they stood last, plus one. */
const table = new Int32Array(1 << HASH_BITS)

/** One frame, in blocks of a megabyte that do without each other, with the size of its content. */
export function compressLz4(input: Uint8Array): Buffer {
  const most = BLOCK_BYTES[WRITTEN_BLOCK]!
  const head = Buffer.alloc(15)
  head.writeUInt32LE(MAGIC, 0)
  head[4] = FLAG.version1 | 0x20 | FLAG.contentSize
  head[5] = WRITTEN_BLOCK << 4
  head.writeBigUInt64LE(BigInt(input.length), 6)
  head[14] = (xxHash32(head.subarray(4, 14)) >>> 8) & 255
  const pieces: Uint8Array[] = [head]
  for (let start = 0; start < input.length; start += most) {
    const plain = input.subarray(start, Math.min(start + most, input.length))
    const block = Buffer.allocUnsafe(plain.length + (plain.length >>> 7) + 32)
    const size = writeSequences(plain, block)
    const length = Buffer.alloc(4)
    length.writeUInt32LE((size < plain.length ? size : plain.length + AS_IS) >>> 0)
    pieces.push(length, size < plain.length ? block.subarray(0, size) : plain)
  }
  pieces.push(Buffer.alloc(4))
  return Buffer.concat(pieces)
}

function writeSequences(input: Uint8Array, out: Buffer): number {
  table.fill(0)
  let to = 0
  let literalAt = 0
  const limit = input.length - LAST_MATCH
  for (let at = 0, misses = 32; at < limit; ) {
    const word = load(input, at)
    const hash = Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS)
    const found = table[hash]! - 1
    table[hash] = at + 1
    if (found < 0 || at - found > MAX_OFFSET || load(input, found) !== word) {
      // The longer nothing is found, the larger the steps.
      at += misses++ >>> 5
      continue
    }
    misses = 32
    let end = at + 4
    const last = input.length - LAST_LITERALS
    while (end < last && input[end] === input[end - at + found]) end++
    to = writeSequence(out, to, input.subarray(literalAt, at), end - at - 4, at - found)
    at = literalAt = end
  }
  return writeSequence(out, to, input.subarray(literalAt), 0, 0)
}

/** Without an offset it is the last one. */
function writeSequence(out: Buffer, at: number, literals: Uint8Array, match: number, offset: number): number {
  out[at] = (Math.min(15, literals.length) << 4) | (offset === 0 ? 0 : Math.min(15, match))
  let to = writeRest(out, at + 1, literals.length)
  out.set(literals, to)
  to += literals.length
  if (offset === 0) return to
  out[to] = offset
  out[to + 1] = offset >>> 8
  return writeRest(out, to + 2, match)
}

function writeRest(out: Buffer, at: number, length: number): number {
  if (length < 15) return at
  let rest = length - 15
  for (; rest >= 255; rest -= 255) out[at++] = 255
  out[at++] = rest
  return at
}

const load = (bytes: Uint8Array, at: number): number =>
  bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
