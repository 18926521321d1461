// Snappy from outside: the block format with every step checked, and the stream format around blocks
// (google/snappy: format_description.txt, framing_format.txt).
//
// stream = identifier chunks;  chunk = type (1 byte) length (3 bytes, little endian) data
//   0x00 = checksum, block (compressed)    0x01 = checksum, bytes as they are    0xff = identifier, "sNaPpY"
//   0x80 to 0xfe are passed over; 0x02 to 0x7f are unknown
// checksum = CRC-32C of what comes out, turned right by 15 bits, plus 0xa282ead8
import { crc32c } from './crc32c.ts'
import { compressSnappy } from './snappy.ts'
import { DamagedError, Unpacked, UnpackedTooLargeError } from './unpacked.ts'

/** What a block says comes out; undefined when it does not say, or it cannot be: 64 bytes for 3 at best. */
export function snappyLength(input: Uint8Array): number | undefined {
  const head = headOf(input, 0, input.length)
  return head === undefined || head.length > input.length * 22 ? undefined : head.length
}

export function decompressSnappy(input: Uint8Array, limitBytes: number): Buffer {
  const length = snappyLength(input)
  if (length === undefined) throw new DamagedError('the length that it begins with cannot be')
  if (length > limitBytes) throw new UnpackedTooLargeError(`${length} bytes`)
  const out = new Unpacked(length, length)
  readBlock(input, 0, input.length, out)
  return out.take()
}

function headOf(input: Uint8Array, from: number, end: number): { length: number; at: number } | undefined {
  let length = 0
  for (let i = 0; i < 5 && from + i < end; i++) {
    const byte = input[from + i]!
    length += (byte & 127) * 2 ** (7 * i)
    if (byte < 128) return length < 2 ** 32 ? { length, at: from + i + 1 } : undefined
  }
  return undefined
}

/** Elements as in snappy.ts, and copy 3 = (length - 1) << 2 | 3, offset as four bytes. */
function readBlock(input: Uint8Array, from: number, end: number, out: Unpacked): void {
  const head = headOf(input, from, end)
  if (head === undefined) throw new DamagedError('a block without a length')
  const start = out.length
  out.reserve(head.length)
  let at = head.at
  while (at < end) {
    const tag = input[at++]!
    const kind = tag & 3
    if (kind === 0) {
      const extra = Math.max(0, (tag >>> 2) - 59)
      if (at + extra > end) throw new DamagedError('a literal is cut short')
      const length = 1 + (extra === 0 ? tag >>> 2 : numberAt(input, at, extra))
      at += extra
      if (at + length > end) throw new DamagedError('a literal is cut short')
      if (out.length - start + length > head.length) throw new DamagedError('more comes out than was promised')
      out.add(input, at, at + length)
      at += length
      continue
    }
    const extra = kind === 3 ? 4 : kind
    if (at + extra > end) throw new DamagedError('a copy is cut short')
    const length = kind === 1 ? 4 + ((tag >>> 2) & 7) : 1 + (tag >>> 2)
    const offset = kind === 1 ? ((tag >>> 5) << 8) | input[at]! : numberAt(input, at, extra)
    at += extra
    if (out.length - start + length > head.length) throw new DamagedError('more comes out than was promised')
    out.repeat(offset, length, start)
  }
  if (out.length - start !== head.length) throw new DamagedError('less comes out than was promised')
}

function numberAt(bytes: Uint8Array, at: number, size: number): number {
  let value = 0
  for (let i = 0; i < size; i++) value += bytes[at + i]! * 2 ** (8 * i)
  return value
}

const COMPRESSED = 0x00
const PLAIN = 0x01
const FIRST_SKIPPABLE = 0x80
const IDENTIFIER = 0xff
const MAGIC = Buffer.from('sNaPpY')
/** What a chunk may unpack to. */
const CHUNK_BYTES = 65_536

export function decompressSnappyStream(input: Uint8Array, limitBytes: number): Buffer {
  if (input.length === 0) throw new DamagedError('it does not begin as a stream of snappy')
  const out = new Unpacked(Math.min(input.length * 4, limitBytes), limitBytes)
  for (let at = 0; at < input.length; ) {
    const type = input[at]!
    const from = at + 4
    const end = from + (from > input.length ? 0 : numberAt(input, at + 1, 3))
    if (end > input.length || from > input.length) throw new DamagedError('a chunk is cut short')
    if (at === 0 && type !== IDENTIFIER) throw new DamagedError('it does not begin as a stream of snappy')
    if (type === IDENTIFIER) {
      if (!MAGIC.equals(input.subarray(from, end))) throw new DamagedError('it does not begin as a stream of snappy')
    } else if (type === COMPRESSED || type === PLAIN) readChunk(type, input, from, end, out)
    else if (type < FIRST_SKIPPABLE) throw new DamagedError(`a chunk of unknown type ${type}`)
    at = end
  }
  return out.take()
}

function readChunk(type: number, input: Uint8Array, from: number, end: number, out: Unpacked): void {
  if (end - from < 4) throw new DamagedError('a chunk without its checksum')
  const start = out.length
  const body = from + 4
  const length = type === PLAIN ? end - body : (headOf(input, body, end)?.length ?? 0)
  if (length > CHUNK_BYTES) throw new DamagedError(`a chunk of ${length} bytes`)
  if (type === PLAIN) out.add(input, body, end)
  else readBlock(input, body, end, out)
  if (checksumOf(out.bytes.subarray(start, out.length)) !== numberAt(input, from, 4))
    throw new DamagedError('a checksum is wrong')
}

const checksumOf = (bytes: Uint8Array): number => {
  const crc = crc32c(bytes)
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

export function compressSnappyStream(input: Uint8Array): Buffer {
  const pieces: Uint8Array[] = [Buffer.from([IDENTIFIER, MAGIC.length, 0, 0]), MAGIC]
  for (let start = 0; start < input.length; start += CHUNK_BYTES) {
    const plain = input.subarray(start, Math.min(start + CHUNK_BYTES, input.length))
    const block = compressSnappy(plain)
    const isSmaller = block.length < plain.length
    const body = isSmaller ? block : plain
    const head = Buffer.alloc(8)
    head.writeUInt32LE(body.length + 4, 1)
    head[0] = isSmaller ? COMPRESSED : PLAIN
    head.writeUInt32LE(checksumOf(plain), 4)
    pieces.push(head, Buffer.from(body))
  }
  return Buffer.concat(pieces)
}
