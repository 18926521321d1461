// What all documents of the mode `otel` have in common: attributes, resource and scope.
import type { Attributes, Instant, Resource, Scope } from '../../data/index.ts'
import { contentAt, DOUBLE, kindOf } from '../../data/raw.ts'
import {
  type FieldOptions,
  LeftOut,
  withKnownNames,
  writeAttributeFields,
  writeKnownFields,
} from '../../search/fields.ts'
import { keysOf } from '../../search/mode.ts'
import { equalBytes } from '../../wire/intern.ts'
import { JsonWriter } from '../../wire/json.ts'
import { readDouble } from '../../wire/reader.ts'
import { HINT_NAMES } from './hints.ts'

const LEFT_OUT = new LeftOut(HINT_NAMES)

/** `isStream`: documents go to data streams, whose templates take dots in names for letters (`subobjects: false`). */
export const otelFields = (isStream: boolean): FieldOptions =>
  withKnownNames({ bytesAs: 'hex', leftOut: LEFT_OUT, hasPlainDots: isStream }, (name) => isGeo(name, 0, name.length))
/** Time series take values that hold no others. */
export const otelMetricFields = (isStream: boolean): FieldOptions => ({ ...otelFields(isStream), hasTextMaps: true })

export const KEY = keysOf(
  'attributes',
  'dropped_attributes_count',
  'schema_url',
  'name',
  'version',
  'resource',
  'scope',
)

export function writeAttributes(json: JsonWriter, attributes: Attributes, options: FieldOptions): void {
  if (attributes.size === 0) return
  json.key(KEY.attributes)
  if (writeKnownFields(json, attributes, options)) return
  const points = geoPoints(attributes)
  if (points === undefined) return writeAttributeFields(json, attributes, options)
  const leftOut = new LeftOut([...HINT_NAMES, ...points.names])
  writeAttributeFields(json, attributes, { ...options, leftOut, known: undefined }, points.end)
}

/** Nothing for zero. */
export function writeCount(json: JsonWriter, key: Buffer, count: number): void {
  if (count === 0) return
  json.key(key)
  json.number(count)
}
/** Nothing for an empty one. */
export function writeNonEmpty(json: JsonWriter, key: Buffer, text: string): void {
  if (text === '') return
  json.key(key)
  json.string(text)
}
export function writeTime(json: JsonWriter, key: Buffer, time: Instant): void {
  json.key(key)
  json.iso(time)
}

/** Resource and scope, and the end of the document: the same for all items of a scope, and written once. */
export class OtelAround {
  readonly #options: FieldOptions
  #resource: Resource | undefined
  #end: Buffer = Buffer.alloc(0)

  constructor(options: FieldOptions) {
    this.#options = options
  }

  resource(resource: Resource): void {
    this.#resource = resource
  }

  /** Comes while the resource is being visited. */
  scope(scope: Scope): void {
    scratch.clear()
    this.#writeSource(KEY.resource, this.#resource!, '', '')
    this.#writeSource(KEY.scope, scope, scope.name, scope.version)
    scratch.endObject()
    this.#end = scratch.take()
  }

  writeEnd(json: JsonWriter): void {
    json.json(this.#end)
  }

  #writeSource(key: Buffer, source: Resource | Scope, name: string, version: string): void {
    scratch.key(key)
    scratch.beginObject()
    writeNonEmpty(scratch, KEY.name, name)
    writeNonEmpty(scratch, KEY.version, version)
    writeNonEmpty(scratch, KEY.schema_url, source.schemaUrl)
    writeAttributes(scratch, source.attributes, this.#options)
    writeCount(scratch, KEY.dropped_attributes_count, source.droppedAttributesCount)
    scratch.endObject()
  }
}

const scratch = new JsonWriter(4096)

const GEO = Buffer.from('geo.location.l')
const AT = Buffer.from('at')
const ON = Buffer.from('on')
const N = 0x6e
let mayHaveGeo = false

/** `client.geo.location.lat` and `.lon` become the point `client.geo.location`, which is what a map can show. */
function geoPoints(attributes: Attributes): { readonly names: string[]; readonly end: Buffer } | undefined {
  mayHaveGeo = false
  attributes.forEachRange(noteGeo)
  if (!mayHaveGeo) return undefined
  const latitudes = new Map<string, number>()
  const longitudes = new Map<string, number>()
  attributes.forEachRange((bytes, keyAt, keyEnd, valueAt, valueEnd) => {
    if (!isGeo(bytes, keyAt, keyEnd) || kindOf(bytes, valueAt, valueEnd) !== DOUBLE) return
    const value = readDouble(bytes, contentAt)
    const prefix = bytes.utf8Slice(keyAt, keyEnd - '.lat'.length)
    const values = bytes[keyEnd - 1] === N ? longitudes : latitudes
    if (Number.isFinite(value) && !values.has(prefix)) values.set(prefix, value)
  })
  const names: string[] = []
  let end = ''
  for (const [prefix, latitude] of latitudes) {
    const longitude = longitudes.get(prefix)
    if (longitude === undefined) continue
    names.push(prefix, `${prefix}.lat`, `${prefix}.lon`)
    end += `${end === '' ? '' : ','}${JSON.stringify(prefix)}:[${longitude},${latitude}]`
  }
  return names.length === 0 ? undefined : { names, end: Buffer.from(`${end}}`) }
}

function noteGeo(bytes: Buffer, keyAt: number, keyEnd: number): void {
  if (bytes[keyEnd - 3] === 0x6c && isGeo(bytes, keyAt, keyEnd)) mayHaveGeo = true
}

function isGeo(bytes: Buffer, keyAt: number, keyEnd: number): boolean {
  const at = keyEnd - GEO.length - 2
  if (at < keyAt || !equalBytes(bytes, at, GEO)) return false
  return equalBytes(bytes, keyEnd - 2, AT) || equalBytes(bytes, keyEnd - 2, ON)
}
