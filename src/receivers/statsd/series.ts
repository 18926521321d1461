// What one series has gathered in this interval, by the kind of points that become of it.
import type { Key } from '../../data/index.ts'
import type { StatsdConfig } from './config.ts'
import { ExponentialHistogram } from './exponential.ts'
import { Samples } from './samples.ts'

/** In the order of their keys. */
export type Attributes = readonly { readonly key: Key; readonly value: string }[]

/** The values of one combination of name, type and tags, from one sender. */
export interface Series {
  readonly attributes: Attributes
  /** As the sender said, in milliseconds since the epoch; 0 when it did not. */
  readonly timeMs: number
  /** The interval in which it got a value last. */
  interval: number
  gathered: Gathered
  /** What the interval before has gathered, while it is being written and this one has values already. */
  unwritten: Gathered | undefined
}

export type Gathered = Counter | Gauge | EachSample | Summary | Exponential | Explicit | Distinct

type CounterType = StatsdConfig['counter_type']

// `add` takes a value, its sampling rate (more than 0, at most 1), whether it has a sign, and the time in milliseconds since
// the epoch. It returns how many bytes more are kept now.

export class Counter {
  readonly kind = 'counter'
  readonly #type: CounterType
  /** Of whole numbers. */
  readonly isWhole: boolean
  sum = 0

  constructor(type: CounterType) {
    this.#type = type
    this.isWhole = type !== 'float'
  }
  add(value: number, rate: number): number {
    const counted = rate < 1 ? value / rate : value
    this.sum +=
      this.#type === 'float' ? counted : this.#type === 'stochastic_int' ? rounded(counted) : Math.trunc(counted)
    return 0
  }
  clear(): void {
    this.sum = 0
  }
}

/** Up as often as the fraction says. */
function rounded(value: number): number {
  const whole = Math.floor(value)
  return Math.random() < value - whole ? whole + 1 : whole
}

export class Gauge {
  readonly kind = 'gauge'
  value = 0
  timeMs = 0
  #isSet = false

  add(value: number, _rate: number, isSigned: boolean, nowMs: number): number {
    this.value = isSigned && this.#isSet ? this.value + value : value
    this.#isSet = true
    this.timeMs = nowMs
    return 0
  }
  clear(): void {
    this.#isSet = false
  }
}

/** Each is a point of a gauge. */
export class EachSample {
  readonly kind = 'each'
  readonly samples = new Samples()

  add(value: number, _rate: number, _isSigned: boolean, nowMs: number): number {
    this.samples.add(value, nowMs)
    return SAMPLE_BYTES
  }
  clear(): void {
    this.samples.clear()
  }
}

export class Summary {
  readonly kind = 'summary'
  readonly percentiles: readonly number[]
  readonly samples = new Samples()

  constructor(percentiles: readonly number[]) {
    this.percentiles = percentiles
  }
  add(value: number, rate: number): number {
    this.samples.add(value, 1 / rate)
    return SAMPLE_BYTES
  }
  clear(): void {
    this.samples.clear()
  }
}

export class Exponential {
  readonly kind = 'exponential'
  readonly histogram: ExponentialHistogram

  constructor(maxSize: number) {
    this.histogram = new ExponentialHistogram(maxSize)
  }
  add(value: number, rate: number): number {
    const before = this.histogram.sizeBytes
    this.histogram.add(value, Math.trunc(1 / rate))
    return this.histogram.sizeBytes - before
  }
  clear(): void {
    this.histogram.clear()
  }
}

export class Explicit {
  readonly kind = 'explicit'
  readonly bounds: readonly number[]
  readonly counts: number[]
  count = 0
  sum = 0
  min = 0
  max = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = new Array(bounds.length + 1).fill(0)
  }
  add(value: number, rate: number): number {
    const times = Math.trunc(1 / rate)
    this.min = this.count === 0 ? value : Math.min(this.min, value)
    this.max = this.count === 0 ? value : Math.max(this.max, value)
    this.count += times
    this.sum += value * times
    let bucket = 0
    while (bucket < this.bounds.length && value > this.bounds[bucket]!) bucket++
    this.counts[bucket]! += times
    return 0
  }
  clear(): void {
    this.counts.fill(0)
    this.count = this.sum = this.min = this.max = 0
  }
}

/** How many different texts there were. */
export class Distinct {
  readonly kind = 'distinct'
  readonly texts = new Set<string>()

  addText(text: string): number {
    const before = this.texts.size
    this.texts.add(text)
    return this.texts.size > before ? SET_ENTRY_BYTES + text.length : 0
  }
  clear(): void {
    this.texts.clear()
  }
}

const SAMPLE_BYTES = 32
const SET_ENTRY_BYTES = 64
