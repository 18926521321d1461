// { "UnprocessedTraceSegments": [{ "Id", "ErrorCode", "Message" }] }: what X-Ray has not taken of a request, the rest of which
// it has.
import { refusalOf } from '../../aws/index.ts'
import type { Drop, Outgoing } from '../../delivery/index.ts'
import { idOf, narrowed, type PutTraceSegments, type SentDocument } from './requests.ts'

export interface Settled {
  /** Spans that X-Ray will never take. */
  readonly refused: readonly Refused[]
  /** What may be taken later. */
  readonly left: Outgoing<PutTraceSegments> | undefined
  /** Why that is left. */
  readonly leftReason: string
  readonly leftMessage: string
  /** Documents that were not taken, for whatever reason. */
  readonly documents: number
}
export interface Refused {
  readonly spans: number
  readonly reason: string
  /** With the id of a segment. */
  readonly message: string
}

interface Unprocessed {
  readonly id: string
  readonly code: string
  readonly message: string
}
interface Lost extends Unprocessed {
  readonly spans: number
}

/** undefined when all of the request was taken. */
export function settle({ request, items }: Outgoing<PutTraceSegments>, answer: unknown): Settled | undefined {
  const all = unprocessedOf(answer)
  if (all.length === 0) return undefined
  const open = documentsById(request)
  const again: SentDocument[] = []
  const lost = new Map<number, Lost>()
  let unknown = 0
  for (const one of all) {
    const document = open.get(one.id)?.shift()
    // One that names no segment of the request is about one that cannot be told from those that are taken.
    if (document === undefined) lost.set(-++unknown, { ...one, spans: 1 })
    else if (isForLater(one)) again.push(document)
    else if (!lost.has(document.span)) lost.set(document.span, { ...one, spans: document.spans })
  }
  // What of a lost span might be taken later would come back as no span at all.
  const left = narrowed(
    request,
    again.filter(({ span }) => !lost.has(span)).toSorted((one, other) => one.start - other.start),
  )
  const refused = atMost(items - (left?.items ?? 0), [...lost.values()])
  const why = all.find(isForLater)
  return {
    refused: byReason(refused),
    left,
    leftReason: why !== undefined && refusalOf(why.code, 0, '') === 'throttled' ? 'throttled' : 'unprocessed',
    leftMessage: why === undefined ? '' : textOf(why),
    documents: all.length,
  }
}

function unprocessedOf(answer: unknown): Unprocessed[] {
  const list = isObject(answer) ? answer.UnprocessedTraceSegments : undefined
  if (!Array.isArray(list)) return []
  return list.filter(isObject).map(({ Id, ErrorCode, Message }) => ({
    id: textOr(Id, ''),
    code: textOr(ErrorCode, 'unknown'),
    message: textOr(Message, ''),
  }))
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const textOr = (value: unknown, other: string): string => (typeof value === 'string' ? value.slice(0, 300) : other)
const textOf = ({ id, code, message }: Unprocessed): string =>
  `${code}${message === '' ? '' : `: ${message}`}${id === '' ? '' : ` (segment ${id})`}`

/** The same id may stand there twice, of two traces. */
function documentsById(request: PutTraceSegments): Map<string, SentDocument[]> {
  const documents = new Map<string, SentDocument[]>()
  for (const document of request.documents) {
    const id = idOf(request, document)
    const known = documents.get(id)
    if (known === undefined) documents.set(id, [document])
    else known.push(document)
  }
  return documents
}

/** X-Ray's codes of documents are not AWS's codes of requests, but for those of load and of its own failures. */
function isForLater({ code }: Unprocessed): boolean {
  const refusal = refusalOf(code, 400, '')
  return refusal === 'throttled' || refusal === 'transient'
}

/** An answer may name more than there is. */
function atMost(spans: number, lost: readonly Lost[]): Lost[] {
  let left = spans
  const some: Lost[] = []
  for (const one of lost) {
    if (left > 0) some.push({ ...one, spans: Math.min(left, one.spans) })
    left -= one.spans
  }
  return some
}

function byReason(lost: readonly Lost[]): Refused[] {
  const reasons = new Map<string, Refused>()
  for (const one of lost) {
    const reason = reasonsOf.get(one.code) ?? 'rejected_by_destination'
    const known = reasons.get(reason)
    reasons.set(reason, { spans: (known?.spans ?? 0) + one.spans, reason, message: known?.message ?? textOf(one) })
  }
  return [...reasons.values()]
}

/** Codes that were seen; any other is told in the log. */
const reasonsOf: ReadonlyMap<string, string> = new Map([
  ['InvalidName', 'invalid_name'],
  ['InvalidId', 'invalid_id'],
  ['MissingId', 'invalid_id'],
  ['InvalidTraceId', 'invalid_trace_id'],
  ['MissingTraceId', 'invalid_trace_id'],
  ['InvalidStartTime', 'invalid_time'],
  ['InvalidEndTime', 'invalid_time'],
  ['MissingStartTime', 'invalid_time'],
  ['InvalidSegment', 'invalid_segment'],
  ['ParseError', 'invalid_segment'],
  ['TraceTooLarge', 'trace_too_large'],
])

/** Books what is refused. */
export function dropRefused({ refused }: Settled, drop: Drop): void {
  for (const { spans, reason } of refused) drop(spans, reason)
}
