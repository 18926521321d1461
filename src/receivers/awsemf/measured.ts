// The value of a metric in a line, in one form: each value that was measured, and how often.
//
//   number | [number, …] | { "Values": […], "Counts": […], "Max", "Min", "Count", "Sum" } | { "Max", "Min", "Count", "Sum" }
import { isFields, own } from './line.ts'

export interface Measured {
  /** Ascending, each once. */
  readonly values: readonly number[]
  /** Of each value. */
  readonly counts: readonly number[]
  readonly sum: number
  /** The values were really measured; otherwise they stand for what the line says of them. */
  readonly isExact: boolean
}

/** Undefined when it is no value. */
export function measuredOf(value: unknown): Measured | undefined {
  if (isNumber(value)) return { values: [value], counts: [1], sum: value, isExact: true }
  if (Array.isArray(value))
    return value.length > 0 && value.every(isNumber) ? tally(value, undefined, undefined) : undefined
  if (!isFields(value)) return undefined
  const values = own(value, 'Values')
  const counts = own(value, 'Counts')
  const sum = own(value, 'Sum')
  if (values === undefined) return ofStatistics(own(value, 'Min'), own(value, 'Max'), own(value, 'Count'), sum)
  if (!Array.isArray(values) || values.length === 0 || !values.every(isNumber)) return undefined
  if (counts === undefined) return tally(values, undefined, sum)
  const fit = Array.isArray(counts) && counts.length === values.length && counts.every(isCount)
  return fit ? tally(values, counts, sum) : undefined
}

/** Undefined when nothing was counted, or the sum is none. */
function tally(values: readonly number[], counts: readonly number[] | undefined, sum: unknown): Measured | undefined {
  const byValue = new Map<number, number>()
  let total = 0
  for (const [i, value] of values.entries()) {
    const count = counts === undefined ? 1 : counts[i]!
    if (count === 0) continue
    byValue.set(value, (byValue.get(value) ?? 0) + count)
    total += value * count
  }
  if (byValue.size === 0 || !isNumber(sum ?? total)) return undefined
  const sorted = [...byValue].sort(([a], [b]) => a - b)
  return {
    values: sorted.map(([value]) => value),
    counts: sorted.map(([, count]) => count),
    sum: isNumber(sum) ? sum : total,
    isExact: true,
  }
}

/** The lowest and the highest are known; the others are where their sum says, all at one place. */
function ofStatistics(min: unknown, max: unknown, count: unknown, sum: unknown): Measured | undefined {
  if (!isNumber(min) || !isNumber(max) || !isNumber(sum) || !isCount(count) || count === 0 || min > max)
    return undefined
  if (min === max) return { values: [min], counts: [count], sum, isExact: true }
  const between = count - 2
  if (between <= 0) return { values: [min, max], counts: [1, 1], sum, isExact: count === 2 }
  const middle = Math.min(max, Math.max(min, (sum - min - max) / between))
  const { values, counts } = tally([min, middle, max], [1, between, 1], sum)!
  return { values, counts, sum, isExact: false }
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)
/** Fractions come from sampling. */
const isCount = (value: unknown): value is number => isNumber(value) && value >= 0 && value <= Number.MAX_SAFE_INTEGER
