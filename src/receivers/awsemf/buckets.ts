// Values as the buckets of an exponential histogram: bucket i has what is in (base^i, base^(i+1)], base = 2^(2^-scale).

export interface ExponentialBuckets {
  readonly scale: number
  readonly zeroCount: number
  readonly positive: Side
  readonly negative: Side
}
export interface Side {
  readonly offset: number
  readonly counts: readonly number[]
}

/** Each bucket is 0.3 % wide; finer ones would say nothing more to anybody. */
const MAX_SCALE = 8
const MIN_SCALE = -10
/** As the SDKs have it. */
const MAX_BUCKETS = 160

/** Values ascend; `counts` are whole numbers. */
export function bucketsOf(values: readonly number[], counts: readonly number[]): ExponentialBuckets {
  const logs = values.map((value) => Math.log2(Math.abs(value)))
  const firstPositive = indexFrom(values, (value) => value > 0)
  const firstFromZero = indexFrom(values, (value) => value >= 0)
  const scale = Math.min(
    scaleFor(logs[firstPositive], logs.at(-1), firstPositive < values.length),
    scaleFor(logs[firstFromZero - 1], logs[0], firstFromZero > 0),
  )
  let zeroCount = 0
  for (let i = firstFromZero; i < firstPositive; i++) zeroCount += counts[i]!
  return {
    scale,
    zeroCount,
    positive: sideOf(logs.slice(firstPositive), counts.slice(firstPositive), scale),
    negative: sideOf(logs.slice(0, firstFromZero).reverse(), counts.slice(0, firstFromZero).reverse(), scale),
  }
}

function indexFrom(values: readonly number[], is: (value: number) => boolean): number {
  const found = values.findIndex(is)
  return found < 0 ? values.length : found
}

/** The finest at which they have room. */
function scaleFor(smallest: number | undefined, largest: number | undefined, isAny: boolean): number {
  if (!isAny || smallest === undefined || largest === undefined) return MAX_SCALE
  let scale = MAX_SCALE
  while (scale > MIN_SCALE && indexOf(largest, scale) - indexOf(smallest, scale) >= MAX_BUCKETS) scale--
  return scale
}

const indexOf = (log: number, scale: number): number => Math.ceil(log * 2 ** scale) - 1

/** Logarithms ascend. */
function sideOf(logs: readonly number[], counts: readonly number[], scale: number): Side {
  if (logs.length === 0) return { offset: 0, counts: [] }
  const offset = indexOf(logs[0]!, scale)
  const filled = new Array<number>(indexOf(logs.at(-1)!, scale) - offset + 1).fill(0)
  for (const [i, log] of logs.entries()) filled[indexOf(log, scale) - offset]! += counts[i]!
  return { offset, counts: filled }
}
