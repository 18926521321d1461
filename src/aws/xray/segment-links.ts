// links = [{ trace_id, id, attributes }]
import type { SpanLink } from '../../data/index.ts'
import { nestedJsonLiteral, nestedMember } from '../../wire/json.ts'
import { CONSUMER, type Draft, hasRecentTime, writeTraceId } from './segment-draft.ts'

const LINKS = nestedMember('"links":')
const LINK_BEGIN = nestedJsonLiteral('{"trace_id":"1-')
const LINK_ID = nestedJsonLiteral('","id":')
const ATTRIBUTES = nestedMember('"attributes":')

/** One instance for all spans of an exporter. */
export class LinksWriter {
  readonly #draft: Draft
  readonly #nowMs: (() => number) | undefined
  #count = 0
  readonly #onLink = (link: SpanLink): void => this.#writeLink(link)

  /** With `nowMs` links to traces without a time in their ids are left out. */
  constructor(draft: Draft, nowMs: (() => number) | undefined) {
    this.#draft = draft
    this.#nowMs = nowMs
  }

  /** Of the two documents of a span that one has them to which they belong: who consumes was called through them. */
  write(): void {
    const { json, span, role, kind } = this.#draft
    if (!span.hasLinks || (role !== 'whole' && (role === 'service') !== (kind === CONSUMER))) return
    const from = json.out.length
    json.member(LINKS)
    json.beginArray()
    this.#count = 0
    span.eachLink(this.#onLink)
    if (this.#count === 0) json.out.length = from
    else json.endArray()
  }

  #writeLink(link: SpanLink): void {
    const { json, limits } = this.#draft
    if (link.traceId.isEmpty || link.spanId.isEmpty || this.#count >= limits.listItems) return
    if (this.#nowMs !== undefined && !hasRecentTime(link.traceId, this.#nowMs())) return
    this.#count++
    json.key(LINK_BEGIN)
    json.out.reserve(100)
    writeTraceId(link.traceId, json.out)
    json.raw(LINK_ID)
    link.spanId.writeJson(json)
    if (link.attributes.size > 0 && limits.hasRest) {
      json.member(ATTRIBUTES)
      link.attributes.writeJson(json)
    }
    json.endObject()
  }
}
