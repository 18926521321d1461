// One request of remote write, compressed, and where its groups end: any run of them is a request too.
import { compressSnappy, uncompressSnappy } from '../../wire/snappy.ts'
import { weigherOf } from './weigh.ts'

export interface WriteRequest {
  readonly body: Buffer
  /** Before compression, of what stands in front of the groups: the symbols of the second version; nothing in the first. */
  readonly headBytes: number
  /**
   * Of each group, before compression: where it ends behind the head, and its items. A group is what stays together: the
   * series of one point, or of several of the same series.
   */
  readonly ends: readonly number[]
  readonly groupItems: readonly number[]
  readonly items: number
  /** How many samples, histograms and exemplars are in it: the second version's receivers say how many they wrote. */
  readonly samples: number
}

/** Two requests with half of the groups each; undefined when there is only one group. */
export function halvesOf(request: WriteRequest): [WriteRequest, WriteRequest] | undefined {
  return halves(request, (groups) => groups)
}

/**
 * Likewise, those of the shortest labels in the first: what a destination refuses for labels that are too long or too many is in the
 * second, together.
 */
export function lightAndHeavyOf(request: WriteRequest): [WriteRequest, WriteRequest] | undefined {
  return halves(request, (groups, head) => {
    const weight = weigherOf(head)
    return groups
      .map((group) => ({ group, labelBytes: weight(group.bytes) }))
      .sort((a, b) => a.labelBytes - b.labelBytes)
      .map(({ group }) => group)
  })
}

interface Group {
  readonly bytes: Buffer
  readonly items: number
}

function halves(
  request: WriteRequest,
  inOrder: (groups: readonly Group[], head: Buffer) => readonly Group[],
): [WriteRequest, WriteRequest] | undefined {
  const { ends, headBytes, groupItems } = request
  if (ends.length < 2) return undefined
  const whole = uncompressSnappy(request.body)
  const head = whole.subarray(0, headBytes)
  const groups = ends.map((end, at) => ({
    bytes: whole.subarray(headBytes + (ends[at - 1] ?? 0), headBytes + end),
    items: groupItems[at]!,
  }))
  const ordered = inOrder(groups, head)
  const middle = ends.length >> 1
  return [part(request, head, ordered.slice(0, middle)), part(request, head, ordered.slice(middle))]
}

function part(of: WriteRequest, head: Buffer, groups: readonly Group[]): WriteRequest {
  let end = 0
  return {
    body: compressSnappy(Buffer.concat([head, ...groups.map(({ bytes }) => bytes)])),
    headBytes: head.length,
    ends: groups.map(({ bytes }) => (end += bytes.length)),
    groupItems: groups.map(({ items }) => items),
    items: groups.reduce((sum, { items }) => sum + items, 0),
    // Which half has which is not known: the share of its groups.
    samples: Math.round((of.samples * groups.length) / of.ends.length),
  }
}
