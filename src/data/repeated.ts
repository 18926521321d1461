import { readVarint, skip, varintEnd } from '../wire/reader.ts'
import type { Message } from './message.ts'

/** What replaces a field that stands several times replaces all of it: those before `last` go. Returns how much that grows. */
export function removeEarlier({ bytes, start, splices }: Message, field: number, last: number): number {
  let delta = 0
  for (let at = start; at < last; ) {
    const from = at
    const tag = readVarint(bytes, at)
    at = skip(bytes, varintEnd, tag)
    if (tag >>> 3 === field) delta += splices.replace(from, at, 0, 0)
  }
  return delta
}
