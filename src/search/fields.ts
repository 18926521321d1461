// Attributes, and maps inside values, as a JSON object that an index takes: no name twice, and no name that is a value in one
// place and an object in another (`a` and `a.b`: dots make objects), which both servers answer with a refusal.
import type { Attributes } from '../data/index.ts'
import { eachValue, keyValue, kindOf, MAP } from '../data/raw.ts'
import { equalBytes } from '../wire/intern.ts'
import type { JsonWriter } from '../wire/json.ts'
import { KnownNames } from './known-names.ts'
import { type BytesAs, writeText, writeValue } from './value.ts'

/** Names that are not written. */
export class LeftOut {
  readonly names: readonly Buffer[]
  /** A bit for each size there is, counted in rounds of 32: most attributes have another. */
  readonly sizes: number

  constructor(names: readonly string[]) {
    this.names = names.map((name) => Buffer.from(name))
    this.sizes = this.names.reduce((sizes, { length }) => sizes | (1 << length), 0)
  }

  has(bytes: Buffer, start: number, size: number): boolean {
    if ((this.sizes & (1 << size)) === 0) return false
    for (const name of this.names) if (size === name.length && equalBytes(bytes, start, name)) return true
    return false
  }
}

export interface FieldOptions {
  readonly bytesAs: BytesAs
  readonly leftOut?: LeftOut
  /** Dots in names are letters like others (`subobjects: false`): `a` and `a.b` can stand side by side. */
  readonly hasPlainDots?: boolean
  /** Maps are texts of JSON. */
  readonly hasTextMaps?: boolean
  /** For options that are there for good. */
  readonly known?: KnownNames | undefined
}

/** The same options, for items that often have the same names. */
export const withKnownNames = (
  options: FieldOptions,
  isRelated: (name: Buffer) => boolean = () => false,
): FieldOptions => ({
  ...options,
  known: new KnownNames({
    isRelated,
    isLeftOut: (name) => options.leftOut?.has(name, 0, name.length) ?? false,
    hasPlainDots: options.hasPlainDots ?? false,
  }),
})

export const BASE64: FieldOptions = withKnownNames({ bytesAs: 'base64' })
const HEX: FieldOptions = { bytesAs: 'hex' }

/** `{"key":value,…}`, or instead of the brace at its end, `end`: with fields of our own. */
export function writeAttributeFields(
  json: JsonWriter,
  attributes: Attributes,
  options: FieldOptions,
  end: Buffer = END,
): void {
  if (writeKnownFields(json, attributes, options, end)) return
  json.beginObject()
  writeUnknown(json, attributes, options)
  endFields(json, end)
}

/** False, and nothing written, when their names have to be looked at together. */
export function writeKnownFields(
  json: JsonWriter,
  attributes: Attributes,
  options: FieldOptions,
  end: Buffer = END,
): boolean {
  const { out } = json
  const from = out.length
  json.beginObject()
  if (writeKnown(json, attributes, options)) {
    endFields(json, end)
    return true
  }
  out.length = from
  return false
}

function endFields(json: JsonWriter, end: Buffer): void {
  if (end === END) json.endObject()
  else json.key(end)
}

/** One after the other. */
function writeKnown(json: JsonWriter, attributes: Attributes, { known, bytesAs, hasTextMaps }: FieldOptions): boolean {
  let step = known?.first
  const slots = attributes.slotCount
  for (let slot = 0; slot < slots; slot++) {
    const bytes = attributes.locate(slot)
    if (bytes === undefined) continue
    const { keyAt, keyEnd, valueAt, valueEnd } = keyValue
    step = step?.next(json, bytes, keyAt, keyEnd)
    if (step === undefined) return false
    if (step.json === undefined) continue
    json.words(step.json)
    if (hasTextMaps && kindOf(bytes, valueAt, valueEnd) === MAP) writeText(json, bytes, valueAt, valueEnd)
    else writeValue(json, bytes, valueAt, valueEnd, bytesAs)
  }
  return true
}

function writeUnknown(json: JsonWriter, attributes: Attributes, options: FieldOptions): void {
  const base = top
  let bytes: Buffer = EMPTY
  attributes.forEachRange((source, keyAt, keyEnd, valueAt, valueEnd) => {
    bytes = source
    push(keyAt, keyEnd, valueAt, valueEnd)
  })
  writeEntries(json, bytes, base, options)
}

/** The same for a KeyValueList whose length stands at `at`. */
export function writeMapFields(json: JsonWriter, bytes: Buffer, at: number, bytesAs: BytesAs): void {
  const base = top
  json.beginObject()
  eachValue(bytes, at, (start, stop) => {
    const { keyAt, keyEnd, valueAt, valueEnd } = keyValue.locate(bytes, start, stop)
    push(keyAt, keyEnd, valueAt, valueEnd)
  })
  writeEntries(json, bytes, base, bytesAs === 'hex' ? HEX : BASE64)
  json.endObject()
}

const EMPTY = Buffer.alloc(0)
const END = Buffer.from('}')

/** What is being written: for each entry where key and value stand, and what is to become of it. A stack, for maps in maps. */
const WIDTH = 5
let entries = new Int32Array(256 * WIDTH)
let top = 0

const AS_IT_IS = 0
/** The name has been there, or is one of ours. */
const LEFT_OUT = 1
/** Another name goes on after a dot where this one ends. */
const RENAMED = 2

function push(keyAt: number, keyEnd: number, valueAt: number, valueEnd: number): void {
  if (top + WIDTH > entries.length) {
    const larger = new Int32Array(entries.length * 2)
    larger.set(entries)
    entries = larger
  }
  entries[top] = keyAt
  entries[top + 1] = keyEnd
  entries[top + 2] = valueAt
  entries[top + 3] = valueEnd
  entries[top + 4] = AS_IT_IS
  top += WIDTH
}

function writeEntries(
  json: JsonWriter,
  bytes: Buffer,
  base: number,
  { bytesAs, leftOut, hasPlainDots = false, hasTextMaps = false }: FieldOptions,
): void {
  const end = top
  if (end - base > MANY * WIDTH) settleMany(bytes, base, end, hasPlainDots)
  else if (mayMeet(bytes, base, end)) settleFew(bytes, base, end, hasPlainDots)
  if (leftOut !== undefined) leaveOut(bytes, base, end, leftOut)
  for (let at = base; at < end; at += WIDTH) {
    const fate = entries[at + 4]!
    if (fate === LEFT_OUT) continue
    writeName(json, bytes, entries[at]!, entries[at + 1]!, fate === RENAMED)
    if (hasTextMaps && isMap(bytes, at)) writeText(json, bytes, entries[at + 2]!, entries[at + 3]!)
    else writeValue(json, bytes, entries[at + 2]!, entries[at + 3]!, bytesAs)
  }
  top = base
}

/** An index refuses a name of nothing and one that begins with a dot. */
function writeName(json: JsonWriter, bytes: Buffer, start: number, end: number, isRenamed: boolean): void {
  if (start === end || bytes[start] === DOT) {
    const name = bytes.utf8Slice(start, end).replace(/^\.+/, '')
    return json.keyText(`_${name}${isRenamed ? '.value' : ''}`)
  }
  if (!isRenamed) return json.keyBytes(bytes, start, end)
  json.utf8(bytes, start, end)
  const { out } = json
  out.length--
  out.utf8('.value":')
}

/** With more, every pair is too much: a request with 100,000 attributes must not cost 5,000,000,000 comparisons. */
const MANY = 48

/** By a sketch of names: the last round in which one of that sketch was seen. */
const seen = new Int32Array(1024)
let round = 0

const sketchOf = (bytes: Buffer, at: number, size: number): number =>
  (size * 31 + bytes[at + size - 1]! * 7 + bytes[at + (size >> 1)]! * 41 + bytes[at]!) & 1023

/** Nearly always not, and then no pair has to be looked at. */
function mayMeet(bytes: Buffer, base: number, end: number): boolean {
  // Locals: V8 looks at a variable of the module each time.
  const list = entries
  const stamps = seen
  const stamp = (round = (round + 1) | 0)
  let sizes = 0
  for (let at = base; at < end; at += WIDTH) {
    const keyAt = list[at]!
    const size = list[at + 1]! - keyAt
    if (size === 0 || size > 31) return true
    const sketch = sketchOf(bytes, keyAt, size)
    if (stamps[sketch] === stamp) return true
    stamps[sketch] = stamp
    sizes |= 1 << size
  }
  for (let at = base; at < end; at += WIDTH) {
    const keyAt = list[at]!
    // Sizes of names that may end where this one has a dot.
    let shorter = sizes & ((1 << (list[at + 1]! - keyAt)) - 1)
    while (shorter !== 0) {
      const size = 31 - Math.clz32(shorter)
      if (bytes[keyAt + size] === DOT && stamps[sketchOf(bytes, keyAt, size)] === stamp) return true
      shorter ^= 1 << size
    }
  }
  return false
}

function settleFew(bytes: Buffer, base: number, end: number, hasPlainDots: boolean): void {
  for (let at = base + WIDTH; at < end; at += WIDTH) {
    const keyAt = entries[at]!
    const size = entries[at + 1]! - keyAt
    for (let other = base; other < at; other += WIDTH) {
      const otherAt = entries[other]!
      const otherSize = entries[other + 1]! - otherAt
      if (size === otherSize) {
        if (isSame(bytes, keyAt, otherAt, size)) entries[at + 4] = LEFT_OUT
      } else if (hasPlainDots) continue
      else if (size > otherSize) {
        if (bytes[keyAt + otherSize] === DOT) settlePrefix(bytes, other, at, otherSize)
      } else if (bytes[otherAt + size] === DOT) settlePrefix(bytes, at, other, size)
    }
  }
}
const DOT = 0x2e

/** `a` and `a.b`: the value goes to `a.value`, as the collector's other modes have it, unless that is there as well. */
function settlePrefix(bytes: Buffer, short: number, long: number, size: number): void {
  if (size === 0 || !isSame(bytes, entries[short]!, entries[long]!, size)) return
  if (entries[short + 4] === LEFT_OUT || isMap(bytes, short)) return
  entries[short + 4] = isValueOf(bytes, long, size) ? LEFT_OUT : RENAMED
}

const isMap = (bytes: Buffer, entry: number): boolean => kindOf(bytes, entries[entry + 2]!, entries[entry + 3]!) === MAP

const VALUE = Buffer.from('.value')
const isValueOf = (bytes: Buffer, entry: number, size: number): boolean =>
  entries[entry + 1]! - entries[entry]! === size + VALUE.length &&
  bytes.compare(VALUE, 0, VALUE.length, entries[entry]! + size, entries[entry + 1]!) === 0

function isSame(bytes: Buffer, at: number, otherAt: number, size: number): boolean {
  for (let i = size - 1; i >= 0; i--) if (bytes[at + i] !== bytes[otherAt + i]) return false
  return true
}

function settleMany(bytes: Buffer, base: number, end: number, hasPlainDots: boolean): void {
  const byName = new Map<string, number>()
  for (let at = base; at < end; at += WIDTH) {
    const name = bytes.latin1Slice(entries[at]!, entries[at + 1]!)
    if (byName.has(name)) entries[at + 4] = LEFT_OUT
    else byName.set(name, at)
  }
  if (hasPlainDots) return
  for (const [name, at] of byName) {
    let dots = 0
    for (let dot = name.indexOf('.'); dot >= 0 && dots < MAX_DOTS; dot = name.indexOf('.', dot + 1), dots++) {
      const short = byName.get(name.slice(0, dot))
      if (short !== undefined) settlePrefix(bytes, short, at, dot)
    }
  }
}
/** An index has fewer levels (index.mapping.depth.limit: 20). */
const MAX_DOTS = 32

function leaveOut(bytes: Buffer, base: number, end: number, names: LeftOut): void {
  for (let at = base; at < end; at += WIDTH) {
    const keyAt = entries[at]!
    if (names.has(bytes, keyAt, entries[at + 1]! - keyAt)) entries[at + 4] = LEFT_OUT
  }
}
