// Header compression, RFC 7541: reading with all of it, writing without a memory of what was written before.
import type { ByteWriter } from '../../wire/writer.ts'
import { HeaderField } from './field.ts'
import { decodeHuffman } from './huffman.ts'

/** A connection whose table is out of step cannot go on. */
export class CompressionError extends Error {
  override readonly name = 'CompressionError'
}

/** What we allow, the default of SETTINGS_HEADER_TABLE_SIZE. */
const MAX_TABLE_BYTES = 4096
/** A field takes at least 32 bytes of the table. */
const RING = MAX_TABLE_BYTES / 32
/** A string longer than that exceeds any list of headers that we take. */
const MAX_STRING_BYTES = 64 * 1024

/** RFC 7541 Appendix A, index 1 to 61. */
const staticTable: readonly HeaderField[] = [
  [':authority'],
  [':method', 'GET', 'POST'],
  [':path', '/', '/index.html'],
  [':scheme', 'http', 'https'],
  [':status', '200', '204', '206', '304', '400', '404', '500'],
  ['accept-charset'],
  ['accept-encoding', 'gzip, deflate'],
  ...[
    'accept-language accept-ranges accept access-control-allow-origin age allow authorization cache-control',
    'content-disposition content-encoding content-language content-length content-location content-range content-type',
    'cookie date etag expect expires from host if-match if-modified-since if-none-match if-range if-unmodified-since',
    'last-modified link location max-forwards proxy-authenticate proxy-authorization range referer refresh retry-after',
    'server set-cookie strict-transport-security transfer-encoding user-agent vary via www-authenticate',
  ].flatMap((names) => names.split(' ').map((name) => [name])),
].flatMap(([name, ...values]) =>
  values.length === 0 ? [new HeaderField(name!, '')] : values.map((value) => new HeaderField(name!, value)),
)

const scratch = Buffer.allocUnsafeSlow(MAX_STRING_BYTES)

/**
 * field = 1xxxxxxx indexed | 01xxxxxx literal, enters the table | 001xxxxx size of the table | 0000xxxx literal |
 *         0001xxxx literal, never in a table
 * string = Hxxxxxxx length, octets (Huffman code when H)
 */
export class HpackDecoder {
  readonly #ring: (HeaderField | undefined)[] = new Array(RING).fill(undefined)
  /** Position of the newest entry. */
  #newest = 0
  #count = 0
  #tableBytes = 0
  #maxTableBytes = MAX_TABLE_BYTES
  #bytes: Buffer = scratch
  #at = 0
  #end = 0

  /** The fields of one whole header block. Throws `CompressionError`. */
  decode(bytes: Buffer, start: number, end: number, head: { add(field: HeaderField): void }): void {
    this.#bytes = bytes
    this.#at = start
    this.#end = end
    let isFirst = true
    while (this.#at < end) {
      const byte = bytes[this.#at]!
      if (byte > 127) head.add(this.#field(this.#integer(7)))
      else if (byte > 63) {
        const field = this.#literal(6)
        this.#insert(field)
        head.add(field)
      } else if (byte > 31) {
        if (!isFirst) throw new CompressionError('a size of the table in the middle of a block')
        this.#resize(this.#integer(5))
        continue
      } else head.add(this.#literal(4))
      isFirst = false
    }
    this.#bytes = scratch
  }

  #field(index: number): HeaderField {
    if (index <= staticTable.length) {
      const field = staticTable[index - 1]
      if (field !== undefined) return field
    }
    const age = index - staticTable.length - 1
    if (index === 0 || age >= this.#count) throw new CompressionError(`no field has the index ${index}`)
    return this.#ring[(this.#newest - age) & (RING - 1)]!
  }

  #literal(prefixBits: number): HeaderField {
    const index = this.#integer(prefixBits)
    const name = index === 0 ? this.#string() : this.#field(index).name
    return new HeaderField(name, this.#string())
  }

  /** 5.1; nothing that we take is as large as 2^21. */
  #integer(prefixBits: number): number {
    const mask = (1 << prefixBits) - 1
    let value = this.#bytes[this.#at++]! & mask
    if (value < mask) return value
    for (let shift = 0; shift < 21; shift += 7) {
      if (this.#at >= this.#end) break
      const byte = this.#bytes[this.#at++]!
      value += (byte & 127) << shift
      if (byte < 128) return value
    }
    throw new CompressionError('an integer without an end')
  }

  #string(): string {
    if (this.#at >= this.#end) throw new CompressionError('a string is missing')
    const isHuffman = this.#bytes[this.#at]! > 127
    const length = this.#integer(7)
    const start = this.#at
    if (length > this.#end - start) throw new CompressionError('a string exceeds its block')
    this.#at += length
    if (!isHuffman) return this.#bytes.latin1Slice(start, this.#at)
    const size = decodeHuffman(this.#bytes, start, this.#at, scratch)
    if (size === -1) throw new CompressionError('a string is no Huffman code')
    return scratch.latin1Slice(0, size)
  }

  #insert(field: HeaderField): void {
    this.#evict(this.#maxTableBytes - field.sizeBytes)
    if (field.sizeBytes > this.#maxTableBytes) return
    this.#newest = (this.#newest + 1) & (RING - 1)
    this.#ring[this.#newest] = field
    this.#count++
    this.#tableBytes += field.sizeBytes
  }

  #resize(bytes: number): void {
    if (bytes > MAX_TABLE_BYTES) throw new CompressionError(`a table of ${bytes} bytes, at most ${MAX_TABLE_BYTES}`)
    this.#maxTableBytes = bytes
    this.#evict(bytes)
  }

  #evict(untilBytes: number): void {
    while (this.#count > 0 && this.#tableBytes > untilBytes) {
      const oldest = (this.#newest - --this.#count) & (RING - 1)
      this.#tableBytes -= this.#ring[oldest]!.sizeBytes
      this.#ring[oldest] = undefined
    }
  }
}

/** The other side need not remember anything: opens the first block of a connection. */
export const FORGET_TABLE = 0x20

const STATUS = 8
const CONTENT_TYPE = 31

/** A field as a literal that enters no table. */
export function writeField(out: ByteWriter, name: string, value: string): void {
  const index = name === ':status' ? STATUS : name === 'content-type' ? CONTENT_TYPE : 0
  if (index < 15) out.byte(index)
  else {
    out.byte(15)
    out.byte(index - 15)
  }
  if (index === 0) writeString(out, name)
  writeString(out, value)
}

function writeString(out: ByteWriter, text: string): void {
  let length = Buffer.byteLength(text)
  if (length < 127) out.byte(length)
  else {
    out.byte(127)
    for (length -= 127; length > 127; length >>>= 7) out.byte((length & 127) | 128)
    out.byte(length)
  }
  out.utf8(text)
}
