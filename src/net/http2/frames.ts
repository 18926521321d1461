// Frames, RFC 9113 4.1: length (24), type (8), flags (8), stream (31), payload.
import type { ByteWriter } from '../../wire/writer.ts'

export const FRAME = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const

export const FLAG = { END_STREAM: 1, ACK: 1, END_HEADERS: 4, PADDED: 8, PRIORITY: 32 } as const

export const SETTING = {
  HEADER_TABLE_SIZE: 1,
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  MAX_HEADER_LIST_SIZE: 6,
} as const

/** RFC 9113 7 */
export const CODE = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  FLOW_CONTROL_ERROR: 3,
  SETTINGS_TIMEOUT: 4,
  STREAM_CLOSED: 5,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  COMPRESSION_ERROR: 9,
  ENHANCE_YOUR_CALM: 11,
} as const

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
export const FRAME_HEADER_BYTES = 9
/** What we take; the default, and the least that may be set. */
export const MAX_FRAME_BYTES = 16_384
export const MAX_WINDOW = 2 ** 31 - 1
export const DEFAULT_WINDOW = 65_535

export const readUint24 = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!
export const readUint31 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! & 127) << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
export const readUint32 = (bytes: Uint8Array, at: number): number =>
  readUint31(bytes, at) + (bytes[at]! >>> 7) * 2 ** 31

export function writeFrameHeader(out: ByteWriter, length: number, type: number, flags: number, stream: number): void {
  out.reserve(FRAME_HEADER_BYTES)
  const { bytes } = out
  const at = out.length
  bytes[at] = length >>> 16
  bytes[at + 1] = length >>> 8
  bytes[at + 2] = length
  bytes[at + 3] = type
  bytes[at + 4] = flags
  bytes[at + 5] = stream >>> 24
  bytes[at + 6] = stream >>> 16
  bytes[at + 7] = stream >>> 8
  bytes[at + 8] = stream
  out.length = at + FRAME_HEADER_BYTES
}

function writeUint32(out: ByteWriter, value: number): void {
  out.reserve(4)
  out.length = out.bytes.writeUInt32BE(value, out.length)
}

export function writeSettings(out: ByteWriter, settings: readonly (readonly [id: number, value: number])[]): void {
  writeFrameHeader(out, settings.length * 6, FRAME.SETTINGS, 0, 0)
  for (const [id, value] of settings) {
    out.byte(0)
    out.byte(id)
    writeUint32(out, value)
  }
}

export function writeWindowUpdate(out: ByteWriter, stream: number, bytes: number): void {
  writeFrameHeader(out, 4, FRAME.WINDOW_UPDATE, 0, stream)
  writeUint32(out, bytes)
}

export function writeReset(out: ByteWriter, stream: number, code: number): void {
  writeFrameHeader(out, 4, FRAME.RST_STREAM, 0, stream)
  writeUint32(out, code)
}

export function writeGoAway(out: ByteWriter, lastStream: number, code: number, text: string): void {
  writeFrameHeader(out, 8 + text.length, FRAME.GOAWAY, 0, 0)
  writeUint32(out, lastStream)
  writeUint32(out, code)
  out.raw(Buffer.from(text, 'latin1'))
}
