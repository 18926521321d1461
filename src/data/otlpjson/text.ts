import type { JsonReader } from '../../wire/jsonreader.ts'
import { ByteWriter } from '../../wire/writer.ts'

const resolved = new ByteWriter(64)

/** The string just read without its escapes, to be looked at before the next one. */
export function resolveEscapes(reader: JsonReader): { bytes: Buffer; start: number; end: number } {
  resolved.clear()
  reader.copyString(resolved)
  return { bytes: resolved.bytes, start: 0, end: resolved.length }
}
