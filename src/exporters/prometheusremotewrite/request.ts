// One request of remote write before compression: what stands in front of its series, and the series, cut into groups.

/** Items that stay together: the series of one point, or of several of the same series. */
export interface Cut {
  readonly endAt: number
  readonly items: number
}

export interface WriteRequest {
  /** The symbols of the second version; nothing in the first. */
  readonly head: Buffer
  /** TimeSeries messages, one after the other: any run of groups behind the head is a request. */
  readonly series: Buffer
  readonly cuts: readonly Cut[]
  readonly items: number
  /** How many samples, histograms and exemplars are in it: the second version's receivers say how many they wrote. */
  readonly samples: number
}

/** Two requests with half of the groups each; undefined when there is only one group. */
export function halvesOf(request: WriteRequest): [WriteRequest, WriteRequest] | undefined {
  const { cuts } = request
  if (cuts.length < 2) return undefined
  const middle = cuts.length >> 1
  return [part(request, 0, middle), part(request, middle, cuts.length)]
}

function part({ head, series, cuts, samples }: WriteRequest, from: number, to: number): WriteRequest {
  const startAt = from === 0 ? 0 : cuts[from - 1]!.endAt
  const own = cuts.slice(from, to).map(({ endAt, items }) => ({ endAt: endAt - startAt, items }))
  const items = own.reduce((sum, cut) => sum + cut.items, 0)
  // Which half has which is not known: the share of its groups.
  const share = Math.round((samples * (to - from)) / cuts.length)
  return { head, series: series.subarray(startAt, startAt + own.at(-1)!.endAt), cuts: own, items, samples: share }
}
