// One message inside a chunk: where its fields are, and which edits wait for the end of the visit.

import { textOf } from '../wire/intern.ts'
import type { JsonWriter } from '../wire/json.ts'
import {
  FIXED32,
  FIXED64,
  LEN,
  readDouble,
  readFixed32,
  readInt32,
  readVarint,
  VARINT,
  varintEnd,
} from '../wire/reader.ts'
import { Instant, readInstant } from '../wire/time.ts'
import type { ByteWriter } from '../wire/writer.ts'
import type { AttributeEdits } from './attributeedits.ts'
import { Attributes } from './attributes.ts'
import { FIELDS, findFields, repeatedFields } from './fields.ts'
import { removeEarlier } from './repeated.ts'
import { noSplices, Splices } from './splices.ts'

const EMPTY = Buffer.alloc(0)
/** Until the first look: a retained message weighs little. */
const NONE = new Int32Array(0)
const ZERO = new Instant(0, 0)

/**
 * A flyweight: `open` moves it to the next message, the first look indexes the fields, edits stand beside the wire bytes
 * until `commit`. Views (`Span`, `Resource`, …) are getters over one of these.
 */
export class Message {
  bytes: Buffer = EMPTY
  start = 0
  end = 0
  /** Whether hooks may edit it now. */
  writable = false
  readonly attributes: Attributes
  readonly splices: Splices
  /** Where attributes stand; data points differ by type. */
  attributesTag: number
  #indexed = false
  #edited = false
  /** What to do to the attributes, as long as nobody has looked. */
  #deferred: AttributeEdits | undefined
  #expired = false
  /** Bit n: field n is on the wire. */
  #present = 0
  /** Bit n: field n is there more than once. */
  #repeated = 0
  /** Bit n: field n has been set or removed. */
  #replaced = 0
  /** Bit n: field n has been removed. */
  #removed = 0
  /** By field number, on the wire, three each: where the tag is, the content after tag and length, the end. */
  #fields = NONE
  /** The same in scratch, for fields that have been set. */
  #newTagAt = NONE
  #newAt = NONE
  #newEnd = NONE

  constructor(splices: Splices, attributesField: number) {
    this.splices = splices
    this.attributesTag = (attributesField << 3) | LEN
    this.attributes = new Attributes(this)
  }

  /** The body [start, end) of `bytes`. */
  open(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes
    this.start = start
    this.end = end
    this.#indexed = false
    if (this.#edited) {
      this.#edited = false
      this.#replaced = 0
      this.#removed = 0
      this.#deferred = undefined
    }
  }

  /** Opens nothing: `isOpen` is false until the next `open`. */
  close(): void {
    this.open(EMPTY, 0, 0)
  }
  get isOpen(): boolean {
    return this.bytes !== EMPTY
  }

  get isEdited(): boolean {
    return this.#edited
  }

  /** Debug mode: any later look throws. */
  expire(): void {
    this.#expired = true
    this.#indexed = false
    this.writable = false
  }

  /** Called by everything that looks. */
  index(): void {
    if (!this.#indexed) this.#indexFields()
  }

  #indexFields(): void {
    if (this.#expired) throw new Error('view used after its visit: call retain() to keep it')
    this.#indexed = true
    if (this.#fields === NONE) this.#fields = new Int32Array(FIELDS * 3)
    this.#present = findFields(this.bytes, this.start, this.end, this.attributesTag, this.attributes, this.#fields)
    this.#repeated = repeatedFields
    if (this.#deferred !== undefined) this.#catchUp(this.#deferred)
  }

  // ---- reading; `field` is the number in the .proto

  has(field: number): boolean {
    this.index()
    return ((this.#present | this.#replaced) & ~this.#removed & (1 << field)) !== 0
  }

  /** Where the content of a field is: in `source(field)` from `contentAt(field)` to `contentEnd(field)`; call `has` first. */
  source(field: number): Buffer {
    return this.#isReplaced(field) ? this.splices.scratch.bytes : this.bytes
  }
  contentAt(field: number): number {
    return this.#isReplaced(field) ? this.#newAt[field]! : this.#fields[field * 3 + 1]!
  }
  contentEnd(field: number): number {
    return this.#isReplaced(field) ? this.#newEnd[field]! : this.#fields[field * 3 + 2]!
  }
  /** Whether the wire has it more than once, and nobody has replaced it. */
  isRepeated(field: number): boolean {
    return (this.#repeated & ~this.#replaced & (1 << field)) !== 0
  }
  #isReplaced(field: number): boolean {
    return (this.#replaced & (1 << field)) !== 0
  }

  text(field: number): string {
    return this.has(field) ? textOf(this.source(field), this.contentAt(field), this.contentEnd(field)) : ''
  }

  /** An enum or bool. */
  int32(field: number): number {
    return this.has(field) ? readInt32(this.source(field), this.contentAt(field)) : 0
  }

  uint32(field: number): number {
    return this.int32(field) >>> 0
  }

  fixed32(field: number): number {
    return this.has(field) ? readFixed32(this.source(field), this.contentAt(field)) : 0
  }

  double(field: number): number | undefined {
    return this.has(field) ? readDouble(this.source(field), this.contentAt(field)) : undefined
  }

  /** The text as a JSON string, without a JavaScript string in between. */
  writeText(field: number, json: JsonWriter): void {
    if (this.has(field)) json.utf8(this.source(field), this.contentAt(field), this.contentEnd(field))
    else json.utf8(EMPTY, 0, 0)
  }

  instant(field: number): Instant {
    return this.has(field) ? readInstant(this.source(field), this.contentAt(field)) : ZERO
  }

  // ---- editing

  /** Done at the end of the visit, or at the next look: who only edits attributes then needs no index. */
  edit(edits: AttributeEdits): void {
    if (this.#indexed || this.#edited || !this.writable) return edits.applyTo(this.attributes)
    this.#edited = true
    this.#deferred = edits
  }

  #catchUp(edits: AttributeEdits): void {
    const { writable } = this
    this.#deferred = undefined
    this.#edited = false
    this.writable = true
    edits.applyTo(this.attributes)
    this.writable = writable
  }

  /** Begins an edit; the field's tag and content go to `splices.scratch`, then `endField`. */
  touch(): void {
    this.checkWritable()
    this.#edited = true
  }

  checkWritable(): void {
    this.index()
    if (!this.writable)
      throw new Error('view is read-only here: edit it in its own hook, inside rewrite, or declare writesParents')
  }

  setText(field: number, text: string): void {
    const out = this.#beginField(field, LEN)
    out.text(text)
    this.#endField(field)
  }

  setVarint(field: number, value: number): void {
    const out = this.#beginField(field, VARINT)
    out.int64(value)
    this.#endField(field)
  }

  setFixed32(field: number, value: number): void {
    const out = this.#beginField(field, FIXED32)
    out.fixed32(value)
    this.#endField(field)
  }

  setFixed64(field: number, value: number | bigint): void {
    const out = this.#beginField(field, FIXED64)
    out.fixed64(value)
    this.#endField(field)
  }

  setInstant(field: number, instant: Instant): void {
    const out = this.#beginField(field, FIXED64)
    out.instant(instant)
    this.#endField(field)
  }

  setDouble(field: number, value: number): void {
    const out = this.#beginField(field, FIXED64)
    out.double(value)
    this.#endField(field)
  }

  /** A bytes or message field; `write` writes the content. */
  setContent(field: number, write: (out: Splices['scratch']) => void): void {
    const out = this.#beginField(field, LEN)
    const from = out.beginLength()
    write(out)
    out.endLength(from)
    this.#endField(field)
  }

  /** Takes a field away: for a oneof whose other case is set. */
  removeField(field: number): void {
    if (!this.has(field)) return
    this.#beginField(field, LEN)
    this.#newEnd[field] = this.#newTagAt[field]!
    this.#replaced |= 1 << field
    this.#removed |= 1 << field
  }

  #beginField(field: number, wireType: number): Splices['scratch'] {
    this.touch()
    if (this.#newAt === NONE) {
      this.#newTagAt = new Int32Array(FIELDS)
      this.#newAt = new Int32Array(FIELDS)
      this.#newEnd = new Int32Array(FIELDS)
    }
    const out = this.splices.scratch
    this.#newTagAt[field] = out.length
    out.varint((field << 3) | wireType)
    this.#newAt[field] = out.length
    return out
  }

  /** For a length-delimited field the content begins after the length. */
  #endField(field: number): void {
    const out = this.splices.scratch
    const tagAt = this.#newTagAt[field]!
    this.#newEnd[field] = out.length
    this.#replaced |= 1 << field
    this.#removed &= ~(1 << field)
    if ((readVarint(out.bytes, tagAt) & 7) === LEN) {
      readVarint(out.bytes, varintEnd)
      this.#newAt[field] = varintEnd
    }
  }

  /**
   * Writes the edits to the splices. The message's length stands at `lengthAt`; an absent message (`start === lengthAt`)
   * is made, with `tag`, if anything was set. Returns how much the message around it grows.
   */
  commit(lengthAt: number, tag: number): number {
    if (this.#deferred !== undefined && lengthAt !== this.start) {
      const grown = this.#deferred.write(this, lengthAt)
      if (grown !== undefined) return grown
    }
    this.index()
    if (!this.#edited) return 0
    if (lengthAt === this.start) return this.#commitAbsent(tag)
    const { splices } = this
    const mark = splices.reserve(lengthAt)
    return splices.setLength(mark, lengthAt, this.start, this.end, this.commitInside())
  }

  /** Without the message's own length. */
  commitInside(): number {
    if (this.#deferred !== undefined) this.index()
    if (!this.#edited) return 0
    const { splices, end } = this
    let delta = this.attributes.commit()
    for (let fields = this.#replaced; fields !== 0; fields &= fields - 1) {
      const field = 31 - Math.clz32(fields & -fields)
      const onWire = (this.#present & (1 << field)) !== 0
      if ((this.#repeated & (1 << field)) !== 0) delta += removeEarlier(this, field, this.#fields[field * 3]!)
      delta += splices.replace(
        onWire ? this.#fields[field * 3]! : end,
        onWire ? this.#fields[field * 3 + 2]! : end,
        this.#newTagAt[field]!,
        this.#newEnd[field]!,
      )
    }
    return delta
  }

  #commitAbsent(tag: number): number {
    const { splices, start } = this
    const body = this.serialize()
    const at = splices.scratch.length
    splices.scratch.byte(tag)
    splices.scratch.varint(body.length)
    splices.scratch.raw(body)
    return splices.replace(start, start, at, splices.scratch.length)
  }

  /** The body with its edits. */
  writeTo(out: ByteWriter): void {
    this.index()
    if (this.#edited) out.raw(this.serialize())
    else out.raw(this.bytes, this.start, this.end)
  }

  /** The body with its edits, in bytes of its own. */
  serialize(): Buffer {
    this.index()
    const body = Buffer.from(this.bytes.subarray(this.start, this.end))
    if (!this.#edited) return body
    const own = new Splices()
    own.begin(body)
    own.scratch.raw(this.splices.scratch.bytes, 0, this.splices.scratch.length)
    const copy = new Message(own, this.attributesTag >>> 3)
    copy.open(body, 0, body.length)
    copy.index()
    copy.#edited = true
    copy.attributes.copyEdits(this.attributes, this.start)
    copy.#replaced = this.#replaced
    copy.#newTagAt = this.#newTagAt
    copy.#newEnd = this.#newEnd
    return own.apply(copy.commitInside())
  }

  /** A message that stays valid after the visit, and cannot be edited. Unedited ones share the chunk. */
  retain(): Message {
    if (this.#expired || this.#deferred !== undefined) this.index()
    const kept = new Message(noSplices, this.attributesTag >>> 3)
    if (this.#edited) {
      const body = this.serialize()
      kept.open(body, 0, body.length)
    } else kept.open(this.bytes, this.start, this.end)
    return kept
  }
}
