// The gate: bytes from outside are walked once, to full depth. Everything behind it reads without checking.
import { FIXED32, FIXED64, LEN, VARINT } from '../wire/reader.ts'
import type { Signal } from './signal.ts'

/** The bytes are not the message that they claim to be. */
export class MalformedError extends Error {
  override readonly name = 'MalformedError'
  readonly offset: number
  /** Such as `resourceSpans[0].scopeSpans[0].spans[12].attributes[3]`. */
  readonly path: string

  constructor(problem: string, offset: number, path: string) {
    super(`${path || 'message'}: ${problem} at byte ${offset}`)
    this.offset = offset
    this.path = path
  }
}

/** How deep values may nest. Go's protobuf stops at 10,000, which no backend takes. */
const MAX_VALUE_DEPTH = 32
/** The levels above the first value, plus two messages a value. */
const MAX_DEPTH = 10 + 2 * MAX_VALUE_DEPTH

/**
 * Throws `MalformedError`, or returns the number of items. What holds afterwards, and later code relies on:
 *
 *   tag    = varint of at most 5 bytes, minimal (a known field below 16 has one byte), field > 0, no groups
 *   length = varint of at most 5 bytes, never beyond the message around it
 *   varint = at most 10 bytes
 *   trace ids are empty or 16 bytes, span ids empty or 8; packed fixed64 a multiple of 8
 *   one resource a Resource*, one scope a Scope*, one kind of data a metric
 *
 * A known field under another wire type counts as unknown, as in protobuf. UTF-8 is left to whoever makes a string.
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
    const { fields } = type
    let seen = 0
    while (at < end) {
      const start = at
      let tag = bytes[at++]!
      if (tag > 127) {
        tag = this.#varint(start, end, 5)
        at = this.#end
        if (bytes[at - 1] === 0) this.#fail('tag is not minimal', start)
      }
      const field = tag >>> 3
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
          const inside = field < fields.length ? fields[field] : undefined
          if (inside !== undefined) {
            if (inside.once !== 0) {
              if ((seen & inside.once) !== 0) this.#fail(`${inside.name} given twice`, start)
              seen |= inside.once
            }
            if (inside.type === keyValue) {
              if (!isPlainKeyValue(bytes, at, stop)) this.message(keyValue, at, stop)
            } else if (inside.type !== undefined) this.message(inside.type, at, stop)
            else if (!inside.fits(length)) this.#fail(`${inside.name} cannot have ${length} bytes`, start)
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
      if (field === 0) this.#fail('field number 0', start)
      if (at > end) this.#fail('value exceeds the message', start)
    }
    this.#depth--
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
        (candidate) => candidate?.type === this.#types[depth] && this.#positionOf(candidate!, depth) >= 0,
      )
      if (field) steps.push(`${field.name}[${this.#positionOf(field, depth)}]`)
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

interface Field {
  readonly name: string
  readonly number: number
  /** Undefined for a leaf. */
  readonly type: MessageType | undefined
  /** A bit for a field (or oneof) that may stand once only, else 0. */
  readonly once: number
  fits(length: number): boolean
}
interface MessageType {
  readonly name: string
  readonly isItem: boolean
  /** By field number; only length-delimited fields that need a look. */
  readonly fields: (Field | undefined)[]
}

const message = (name: string, isItem = false): MessageType => ({
  name,
  isItem,
  fields: new Array<Field | undefined>(20).fill(undefined),
})
const any = (): boolean => true
const idOf =
  (size: number) =>
  (length: number): boolean =>
    length === 0 || length === size
const packed8 = (length: number): boolean => length % 8 === 0

type FieldShape = readonly [name: string, type: MessageType | ((length: number) => boolean), once?: number]
function define(type: MessageType, shapes: Readonly<Record<number, FieldShape>>): MessageType {
  for (const [number, [name, inside, once = 0]] of Object.entries(shapes)) {
    type.fields[Number(number)] =
      typeof inside === 'function'
        ? { name, number: Number(number), type: undefined, once, fits: inside }
        : { name, number: Number(number), type: inside, once, fits: any }
  }
  return type
}

// opentelemetry/proto/*/v1/*.proto, the length-delimited fields that are messages, ids or packed numbers.
const anyValue = message('AnyValue')
const keyValue = define(message('KeyValue'), { 2: ['value', anyValue] })
define(anyValue, {
  5: ['arrayValue', define(message('ArrayValue'), { 1: ['values', anyValue] })],
  6: ['kvlistValue', define(message('KeyValueList'), { 1: ['values', keyValue] })],
})
const resource = define(message('Resource'), { 1: ['attributes', keyValue] })
const scope = define(message('InstrumentationScope'), { 3: ['attributes', keyValue] })
const traceId = idOf(16)
const spanId = idOf(8)

const span = define(message('Span', true), {
  1: ['traceId', traceId],
  2: ['spanId', spanId],
  4: ['parentSpanId', spanId],
  9: ['attributes', keyValue],
  11: ['events', define(message('Event'), { 3: ['attributes', keyValue] })],
  13: [
    'links',
    define(message('Link'), { 1: ['traceId', traceId], 2: ['spanId', spanId], 4: ['attributes', keyValue] }),
  ],
  15: ['status', message('Status'), 1],
})
const logRecord = define(message('LogRecord', true), {
  5: ['body', anyValue, 1],
  6: ['attributes', keyValue],
  9: ['traceId', traceId],
  10: ['spanId', spanId],
})
const exemplar = define(message('Exemplar'), {
  4: ['spanId', spanId],
  5: ['traceId', traceId],
  7: ['filteredAttributes', keyValue],
})
const buckets = message('Buckets')
const metric = define(message('Metric'), {
  5: ['gauge', pointsOf('Gauge', { 5: ['exemplars', exemplar], 7: ['attributes', keyValue] }), 1],
  7: ['sum', pointsOf('Sum', { 5: ['exemplars', exemplar], 7: ['attributes', keyValue] }), 1],
  9: [
    'histogram',
    pointsOf('Histogram', {
      6: ['bucketCounts', packed8],
      7: ['explicitBounds', packed8],
      8: ['exemplars', exemplar],
      9: ['attributes', keyValue],
    }),
    1,
  ],
  10: [
    'exponentialHistogram',
    pointsOf('ExponentialHistogram', {
      1: ['attributes', keyValue],
      8: ['positive', buckets, 1],
      9: ['negative', buckets, 2],
      11: ['exemplars', exemplar],
    }),
    1,
  ],
  11: [
    'summary',
    pointsOf('Summary', { 6: ['quantileValues', message('ValueAtQuantile')], 7: ['attributes', keyValue] }),
    1,
  ],
  12: ['metadata', keyValue],
})
function pointsOf(name: string, point: Readonly<Record<number, FieldShape>>): MessageType {
  return define(message(name), { 1: ['dataPoints', define(message(`${name}DataPoint`, true), point)] })
}

const rootOf = (suffix: string, items: string, item: MessageType): MessageType =>
  define(message(`${suffix}Data`), {
    1: [
      `resource${suffix}`,
      define(message(`Resource${suffix}`), {
        1: ['resource', resource, 1],
        2: [`scope${suffix}`, define(message(`Scope${suffix}`), { 1: ['scope', scope, 1], 2: [items, item] })],
      }),
    ],
  })
const roots: Readonly<Record<Signal, MessageType>> = {
  traces: rootOf('Spans', 'spans', span),
  logs: rootOf('Logs', 'logRecords', logRecord),
  metrics: rootOf('Metrics', 'metrics', metric),
}
