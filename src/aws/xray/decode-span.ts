// One segment or subsegment to one span.
import { type Instant, keyOf, type SpanWriter } from '../../data/index.ts'
import { NULL, OBJECT, TRUE } from '../../wire/jsontape.ts'
import { aws as awsNames, EMBEDDED, span as names, xray } from './attributes.ts'
import { writeAnnotations, writeMetadata } from './decode-annotations.ts'
import { writeCause } from './decode-cause.ts'
import { readSpanId, readTraceId } from './decode-id.ts'
import { type SegmentIndex, type Slot, slot, slotOf } from './decode-index.ts'
import { writeLinks } from './decode-links.ts'
import { integerOf, type Members, membersOf, writeMembers } from './decode-members.ts'
import { objectAt, type ResourceDecoder } from './decode-resource.ts'
import { Rest, sectionOf } from './decode-rest.ts'
import { readSeconds } from './decode-time.ts'

const INTERNAL = 1
const SERVER = 2
const CLIENT = 3
const STATUS_ERROR = 2

const NAME = keyOf(xray.name)
const REST = keyOf(xray.rest)
const TYPE = keyOf(xray.type)
const AWS_SERVICE = keyOf(awsNames.service)

/** Members that are one attribute each. */
const plain: Members = membersOf({
  namespace: [xray.namespace, 'text'],
  in_progress: [xray.inProgress, 'boolean'],
  fault: [xray.fault, 'boolean'],
  error: [xray.error, 'boolean'],
  throttle: [xray.throttle, 'boolean'],
  origin: [xray.origin, 'text'],
  traced: [xray.traced, 'boolean'],
  precursor_ids: [xray.precursorIds, 'texts'],
  user: [names.user, 'text'],
})

const httpParts: ReadonlyMap<string, { readonly section: Buffer; readonly members: Members }> = new Map([
  [
    'request',
    {
      section: sectionOf('request'),
      members: membersOf({
        method: [names.httpMethod[0], 'text'],
        url: [names.httpUrl[0], 'text'],
        user_agent: [names.httpUserAgent[0], 'text'],
        client_ip: [names.httpClientIp[0], 'text'],
        x_forwarded_for: [xray.forwardedFor, 'boolean'],
      }),
    },
  ],
  [
    'response',
    {
      section: sectionOf('response'),
      members: membersOf({
        status: [names.httpStatus[0], 'integer'],
        content_length: [names.httpContentLength[0], 'integer or text'],
      }),
    },
  ],
])

const sqlMembers: Members = membersOf({
  url: [xray.sqlUrl, 'text'],
  connection_string: [xray.sqlConnectionString, 'text'],
  sanitized_query: [names.dbStatement[0], 'text'],
  database_type: [names.dbSystem[0], 'text'],
  user: [names.dbUser, 'text'],
})

const awsMembers: Members = membersOf({
  operation: [awsNames.operation, 'text'],
  account_id: [awsNames.accountId, 'text'],
  region: [awsNames.region, 'text'],
  request_id: [awsNames.requestId, 'text'],
  queue_url: [awsNames.queueUrl, 'text'],
  table_name: [awsNames.tableName, 'text'],
  table_names: [awsNames.tableNames, 'texts'],
  retries: [xray.retries, 'integer'],
})

const HTTP = sectionOf('http')
const SQL = sectionOf('sql')
const AWS = sectionOf('aws')

export class SpanDecoder {
  readonly #index: SegmentIndex
  readonly #resource: ResourceDecoder
  readonly #rest = new Rest()
  #segment = 0
  readonly #write = (span: SpanWriter): void => this.#writeSpan(this.#segment, span)

  readonly #keepBlock = (key: number): boolean => this.#resource.keepBlock(key, this.#rest)

  constructor(index: SegmentIndex, resource: ResourceDecoder) {
    this.#index = index
    this.#resource = resource
  }

  /** What writes this segment of the index; good until the next one is asked for. */
  of(segment: number): (span: SpanWriter) => void {
    this.#segment = segment
    return this.#write
  }

  #writeSpan(segment: number, span: SpanWriter): void {
    const index = this.#index
    const { tape } = index
    span.traceId(readTraceId(tape, index.member(segment, slot.traceId) || index.member(0, slot.traceId)))
    span.spanId(readSpanId(tape, index.member(segment, slot.id)))
    const around = index.parent(segment)
    const parentId = around < 0 ? index.member(segment, slot.parentId) : index.member(around, slot.id)
    if (parentId !== 0) span.parentSpanId(readSpanId(tape, parentId))
    const name = index.text(segment, slot.name)
    span.name(name)
    span.kind(this.#kindOf(segment))
    const start = readSeconds(tape, index.member(segment, slot.startTime))
    span.start(start)
    const endNode = index.member(segment, slot.endTime)
    const end = endNode === 0 ? start : readSeconds(tape, endNode)
    if (endNode !== 0) span.end(end)
    this.#writeStatus(segment, span)
    span.attribute(NAME, name)
    if (around >= 0) span.attribute(TYPE, EMBEDDED)
    if (index.text(segment, slot.namespace) === 'aws') span.attribute(AWS_SERVICE, name)
    this.#rest.clear()
    writeMembers(tape, index.node(segment), plain, span, this.#rest, (key) =>
      this.#writeMember(segment, key, end, span),
    )
    const rest = this.#rest.text()
    if (rest !== undefined) span.attribute(REST, rest)
  }

  /** A segment has been asked for something, a subsegment with a namespace asks for something. */
  #kindOf(segment: number): number {
    const index = this.#index
    if (!index.isSubsegment(segment)) return SERVER
    const namespace = index.text(segment, slot.namespace)
    return namespace === 'aws' || namespace === 'remote' ? CLIENT : INTERNAL
  }

  #writeStatus(segment: number, span: SpanWriter): void {
    const index = this.#index
    const { tape } = index
    const cause = index.member(segment, slot.cause)
    if (cause !== 0 && tape.isString(cause)) return span.status(STATUS_ERROR, tape.text(cause))
    const isTrue = (place: Slot): boolean => tape.kind(index.member(segment, place)) === TRUE
    if (cause !== 0 || isTrue(slot.fault) || isTrue(slot.error) || isTrue(slot.throttle) || this.#failed(segment))
      span.status(STATUS_ERROR)
  }

  /** By HTTP. */
  #failed(segment: number): boolean {
    const { tape } = this.#index
    const http = objectAt(tape, this.#index.member(segment, slot.http))
    const response = http === 0 ? 0 : objectAt(tape, tape.member(http, 'response'))
    const status = response === 0 ? 0 : tape.member(response, 'status')
    if (status === 0) return false
    const code = integerOf(tape, status)
    return code !== undefined && (code < 100 || code >= 400)
  }

  /** Whether that member, which is no plain one, has found its place. */
  #writeMember(segment: number, key: number, end: Instant, span: SpanWriter): boolean {
    const { tape } = this.#index
    const place = slotOf.get(tape.text(key))
    if (place === undefined) return false
    const node = key + 1
    // given twice: the first one counts
    if (this.#index.member(segment, place) !== node) return true
    switch (place) {
      case slot.http:
        return this.#isObject(node) && this.#writeHttp(node, span)
      case slot.sql:
        return this.#isObject(node) && this.#writeSql(node, span)
      case slot.aws:
        return this.#isObject(node) && this.#writeAws(node, span)
      case slot.service:
        return this.#isObject(node) && this.#resource.keepService(node, this.#rest)
      case slot.annotations:
        return this.#isObject(node) && writeAnnotations(tape, node, span, this.#rest)
      case slot.metadata:
        return this.#isObject(node) && writeMetadata(tape, node, span, this.#rest)
      case slot.cause:
        return writeCause(tape, node, end, span, this.#rest)
      case slot.links:
        return writeLinks(tape, node, span)
      case slot.resourceArn:
        return segment === 0 && this.#resource.describesResource(node)
      case slot.type:
        return segment > 0 || this.#writeType(node, span)
      case slot.namespace:
      case slot.origin:
      case slot.inProgress:
      case slot.fault:
      case slot.error:
      case slot.throttle:
      case slot.traced:
      case slot.precursorIds:
      case slot.user:
        // of another type than it should be
        return false
      default:
        // fields of the span, not attributes
        return true
    }
  }

  #writeType(node: number, span: SpanWriter): boolean {
    const { tape } = this.#index
    if (!tape.isString(node)) return false
    span.attribute(TYPE, tape.text(node))
    return true
  }

  #isObject(node: number): boolean {
    return this.#index.tape.kind(node) === OBJECT
  }

  #writeHttp(node: number, span: SpanWriter): true {
    const { tape } = this.#index
    this.#rest.enter(HTTP)
    if (tape.first(node) === tape.next(node)) this.#rest.keep()
    for (let key = tape.first(node); key < tape.next(node); key = tape.next(key + 1)) {
      if (tape.kind(key + 1) === NULL) continue
      const name = tape.text(key)
      const part = tape.kind(key + 1) === OBJECT ? httpParts.get(name) : undefined
      if (part === undefined || tape.member(node, name) !== key + 1) {
        this.#rest.member(tape, key)
        continue
      }
      this.#rest.enter(part.section)
      writeMembers(tape, key + 1, part.members, span, this.#rest)
      this.#rest.leave()
    }
    this.#rest.leave()
    return true
  }

  #writeSql(node: number, span: SpanWriter): true {
    this.#rest.enter(SQL)
    writeMembers(this.#index.tape, node, sqlMembers, span, this.#rest)
    this.#rest.leave()
    return true
  }

  #writeAws(node: number, span: SpanWriter): true {
    const rest = this.#rest
    rest.enter(AWS)
    writeMembers(this.#index.tape, node, awsMembers, span, rest, this.#keepBlock)
    rest.leave()
    return true
  }
}
