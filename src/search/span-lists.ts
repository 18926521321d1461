// The events and links of a span, as arrays of a document: what a mode of mapping adds to each is its own.
import type { Span, SpanEvent, SpanLink } from '../data/index.ts'
import type { JsonWriter } from '../wire/json.ts'
import { keysOf } from './mode.ts'

const KEY = keysOf('events', 'links', 'traceId', 'spanId', 'traceState')

/** `write` writes the fields of one; no array when there are none. */
export function writeEvents(json: JsonWriter, span: Span, write: (event: SpanEvent) => void): void {
  let isFirst = true
  span.eachEvent((event) => {
    if (isFirst) open(json, KEY.events)
    isFirst = false
    json.beginObject()
    write(event)
    json.endObject()
  })
  if (!isFirst) json.endArray()
}

/** The ids and the trace state, then `after`; no array when there are none. */
export function writeLinks(json: JsonWriter, span: Span, after: (link: SpanLink) => void): void {
  let isFirst = true
  span.eachLink((link) => {
    if (isFirst) open(json, KEY.links)
    isFirst = false
    json.beginObject()
    json.key(KEY.traceId)
    link.traceId.writeJson(json)
    json.key(KEY.spanId)
    link.spanId.writeJson(json)
    if (link.traceState !== '') {
      json.key(KEY.traceState)
      json.string(link.traceState)
    }
    after(link)
    json.endObject()
  })
  if (!isFirst) json.endArray()
}

function open(json: JsonWriter, key: Buffer): void {
  json.key(key)
  json.beginArray()
}
