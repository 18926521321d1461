// An exponential histogram that keeps the finest scale at which its values fit, as the collector's does.
// https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram

const MAX_SCALE = 20
/** The least number that is not subnormal, and its exponent. */
const MIN_NORMAL = 2 ** -1022
const MIN_EXPONENT = -1022

export class ExponentialHistogram {
  readonly #maxSize: number
  #scale = MAX_SCALE
  count = 0
  zeroCount = 0
  sum = 0
  min = 0
  max = 0
  readonly positive = new Side()
  readonly negative = new Side()

  constructor(maxSize: number) {
    this.#maxSize = maxSize
  }

  /** Of a histogram of nothing but zeros it is 0. */
  get scale(): number {
    return this.count === this.zeroCount ? 0 : this.#scale
  }

  get sizeBytes(): number {
    return (this.positive.counts.length + this.negative.counts.length) * 8
  }

  /** A value that occurred so many times, a whole number. */
  add(value: number, times: number): void {
    if (times === 0) return
    if (this.count === 0) this.min = this.max = value
    else if (value < this.min) this.min = value
    else if (value > this.max) this.max = value
    this.count += times
    if (value === 0) {
      this.zeroCount += times
      return
    }
    this.sum += value * times
    const side = value > 0 ? this.positive : this.negative
    const size = Math.abs(value)
    let index = indexOf(size, this.#scale)
    const tooFine = this.#excess(side, index)
    if (tooFine > 0) {
      this.#scale -= tooFine
      this.positive.coarsen(tooFine)
      this.negative.coarsen(tooFine)
      index = indexOf(size, this.#scale)
    }
    side.add(index, times)
  }

  clear(): void {
    this.#scale = MAX_SCALE
    this.count = this.zeroCount = this.sum = this.min = this.max = 0
    this.positive.clear()
    this.negative.clear()
  }

  /** How many scales coarser it must become to have room for that bucket. */
  #excess(side: Side, index: number): number {
    if (side.isEmpty) return 0
    let low = Math.min(side.offset, index)
    let high = Math.max(side.last, index)
    let scales = 0
    for (; high - low >= this.#maxSize; scales++) {
      low >>= 1
      high >>= 1
    }
    return scales
  }
}

/** The buckets on one side of zero. */
class Side {
  /** Index of the first bucket. */
  offset = 0
  counts: number[] = []

  get isEmpty(): boolean {
    return this.counts.length === 0
  }
  get last(): number {
    return this.offset + this.counts.length - 1
  }

  add(index: number, times: number): void {
    if (this.isEmpty) this.offset = index
    if (index < this.offset) {
      this.counts.unshift(...new Array<number>(this.offset - index).fill(0))
      this.offset = index
    }
    while (index > this.last) this.counts.push(0)
    this.counts[index - this.offset]! += times
  }

  coarsen(scales: number): void {
    if (this.isEmpty) return
    const offset = this.offset >> scales
    const counts = new Array<number>((this.last >> scales) - offset + 1).fill(0)
    for (const [i, count] of this.counts.entries()) counts[((this.offset + i) >> scales) - offset]! += count
    this.offset = offset
    this.counts = counts
  }

  clear(): void {
    this.offset = 0
    this.counts = []
  }
}

const words = new DataView(new ArrayBuffer(8))

/** Bucket i covers (base^i, base^(i+1)], base = 2^(2^-scale). `value` is positive. */
function indexOf(value: number, scale: number): number {
  if (value <= MIN_NORMAL) return indexOfPower(MIN_EXPONENT, scale)
  words.setFloat64(0, value)
  const high = words.getUint32(0)
  const exponent = ((high >>> 20) & 0x7ff) - 1023
  const isPower = (high & 0xfffff) === 0 && words.getUint32(4) === 0
  if (scale <= 0) return (isPower ? exponent - 1 : exponent) >> -scale
  if (isPower) return indexOfPower(exponent, scale)
  const index = Math.floor(Math.log(value) * Math.LOG2E * 2 ** scale)
  return Math.min(index, 1024 * 2 ** scale - 1)
}

/** A power of two is the upper bound of its bucket. */
const indexOfPower = (exponent: number, scale: number): number =>
  scale > 0 ? exponent * 2 ** scale - 1 : (exponent - 1) >> -scale
