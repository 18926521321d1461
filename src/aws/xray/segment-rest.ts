// What a document had that spans have no attribute for: nested as in the document, written back in its blocks.
import type { JsonWriter } from '../../wire/json.ts'

/** A JSON object; numbers are as exact as they were written. */
export type Rest = { readonly [name: string]: unknown }

/** An object that is not worth it is none. With `isWhole` false only the blocks are told, not what is in them. */
export function parseRest(text: string | undefined, isWhole: boolean): Rest {
  if (text === undefined) return NOTHING
  try {
    const parsed: unknown = JSON.parse(text, exactly)
    if (!isRest(parsed)) return NOTHING
    return isWhole ? parsed : blocksOf(parsed)
  } catch {
    return NOTHING
  }
}

const NOTHING: Rest = {}

/** A number that a double does not hold stays the text that it is. */
function exactly(_name: string, value: unknown, { source }: { readonly source?: string } = {}): unknown {
  if (typeof value !== 'number' || source === undefined || String(value) === source) return value
  return rawJson(source)
}

/** JSON.parse source text access (ECMAScript proposal, stage 4), which TypeScript does not know yet. */
const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON

export const isRest = (value: unknown): value is Rest =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !('rawJSON' in value && Object.isFrozen(value))

/** Only what is an object, all the way down, and which lists there are. */
function blocksOf(rest: Rest): Rest {
  const blocks: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(rest))
    if (isRest(value)) blocks[name] = blocksOf(value)
    else if (Array.isArray(value)) blocks[name] = []
  return blocks
}

/** The block of that name; undefined when it is not there. */
export function blockOf(rest: Rest | undefined, name: string): Rest | undefined {
  const block = rest !== undefined && Object.hasOwn(rest, name) ? rest[name] : undefined
  return isRest(block) ? block : undefined
}

/**
 * Members of a block, but for the blocks in it that are written elsewhere, likewise the empty list of that name, and what is
 * null: that is not there.
 */
export function writeRest(
  json: JsonWriter,
  rest: Rest | undefined,
  elsewhere: readonly string[] = [],
  listElsewhere?: string,
): void {
  if (rest === undefined) return
  for (const [name, value] of Object.entries(rest)) {
    if (value === null || (elsewhere.includes(name) && isRest(value))) continue
    if (name === listElsewhere && Array.isArray(value) && value.length === 0) continue
    json.keyText(name)
    writePlain(json, value)
  }
}

/** Whatever JSON can say, to a nested writer. */
export function writePlain(json: JsonWriter, value: unknown): void {
  json.json(Buffer.from(JSON.stringify(JSON.stringify(value)).slice(1, -1)))
}
