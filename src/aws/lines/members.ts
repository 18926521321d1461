// Members of a line; what is empty is left out.
import { type Instant, type JsonWriter, jsonLiteral, type Resource } from '../../data/index.ts'

export function writeAttributes(json: JsonWriter, attributes: Resource['attributes']): void {
  if (attributes.size === 0) return
  json.key(ATTRIBUTES)
  attributes.writeJson(json)
}

export function writeTime(json: JsonWriter, key: Buffer, time: Instant): void {
  if (time.isZero) return
  json.key(key)
  json.iso(time)
}

export function writeTextMember(json: JsonWriter, key: Buffer, text: string): void {
  if (text === '') return
  json.key(key)
  json.string(text)
}

export function writeCount(json: JsonWriter, key: Buffer, count: number): void {
  if (count === 0) return
  json.key(key)
  json.number(count)
}

const ATTRIBUTES = jsonLiteral('"attributes":')
