// Where the fields of a message stand: one look at all of it, from tag to tag.
import { readVarint, varintEnd } from '../wire/reader.ts'
import type { Attributes } from './attributes.ts'
import { markAt, WIDTH } from './slots.ts'

// Those of the reader once more: a local constant is part of the code.
const VARINT = 0
const FIXED64 = 1
const LEN = 2

/** Field numbers that are indexed; what is beyond is unknown and stays where it is. */
export const FIELDS = 32

/** What the last `findFields` found more than once; bit n is field n. */
export let repeatedFields = 0

/**
 * Of the body [start, end). Attributes, which stand under `attributesTag`, go to the slots of `attributes`; the others to `fields`, by
 * field number, three each: where the tag is, the content after tag and length, the end. Returns which are there; bit n is field n.
 */
export function findFields(
  bytes: Buffer,
  start: number,
  end: number,
  attributesTag: number,
  attributes: Attributes,
  fields: Int32Array,
): number {
  attributes.clear()
  let { slots } = attributes
  let slot = 0
  let present = 0
  let repeated = 0
  let at = start
  while (at < end) {
    const tagAt = at
    let tag = bytes[at++]!
    if (tag === attributesTag) {
      let length = bytes[at++]!
      if (length > 127) {
        length = readVarint(bytes, at - 1)
        at = varintEnd
      }
      if (slot === slots.length) slots = attributes.grow()
      slots[slot] = tagAt
      slots[slot + 1] = at
      slots[slot + 2] = at + length
      slots[slot + 3] = markAt(bytes, at, length)
      at += length
      slot += WIDTH
      continue
    }
    if (tag > 127) {
      tag = readVarint(bytes, tagAt)
      at = varintEnd
    }
    let content = at
    switch (tag & 7) {
      case LEN: {
        let length = bytes[at++]!
        if (length > 127) {
          length = readVarint(bytes, content)
          at = varintEnd
        }
        content = at
        at += length
        break
      }
      case VARINT:
        while (bytes[at++]! > 127);
        break
      case FIXED64:
        at += 8
        break
      default:
        at += 4
    }
    const field = tag >>> 3
    if (field >= FIELDS) continue
    repeated |= present & (1 << field)
    present |= 1 << field
    fields[field * 3] = tagAt
    fields[field * 3 + 1] = content
    fields[field * 3 + 2] = at
  }
  attributes.count = slot / WIDTH
  repeatedFields = repeated
  return present
}
