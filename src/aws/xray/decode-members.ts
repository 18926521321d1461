// Members of a document that are one attribute each.
import { type AnyValue, type Double, double, type Key, keyOf } from '../../data/index.ts'
import { ARRAY, DECIMAL, INTEGER, type JsonTape, NULL, TRUE } from '../../wire/jsontape.ts'
import type { Rest } from './decode-rest.ts'

/** A value of another type than the member should have is kept with the rest. */
export type MemberType = 'text' | 'integer' | 'boolean' | 'texts' | 'integer or text' | 'integer as text'

export interface Member {
  readonly key: Key
  readonly type: MemberType
}

/** By their names in the document. */
export type Members = ReadonlyMap<string, Member>

export const membersOf = (members: Readonly<Record<string, readonly [attribute: string, type: MemberType]>>): Members =>
  new Map(Object.entries(members).map(([name, [attribute, type]]) => [name, { key: keyOf(attribute), type }]))

/** A span, an event or a resource that is being written. */
export interface AttributeWriter {
  attribute(key: Key | string, value: AnyValue | Double): void
}

/** Attributes of the objects that are being written: of a member given twice the first one counts. */
const written: Key[] = []

/**
 * Each member of the object as its attribute; what has none, or another type, goes to the rest, unless `handle` says, given
 * the node of its key, that it has seen to it. An object with nothing in it is kept there as one.
 */
export function writeMembers(
  tape: JsonTape,
  object: number,
  members: Members,
  to: AttributeWriter,
  rest: Rest,
  handle?: (key: number) => boolean,
): void {
  if (tape.first(object) === tape.next(object)) rest.keep()
  const base = written.length
  for (let key = tape.first(object); key < tape.next(object); key = tape.next(key + 1)) {
    if (tape.kind(key + 1) === NULL) continue
    const member = members.get(tape.text(key))
    const value = member === undefined ? undefined : memberValue(tape, key + 1, member.type)
    if (member === undefined || value === undefined) {
      if (handle?.(key) !== true) rest.member(tape, key)
    } else if (!written.includes(member.key, base)) {
      written.push(member.key)
      to.attribute(member.key, value)
    }
  }
  written.length = base
}

/** undefined when it is of another type. */
export function memberValue(tape: JsonTape, node: number, type: MemberType): AnyValue | undefined {
  switch (type) {
    case 'text':
      return tape.isString(node) ? tape.text(node) : undefined
    case 'integer':
      return integerOf(tape, node)
    case 'integer or text':
      return tape.isString(node) ? tape.text(node) : integerOf(tape, node)
    case 'integer as text':
      return integerOf(tape, node)?.toString()
    case 'boolean':
      return tape.isBoolean(node) ? tape.kind(node) === TRUE : undefined
    case 'texts':
      return textsOf(tape, node)
  }
}

/** undefined for what is no whole number of 64 bits. */
export function integerOf(tape: JsonTape, node: number): number | bigint | undefined {
  if (tape.kind(node) !== INTEGER) return undefined
  const value = tape.number(node)
  if (Number.isSafeInteger(value)) return Object.is(value, -0) ? undefined : value
  const exact = BigInt(tape.bytes.latin1Slice(tape.start(node), tape.end(node)))
  return BigInt.asIntN(64, exact) === exact ? exact : undefined
}

/** A whole number as an integer when it fits, any other as a double. */
export const numberOf = (tape: JsonTape, node: number): number | bigint | Double =>
  (tape.kind(node) === DECIMAL ? undefined : integerOf(tape, node)) ?? double(tape.number(node))

function textsOf(tape: JsonTape, node: number): string[] | undefined {
  if (tape.kind(node) !== ARRAY) return undefined
  const texts: string[] = []
  for (let item = tape.first(node); item < tape.next(node); item = tape.next(item)) {
    if (!tape.isString(item)) return undefined
    texts.push(tape.text(item))
  }
  return texts
}
