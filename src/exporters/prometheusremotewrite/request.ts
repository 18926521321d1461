// One request of remote write, compressed, and where its groups end: any run of them is a request too.
import { compressSnappy, uncompressSnappy } from '../../wire/snappy.ts'

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
  const { ends, headBytes, body } = request
  if (ends.length < 2) return undefined
  const middle = ends.length >> 1
  const whole = uncompressSnappy(body)
  const head = whole.subarray(0, headBytes)
  const groups = whole.subarray(headBytes)
  return [part(request, head, groups, 0, middle), part(request, head, groups, middle, ends.length)]
}

function part(request: WriteRequest, head: Buffer, groups: Buffer, from: number, to: number): WriteRequest {
  const { ends, samples } = request
  const startAt = from === 0 ? 0 : ends[from - 1]!
  const groupItems = request.groupItems.slice(from, to)
  return {
    body: compressSnappy(Buffer.concat([head, groups.subarray(startAt, ends[to - 1])])),
    headBytes: head.length,
    ends: ends.slice(from, to).map((end) => end - startAt),
    groupItems,
    items: groupItems.reduce((sum, items) => sum + items, 0),
    // Which half has which is not known: the share of its groups.
    samples: Math.round((samples * (to - from)) / ends.length),
  }
}
