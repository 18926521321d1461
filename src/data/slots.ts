// The attributes of a message by their positions: `WIDTH` numbers each, filled by `Message`, read by `Attributes`.
import { equalBytes } from '../wire/intern.ts'
import { keyValue } from './value.ts'

/** Where the tag is, where the KeyValue starts and ends, and the mark of the key. */
export const WIDTH = 4
/** In place of the tag's position: the wire does not have it. */
export const NEW = -1
/** The mark of a key that is longer than 127 bytes, or does not stand at the beginning of its KeyValue: it has to be looked at. */
export const ODD = -1
const KEY = 0x0a

/** The length of a key and its last byte, in one number: tells it from nearly all others. */
export const markOf = (key: Uint8Array): number =>
  key.length > 127 ? ODD : key.length === 0 ? 0 : key.length | (key[key.length - 1]! << 8)

/** The same for the key of a KeyValue. */
export function markAt(bytes: Uint8Array, at: number, length: number): number {
  const size = bytes[at + 1]!
  return bytes[at] === KEY && size < 128 && length > 0 ? size | (bytes[at + 1 + size]! << 8) : ODD
}

/** Whether the attributes follow one another on the wire with nothing in between. */
export function isOneBlock(slots: Int32Array, count: number): boolean {
  for (let at = WIDTH; at < count * WIDTH; at += WIDTH) if (slots[at] !== slots[at - 2]) return false
  return true
}

/** Whether the KeyValue [at, end) has that key. Key first and shorter than 128 bytes is what nearly everyone writes. */
export function hasKey(bytes: Buffer, at: number, end: number, wanted: Buffer): boolean {
  const size = wanted.length
  if (bytes[at] === KEY && bytes[at + 1]! < 128 && at < end)
    return bytes[at + 1] === size && equalBytes(bytes, at + 2, wanted)
  const { keyAt, keyEnd } = keyValue.locate(bytes, at, end)
  return keyEnd - keyAt === size && equalBytes(bytes, keyAt, wanted)
}

/** The slots of the same message where it begins `offset` earlier. */
export function shifted(slots: Int32Array, offset: number): Int32Array<ArrayBuffer> {
  const moved = new Int32Array(slots)
  for (let at = 0; at < moved.length; at += WIDTH) {
    if (moved[at] === NEW) continue
    moved[at]! -= offset
    moved[at + 1]! -= offset
    moved[at + 2]! -= offset
  }
  return moved
}

export function larger(array: Int32Array, size: number): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(size)
  copy.set(array)
  return copy
}
