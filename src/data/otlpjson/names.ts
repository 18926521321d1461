// Which field a key names, by its bytes.
import { equalBytes } from '../../wire/intern.ts'
import type { JsonReader } from '../../wire/jsonreader.ts'
import type { Field, MessageType } from '../schema.ts'
import { resolveEscapes } from './text.ts'

/** The field that the string just read names; undefined for one that the message does not have. */
export function fieldOf(type: MessageType, reader: JsonReader): Field | undefined {
  const { bytes, start, end } = reader.isComplex ? resolveEscapes(reader) : reader
  const fields = type.byNameLength[end - start]
  if (fields === undefined) return undefined
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]!
    if (equalBytes(bytes, start, field.nameBytes)) return field
  }
  return undefined
}
