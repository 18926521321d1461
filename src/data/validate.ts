// The gate: bytes from outside are walked once, to full depth. Everything behind it reads without checking.
import { MalformedError } from '../wire/malformed.ts'
import { FIXED32, FIXED64, LEN, VARINT } from '../wire/reader.ts'
import {
  BYTES,
  type Field,
  keyValueType,
  MAX_DEPTH,
  MAX_VALUE_DEPTH,
  MESSAGE,
  type MessageType,
  roots,
  SPAN_ID,
  STRING,
  TRACE_ID,
  UINT64,
  WRONG_WIRE_TYPE,
} from './schema.ts'
import type { Signal } from './signal.ts'

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
      const check = tag < 256 ? checks[tag]! : 0
      let field: Field | undefined
      if (check !== 0) {
        if (check === WRONG_WIRE_TYPE) this.#failWireType(type, tag, start)
        field = byTag[tag]!
        if (field.once !== 0) {
          if ((seen & field.once) !== 0) this.#fail(`${field.name} given twice`, start)
          seen |= field.once
        }
      }
      switch (tag & 7) {
        case LEN: {
          let length = bytes[at++]!
          if (length > 127) {
            length = this.#varint(at - 1, end, 5)
            at = this.#end
          }
          const stop = at + length
          if (!(stop <= end))
            this.#fail(`length ${length} exceeds the ${Math.max(end - at, 0)} bytes that remain`, start)
          if (field !== undefined) {
            if (field.type === keyValueType) {
              if (!isPlainKeyValue(bytes, at, stop)) this.message(keyValueType, at, stop)
            } else if (field.kind === MESSAGE) this.message(field.type, at, stop)
            else this.#leaf(field, at, stop, start)
          }
          at = stop
          break
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
      if (tag < 8) this.#fail('field number 0', start)
      if (at > end) this.#fail('value exceeds the message', start)
    }
    this.#depth--
  }

  /** Ids, and lists of numbers. */
  #leaf({ name, kind }: Field, at: number, end: number, start: number): void {
    const size = end - at
    switch (kind) {
      case TRACE_ID:
      case SPAN_ID:
        if (size !== 0 && size !== (kind === TRACE_ID ? 16 : 8)) this.#fail(`${name} cannot have ${size} bytes`, start)
        return
      case UINT64:
        while (at < end) {
          this.#varint(at, end, 10)
          at = this.#end
        }
        return
      case STRING:
      case BYTES:
        return
      default:
        if (size % 8 !== 0) this.#fail(`${name} cannot have ${size} bytes`, start)
    }
  }

  #failWireType(type: MessageType, tag: number, start: number): never {
    const { name } = type.fields.find((field) => field.number === tag >>> 3)!
    this.#fail(
      (tag & 7) > 2 && (tag & 7) !== FIXED32 ? `wire type ${tag & 7}` : `${name} has wire type ${tag & 7}`,
      start,
    )
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
