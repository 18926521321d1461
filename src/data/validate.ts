// The gate: bytes from outside are walked once, to full depth. Everything behind it reads without checking.
import { MalformedError } from '../wire/malformed.ts'
import { type Field, keyValueType, MAX_DEPTH, MAX_VALUE_DEPTH, type MessageType, roots, UINT64 } from './schema.ts'
import type { Signal } from './signal.ts'

// Those of the schema and of the reader once more: an imported constant is loaded again and again, a local one is part of
// the code. A tenth of the gate.
const LET_PASS = 0
const LOOK = 1
const LOOK_INSIDE = 2
const REFUSE = 3
const KEY_VALUE = 4
const VARINT = 0
const FIXED64 = 1
const LEN = 2
const FIXED32 = 5

/**
 * Throws `MalformedError`, or returns the number of items. What holds afterwards, and later code relies on:
 *
 *   tag    = varint of at most 5 bytes, minimal (a known field below 16 has one byte), field > 0, no groups
 *   length = varint of at most 5 bytes, never beyond the message around it
 *   varint = at most 10 bytes
 *   a known field has its wire type (as Go's collector has it; by protobuf's letter it would count as unknown)
 *   trace ids are empty or 16 bytes, span ids empty or 8; packed fixed64 a multiple of 8
 *   messages that are not repeated stand once, so do the cases of a metric's and a point's oneof
 *
 * Ids of zeros are let through, as the collector does. UTF-8 is left to whoever makes a string.
 */
export function validate(signal: Signal, bytes: Uint8Array): number {
  const walk = new Walk(bytes)
  walk.message(roots[signal], 0, bytes.length)
  return walk.items
}

class Walk {
  readonly #bytes: Uint8Array
  readonly #types: MessageType[] = []
  readonly #starts: number[] = []
  #depth = 0
  /** Where the last `#varint` stopped. */
  #end = 0
  items = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  message(type: MessageType, at: number, end: number): void {
    if (this.#depth === MAX_DEPTH) this.#fail(`nests deeper than ${MAX_VALUE_DEPTH} values`, at)
    this.#types[this.#depth] = type
    this.#starts[this.#depth++] = at
    if (type.isItem) this.items++
    const bytes = this.#bytes
    const { checks, byTag } = type
    let seen = 0
    while (at < end) {
      const start = at
      let tag = bytes[at++]!
      if (tag > 127) {
        tag = this.#varint(start, end, 5)
        at = this.#end
        if (bytes[at - 1] === 0) this.#fail('tag is not minimal', start)
      }
      const check = tag < 256 ? checks[tag]! : LET_PASS
      if (check === KEY_VALUE) {
        at = this.#keyValue(start, at, end)
        continue
      }
      if (check === REFUSE) this.#refuse(type, tag, start)
      if (check === LOOK || check === LOOK_INSIDE) {
        const { once, name } = byTag[tag]!
        if ((seen & once) !== 0) this.#fail(`${name} given twice`, start)
        seen |= once
      }
      switch (tag & 7) {
        case LEN: {
          let length = bytes[at++]!
          if (length > 127) {
            length = this.#varint(at - 1, end, 5)
            at = this.#end
          }
          const stop = at + length
          if (!(stop <= end)) this.#failLength(length, at, end, start)
          if (check === LOOK_INSIDE) this.message(byTag[tag]!.type, at, stop)
          else if (check === LOOK) this.#list(byTag[tag]!, at, stop, start)
          else if (check !== LET_PASS && length !== check && length !== 0)
            this.#fail(`${byTag[tag]!.name} cannot have ${length} bytes`, start)
          at = stop
          continue
        }
        case VARINT:
          if (bytes[at]! < 128) at++
          else {
            this.#varint(at, end, 10)
            at = this.#end
          }
          break
        case FIXED64:
          at += 8
          break
        case FIXED32:
          at += 4
          break
        default:
          this.#fail(`wire type ${tag & 7}`, start)
      }
      if (at > end) this.#fail('value exceeds the message', start)
    }
    this.#depth--
  }

  /** The length stands at `at`; returns where the message ends. */
  #keyValue(start: number, at: number, end: number): number {
    const bytes = this.#bytes
    let length = bytes[at++]!
    if (length > 127) {
      length = this.#varint(at - 1, end, 5)
      at = this.#end
    }
    const stop = at + length
    if (!(stop <= end)) this.#failLength(length, at, end, start)
    if (!isPlainKeyValue(bytes, at, stop)) this.message(keyValueType, at, stop)
    return stop
  }

  #failLength(length: number, at: number, end: number, start: number): never {
    this.#fail(`length ${length} exceeds the ${Math.max(end - at, 0)} bytes that remain`, start)
  }

  /** Numbers in a row. */
  #list({ name, kind }: Field, at: number, end: number, start: number): void {
    if (kind !== UINT64) {
      if ((end - at) % 8 !== 0) this.#fail(`${name} cannot have ${end - at} bytes`, start)
      return
    }
    while (at < end) {
      this.#varint(at, end, 10)
      at = this.#end
    }
  }

  #refuse(type: MessageType, tag: number, start: number): never {
    if (tag < 8) this.#fail('field number 0', start)
    const field = type.fields.find(({ number }) => number === tag >>> 3)!
    const isGroup = (tag & 7) === 3 || (tag & 7) === 4
    this.#fail(isGroup || (tag & 7) > 5 ? `wire type ${tag & 7}` : `${field.name} has wire type ${tag & 7}`, start)
  }

  #varint(start: number, end: number, maxBytes: number): number {
    const bytes = this.#bytes
    let value = 0
    let scale = 1
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!
      value += (byte & 127) * scale
      if (byte < 128) {
        if (maxBytes === 5 && value > 0xffffffff) this.#fail('varint exceeds 32 bits', start)
        this.#end = at + 1
        return value
      }
      if (at - start + 1 === maxBytes) this.#fail(`varint of more than ${maxBytes} bytes`, start)
      scale *= 128
    }
    return this.#fail('varint without an end', start)
  }

  /** Only now is it worth knowing how we got here: each message on the way counts which one of its kind it was. */
  #fail(problem: string, offset: number): never {
    const steps: string[] = []
    for (let depth = 1; depth < this.#depth; depth++) {
      const parent = this.#types[depth - 1]!
      const field = parent.fields.find(
        (candidate) => candidate.type === this.#types[depth] && this.#positionOf(candidate, depth) >= 0,
      )
      if (field) steps.push(field.isRepeated ? `${field.name}[${this.#positionOf(field, depth)}]` : field.name)
    }
    throw new MalformedError(problem, offset, steps.join('.'))
  }

  /** The how-manieth `field` of its parent the message at `depth` is; -1 when it stands under another field. */
  #positionOf(field: Field, depth: number): number {
    const bytes = this.#bytes
    const wanted = this.#starts[depth]!
    let position = 0
    for (let at = this.#starts[depth - 1]!; at < wanted; ) {
      const tag = readPlainVarint(bytes, at)
      at = plainEnd
      let stop = at
      if ((tag & 7) === LEN) {
        const length = readPlainVarint(bytes, at)
        at = plainEnd
        stop = at + length
      } else if ((tag & 7) === VARINT) {
        readPlainVarint(bytes, at)
        stop = plainEnd
      } else stop = at + ((tag & 7) === FIXED64 ? 8 : 4)
      if (tag >>> 3 === field.number) {
        if (at === wanted) return position
        position++
      }
      at = stop
    }
    return -1
  }
}

let plainEnd = 0
function readPlainVarint(bytes: Uint8Array, at: number): number {
  let value = 0
  for (let scale = 1; ; scale *= 128) {
    const byte = bytes[at++]!
    value += (byte & 127) * scale
    if (!(byte > 127)) break
  }
  plainEnd = at
  return value
}

/**
 * What nearly every attribute looks like: key and value once each, in either order, one-byte lengths of the key and the
 * value, no nesting. False means "look closer", not "wrong". Takes a third of the time of the walk.
 */
function isPlainKeyValue(bytes: Uint8Array, at: number, end: number): boolean {
  const size = bytes[at + 1]!
  const second = at + 2 + size
  if (size > 127 || second + 2 > end) return false
  const secondSize = bytes[second + 1]!
  if (secondSize > 127 || second + 2 + secondSize !== end) return false
  if (bytes[at] === KEY && bytes[second] === VALUE) return isPlainValue(bytes, second + 2, end)
  return bytes[at] === VALUE && bytes[second] === KEY && isPlainValue(bytes, at + 2, second)
}
const KEY = 0x0a
const VALUE = 0x12

function isPlainValue(bytes: Uint8Array, at: number, end: number): boolean {
  switch (bytes[at]) {
    case 0x0a: {
      // string
      const size = bytes[at + 1]!
      return size < 128 && at + 2 + size === end
    }
    case 0x10: // bool
    case 0x18: {
      // int
      const last = end - 1
      if (last === at || last - at > 10) return false
      for (let i = at + 1; i < last; i++) if (bytes[i]! < 128) return false
      return bytes[last]! < 128
    }
    case 0x21:
      return at + 9 === end // double
    default:
      return false
  }
}
