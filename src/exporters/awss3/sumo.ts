// Sumo Logic's archive format of installed collectors: a line of JSON for each log record.
//
//   {"date": "2026-01-01 00:00:00.5 +0000 UTC","sourceName":…,"sourceHost":…,"sourceCategory":…,
//    "fields":{ resource attributes but these three },"message":{ attributes, "log": body }}
import { type Attributes, type Batch, type Instant, keyOf, textOfValue, type Visitor } from '../../data/index.ts'
import type { Drop } from '../../delivery/index.ts'
import { JsonWriter, jsonLiteral } from '../../wire/json.ts'
import type { Content } from './format.ts'

export class SumoWriter {
  readonly #json = new JsonWriter(16_384)
  /** `"sourceName":…,"sourceHost":…,"sourceCategory":…,"fields":{…}` of the resource at hand; empty where one is missing. */
  readonly #source = new JsonWriter(1024)
  readonly #visitor: Visitor<'logs'> = {
    onResource: ({ attributes }) => this.#enterResource(attributes),
    onLog: (record) => this.#write(record.observedTime, record.attributes, (json) => record.writeBody(json)),
  }
  #items = 0
  #missing = 0

  encode(batch: Batch<'logs'>, drop: Drop): Content {
    this.#json.clear()
    this.#items = 0
    this.#missing = 0
    batch.visit(this.#visitor)
    if (this.#missing > 0) drop(this.#missing, 'no_source_attribute')
    return { chunks: this.#items === 0 ? [] : [this.#json.take()], items: this.#items }
  }

  #enterResource(attributes: Attributes): void {
    const json = this.#source
    json.clear()
    if (!SOURCES.every(([key]) => attributes.has(key))) return
    for (const [key, name] of SOURCES) {
      json.key(name)
      json.string(textOfValue(attributes.get(key) ?? null))
    }
    json.key(FIELDS)
    writeWithout(json, attributes, OWN)
  }

  #write(observedTime: Instant, attributes: Attributes, writeBody: (json: JsonWriter) => void): void {
    const json = this.#json
    const source = this.#source.out
    if (source.length === 0) {
      this.#missing++
      return
    }
    json.beginObject()
    json.key(DATE)
    json.string(goTime(observedTime))
    json.key(NOTHING)
    json.out.raw(source.bytes, 0, source.length)
    json.key(MESSAGE)
    json.beginObject()
    writeMembersWithout(json, attributes, LOG_NAMES)
    json.key(LOG)
    writeBody(json)
    json.endObject()
    json.endObject()
    json.newline()
    this.#items++
  }
}

function writeWithout(json: JsonWriter, attributes: Attributes, names: ReadonlySet<string>): void {
  json.beginObject()
  writeMembersWithout(json, attributes, names)
  json.endObject()
}

function writeMembersWithout(json: JsonWriter, attributes: Attributes, names: ReadonlySet<string>): void {
  for (const key of attributes.toMap().keys())
    if (!names.has(key)) {
      json.keyText(key)
      attributes.writeJsonOf(key, json)
    }
}

/** As Go prints times: fractions without trailing zeros. */
function goTime(time: Instant): string {
  const [date = '', clock = ''] = new Date(time.seconds * 1000).toISOString().split('T')
  const fraction = time.nanos === 0 ? '' : `.${String(time.nanos).padStart(9, '0').replace(/0+$/, '')}`
  return `${date} ${clock.slice(0, 8)}${fraction} +0000 UTC`
}

const SOURCES = [
  [keyOf('_sourceName'), jsonLiteral('"sourceName":')],
  [keyOf('_sourceHost'), jsonLiteral('"sourceHost":')],
  [keyOf('_sourceCategory'), jsonLiteral('"sourceCategory":')],
] as const
const OWN: ReadonlySet<string> = new Set(['_sourceName', '_sourceHost', '_sourceCategory'])
const LOG_NAMES: ReadonlySet<string> = new Set(['log'])
const NOTHING = Buffer.alloc(0)
const DATE = jsonLiteral('"date":')
const FIELDS = jsonLiteral('"fields":')
const MESSAGE = jsonLiteral('"message":')
const LOG = jsonLiteral('"log":')
