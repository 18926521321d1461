// How an event's JSON is written: plain for a line of text, nested where it stands in a string of a request.
import { JsonWriter, jsonLiteral, nestedJsonLiteral } from '../../wire/json.ts'

export interface Format {
  /** Writes events one after the other; who takes them clears it. */
  readonly json: JsonWriter
  /** JSON that is known beforehand. */
  literal(json: string): Buffer
}

export const createFormat = (isNested: boolean): Format => ({
  json: new JsonWriter(4096, { isNested }),
  literal: isNested ? nestedJsonLiteral : jsonLiteral,
})
