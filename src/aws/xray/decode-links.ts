// `links` of a document: [{ "trace_id": …, "id": …, "attributes": { … } }].
import type { AnyValue, SpanLinkWriter, SpanWriter } from '../../data/index.ts'
import { ARRAY, FALSE, type JsonTape, NULL, OBJECT, TRUE } from '../../wire/jsontape.ts'
import { parseSpanId, parseTraceId, readSpanId, readTraceId } from './decode-id.ts'
import { integerOf } from './decode-members.ts'

/** False when there is none, or something in it is none; then none is written. */
export function writeLinks(tape: JsonTape, node: number, span: SpanWriter): boolean {
  if (tape.kind(node) !== ARRAY || tape.first(node) === tape.next(node)) return false
  for (let item = tape.first(node); item < tape.next(node); item = tape.next(item))
    if (!isLink(tape, item)) return false
  for (let item = tape.first(node); item < tape.next(node); item = tape.next(item))
    span.link((link) => writeLink(tape, item, link))
  return true
}

function isLink(tape: JsonTape, node: number): boolean {
  if (tape.kind(node) !== OBJECT) return false
  const seen: string[] = []
  for (let key = tape.first(node); key < tape.next(node); key = tape.next(key + 1)) {
    const name = tape.text(key)
    if (seen.includes(name) || !isLinkMember(tape, name, key + 1)) return false
    seen.push(name)
  }
  return seen.includes('trace_id') && seen.includes('id')
}

function isLinkMember(tape: JsonTape, name: string, value: number): boolean {
  switch (name) {
    case 'trace_id':
      return parseTraceId(tape, value)
    case 'id':
      return parseSpanId(tape, value)
    case 'attributes':
      return tape.kind(value) === OBJECT && isShallow(tape, value)
    default:
      return false
  }
}

/** Values of OTLP nest 32 deep at most. */
function isShallow(tape: JsonTape, node: number, depth = 0): boolean {
  const kind = tape.kind(node)
  if (kind !== OBJECT && kind !== ARRAY) return true
  if (depth > MAX_DEPTH) return false
  const skipped = kind === OBJECT ? 1 : 0
  for (let item = tape.first(node); item < tape.next(node); item = tape.next(item + skipped))
    if (!isShallow(tape, item + skipped, depth + 1)) return false
  return true
}
const MAX_DEPTH = 30

function writeLink(tape: JsonTape, node: number, link: SpanLinkWriter): void {
  for (let key = tape.first(node); key < tape.next(node); key = tape.next(key + 1)) {
    const name = tape.text(key)
    if (name === 'trace_id') link.traceId(readTraceId(tape, key + 1))
    else if (name === 'id') link.spanId(readSpanId(tape, key + 1))
    else link.attributes(mapOf(tape, key + 1))
  }
}

function mapOf(tape: JsonTape, node: number): Map<string, AnyValue> {
  const map = new Map<string, AnyValue>()
  for (let key = tape.first(node); key < tape.next(node); key = tape.next(key + 1))
    map.set(tape.text(key), valueAt(tape, key + 1))
  return map
}

function valueAt(tape: JsonTape, node: number): AnyValue {
  switch (tape.kind(node)) {
    case OBJECT:
      return mapOf(tape, node)
    case ARRAY: {
      const list: AnyValue[] = []
      for (let item = tape.first(node); item < tape.next(node); item = tape.next(item)) list.push(valueAt(tape, item))
      return list
    }
    case TRUE:
    case FALSE:
      return tape.kind(node) === TRUE
    case NULL:
      return null
    default:
      return tape.isString(node) ? tape.text(node) : (integerOf(tape, node) ?? tape.number(node))
  }
}
