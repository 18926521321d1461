// How long the labels of series are, read back from a request that was refused. Their grammar stands in encode-v1.ts and encode-v2.ts.
import { readVarint, skip, varintEnd } from '../../wire/reader.ts'

/** Bytes of the names and values of all labels, of the series of a group that has most. `head` has symbols in the second version alone. */
export function weigherOf(head: Buffer): (group: Buffer) => number {
  const symbols = messagesIn(head, SYMBOL).map(({ length }) => length)
  const [tag, weigh] =
    head.length === 0 ? [SERIES, labelBytes] : [SERIES_OF_SECOND, (series: Buffer) => referredBytes(series, symbols)]
  return (group) => messagesIn(group, tag).reduce((most, series) => Math.max(most, weigh(series)), 0)
}

const SERIES = 0x0a
const SERIES_OF_SECOND = 0x2a
/** A label in the first version, references to all of them in the second. */
const LABELS = 0x0a
const SYMBOL = 0x22

const labelBytes = (series: Buffer): number => messagesIn(series, LABELS).reduce((sum, { length }) => sum + length, 0)

function referredBytes(series: Buffer, symbols: readonly number[]): number {
  let sum = 0
  for (const references of messagesIn(series, LABELS))
    for (let at = 0; at < references.length; at = varintEnd) sum += symbols[readVarint(references, at)] ?? 0
  return sum
}

function messagesIn(bytes: Buffer, wanted: number): Buffer[] {
  const found: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const tag = readVarint(bytes, at)
    at = varintEnd
    const end = skip(bytes, at, tag)
    if (tag === wanted) {
      const length = readVarint(bytes, at)
      found.push(bytes.subarray(varintEnd, varintEnd + length))
    }
    at = end
  }
  return found
}
