// PutTraceSegments = { "TraceSegmentDocuments": [ text, … ] }: up to 50 documents, each a text of JSON.
// https://docs.aws.amazon.com/xray/latest/api/API_PutTraceSegments.html
import { type DocumentPlace, type Documents, ID_LENGTH, ID_OFFSET } from '../../aws/xray/segment.ts'
import type { Outgoing } from '../../delivery/index.ts'

/** https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html */
export const MAX_DOCUMENTS = 50
/** X-Ray documents no limit; 50 documents of the largest size are more than any one answer should depend on. */
export const MAX_REQUEST_BYTES = 1024 * 1024

export interface PutTraceSegments {
  readonly body: Buffer
  /** In their order, the documents of a span next to each other. */
  readonly documents: readonly SentDocument[]
  /** What to add to a place to get one in the body. */
  readonly offset: number
}
/** Where a document stands, quotes included, and the number of its span: spans are what is counted. */
export type SentDocument = DocumentPlace

const HEAD = Buffer.from('{"TraceSegmentDocuments":[')
const TAIL = Buffer.from(']}')

/** The documents of a span stay together. */
export function requestsOf({ bytes, places }: Documents): Outgoing<PutTraceSegments>[] {
  const requests: Outgoing<PutTraceSegments>[] = []
  let from = 0
  let to = 0
  while (to < places.length) {
    let next = to + 1
    while (next < places.length && places[next]!.span === places[to]!.span) next++
    const isFull = next - from > MAX_DOCUMENTS || places[next - 1]!.end - places[from]!.start > MAX_REQUEST_BYTES
    if (isFull && to > from) {
      requests.push(requestOf(bytes, places.slice(from, to)))
      from = to
    }
    to = next
  }
  if (to > from) requests.push(requestOf(bytes, places.slice(from, to)))
  return requests
}

/** Of documents that stand next to each other. */
function requestOf(bytes: Buffer, places: readonly SentDocument[]): Outgoing<PutTraceSegments> {
  const start = places[0]!.start
  const end = places.at(-1)!.end
  const body = Buffer.allocUnsafeSlow(HEAD.length + end - start + TAIL.length)
  HEAD.copy(body)
  bytes.copy(body, HEAD.length, start, end)
  TAIL.copy(body, body.length - TAIL.length)
  return outgoing(body, places, HEAD.length - start)
}

/** The same request with some of its documents; undefined for none. */
export function narrowed(
  { body, offset }: PutTraceSegments,
  documents: readonly SentDocument[],
): Outgoing<PutTraceSegments> | undefined {
  if (documents.length === 0) return undefined
  const parts: Buffer[] = [HEAD]
  const moved: SentDocument[] = []
  let at = HEAD.length
  for (const [i, { start, end, span, spans }] of documents.entries()) {
    if (i > 0) {
      parts.push(COMMA)
      at++
    }
    parts.push(body.subarray(start + offset, end + offset))
    moved.push({ start: at, end: at + end - start, span, spans })
    at += end - start
  }
  return outgoing(Buffer.concat([...parts, TAIL]), moved, 0)
}
const COMMA = Buffer.from(',')

/** Two requests with about half of the documents each; undefined when they are of one span. */
export function halves({ request }: Outgoing<PutTraceSegments>): readonly Outgoing<PutTraceSegments>[] | undefined {
  const { documents } = request
  const isBoundary = (at: number): boolean => documents[at - 1]?.span !== documents[at]?.span
  let middle = documents.length >> 1
  while (middle > 0 && !isBoundary(middle)) middle--
  if (middle === 0) middle = documents.findIndex((_, at) => at > 0 && isBoundary(at))
  const first = middle < 1 ? undefined : narrowed(request, documents.slice(0, middle))
  const second = middle < 1 ? undefined : narrowed(request, documents.slice(middle))
  return first === undefined || second === undefined ? undefined : [first, second]
}

function outgoing(body: Buffer, documents: readonly SentDocument[], offset: number): Outgoing<PutTraceSegments> {
  let items = 0
  for (let i = 0; i < documents.length; i++)
    if (i === 0 || documents[i]!.span !== documents[i - 1]!.span) items += documents[i]!.spans
  return { request: { body, documents, offset }, items }
}

/** The segment's id, as X-Ray names it in its answer. */
export function idOf({ body, offset }: PutTraceSegments, { start }: SentDocument): string {
  const at = start + offset + ID_OFFSET
  return body.latin1Slice(at, at + ID_LENGTH)
}
