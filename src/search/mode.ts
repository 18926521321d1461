// How a mapping mode writes the documents of one signal; the walk over a batch calls these outside in.
import type { Resource, Scope } from '../data/index.ts'
import type { JsonWriter } from '../wire/json.ts'

export interface Mode<Item> {
  resource(resource: Resource): void
  scope(scope: Scope): void
  /** Writes one JSON object. A text instead, and nothing written: the reason why there can be no document. */
  write(json: JsonWriter, item: Item): string | undefined
}

/** Beforehand: `"name":`. */
export const keysOf = <const N extends string>(...names: N[]): Readonly<Record<N, Buffer>> => {
  const keys: Partial<Record<N, Buffer>> = {}
  for (const name of names) keys[name] = Buffer.from(`"${name}":`)
  return keys as Record<N, Buffer>
}

/** Beforehand, by their number: `"Internal"`. */
export const textsOf = (...texts: string[]): readonly Buffer[] => texts.map((text) => Buffer.from(JSON.stringify(text)))
