// How an event's JSON is written: plain for a line of text, nested where it stands in a string of a request.
import { JsonWriter, jsonLiteral, nestedJsonLiteral } from '../../wire/json.ts'
import { keptCopy } from '../../wire/kept.ts'

export interface Format {
  /** Writes events one after the other; who takes them clears it. */
  readonly json: JsonWriter
  /** JSON that is kept. */
  literal(json: string): Buffer
}

export const createFormat = (isNested: boolean): Format => ({
  json: new JsonWriter(4096, { isNested }),
  literal: (json) => keptCopy(isNested ? nestedJsonLiteral(json) : jsonLiteral(json)),
})
