// NumberDataPoint               = { 2: start, 3: time, 4: as_double | 6: as_int (sfixed64), 5: exemplars, 7: attributes, 8: flags }
// HistogramDataPoint            = { 2: start, 3: time, 4: count (fixed64), 5: sum, 6: bucket_counts (packed fixed64),
//                                   7: explicit_bounds (packed double), 9: attributes, 10: flags, 11: min, 12: max }
// ExponentialHistogramDataPoint = { 1: attributes, 2: start, 3: time, 4: count, 5: sum, 6: scale, 7: zero_count, 10: flags, 12: min, 13: max }
// SummaryDataPoint              = { 2: start, 3: time, 4: count, 5: sum, 6: quantile_values, 7: attributes, 8: flags }
import { int64, readDouble, readFixed32 } from '../wire/reader.ts'
import type { Instant } from '../wire/time.ts'
import type { Attributes } from './attributes.ts'
import type { Message } from './message.ts'
import type { MetricType } from './metric.ts'
import type { AnyValue } from './value.ts'

const START = 2
const TIME = 3
const AS_DOUBLE = 4
const COUNT = 4
const SUM = 5
const AS_INT = 6
const BUCKET_COUNTS = 6
const EXPLICIT_BOUNDS = 7

interface PointShape {
  readonly attributes: number
  readonly flags: number
  readonly min: number
  readonly max: number
}
/** Field numbers that differ by type; 0 where the type has none. */
export const pointShapes: Readonly<Record<MetricType, PointShape>> = {
  gauge: { attributes: 7, flags: 8, min: 0, max: 0 },
  sum: { attributes: 7, flags: 8, min: 0, max: 0 },
  histogram: { attributes: 9, flags: 10, min: 11, max: 12 },
  exponentialHistogram: { attributes: 1, flags: 10, min: 12, max: 13 },
  summary: { attributes: 7, flags: 8, min: 0, max: 0 },
}

export class DataPoint {
  readonly #message: Message
  /** Set by the walk for each metric. */
  #type: MetricType = 'gauge'
  constructor(message: Message, type: MetricType = 'gauge') {
    this.#message = message
    this.#type = type
  }

  static setType(point: DataPoint, type: MetricType): void {
    point.#type = type
  }

  get start(): Instant {
    return this.#message.instant(START)
  }
  get time(): Instant {
    return this.#message.instant(TIME)
  }
  get flags(): number {
    return this.#message.varint(pointShapes[this.#type].flags)
  }
  get attributes(): Attributes {
    return this.#message.attributes
  }

  get #isNumber(): boolean {
    return this.#type === 'gauge' || this.#type === 'sum'
  }
  get isInt(): boolean {
    return this.#isNumber && this.#message.has(AS_INT)
  }
  /** Gauge and sum; integers beyond 2^53 are rounded, `intValue` is exact. NaN where there is no value. */
  get value(): number {
    if (!this.#isNumber) return Number.NaN
    return this.isInt ? Number(this.intValue) : (this.#message.double(AS_DOUBLE) ?? Number.NaN)
  }
  /** Stays an integer when it was one and the new value is whole. */
  set value(value: number) {
    if (!this.#isNumber) throw new TypeError(`a ${this.#type} point has no value`)
    if (this.isInt && Number.isSafeInteger(value)) this.#message.setFixed64(AS_INT, BigInt(value))
    else {
      this.#message.removeField(AS_INT)
      this.#message.setDouble(AS_DOUBLE, value)
    }
  }
  get intValue(): number | bigint {
    return this.isInt ? int64(this.#half(AS_INT, 0), this.#half(AS_INT, 4)) : 0
  }
  #half(field: number, offset: number): number {
    return readFixed32(this.#message.source(field), this.#message.contentAt(field) + offset)
  }

  /** Histograms and summary. */
  get count(): number {
    return this.#isNumber || !this.#message.has(COUNT) ? 0 : this.#half(COUNT, 4) * 2 ** 32 + this.#half(COUNT, 0)
  }
  get sum(): number | undefined {
    return this.#isNumber ? undefined : this.#message.double(SUM)
  }
  get min(): number | undefined {
    return this.#optional(pointShapes[this.#type].min)
  }
  get max(): number | undefined {
    return this.#optional(pointShapes[this.#type].max)
  }
  #optional(field: number): number | undefined {
    return field === 0 ? undefined : this.#message.double(field)
  }

  /** Explicit histograms only; one more than there are bounds. */
  get bucketCounts(): number[] {
    return this.#packed(BUCKET_COUNTS, (bytes, at) => readFixed32(bytes, at + 4) * 2 ** 32 + readFixed32(bytes, at))
  }
  get explicitBounds(): number[] {
    return this.#packed(EXPLICIT_BOUNDS, readDouble)
  }
  #packed(field: number, read: (bytes: Buffer, at: number) => number): number[] {
    const list: number[] = []
    const message = this.#message
    if (this.#type !== 'histogram' || !message.has(field)) return list
    const end = message.contentEnd(field)
    for (let at = message.contentAt(field); at < end; at += 8) list.push(read(message.bytes, at))
    return list
  }

  retain(): DataPoint {
    return new DataPoint(this.#message.retain(), this.#type)
  }
  toObject(): DataPointObject {
    return {
      startTimeUnixNano: this.start.toBigInt(),
      timeUnixNano: this.time.toBigInt(),
      flags: this.flags,
      attributes: this.attributes.toMap(),
      value: this.isInt ? this.intValue : this.value,
      count: this.count,
      sum: this.sum,
      min: this.min,
      max: this.max,
      bucketCounts: this.bucketCounts,
      explicitBounds: this.explicitBounds,
    }
  }
}

export interface DataPointObject {
  readonly startTimeUnixNano: bigint
  readonly timeUnixNano: bigint
  readonly flags: number
  readonly attributes: ReadonlyMap<string, AnyValue>
  readonly value: number | bigint
  readonly count: number
  readonly sum: number | undefined
  readonly min: number | undefined
  readonly max: number | undefined
  readonly bucketCounts: readonly number[]
  readonly explicitBounds: readonly number[]
}
