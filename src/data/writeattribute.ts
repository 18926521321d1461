// An attribute as a field of its message: tag, length, KeyValue = { 1: key, 2: AnyValue }.

import { keptCopy } from '../wire/kept.ts'
import type { ByteWriter } from '../wire/writer.ts'
import type { Key } from './key.ts'
import { type AnyValue, type Double, writeAnyValue } from './value.ts'

/** Longer texts are not kept for the next time. */
const MAX_KEPT = 128

/** The whole field, from `Key` when it is the one as last time; returns where the KeyValue starts. */
export function writeAttribute(out: ByteWriter, tag: number, key: Key, value: AnyValue | Double): number {
  const start = out.length
  const isSame = isLast(tag, key, value)
  if (isSame && key.lastField !== undefined) {
    out.raw(key.lastField)
    return start + (key.lastField[1]! < 128 ? 2 : 3)
  }
  const at = encodeAttribute(out, tag, key, value)
  if (isSame) key.lastField = keptCopy(out.bytes, start, out.length)
  else if (
    typeof value !== 'object' &&
    key.bytes.length <= MAX_KEPT &&
    !(typeof value === 'string' && value.length > MAX_KEPT)
  ) {
    key.lastTag = tag
    key.lastValue = value
    key.lastField = undefined
    key.lastTurn = 0
  }
  return at
}

/** Whether it is what was written last under the key. */
export const isLast = (tag: number, key: Key, value: AnyValue | Double): boolean =>
  tag === key.lastTag && Object.is(value, key.lastValue)

function encodeAttribute(out: ByteWriter, tag: number, key: Key, value: AnyValue | Double): number {
  const from = beginAttribute(out, tag, key)
  const valueFrom = out.beginLength()
  writeAnyValue(out, value)
  out.endLength(valueFrom)
  return out.endLength(from)
}

/** With a value that is encoded already. */
export function writeEncoded(out: ByteWriter, tag: number, key: Key, value: Buffer): number {
  const from = beginAttribute(out, tag, key)
  out.varint(value.length)
  out.raw(value)
  return out.endLength(from)
}

/** As far as the value's length. */
function beginAttribute(out: ByteWriter, tag: number, key: Key): number {
  out.byte(tag)
  const from = out.beginLength()
  out.byte(0x0a)
  out.varint(key.bytes.length)
  out.raw(key.bytes)
  out.byte(0x12)
  return from
}
