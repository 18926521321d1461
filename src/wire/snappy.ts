// Snappy's block format (google/snappy, format_description.txt), written.
// stream   = varint of the whole length, elements
// literal  = (length - 1) << 2, or 60 to 61 << 2 and one or two bytes of length - 1; then the bytes
// copy 1   = (length - 4) << 2 | offset >> 8 << 5 | 1, offset & 255            length 4 to 11, offset below 2048
// copy 2   = (length - 1) << 2 | 2, offset as two bytes                        length 1 to 64

import { readVarint, varintEnd } from './reader.ts'
import { ByteWriter, SHARED } from './writer.ts'

/** Matches are looked for within a block, as in every other encoder: an offset always fits into two bytes. */
const BLOCK_BYTES = 65536
const TABLE_BITS = 14
/** A match is not begun so close to the end that its four bytes cannot be read at once. */
const MARGIN = 15

/** By the hash of four bytes: where in the block they stood last. */
const table = new Uint16Array(1 << TABLE_BITS)

export function compressSnappy(input: Uint8Array): Buffer {
  const writer = new SnappyWriter()
  writer.write(input, input.length)
  return writer.take(NONE)
}

/** Compresses what comes piece by piece. */
export class SnappyWriter {
  readonly #out = new ByteWriter(SHARED)
  #sizeBytes = 0

  clear(): void {
    this.#out.giveBack()
    this.#sizeBytes = 0
  }

  /** As much of [0, end) as makes whole blocks. Returns how much that is; the rest is to come again, with what follows. */
  writeBlocks(bytes: Uint8Array, end: number): number {
    const blocksEnd = end - (end % BLOCK_BYTES)
    if (blocksEnd > 0) this.write(bytes, blocksEnd)
    return blocksEnd
  }

  write(bytes: Uint8Array, end: number): void {
    writeElements(this.#out, bytes, end)
    this.#sizeBytes += end
  }

  /** All of it, `head` in front, as one stream; then the next may come. */
  take(head: Uint8Array): Buffer {
    const front = new ByteWriter(16 + head.length)
    front.varint(head.length + this.#sizeBytes)
    writeElements(front, head, head.length)
    const out = this.#out
    const taken = Buffer.allocUnsafeSlow(front.length + out.length)
    front.bytes.copy(taken, 0, 0, front.length)
    out.bytes.copy(taken, front.length, 0, out.length)
    this.clear()
    return taken
  }
}

function writeElements(out: ByteWriter, input: Uint8Array, size: number): void {
  const words = new DataView(input.buffer, input.byteOffset, input.length)
  for (let start = 0; start < size; start += BLOCK_BYTES) {
    const end = Math.min(start + BLOCK_BYTES, size)
    out.reserve(32 + (end - start) + Math.floor((end - start) / 6))
    output = out.bytes
    out.length = compressBlock(input, words, start, end, out.length)
  }
  output = NONE
}

const NONE = Buffer.alloc(0)
/** Where the block at hand goes. */
let output: Buffer = NONE

/** `words` are the bytes of the input, to be read four at once. */
function compressBlock(input: Uint8Array, words: DataView, start: number, end: number, at: number): number {
  if (end - start < MARGIN) return writeLiteral(input, start, end, at)
  table.fill(0)
  const limit = end - MARGIN
  let literalAt = start
  let from = start + 1
  let next = load(words, from)
  while (from < limit) {
    let candidate = start
    // The longer nothing is found, the larger the steps: what cannot be compressed is passed over quickly.
    for (let skip = 32; ; skip++) {
      const hash = hashOf(next)
      candidate = start + table[hash]!
      table[hash] = from - start
      if (candidate < from && load(words, candidate) === next) break
      from += skip >>> 5
      if (from >= limit) return writeLiteral(input, literalAt, end, at)
      next = load(words, from)
    }
    at = writeLiteral(input, literalAt, from, at)
    do {
      const matchAt = from
      const offset = from - candidate
      from += 4
      candidate += 4
      while (from + 4 <= end && load(words, from) === load(words, candidate)) {
        from += 4
        candidate += 4
      }
      while (from < end && input[from] === input[candidate]) {
        from++
        candidate++
      }
      at = writeCopy(offset, from - matchAt, at)
      literalAt = from
      if (from >= limit) return writeLiteral(input, literalAt, end, at)
      table[hashOf(load(words, from - 1))] = from - 1 - start
      next = load(words, from)
      const hash = hashOf(next)
      candidate = start + table[hash]!
      table[hash] = from - start
    } while (load(words, candidate) === next)
    from++
    next = load(words, from)
  }
  return writeLiteral(input, literalAt, end, at)
}

const hashOf = (word: number): number => Math.imul(word, 0x1e35a7bd) >>> (32 - TABLE_BITS)

const load = (words: DataView, at: number): number => words.getInt32(at, true)

function writeLiteral(input: Uint8Array, start: number, end: number, at: number): number {
  const length = end - start
  if (length === 0) return at
  const rest = length - 1
  if (rest < 60) output[at++] = rest << 2
  else if (rest < 256) {
    output[at++] = 60 << 2
    output[at++] = rest
  } else {
    output[at++] = 61 << 2
    output[at++] = rest
    output[at++] = rest >>> 8
  }
  if (length < 32) for (let i = start; i < end; i++) output[at++] = input[i]!
  else {
    output.set(input.subarray(start, end), at)
    at += length
  }
  return at
}

function writeCopy(offset: number, length: number, at: number): number {
  while (length >= 68) {
    at = writeCopy2(offset, 64, at)
    length -= 64
  }
  if (length > 64) {
    at = writeCopy2(offset, 60, at)
    length -= 60
  }
  if (length >= 12 || offset >= 2048) return writeCopy2(offset, length, at)
  output[at++] = ((length - 4) << 2) | ((offset >>> 8) << 5) | 1
  output[at++] = offset
  return at
}

function writeCopy2(offset: number, length: number, at: number): number {
  output[at++] = ((length - 1) << 2) | 2
  output[at++] = offset
  output[at++] = offset >>> 8
  return at
}

/** What `compressSnappy` or a `SnappyWriter` has written. Nothing is checked. */
export function uncompressSnappy(input: Buffer): Buffer {
  const result = Buffer.allocUnsafeSlow(readVarint(input, 0))
  let at = 0
  for (let from = varintEnd; from < input.length; ) {
    const tag = input[from++]!
    const kind = tag & 3
    if (kind === 0) {
      const size = tag >>> 2
      const extra = size < 60 ? 0 : size - 59
      const length = 1 + (extra === 0 ? size : input.readUIntLE(from, extra))
      from += extra
      input.copy(result, at, from, from + length)
      from += length
      at += length
      continue
    }
    const length = kind === 1 ? 4 + ((tag >>> 2) & 7) : 1 + (tag >>> 2)
    const offset = kind === 1 ? ((tag >>> 5) << 8) | input[from]! : input.readUInt16LE(from)
    from += kind
    // What is copied may run into what is being written.
    for (const end = at + length; at < end; at++) result[at] = result[at - offset]!
  }
  return result
}
