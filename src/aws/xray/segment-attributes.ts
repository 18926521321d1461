// annotations = { <key>: text | number | boolean }, which X-Ray searches; metadata = { <namespace>: { <key>: any } }, which it
// keeps. Every attribute that has no place of its own is in one of them.
import type { SpanEvent } from '../../data/index.ts'
import { nestedJsonLiteral, nestedMember } from '../../wire/json.ts'
import { annotationKey, isAnnotatable, writeAnnotationValue } from './segment-annotation.ts'
import type { CauseWriter } from './segment-cause.ts'
import { ANNOTATION, type Draft, ELSEWHERE, METADATA, textsOf } from './segment-draft.ts'
import * as at from './segment-keys.ts'
import { UNLIMITED } from './segment-limits.ts'
import { METADATA_PREFIX, type SegmentPlan } from './segment-plan.ts'
import type { ResourceMember } from './segment-resource.ts'
import { blockOf, isRest, writeRest } from './segment-rest.ts'

const ANNOTATIONS = nestedMember('"annotations":')
const METADATA_DEFAULT = nestedMember('"metadata":{"default":{')
const DEFAULT_SIZE = nestedJsonLiteral('"default":{').length
const EVENTS = nestedMember('"otel.events":')
const CUT = nestedMember('"otel.cut":')
const NAME = nestedMember('"name":')
const TIME = nestedMember('"time":')
const ATTRIBUTES = nestedMember('"attributes":')

export interface AttributeOptions {
  /** By number of known attribute: 1 for those that the config makes annotations. */
  readonly indexed: Uint8Array
  readonly indexAll: boolean
}

/** One instance for all spans of an exporter. */
export class AttributesWriter {
  readonly #draft: Draft
  readonly #cause: CauseWriter
  readonly #options: AttributeOptions
  /** How many annotations there are, and which keys they have, where two could be alike. */
  #count = 0
  readonly #keys = new Set<string>()
  /** What `aws.xray.annotations` asks for, and the attributes of the resource that are annotations of this document. */
  readonly #asked = new Set<string>()
  readonly #ofResource = new Set<string>()
  /** Namespaces of metadata that came from a document: their indexes, and what is in `default`. */
  readonly #namespaces: number[] = []
  #defaults: { readonly index: number; readonly members: object } | undefined
  #events = 0
  readonly #onEvent = (event: SpanEvent): void => this.#writeEvent(event)

  constructor(draft: Draft, cause: CauseWriter, options: AttributeOptions) {
    this.#draft = draft
    this.#cause = cause
    this.#options = options
  }

  /** After everything else of the document: what is left goes here. `hasResource` for a segment. */
  write(hasResource: boolean): void {
    const { role } = this.#draft
    this.#count = 0
    if (this.#keys.size > 0) this.#keys.clear()
    if (this.#asked.size > 0) this.#asked.clear()
    if (this.#ofResource.size > 0) this.#ofResource.clear()
    if (this.#place() || this.#draft.part.hasAnnotations || this.#draft.isReturned) this.#writeAnnotations(hasResource)
    this.#writeMetadata(hasResource, role !== 'service')
  }

  // ---- which attribute goes where

  /** Returns whether there may be annotations. */
  #place(): boolean {
    const { attributes, places } = this.#draft
    const { indexed, indexAll } = this.#options
    if (this.#namespaces.length > 0) this.#namespaces.length = 0
    this.#defaults = undefined
    if (attributes.at(at.ANNOTATIONS) >= 0) this.#placeList()
    if (attributes.plan?.hasPlaces === false) return indexAll
    let hasAny = indexAll || this.#asked.size > 0
    const { count } = attributes
    for (let index = 0; index < count; index++) {
      const number = attributes.numberOf(index)
      if (number >= 0) {
        if (indexed[number] !== 1 || !isAnnotatable(attributes, index)) continue
        places[index] = ANNOTATION
        hasAny = true
      } else if (attributes.hasPrefix(index, METADATA_PREFIX) && attributes.isText(index)) this.#placeNamespace(index)
    }
    return hasAny
  }

  /** `aws.xray.annotations`: the keys of attributes that are to be annotations, of this span. */
  #placeList(): void {
    const { attributes, places } = this.#draft
    const list = textsOf(attributes.value(attributes.at(at.ANNOTATIONS)))
    if (list === undefined) return
    places[attributes.at(at.ANNOTATIONS)] = ELSEWHERE
    for (const key of list) {
      const index = attributes.find(Buffer.from(key))
      if (index >= 0 && isAnnotatable(attributes, index)) places[index] = ANNOTATION
      this.#asked.add(key)
    }
  }

  #placeNamespace(index: number): void {
    const { attributes, places } = this.#draft
    const members = parsed(attributes.string(index)!)
    // What is no object stays an attribute like any other.
    if (members === undefined) return
    places[index] = ELSEWHERE
    if (attributes.key(index).slice(METADATA_PREFIX.length).toLowerCase() !== 'default') this.#namespaces.push(index)
    else if (this.#defaults === undefined) this.#defaults = { index, members }
    else places[index] = METADATA
  }

  // ---- annotations

  #writeAnnotations(hasResource: boolean): void {
    const { json, part, rest } = this.#draft
    const from = json.out.length
    json.member(ANNOTATIONS)
    json.beginObject()
    const begun = json.out.length
    this.#writeMarked()
    if (hasResource && (part.hasAnnotations || this.#asked.size > 0)) this.#writeOfResource()
    const others = blockOf(rest, 'annotations')
    writeRest(json, others)
    // A document that had an empty object has it again.
    if (json.out.length === begun && others === undefined) json.out.length = from
    else json.endObject()
  }

  /** First those that are asked for by name, as there may be too many. */
  #writeMarked(): void {
    const { attributes, places } = this.#draft
    const { indexAll } = this.#options
    for (let index = 0; index < attributes.count; index++)
      if (places[index] === ANNOTATION && !this.#writeAnnotation(index)) places[index] = METADATA
    if (!indexAll) return
    for (let index = 0; index < attributes.count; index++)
      if (places[index] === METADATA && isAnnotatable(attributes, index) && this.#writeAnnotation(index))
        places[index] = ANNOTATION
  }

  /** False when not all of it could be written: it is metadata then. */
  #writeAnnotation(index: number): boolean {
    const { attributes, json, limits, role } = this.#draft
    if (role === 'service' && ofCalls.includes(attributes.numberOf(index))) return true
    const key = attributes.key(index)
    if (this.#count >= limits.annotations || !this.#isNew(key)) return false
    this.#count++
    json.keyText(annotationKey(key))
    return writeAnnotationValue(attributes, index, json, limits.annotationBytes)
  }

  /** Two keys may be alike once X-Ray's characters are what is left of them. */
  #isNew(key: string): boolean {
    const { size } = this.#keys
    this.#keys.add(annotationKey(key))
    return this.#keys.size > size
  }

  #writeOfResource(): void {
    const { json, part, limits, isReturned } = this.#draft
    for (const { key, isIndexed, isForeign, annotation, isCut } of part.members) {
      if (annotation === undefined || !(isIndexed || this.#asked.has(key)) || (isReturned && !isForeign)) continue
      if (this.#count >= limits.annotations || annotation.length > limits.annotationBytes || !this.#isNew(key)) continue
      this.#count++
      if (!isCut) this.#ofResource.add(key)
      json.json(annotation)
    }
  }

  // ---- metadata

  #writeMetadata(hasResource: boolean, hasSpan: boolean): void {
    const { json, limits, rest } = this.#draft
    const from = json.out.length
    json.member(METADATA_DEFAULT)
    const inDefault = json.out.length
    const isWanted = limits.valueBytes > 0
    this.#writeDefault(hasResource && isWanted, hasSpan && isWanted)
    // A document that had an empty namespace has it again.
    if (json.out.length === inDefault && this.#defaults === undefined) json.out.length = inDefault - DEFAULT_SIZE
    else json.endObject()
    const inMetadata = json.out.length
    if (hasSpan && isWanted && this.#namespaces.length > 0) this.#writeNamespaces()
    const others = hasSpan ? blockOf(rest, 'metadata') : undefined
    writeRest(json, others)
    const isEmpty = json.out.length === inMetadata && inMetadata === inDefault - DEFAULT_SIZE
    if (isEmpty && others === undefined) json.out.length = from
    else json.endObject()
  }

  #writeDefault(hasResource: boolean, hasSpan: boolean): void {
    const { json, limits, attributes } = this.#draft
    if (limits !== UNLIMITED) {
      json.member(CUT)
      json.string(limits.step)
    }
    if (hasSpan && this.#defaults !== undefined) this.#writeDefaults(attributes.string(this.#defaults.index)!)
    if (hasResource) this.#writeResource()
    if (hasSpan) this.#writeAttributes()
    if (hasSpan && limits.hasEvents) this.#writeEvents()
  }

  /** The members of the object, as they are written. */
  #writeDefaults(text: string): void {
    const inner = text.slice(text.indexOf('{') + 1, text.lastIndexOf('}')).trim()
    if (inner !== '' && inner.length <= this.#draft.limits.valueBytes) this.#draft.json.json(nestedJsonLiteral(inner))
  }

  #writeAttributes(): void {
    const { attributes, places, json, limits } = this.#draft
    const isLimited = limits !== UNLIMITED
    const defaults = this.#defaults?.members
    const { plan } = attributes
    if (plan !== undefined && !isLimited && defaults === undefined) return this.#writePlanned(plan)
    for (let index = 0; index < attributes.count; index++) {
      if (places[index] !== METADATA) continue
      if (isLimited && !this.#fits(index)) continue
      if (defaults !== undefined && Object.hasOwn(defaults, attributes.key(index)))
        json.keyText(`otel.attribute.${attributes.key(index)}`)
      else attributes.writeKey(index, json)
      if (isLimited && attributes.sizeBytes(index) > limits.valueBytes) this.#writeCut(index)
      else attributes.writeValue(index, json)
    }
  }

  #writePlanned({ members }: SegmentPlan): void {
    const { attributes, places, json } = this.#draft
    for (let index = 0; index < members.length; index++)
      if (places[index] === METADATA) attributes.writeMember(members[index]!, index, json)
  }

  /** Keys are short, or they are not worth their room. */
  #fits(index: number): boolean {
    return this.#draft.attributes.key(index).length <= Math.max(this.#draft.limits.valueBytes, 200)
  }

  #writeCut(index: number): void {
    const { attributes, json, limits } = this.#draft
    if (attributes.typeOf(index) !== 'string') json.string(`(${attributes.sizeBytes(index)} bytes)`)
    else {
      const text = Buffer.from(attributes.string(index)!)
      let end = limits.valueBytes
      while (end > 0 && (text[end]! & 0xc0) === 0x80) end--
      json.utf8(text, 0, end)
    }
  }

  #writeResource(): void {
    const { json, part, limits, isReturned } = this.#draft
    if (limits === UNLIMITED && this.#ofResource.size === 0 && !part.hasAnnotations) {
      const fragment = isReturned ? part.foreignMetadata : part.metadata
      if (fragment.length > 0) json.json(fragment)
      return
    }
    for (const member of part.members) if (!isReturned || member.isForeign) this.#writeMember(member)
  }

  #writeMember({ key, metadata }: ResourceMember): void {
    const { json, limits } = this.#draft
    if (this.#ofResource.has(key)) return
    if (metadata.length <= limits.valueBytes) json.json(metadata)
    else if (key.length <= Math.max(limits.valueBytes, 200)) {
      json.keyText(key)
      json.string(`(${metadata.length} bytes)`)
    }
  }

  #writeNamespaces(): void {
    const { attributes, json, limits } = this.#draft
    for (const index of this.#namespaces) {
      const text = attributes.string(index)!
      if (attributes.key(index).length > Math.max(limits.valueBytes, 200)) continue
      json.keyText(attributes.key(index).slice(METADATA_PREFIX.length))
      if (text.length <= limits.valueBytes) json.json(nestedJsonLiteral(text.trim()))
      else {
        json.beginObject()
        json.member(CUT)
        json.string(`(${text.length} bytes)`)
        json.endObject()
      }
    }
  }

  // ---- events that are no exceptions, and what exceptions have no place for

  #writeEvents(): void {
    const { json, span } = this.#draft
    if (!this.#cause.hasMore) return
    const from = json.out.length
    json.member(EVENTS)
    json.beginArray()
    const begun = json.out.length
    this.#events = 0
    span.eachEvent(this.#onEvent)
    if (json.out.length === begun) json.out.length = from
    else json.endArray()
  }

  #writeEvent(event: SpanEvent): void {
    const { json } = this.#draft
    const number = this.#events++
    const isCause = this.#cause.tells(event)
    const others = isCause ? this.#cause.others(event, number) : undefined
    if (others !== undefined && others.length === 0) return
    json.beginObject()
    json.member(NAME)
    event.writeName(json)
    json.member(TIME)
    json.iso(event.time)
    if (others === undefined ? event.attributes.size > 0 : others.length > 0) {
      json.member(ATTRIBUTES)
      if (others === undefined) event.attributes.writeJson(json)
      else this.#writeOthers(others)
    }
    json.endObject()
  }

  #writeOthers(others: readonly number[]): void {
    const { json } = this.#draft
    json.beginObject()
    for (const index of others) {
      this.#cause.known.writeKey(index, json)
      this.#cause.known.writeValue(index, json)
    }
    json.endObject()
  }
}

/** What is said of a call, which the segment of the caller's own service does not have. */
const ofCalls: readonly number[] = [at.REMOTE_SERVICE, at.REMOTE_OPERATION, at.REMOTE_TARGET, at.REMOTE_NAMESPACE]

/** undefined for what is no JSON object. */
function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isRest(value) ? value : undefined
  } catch {
    return undefined
  }
}
