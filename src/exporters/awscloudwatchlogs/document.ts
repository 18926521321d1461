// A log record as the JSON document that the collector's exporter makes of it: the same keys in the same order, what is empty
// left out.
//
//   { body, severity_number, severity_text, dropped_attributes_count, flags, trace_id, span_id, attributes,
//     scope: { name, version, attributes }, resource }
import type { LogRecord, Resource, Scope } from '../../data/index.ts'
import { JsonWriter, nestedJsonLiteral } from '../../wire/json.ts'

/** Writes documents as they stand in the string of a request's message; `json` has the last one. */
export class DocumentWriter {
  readonly json = new JsonWriter(16_384, { isNested: true })
  /** `,"resource":{…}` of the resource at hand, and the same for the scope; written once for all their records. */
  readonly #resource = new JsonWriter(1024, { isNested: true })
  readonly #scope = new JsonWriter(1024, { isNested: true })

  enterResource({ attributes }: Resource): void {
    const json = this.#resource
    json.clear()
    if (attributes.size === 0) return
    json.key(RESOURCE)
    attributes.writeJson(json)
  }

  /** A scope without a name is left out, as in the collector. */
  enterScope({ name, version, attributes }: Scope): void {
    const json = this.#scope
    json.clear()
    if (name === '') return
    json.key(SCOPE)
    json.beginObject()
    json.key(NAME)
    json.string(name)
    if (version !== '') {
      json.key(VERSION)
      json.string(version)
    }
    if (attributes.size > 0) {
      json.key(ATTRIBUTES)
      attributes.writeJson(json)
    }
    json.endObject()
  }

  write(record: LogRecord): void {
    const { json } = this
    json.clear()
    json.beginObject()
    this.#writeBody(record)
    this.#writeNumber(SEVERITY_NUMBER, record.severityNumber)
    if (record.severityText !== '') {
      json.key(SEVERITY_TEXT)
      record.writeSeverityText(json)
    }
    this.#writeNumber(DROPPED_ATTRIBUTES_COUNT, record.droppedAttributesCount)
    this.#writeNumber(FLAGS, record.flags)
    const { traceId, spanId } = record
    if (!traceId.isEmpty) {
      json.key(TRACE_ID)
      traceId.writeJson(json)
    }
    if (!spanId.isEmpty) {
      json.key(SPAN_ID)
      spanId.writeJson(json)
    }
    const { attributes } = record
    if (attributes.size > 0) {
      json.key(ATTRIBUTES)
      attributes.writeJson(json)
    }
    this.#append(this.#scope)
    this.#append(this.#resource)
    json.endObject()
  }

  /** Taken back when there is none. */
  #writeBody(record: LogRecord): void {
    const { json } = this
    const { out } = json
    const before = out.length
    json.key(BODY)
    const at = out.length
    record.writeBody(json)
    if (out.length === at + NULL.length && NULL.compare(out.bytes, at, out.length) === 0) out.length = before
  }

  #writeNumber(key: Buffer, value: number): void {
    if (value === 0) return
    this.json.key(key)
    this.json.number(value)
  }

  #append({ out }: JsonWriter): void {
    if (out.length === 0) return
    // a comma first, where it is not the first key
    this.json.key(NOTHING)
    this.json.out.raw(out.bytes, 0, out.length)
  }
}

const BODY = nestedJsonLiteral('"body":')
const SEVERITY_NUMBER = nestedJsonLiteral('"severity_number":')
const SEVERITY_TEXT = nestedJsonLiteral('"severity_text":')
const DROPPED_ATTRIBUTES_COUNT = nestedJsonLiteral('"dropped_attributes_count":')
const FLAGS = nestedJsonLiteral('"flags":')
const TRACE_ID = nestedJsonLiteral('"trace_id":')
const SPAN_ID = nestedJsonLiteral('"span_id":')
const ATTRIBUTES = nestedJsonLiteral('"attributes":')
const SCOPE = nestedJsonLiteral('"scope":')
const RESOURCE = nestedJsonLiteral('"resource":')
const NAME = nestedJsonLiteral('"name":')
const VERSION = nestedJsonLiteral('"version":')
const NOTHING = Buffer.alloc(0)
const NULL = Buffer.from('null')
