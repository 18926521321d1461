// Spans as segment documents, as `PutTraceSegments` takes them: JSON texts in a list of JSON, written straight from the wire.
// https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
import type { Batch, Resource, Span } from '../../data/index.ts'
import { writeDigits, writeSafeInteger } from '../../wire/decimal.ts'
import { writeHex } from '../../wire/hex.ts'
import { nestedJsonLiteral, nestedMember, nestedWords } from '../../wire/json.ts'
import type { Instant } from '../../wire/time.ts'
import { Words } from '../../wire/words.ts'
import type { ByteWriter } from '../../wire/writer.ts'
import { AttributesWriter } from './segment-attributes.ts'
import { writeAws } from './segment-aws.ts'
import { CauseWriter } from './segment-cause.ts'
import {
  CLIENT,
  CONSUMER,
  Draft,
  deriveId,
  hasRecentTime,
  INTERNAL,
  PRODUCER,
  type Role,
  SERVER,
  writeTraceId,
} from './segment-draft.ts'
import { writeHttp } from './segment-http.ts'
import * as at from './segment-keys.ts'
import { segmentKeys } from './segment-keys.ts'
import { documentSize, type Limits, MAX_DOCUMENT_BYTES, STEPS, UNLIMITED } from './segment-limits.ts'
import { LinksWriter } from './segment-links.ts'
import { isLocalRoot, writeSegmentName } from './segment-name.ts'
import { Nesting } from './segment-nesting.ts'
import { type ResourcePart, ResourceParts } from './segment-resource.ts'
import { blockOf, writeRest } from './segment-rest.ts'
import { writeSql } from './segment-sql.ts'

export interface SegmentOptions {
  /** Keys of attributes that are annotations; of the resource they begin with `otel.resource.`. */
  readonly indexedAttributes: readonly string[]
  readonly indexAllAttributes: boolean
  /** Names, for spans whose resource does not tell them. */
  readonly logGroups: readonly string[]
  /** Milliseconds since the epoch; given when trace ids must begin with a time that X-Ray once took. */
  readonly nowMs?: () => number
}

/** Documents in a row, a comma between them. Valid until `giveBack`, or the next batch. */
export interface Documents {
  readonly bytes: Buffer
  readonly places: readonly DocumentPlace[]
  /** Spans that are no documents, by reason. */
  readonly dropped: readonly { readonly span: number; readonly reason: 'no_id' | 'old_trace_id' | 'too_large' }[]
  readonly cut: readonly CutDocument[]
}
/** Where a document starts and ends, quotes included, and the position of its span in the batch. */
export interface DocumentPlace {
  readonly start: number
  readonly end: number
  readonly span: number
  /** It tells of so many: its own, and those of the subsegments in it. */
  readonly spans: number
}
/** A document that was larger than X-Ray takes, and what was done about it. */
export interface CutDocument {
  readonly traceId: string
  readonly spanId: string
  readonly sizeBytes: number
  readonly step: string
}

const QUOTE = Buffer.from('"')
const BEGIN = Buffer.concat([QUOTE, nestedJsonLiteral('{"id":"')])
const TRACE_ID = nestedJsonLiteral('","trace_id":"1-')
const PARENT_ID = nestedJsonLiteral('","parent_id":"')
const NAME = nestedJsonLiteral('","name":')
const DIGITS = Buffer.alloc(16, 0x30)
const TRACE_DIGITS = Buffer.alloc(33, 0x30)
const HEAD = new Words(Buffer.concat([BEGIN, DIGITS, TRACE_ID, TRACE_DIGITS, NAME]))
const HEAD_WITH_PARENT = new Words(Buffer.concat([BEGIN, DIGITS, TRACE_ID, TRACE_DIGITS, PARENT_ID, DIGITS, NAME]))
/** Of one that may be put into its parent, where it needs no type. */
const SUBSEGMENT_NAME = nestedJsonLiteral('","type":"subsegment","name":')
const HEAD_EMBEDDED = new Words(
  Buffer.concat([BEGIN, DIGITS, TRACE_ID, TRACE_DIGITS, PARENT_ID, DIGITS, SUBSEGMENT_NAME]),
)
const START_TIME = nestedWords(',"start_time":')
const END_TIME = nestedWords(',"end_time":')
const IN_PROGRESS = nestedMember('"in_progress":true')
const NOT_IN_PROGRESS = nestedMember('"in_progress":false')
const FAULT = nestedMember('"fault":')
const ERROR = nestedMember('"error":')
const THROTTLE = nestedMember('"throttle":')
const IS_FAULT = nestedMember('"fault":true')
const IS_ERROR = nestedMember('"error":true')
const IS_THROTTLE = nestedMember('"throttle":true')
const TYPE = nestedMember('"type":')
const SUBSEGMENT = nestedMember('"type":"subsegment"')
const NAMESPACE = nestedMember('"namespace":')
const AWS_NAMESPACE = nestedMember('"namespace":"aws"')
const REMOTE_NAMESPACE = nestedMember('"namespace":"remote"')
const ORIGIN = nestedMember('"origin":')
const RESOURCE_ARN = nestedMember('"resource_arn":')
const USER = nestedMember('"user":')
const TRACED = nestedMember('"traced":')
const PRECURSOR_IDS = nestedMember('"precursor_ids":')

/** Where a document has its id: behind `"{\"id\":\"`. */
export const ID_OFFSET = 11
export const ID_LENGTH = 16
const TRACE_ID_OFFSET = ID_OFFSET + ID_LENGTH + TRACE_ID.length
const PARENT_ID_OFFSET = TRACE_ID_OFFSET + TRACE_DIGITS.length + PARENT_ID.length

/** What is written in other places than at the end of the document. */
const BLOCKS = ['http', 'sql', 'aws', 'service', 'cause', 'annotations', 'metadata']

/** One instance for an exporter, used for one batch after the other. */
export class SegmentEncoder {
  readonly #draft: Draft
  readonly #resources: ResourceParts
  readonly #cause: CauseWriter
  readonly #attributes: AttributesWriter
  #places: DocumentPlace[] = []
  #dropped: Documents['dropped'][number][] = []
  #cut: CutDocument[] = []
  readonly #nowMs: (() => number) | undefined
  #part: ResourcePart | undefined
  #spans = 0
  /** Positions of documents that stood inside others. */
  #embedded: number[] = []
  readonly #nesting = new Nesting({
    id: ID_OFFSET,
    traceId: TRACE_ID_OFFSET,
    parentId: PARENT_ID_OFFSET,
    end: HEAD_EMBEDDED.size,
  })
  readonly #links: LinksWriter

  constructor({ indexedAttributes, indexAllAttributes, logGroups, nowMs }: SegmentOptions) {
    this.#nowMs = nowMs
    const more = indexedAttributes.filter(
      (key, i) => !segmentKeys.includes(key) && indexedAttributes.indexOf(key) === i,
    )
    const keys = [...segmentKeys, ...more]
    const indexed = Uint8Array.from(keys, (key) => (indexedAttributes.includes(key) ? 1 : 0))
    this.#draft = new Draft(more, indexed)
    this.#resources = new ResourceParts({
      logGroups,
      indexed: new Set(indexedAttributes),
      indexAll: indexAllAttributes,
    })
    this.#cause = new CauseWriter(this.#draft)
    this.#links = new LinksWriter(this.#draft, nowMs)
    this.#attributes = new AttributesWriter(this.#draft, this.#cause, {
      indexed,
      indexAll: indexAllAttributes,
    })
  }

  encode(batch: Batch<'traces'>): Documents {
    this.#draft.clear()
    this.#places = []
    this.#dropped = []
    this.#cut = []
    this.#embedded = []
    this.#spans = 0
    batch.visit({
      onResource: (resource) => {
        this.#part = this.#resources.of(resource)
      },
      onSpan: (span, _scope, resource) => this.#encode(span, resource),
    })
    this.#draft.close()
    this.#cause.known.close()
    this.#resources.close()
    const { bytes } = this.#draft.json.out
    const written = { bytes, places: this.#places }
    const nested = this.#embedded.length === 0 ? written : this.#nesting.nest(bytes, this.#places, this.#embedded)
    return { ...nested, dropped: this.#dropped, cut: this.#cut }
  }

  /** The memory of the last documents goes to whoever writes next. */
  giveBack(): void {
    this.#draft.json.giveBack()
    this.#places = []
  }

  #encode(span: Span, resource: Resource): void {
    const draft = this.#draft
    const number = this.#spans++
    const from = draft.json.out.length
    const { length } = this.#places
    draft.open(span, resource, this.#part!)
    if (draft.traceId.isEmpty || draft.spanId.isEmpty) {
      this.#dropped.push({ span: number, reason: 'no_id' })
      return
    }
    if (this.#nowMs !== undefined && !hasRecentTime(draft.traceId, this.#nowMs())) {
      this.#dropped.push({ span: number, reason: 'old_trace_id' })
      return
    }
    const isWritten =
      !draft.isReturned &&
      (draft.groups & at.NAMING) !== 0 &&
      isLocalRoot(draft) &&
      span.kind !== SERVER &&
      span.kind !== INTERNAL
        ? this.#write('dependency', number) && this.#write('service', number)
        : this.#write('whole', number)
    if (isWritten) return
    draft.json.out.length = from
    this.#places.length = length
    this.#dropped.push({ span: number, reason: 'too_large' })
  }

  /** False when nothing makes it small enough. */
  #write(role: Role, span: number): boolean {
    const { out } = this.#draft.json
    if (this.#places.length > 0) out.byte(0x2c)
    const start = out.length
    this.#writeDocument(role, UNLIMITED)
    let sizeBytes = documentSize(out.bytes, start, out.length)
    const wholeBytes = sizeBytes
    for (let step = 0; sizeBytes > MAX_DOCUMENT_BYTES; step++) {
      const limits = STEPS[step]
      if (limits === undefined) return false
      out.length = start
      this.#writeDocument(role, limits)
      sizeBytes = documentSize(out.bytes, start, out.length)
      if (sizeBytes <= MAX_DOCUMENT_BYTES) this.#noteCut(wholeBytes, limits)
    }
    if (this.#draft.isEmbedded) this.#embedded.push(this.#places.length)
    this.#places.push({ start, end: out.length, span, spans: 1 })
    return true
  }

  #noteCut(sizeBytes: number, { step }: Limits): void {
    const { traceId, spanId } = this.#draft
    this.#cut.push({ traceId: traceId.hex, spanId: spanId.hex, sizeBytes, step })
  }

  #writeDocument(role: Role, limits: Limits): void {
    const draft = this.#draft
    const { json } = draft
    draft.begin(role, limits)
    this.#writeIds()
    writeSegmentName(draft)
    this.#writeTimes()
    if (draft.isReturned) this.#writeReturnedHead()
    else this.#writeHead()
    draft.text(USER, draft.attributes.at(at.USER))
    const from = json.out.length
    writeHttp(draft)
    if (role === 'service') json.out.length = from
    writeSql(draft)
    writeAws(draft, this.#resources.blocks)
    this.#writeService()
    this.#cause.write()
    this.#links.write()
    // A segment tells of its resource; a subsegment's is the same.
    this.#attributes.write(!this.#isSubsegment())
    if (draft.isReturned) writeRest(json, draft.rest, BLOCKS)
    json.endObject()
    json.out.byte(0x22)
  }

  #writeIds(): void {
    const { role, json, traceId, spanId, parentId, isEmbedded } = this.#draft
    const { out } = json
    const hasParent = role === 'dependency' || !parentId.isEmpty
    // One copy, then the digits: they have their places.
    const from = out.length
    const head = isEmbedded ? HEAD_EMBEDDED : hasParent ? HEAD_WITH_PARENT : HEAD
    json.words(head)
    out.length = from + ID_OFFSET
    if (role === 'service') this.#writeServiceId()
    else spanId.writeHex(out, 0, 8)
    out.length += TRACE_ID.length
    writeTraceId(traceId, out)
    if (hasParent) {
      out.length += PARENT_ID.length
      if (role === 'dependency') this.#writeServiceId()
      else parentId.writeHex(out, 0, 8)
    }
    out.length = from + head.size
  }

  #writeServiceId(): void {
    const { out } = this.#draft.json
    out.length = writeHex(deriveId(this.#draft.spanId, 0), 0, 8, out.bytes, out.length)
  }

  #writeTimes(): void {
    const draft = this.#draft
    const { attributes, json, span } = draft
    const { start, end } = span
    json.words(START_TIME)
    const startAt = json.out.length
    writeSeconds(json.out, start)
    const inProgress = attributes.at(at.IN_PROGRESS)
    const told = attributes.typeOf(inProgress) === 'bool' ? attributes.value(inProgress) : undefined
    if (told !== undefined) draft.put(inProgress)
    if (told === true || (end.isZero && !draft.isReturned)) return json.member(IN_PROGRESS)
    if (told === false && draft.isReturned) json.member(NOT_IN_PROGRESS)
    if (end.isZero) return
    json.words(END_TIME)
    // X-Ray knows no segment that ends before it starts.
    writeSeconds(json.out, isBefore(end, start) ? start : end, end.seconds === start.seconds ? startAt : -1)
  }

  // ---- what kind of segment it is, and how it went

  #writeHead(): void {
    const draft = this.#draft
    const { json, part, role, kind } = draft
    this.#writeOutcome()
    const isSub = this.#isSubsegment()
    if (isSub) json.member(SUBSEGMENT)
    const isCall = kind === CLIENT || kind === PRODUCER
    const isRoot = role === 'service' || (role === 'whole' && isLocalRoot(draft))
    if (isRoot) {
      // the segment of a service has no namespace
    } else if (draft.isAwsCall || this.#isNamedAfterAws()) json.member(AWS_NAMESPACE)
    else if (isCall || role === 'dependency') json.member(REMOTE_NAMESPACE)
    if (part.origin !== undefined) {
      json.member(ORIGIN)
      json.json(part.origin)
    }
    if (isSub || part.arn === undefined || part.arn.length > draft.limits.blockBytes) return
    json.member(RESOURCE_ARN)
    json.json(part.arn)
  }

  /** Whether it is a call of an AWS service that has its name. */
  #isNamedAfterAws(): boolean {
    const { attributes, kind } = this.#draft
    if (!this.#draft.isThere(attributes.at(at.AWS_SERVICE)) || this.#draft.isThere(attributes.at(at.PEER_SERVICE)))
      return false
    if (kind === SERVER) return !this.#draft.isThere(attributes.at(at.LOCAL_SERVICE))
    return kind === INTERNAL || kind === 0 || !this.#draft.isThere(attributes.at(at.REMOTE_SERVICE))
  }

  #isSubsegment(): boolean {
    const { role, kind, parentId, isReturned, attributes } = this.#draft
    if (isReturned) return attributes.at(at.TYPE) >= 0 || kind !== SERVER
    if (role === 'dependency') return true
    if (role === 'service' || isLocalRoot(this.#draft)) return false
    return kind !== SERVER && kind !== CONSUMER && !parentId.isEmpty
  }

  /** By the status of HTTP, else by the span's own. */
  #writeOutcome(): void {
    const { json, hasFailed, status } = this.#draft
    if (status !== undefined && status >= 400 && status <= 599) {
      if (status >= 500) return json.member(IS_FAULT)
      json.member(IS_ERROR)
      if (status === 429) json.member(IS_THROTTLE)
    } else if (hasFailed) json.member(IS_FAULT)
  }

  #writeReturnedHead(): void {
    const draft = this.#draft
    const { attributes, json, part, isEmbedded } = draft
    draft.flag(FAULT, at.FAULT)
    draft.flag(ERROR, at.ERROR)
    draft.flag(THROTTLE, at.THROTTLE)
    const isSub = this.#isSubsegment()
    if (isEmbedded) draft.take(at.TYPE)
    else if (!draft.text(TYPE, attributes.at(at.TYPE)) && isSub) json.member(SUBSEGMENT)
    draft.text(NAMESPACE, attributes.at(at.NAMESPACE))
    draft.text(ORIGIN, attributes.at(at.ORIGIN))
    draft.flag(TRACED, at.TRACED)
    draft.texts(PRECURSOR_IDS, at.PRECURSOR_IDS)
    if (isSub || part.arn === undefined || part.arn.length > draft.limits.blockBytes) return
    json.member(RESOURCE_ARN)
    json.json(part.arn)
  }

  #writeService(): void {
    const { json, part, isReturned, rest, resource, limits } = this.#draft
    if (!isReturned) {
      if (part.service !== undefined && part.service.length <= limits.blockBytes) json.json(part.service)
      return
    }
    const service = blockOf(rest, 'service')
    if (service !== undefined) this.#resources.blocks.writeReturnedService(json, resource, service)
  }
}

const isBefore = (one: Instant, other: Instant): boolean =>
  one.seconds < other.seconds || (one.seconds === other.seconds && one.nanos < other.nanos)

/** Seconds with as many decimals as there are. The whole seconds stand already at `sameAt`, unless that is negative. */
function writeSeconds(out: ByteWriter, { seconds, nanos }: Instant, sameAt = -1): void {
  out.reserve(30)
  const { bytes } = out
  if (sameAt < 0) out.length = writeSafeInteger(seconds, bytes, out.length)
  else for (let i = sameAt; bytes[i]! >= 0x30; i++) bytes[out.length++] = bytes[i]!
  if (nanos === 0) return
  out.bytes[out.length++] = 0x2e
  out.length = writeDigits(nanos, 9, out.bytes, out.length)
  while (out.bytes[out.length - 1] === 0x30) out.length--
}
