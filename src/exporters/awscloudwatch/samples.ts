// Samples of one metric in one period, in bounded room: each value with how often it came, as long as there are not too
// many; then neighbours share a bucket, whose value is their mean. Count, sum, smallest and largest stay exact.
import type { Distribution } from '../../aws/cloudwatch/distribution.ts'

export class Samples {
  count = 0
  sum = 0
  min = Infinity
  max = -Infinity
  readonly #maxValues: number
  /** While there is one sample only, which is often, this is all; then it stands among the values. */
  #single = Number.NaN
  #values: Map<number, number> | undefined
  #buckets: Buckets | undefined

  constructor(maxValues: number) {
    this.#maxValues = maxValues
  }

  add(value: number): void {
    this.#addValue(value, 1)
    this.sum += value
    this.#grow(1, value, value)
  }

  /** What it says in all counts, not what its values would say. */
  addDistribution({ values, counts, count, sum, min, max }: Distribution): void {
    for (let i = 0; i < values.length; i++) this.#addValue(values[i]!, counts[i]!)
    this.sum += sum
    this.#grow(count, min, max)
  }

  #grow(count: number, min: number, max: number): void {
    this.count += count
    if (min < this.min) this.min = min
    if (max > this.max) this.max = max
  }

  #addValue(value: number, count: number): void {
    if (this.#buckets !== undefined) {
      this.#buckets.add(value, count)
      return
    }
    if (this.#values === undefined) {
      if (Number.isNaN(this.#single) && count === 1) {
        this.#single = value
        return
      }
      this.#values = new Map()
      if (!Number.isNaN(this.#single)) this.#values.set(this.#single, 1)
    }
    const values = this.#values
    const known = values.get(value)
    if (known !== undefined) values.set(value, known + count)
    else if (values.size < this.#maxValues) values.set(value, count)
    else {
      this.#buckets = new Buckets(values, this.#maxValues)
      this.#buckets.add(value, count)
      this.#values = undefined
    }
  }

  /** From the lowest value to the highest. */
  values(): { readonly value: number; readonly count: number }[] {
    const list =
      this.#buckets?.list() ??
      (this.#values === undefined
        ? [{ value: this.#single, count: 1 }]
        : [...this.#values].map(([value, count]) => ({ value, count })))
    return list.sort((a, b) => a.value - b.value)
  }
}

interface Bucket {
  count: number
  sum: number
}

/** Buckets grow by 2^(2^-scale), as those of an exponential histogram; the finest scale at which there are few enough. */
class Buckets {
  readonly #maxBuckets: number
  #scale = 20
  #zero = 0
  #positive = new Map<number, Bucket>()
  #negative = new Map<number, Bucket>()

  constructor(values: ReadonlyMap<number, number>, maxBuckets: number) {
    this.#maxBuckets = maxBuckets
    for (const [value, count] of values) this.add(value, count)
  }

  add(value: number, count: number): void {
    if (value === 0) this.#zero += count
    else addTo(value > 0 ? this.#positive : this.#negative, indexOf(Math.abs(value), this.#scale), count, value * count)
    while (this.#size > this.#maxBuckets && this.#scale > MIN_SCALE) this.#coarsen()
  }

  get #size(): number {
    return this.#positive.size + this.#negative.size + (this.#zero > 0 ? 1 : 0)
  }

  #coarsen(): void {
    this.#scale--
    this.#positive = halved(this.#positive)
    this.#negative = halved(this.#negative)
  }

  list(): { value: number; count: number }[] {
    const list = [...this.#positive.values(), ...this.#negative.values()].map(({ count, sum }) => ({
      value: sum / count,
      count,
    }))
    if (this.#zero > 0) list.push({ value: 0, count: this.#zero })
    return list
  }
}

/** At this scale all numbers of one sign are in two buckets. */
const MIN_SCALE = -10

const indexOf = (magnitude: number, scale: number): number => Math.floor(Math.log2(magnitude) * 2 ** scale)

function addTo(buckets: Map<number, Bucket>, index: number, count: number, sum: number): void {
  const known = buckets.get(index)
  if (known === undefined) buckets.set(index, { count, sum })
  else {
    known.count += count
    known.sum += sum
  }
}

function halved(buckets: ReadonlyMap<number, Bucket>): Map<number, Bucket> {
  const half = new Map<number, Bucket>()
  for (const [index, { count, sum }] of buckets) addTo(half, Math.floor(index / 2), count, sum)
  return half
}
