// Samples kept as they came, and the percentiles of them.

const FIRST_ROOM = 8

/** Numbers in pairs: a value, and what belongs to it (its weight, or its time). */
export class Samples {
  values = new Float64Array(FIRST_ROOM)
  others = new Float64Array(FIRST_ROOM)
  size = 0

  add(value: number, other: number): void {
    if (this.size === this.values.length) {
      this.values = doubled(this.values)
      this.others = doubled(this.others)
    }
    this.values[this.size] = value
    this.others[this.size++] = other
  }

  clear(): void {
    this.size = 0
    if (this.values.length === FIRST_ROOM) return
    this.values = new Float64Array(FIRST_ROOM)
    this.others = new Float64Array(FIRST_ROOM)
  }
}

function doubled(numbers: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(numbers.length * 2)
  larger.set(numbers)
  return larger
}

export interface Quantiles {
  readonly count: number
  readonly sum: number
  /** One for each percentile asked for. */
  readonly values: readonly number[]
}

/** By the least value up to which that share of all weights lies. There is at least one sample. */
export function quantilesOf({ values, others, size }: Samples, percentiles: readonly number[]): Quantiles {
  const weights = others.subarray(0, size)
  const isPlain = weights.every((weight) => weight === 1)
  const order = isPlain ? undefined : Array.from({ length: size }, (_, i) => i).sort((a, b) => values[a]! - values[b]!)
  let count = 0
  let sum = 0
  for (let i = 0; i < size; i++) {
    count += others[i]!
    sum += values[i]! * others[i]!
  }
  if (order === undefined) {
    const sorted = values.slice(0, size).sort()
    const at = (share: number): number => sorted[Math.min(size - 1, Math.max(0, Math.ceil(share * size) - 1))]!
    return { count, sum, values: percentiles.map((percentile) => at(percentile / 100)) }
  }
  const until = (share: number): number => {
    let weight = 0
    for (const i of order) if ((weight += others[i]!) >= share * count) return values[i]!
    return values[order.at(-1)!]!
  }
  return { count: Math.trunc(count), sum, values: percentiles.map((percentile) => until(percentile / 100)) }
}
