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
  #values: Tally | undefined
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
      this.#values = new Tally(false)
      if (!Number.isNaN(this.#single)) this.#values.add(this.#single, 1)
    }
    const values = this.#values
    if (values.size < this.#maxValues || values.has(value)) values.add(value, count)
    else {
      this.#buckets = new Buckets(values, this.#maxValues)
      this.#buckets.add(value, count)
      this.#values = undefined
    }
  }

  /** From the lowest value to the highest. */
  values(): ValueCount[] {
    if (this.#buckets !== undefined) return this.#buckets.list()
    return this.#values?.list((value) => value) ?? [{ value: this.#single, count: 1 }]
  }
}

export interface ValueCount {
  readonly value: number
  readonly count: number
}

/**
 * Keys in ascending order, each once, with a count and perhaps a sum. In arrays of numbers: a map takes three times the memory,
 * and of these there are as many as there are metrics.
 */
class Tally {
  readonly #keys: number[] = []
  readonly #counts: number[] = []
  readonly #sums: number[] | undefined

  constructor(hasSums: boolean) {
    this.#sums = hasSums ? [] : undefined
  }

  get size(): number {
    return this.#keys.length
  }

  has(key: number): boolean {
    return this.#keys[this.#find(key)] === key
  }

  add(key: number, count: number, sum = 0): void {
    const at = this.#find(key)
    if (this.#keys[at] === key) {
      this.#counts[at]! += count
      if (this.#sums !== undefined) this.#sums[at]! += sum
      return
    }
    // Zero has one sign.
    insert(this.#keys, at, key + 0)
    insert(this.#counts, at, count)
    if (this.#sums !== undefined) insert(this.#sums, at, sum)
  }

  each(see: (key: number, count: number, sum: number) => void): void {
    for (let i = 0; i < this.#keys.length; i++) see(this.#keys[i]!, this.#counts[i]!, this.#sums?.[i] ?? 0)
  }

  list(worth: (key: number, count: number, sum: number) => number): ValueCount[] {
    return this.#keys.map((key, i) => {
      const count = this.#counts[i]!
      return { value: worth(key, count, this.#sums?.[i] ?? 0), count }
    })
  }

  /** Where the key is, or would be. */
  #find(key: number): number {
    const keys = this.#keys
    let from = 0
    let to = keys.length
    while (from < to) {
      const middle = (from + to) >>> 1
      if (keys[middle]! < key) from = middle + 1
      else to = middle
    }
    return from
  }
}

function insert(list: number[], at: number, value: number): void {
  list.push(value)
  for (let i = list.length - 1; i > at; i--) list[i] = list[i - 1]!
  list[at] = value
}

/** Buckets grow by 2^(2^-scale), as those of an exponential histogram; the finest scale at which there are few enough. */
class Buckets {
  readonly #maxBuckets: number
  #scale = 20
  #zero = 0
  #positive = new Tally(true)
  #negative = new Tally(true)

  constructor(values: Tally, maxBuckets: number) {
    this.#maxBuckets = maxBuckets
    values.each((value, count) => this.add(value, count))
  }

  add(value: number, count: number): void {
    if (value === 0) this.#zero += count
    else {
      const side = value > 0 ? this.#positive : this.#negative
      side.add(indexOf(Math.abs(value), this.#scale), count, value * count)
    }
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

  /** From the lowest value to the highest. */
  list(): ValueCount[] {
    const list = this.#negative.list(mean).reverse()
    if (this.#zero > 0) list.push({ value: 0, count: this.#zero })
    return [...list, ...this.#positive.list(mean)]
  }
}

const mean = (_index: number, count: number, sum: number): number => sum / count

/** At this scale all numbers of one sign are in two buckets. */
const MIN_SCALE = -10

const indexOf = (magnitude: number, scale: number): number => Math.floor(Math.log2(magnitude) * 2 ** scale)

function halved(buckets: Tally): Tally {
  const half = new Tally(true)
  buckets.each((index, count, sum) => half.add(Math.floor(index / 2), count, sum))
  return half
}
