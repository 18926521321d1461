// The very values of a histogram, where its point has them.
import { type DataPoint, keyOf } from '../../data/index.ts'
import { VALUE_COUNT } from './attributes.ts'
import type { Distribution } from './distribution.ts'
import { isCloudWatchValue } from './names.ts'

const COUNT = keyOf(VALUE_COUNT)

/**
 * Of a point of deltas: the values of its exemplars, when they are all that it has met, since their counts make up its own;
 * so it is with what came in as the embedded metric format. In as many distributions as it takes when one has room for so
 * many values. Undefined when there are more values than exemplars, and they are to be found from the buckets.
 */
export function exactDistributionsOf(point: DataPoint, maxValues: number): readonly Distribution[] | undefined {
  const values = valuesOf(point)
  if (values === undefined) return undefined
  const distributions: Distribution[] = []
  for (let from = 0; from < values.length; from += maxValues)
    distributions.push(distributionOf(values.slice(from, from + maxValues)))
  const { sum } = point
  const [first] = distributions
  // What the point says of their sum counts, as long as it says it once.
  return first !== undefined && distributions.length === 1 && sum !== undefined ? [{ ...first, sum }] : distributions
}

type Values = readonly (readonly [value: number, count: number])[]

/** Never rising, each once. */
function valuesOf(point: DataPoint): Values | undefined {
  const { count } = point
  if (count === 0) return undefined
  const counts = new Map<number, number>()
  let met = 0
  let isWhole = true
  point.eachExemplar(({ value, filteredAttributes }) => {
    const times = filteredAttributes.getNumber(COUNT) ?? 1
    isWhole &&= isCloudWatchValue(value) && times > 0 && times <= Number.MAX_SAFE_INTEGER
    // Counts of sampled values have fractions, those of points have not.
    met += Math.max(1, Math.round(times))
    counts.set(value, (counts.get(value) ?? 0) + times)
  })
  return isWhole && met === count ? [...counts].sort(([a], [b]) => b - a) : undefined
}

function distributionOf(values: Values): Distribution {
  let count = 0
  let sum = 0
  for (const [value, times] of values) {
    count += times
    sum += value * times
  }
  return {
    values: values.map(([value]) => value),
    counts: values.map(([, times]) => times),
    count,
    sum,
    max: values[0]![0],
    min: values.at(-1)![0],
  }
}
