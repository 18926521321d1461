// Documents read back as JSON.parse does not: a name that stands twice is a mistake.
import { JsonWriter } from '../../src/wire/json.ts'

/** What `write` writes, parsed; throws for a name that stands twice in an object. */
export function written(write: (json: JsonWriter) => void): unknown {
  const json = new JsonWriter()
  write(json)
  return parseStrictly(json.take().toString('utf8'))
}

export function parseStrictly(text: string): unknown {
  const parsed: unknown = JSON.parse(text)
  const twice = countNames(text) - countKept(parsed)
  if (twice !== 0) throw new Error(`${twice} names stand twice in ${text}`)
  return parsed
}

/** Strings that a colon follows. */
function countNames(text: string): number {
  let names = 0
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) {
    do at = text.indexOf('"', at + 1)
    while (isEscaped(text, at))
    if (text[at + 1] === ':') names++
  }
  return names
}

function isEscaped(text: string, at: number): boolean {
  let before = at
  while (text[before - 1] === '\\') before--
  return (at - before) % 2 === 1
}

function countKept(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let kept = 0
  if (Array.isArray(value)) for (const each of value) kept += countKept(each)
  else for (const name in value) kept += 1 + countKept(value[name as keyof typeof value])
  return kept
}

export interface BulkDocument {
  readonly action: unknown
  readonly document: unknown
}

/** The lines of a bulk request, two by two. */
export function documentsIn(body: Buffer): BulkDocument[] {
  const lines = body.toString('utf8').trimEnd().split('\n').map(parseStrictly)
  return lines.flatMap((action, i) => (i % 2 === 0 ? [{ action, document: lines[i + 1] }] : []))
}
