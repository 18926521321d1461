// A document that is being written: the span, what of it has a place already, and how texts of it are written.
import { Id, KnownAttributes, type Resource, type Span } from '../../data/index.ts'
import { JsonWriter, type Member } from '../../wire/json.ts'
import { type ByteWriter, SHARED } from '../../wire/writer.ts'
import { EMBEDDED } from './attributes.ts'
import {
  AWS_SERVICE,
  HTTP,
  HTTP_RESPONSE_STATUS,
  HTTP_STATUS,
  NAME,
  NAMING,
  REST,
  RPC_SYSTEM,
  RPC_SYSTEM_NAME,
  segmentKeys,
  TYPE,
} from './segment-keys.ts'
import { cutEnd, type Limits, UNLIMITED } from './segment-limits.ts'
import { groupOf, planOf, type SegmentPlan } from './segment-plan.ts'
import type { ResourcePart } from './segment-resource.ts'
import { parseRest, type Rest } from './segment-rest.ts'

/**
 * `whole`: one document for the span. A span that is both the first of its service and a call of another one becomes two:
 * `service`, the segment of its own service, and in it `dependency`, the subsegment of the call.
 */
export type Role = 'whole' | 'service' | 'dependency'

/** By attribute: where it goes. */
export const METADATA = 0
/** It stands in a place of its own. */
export const ELSEWHERE = 1
export const ANNOTATION = 2

/** Of spans (opentelemetry.proto.trace.v1.Span.SpanKind). */
export const INTERNAL = 1
export const SERVER = 2
export const CLIENT = 3
export const PRODUCER = 4
export const CONSUMER = 5

const MAX_KEPT_PLACES = 4096

/** One instance for all spans of an exporter. */
export class Draft {
  readonly json = new JsonWriter(SHARED, { isNested: true })
  readonly attributes: KnownAttributes<SegmentPlan>
  /** By index of the attribute. */
  places = new Uint8Array(64)
  limits: Limits = UNLIMITED
  role: Role = 'whole'
  kind = 0
  /** Came from a segment document, and goes back as one. */
  isReturned = false
  /** Stood inside the document of its parent. */
  isEmbedded = false
  isAwsCall = false
  /** What its attributes are about: see `segment-keys.ts`. */
  groups = 0
  /** By the span's own status. */
  hasFailed = false
  /** Of HTTP; undefined without one. */
  status: number | undefined
  rest: Rest | undefined
  traceId: Id = Id.none
  spanId: Id = Id.none
  parentId: Id = Id.none
  #span: Span | undefined
  #resource: Resource | undefined
  #part: ResourcePart | undefined

  /** Keys beyond `segmentKeys`, and by number of each key whether the config makes annotations of it. */
  constructor(moreKeys: readonly string[], indexed: Uint8Array) {
    this.attributes = new KnownAttributes([...segmentKeys, ...moreKeys], (names, numbers) =>
      planOf(names, numbers, indexed),
    )
  }

  get span(): Span {
    return this.#span!
  }
  get resource(): Resource {
    return this.#resource!
  }
  get part(): ResourcePart {
    return this.#part!
  }

  /** Before a batch; what a span of very many attributes has taken is given back. */
  clear(): void {
    this.json.clear()
    if (this.places.length > MAX_KEPT_PLACES) this.places = new Uint8Array(64)
  }
  /** After a batch: nothing of it is held. */
  close(): void {
    this.json.release()
    this.attributes.close()
    this.#span = undefined
    this.#resource = undefined
    this.traceId = this.spanId = this.parentId = Id.none
  }

  open(span: Span, resource: Resource, part: ResourcePart): void {
    const { attributes } = this
    this.#span = span
    this.#resource = resource
    this.#part = part
    attributes.open(span.attributes)
    this.kind = span.kind
    this.traceId = span.traceId
    this.spanId = span.spanId
    this.parentId = span.parentSpanId
    this.hasFailed = span.statusCode === STATUS_ERROR
    const groups = attributes.plan?.groups ?? this.#groupsOf()
    this.groups = groups
    const isNamed = (groups & NAMING) !== 0
    this.isReturned = isNamed && attributes.isText(attributes.at(NAME))
    this.isEmbedded = this.isReturned && !this.parentId.isEmpty && attributes.equals(attributes.at(TYPE), EMBEDDED_TYPE)
    this.isAwsCall =
      isNamed &&
      (attributes.equals(attributes.at(RPC_SYSTEM), AWS_API) ||
        attributes.equals(attributes.at(RPC_SYSTEM_NAME), AWS_API))
    this.status = (groups & HTTP) === 0 ? undefined : this.wholeNumber(this.first(HTTP_STATUS, HTTP_RESPONSE_STATUS))
  }

  #groupsOf(): number {
    const { attributes } = this
    let groups = 0
    for (let index = 0; index < attributes.count; index++) groups |= groupOf(attributes.numberOf(index))
    return groups
  }

  /** Another document of the span, or the same one anew. */
  begin(role: Role, limits: Limits): void {
    const { attributes } = this
    this.role = role
    this.limits = limits
    if (this.places.length < attributes.count) this.places = new Uint8Array(attributes.count * 2)
    const { places } = this
    const { count } = attributes
    for (let index = 0; index < count; index++) places[index] = METADATA
    this.rest = undefined
    if (!this.isReturned) return
    this.rest = parseRest(attributes.string(this.take(REST)), limits.hasRest)
    this.take(AWS_SERVICE)
  }

  // ---- attributes, by the number of their key

  /** The index of the first one that is there, -1 for neither. */
  first(one: number, other: number): number {
    const index = this.attributes.at(one)
    return index >= 0 ? index : this.attributes.at(other)
  }
  /** Likewise, of those that are texts and not empty. */
  firstText(numbers: readonly number[]): number {
    for (let i = 0; i < numbers.length; i++) {
      const index = this.attributes.at(numbers[i]!)
      if (index >= 0 && this.isThere(index)) return index
    }
    return -1
  }
  /** A text, and not an empty one. */
  isThere(index: number): boolean {
    const { attributes } = this
    return attributes.isText(index) && attributes.end > attributes.start
  }
  /** A number, be it as text; undefined when it is no whole one. */
  wholeNumber(index: number): number | undefined {
    const { attributes } = this
    let value = attributes.number(index)
    if (value === undefined && attributes.isText(index) && attributes.end - attributes.start <= 15)
      value = Number(attributes.string(index) || Number.NaN)
    return Number.isSafeInteger(value) ? value : undefined
  }
  /** It has a place of its own, and is no metadata. Returns its index. */
  take(number: number): number {
    const index = this.attributes.at(number)
    this.put(index)
    return index
  }
  /** Likewise, by index. */
  put(index: number): void {
    if (index >= 0) this.places[index] = ELSEWHERE
  }

  // ---- members of the document

  /** The member, if the attribute is a text and not empty, which then has its place. */
  text(key: Member, index: number): boolean {
    const { attributes } = this
    if (index < 0 || !attributes.isText(index)) return false
    if (attributes.start === attributes.end && !this.isReturned) return false
    this.places[index] = ELSEWHERE
    this.bytes(key, attributes.bytes, attributes.start, attributes.end)
    return true
  }
  /** The member from an attribute that has two names; what the other one says has its place if it says the same. */
  either(key: Member, one: number, other: number): void {
    const { attributes } = this
    const first = attributes.at(one)
    const second = attributes.at(other)
    if (!this.text(key, first)) this.text(key, second)
    else if (second >= 0 && attributes.isSame(first, second)) this.put(second)
  }
  bytes(key: Member, bytes: Buffer, start: number, end: number): void {
    if (end - start > this.limits.textBytes) end = cutEnd(bytes, start, end, this.limits.textBytes)
    this.json.textMember(key, bytes, start, end)
  }
  string(key: Member, text: string): void {
    const bytes = Buffer.from(text)
    this.bytes(key, bytes, 0, bytes.length)
  }
  /** The member, if the attribute is a boolean. */
  flag(key: Member, number: number): void {
    const index = this.attributes.at(number)
    if (this.attributes.typeOf(index) !== 'bool') return
    this.put(index)
    this.json.member(key)
    this.attributes.writeValue(index, this.json)
  }
  /** The member, if the attribute is a whole number. */
  integer(key: Member, number: number): void {
    const index = this.attributes.at(number)
    if (this.attributes.typeOf(index) !== 'int') return
    this.put(index)
    this.json.member(key)
    this.attributes.writeValue(index, this.json)
  }
  /** The member, if the attribute is a list of texts. */
  texts(key: Member, number: number): void {
    const index = this.attributes.at(number)
    const list = textsOf(this.attributes.value(index))
    if (list === undefined) return
    this.put(index)
    this.json.member(key)
    this.list(list)
  }
  list(texts: readonly string[]): void {
    this.json.beginArray()
    for (const text of texts.slice(0, this.limits.listItems)) {
      const bytes = Buffer.from(text)
      this.json.utf8(bytes, 0, cutEnd(bytes, 0, bytes.length, this.limits.textBytes))
    }
    this.json.endArray()
  }
}

const STATUS_ERROR = 2
const AWS_API = Buffer.from('aws-api')
const EMBEDDED_TYPE = Buffer.from(EMBEDDED)

/** The list, if it is one and all of it texts. */
export function textsOf(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined
}

/** `<8 digits>-<24 digits>`: behind "1-" it is how X-Ray writes trace ids. The caller has made room. */
export function writeTraceId(id: Id, out: ByteWriter): void {
  id.writeHex(out, 0, 4)
  out.bytes[out.length++] = 0x2d
  id.writeHex(out, 4, 16)
}

const spanId = Buffer.alloc(8)
const derived = Buffer.alloc(8)
const spanIdView = new DataView(spanId.buffer, spanId.byteOffset, spanId.length)
const derivedView = new DataView(derived.buffer, derived.byteOffset, derived.length)

/** An id of 16 digits that belongs to a span: the same each time, so that what is sent again does not become another one. */
export function deriveId(id: Id, salt: number): Buffer {
  id.copyTo(spanId, 0)
  const low = mixed(spanIdView.getUint32(0, true) ^ Math.imul(salt + 1, 0x9e3779b1))
  derivedView.setUint32(0, low, true)
  derivedView.setUint32(4, mixed(spanIdView.getUint32(4, true) ^ low) | 1, true)
  return derived
}

/** The finalizer of MurmurHash3. */
function mixed(value: number): number {
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}

const traceId = Buffer.alloc(16)
const MAX_AGE_SECONDS = 28 * 24 * 3600
const MAX_SKEW_SECONDS = 300

/** Whether the id begins with a time of the last 28 days, as ids of X-Ray's own SDKs do; the collector's limits. */
export function hasRecentTime(id: Id, nowMs: number): boolean {
  id.copyTo(traceId, 0)
  const age = Math.floor(nowMs / 1000) - traceId.readUInt32BE(0)
  return age <= MAX_AGE_SECONDS && age >= -MAX_SKEW_SECONDS
}
