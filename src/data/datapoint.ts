// NumberDataPoint               = { 2: start, 3: time, 4: as_double | 6: as_int (sfixed64), 5: exemplars, 7: attributes, 8: flags }
// HistogramDataPoint            = { 2: start, 3: time, 4: count (fixed64), 5: sum, 6: bucket_counts (packed fixed64),
//                                   7: explicit_bounds (packed double), 8: exemplars, 9: attributes, 10: flags, 11: min, 12: max }
// ExponentialHistogramDataPoint = { 1: attributes, 2: start, 3: time, 4: count, 5: sum, 6: scale (sint32), 7: zero_count (fixed64),
//                                   8: positive, 9: negative, 10: flags, 11: exemplars, 12: min, 13: max, 14: zero_threshold }
// SummaryDataPoint              = { 2: start, 3: time, 4: count, 5: sum, 6: quantile_values, 7: attributes, 8: flags }
import { readDouble } from '../wire/reader.ts'
import type { Instant } from '../wire/time.ts'
import type { ByteWriter } from '../wire/writer.ts'
import type { Attributes } from './attributes.ts'
import { Buckets, readCount, readExactCount, readFixedList, readSint32, writeBuckets, writeCounts } from './buckets.ts'
import { eachEntry, entriesOf } from './entries.ts'
import { type Exemplar, exactValueOf, exemplars, readSfixed64 } from './exemplar.ts'
import { Message } from './message.ts'
import type { MetricType } from './metric.ts'
import { type DataPointObject, pointObject } from './pointobject.ts'
import { noSplices } from './splices.ts'
import { checkInt64, checkUint64 } from './value.ts'

const START = 2
const TIME = 3
const AS_DOUBLE = 4
const COUNT = 4
const SUM = 5
const AS_INT = 6
const BUCKET_COUNTS = 6
const SCALE = 6
const QUANTILE_VALUES = 6
const EXPLICIT_BOUNDS = 7
const ZERO_COUNT = 7
const POSITIVE = 8
const NEGATIVE = 9
const ZERO_THRESHOLD = 14

interface PointShape {
  readonly attributes: number
  readonly flags: number
  readonly min: number
  readonly max: number
  readonly exemplars: number
}
/** Field numbers that differ by type; 0 where the type has none. */
export const pointShapes: Readonly<Record<MetricType, PointShape>> = {
  gauge: { attributes: 7, flags: 8, min: 0, max: 0, exemplars: 5 },
  sum: { attributes: 7, flags: 8, min: 0, max: 0, exemplars: 5 },
  histogram: { attributes: 9, flags: 10, min: 11, max: 12, exemplars: 8 },
  exponentialHistogram: { attributes: 1, flags: 10, min: 12, max: 13, exemplars: 11 },
  summary: { attributes: 7, flags: 8, min: 0, max: 0, exemplars: 0 },
}

/** Bit of the flags: the point says that there was nothing to record (Prometheus' staleness). */
const NO_RECORDED_VALUE = 1

/**
 * A data point of any type, under the visit (opentelemetry/proto/metrics/v1). What a type does not have reads as absent: 0,
 * undefined or an empty list. Setters work in `onPoint` under `rewrite` only.
 */
export class DataPoint {
  readonly #message: Message
  /** Set by the walk for each metric. */
  #type: MetricType
  constructor(message: Message, type: MetricType) {
    this.#message = message
    this.#type = type
  }

  static setType(point: DataPoint, type: MetricType): void {
    point.#type = type
  }

  /** That of its metric. */
  get type(): MetricType {
    return this.#type
  }
  get start(): Instant {
    return this.#message.instant(START)
  }
  set start(start: Instant) {
    this.#message.setInstant(START, start)
  }
  get time(): Instant {
    return this.#message.instant(TIME)
  }
  set time(time: Instant) {
    this.#message.setInstant(TIME, time)
  }
  get flags(): number {
    return this.#message.uint32(pointShapes[this.#type].flags)
  }
  set flags(flags: number) {
    this.#message.setVarint(pointShapes[this.#type].flags, flags)
  }
  /** The series has ended or was not measured; the value means nothing. */
  get hasNoRecordedValue(): boolean {
    return (this.flags & NO_RECORDED_VALUE) !== 0
  }
  get attributes(): Attributes {
    return this.#message.attributes
  }

  // ---- gauge and sum

  get #isNumber(): boolean {
    return this.#type === 'gauge' || this.#type === 'sum'
  }
  get isInt(): boolean {
    return this.#isNumber && this.#message.has(AS_INT)
  }
  /** Integers beyond 2^53 are rounded, `intValue` is exact. NaN where there is no value. */
  get value(): number {
    return Number(this.#exactValue ?? Number.NaN)
  }
  /** Stays an integer when it was one and the new value is whole. Throws for other types. */
  set value(value: number) {
    this.#checkNumber()
    if (this.isInt && Number.isSafeInteger(value)) this.#message.setFixed64(AS_INT, value)
    else {
      this.#message.removeField(AS_INT)
      this.#message.setDouble(AS_DOUBLE, value)
    }
  }
  /** Exact: a bigint beyond 2^53. 0 unless `isInt`. */
  get intValue(): number | bigint {
    return this.isInt ? readSfixed64(this.#message, AS_INT) : 0
  }
  /** Makes it an integer. Throws for other types, and for what is no whole number of 64 bits. */
  set intValue(value: number | bigint) {
    this.#checkNumber()
    checkInt64(value)
    this.#message.removeField(AS_DOUBLE)
    this.#message.setFixed64(AS_INT, value)
  }
  /** Whether a gauge or a sum says a value. */
  get hasValue(): boolean {
    return this.#exactValue !== undefined
  }
  /** NaN for an integer. */
  get doubleValue(): number {
    return this.#isNumber && !this.isInt ? this.value : Number.NaN
  }
  /** Makes it a double, whole or not. Throws for other types. */
  set doubleValue(value: number) {
    this.#checkNumber()
    this.#message.removeField(AS_INT)
    this.#message.setDouble(AS_DOUBLE, value)
  }
  #checkNumber(): void {
    if (!this.#isNumber) throw new TypeError(`a point of a ${this.#type} has no value`)
  }
  get #exactValue(): number | bigint | undefined {
    return this.#isNumber ? exactValueOf(this.#message, AS_DOUBLE, AS_INT) : undefined
  }

  // ---- histogram, exponential histogram and summary

  /** Rounded beyond 2^53. */
  get count(): number {
    return this.#isNumber ? 0 : this.#count(COUNT, readCount, 0)
  }
  set count(count: number | bigint) {
    this.#checkCounted('count')
    checkUint64(count)
    this.#message.setFixed64(COUNT, count)
  }
  get exactCount(): bigint {
    return this.#isNumber ? 0n : this.#count(COUNT, readExactCount, 0n)
  }
  get sum(): number | undefined {
    return this.#isNumber ? undefined : this.#message.double(SUM)
  }
  /** Undefined takes it away. */
  set sum(sum: number | undefined) {
    this.#checkCounted('sum')
    this.#setOptional(SUM, sum)
  }
  get min(): number | undefined {
    return this.#optional(pointShapes[this.#type].min)
  }
  set min(min: number | undefined) {
    this.#setOptional(this.#checked(pointShapes[this.#type].min, 'min'), min)
  }
  get max(): number | undefined {
    return this.#optional(pointShapes[this.#type].max)
  }
  set max(max: number | undefined) {
    this.#setOptional(this.#checked(pointShapes[this.#type].max, 'max'), max)
  }
  #setOptional(field: number, value: number | undefined): void {
    if (value === undefined) this.#message.removeField(field)
    else this.#message.setDouble(field, value)
  }
  #checkCounted(what: string): void {
    if (this.#isNumber) this.#checked(0, what)
  }
  /** The field, where the type has it. */
  #checked(field: number, what: string): number {
    if (field === 0) throw new TypeError(`a point of a ${this.#type} has no ${what}`)
    return field
  }
  #optional(field: number): number | undefined {
    return field === 0 ? undefined : this.#message.double(field)
  }
  #count<T>(field: number, read: (bytes: Buffer, at: number) => T, absent: T): T {
    const message = this.#message
    return message.has(field) ? read(message.source(field), message.contentAt(field)) : absent
  }

  /** Histogram: one more than there are bounds, or none. Rounded beyond 2^53. */
  get bucketCounts(): number[] {
    return this.#list('histogram', BUCKET_COUNTS, readCount)
  }
  set bucketCounts(counts: readonly (number | bigint)[]) {
    this.#checked(this.#type === 'histogram' ? BUCKET_COUNTS : 0, 'bucketCounts')
    this.#message.setContent(BUCKET_COUNTS, (out) => writeCounts(out, counts))
  }
  get exactBucketCounts(): bigint[] {
    return this.#list('histogram', BUCKET_COUNTS, readExactCount)
  }
  /** Histogram: bucket i is (bound i-1, bound i], the last one goes on for ever. */
  get explicitBounds(): number[] {
    return this.#list('histogram', EXPLICIT_BOUNDS, readDouble)
  }
  set explicitBounds(bounds: readonly number[]) {
    this.#checked(this.#type === 'histogram' ? EXPLICIT_BOUNDS : 0, 'explicitBounds')
    this.#message.setContent(EXPLICIT_BOUNDS, (out) => bounds.forEach((bound) => void out.double(bound)))
  }
  #list<T>(type: MetricType, field: number, read: (bytes: Buffer, at: number) => T): T[] {
    return this.#type === type ? readFixedList(this.#message, field, read) : []
  }

  /** Exponential histogram: buckets grow by 2^(2^-scale). */
  get scale(): number {
    return this.#isExponential ? readSint32(this.#message, SCALE) : 0
  }
  /** Exponential histogram: the values within `zeroThreshold` of zero. Rounded beyond 2^53. */
  get zeroCount(): number {
    return this.#isExponential ? this.#count(ZERO_COUNT, readCount, 0) : 0
  }
  set zeroCount(count: number | bigint) {
    this.#checked(this.#isExponential ? ZERO_COUNT : 0, 'zeroCount')
    checkUint64(count)
    this.#message.setFixed64(ZERO_COUNT, count)
  }
  get exactZeroCount(): bigint {
    return this.#isExponential ? this.#count(ZERO_COUNT, readExactCount, 0n) : 0n
  }
  get zeroThreshold(): number {
    return this.#isExponential ? (this.#message.double(ZERO_THRESHOLD) ?? 0) : 0
  }
  set zeroThreshold(threshold: number) {
    this.#message.setDouble(this.#checked(this.#isExponential ? ZERO_THRESHOLD : 0, 'zeroThreshold'), threshold)
  }
  get positive(): Buckets {
    return this.#buckets(POSITIVE)
  }
  setPositive(offset: number, counts: readonly (number | bigint)[]): void {
    this.#setBuckets(POSITIVE, 'positive', offset, counts)
  }
  get negative(): Buckets {
    return this.#buckets(NEGATIVE)
  }
  setNegative(offset: number, counts: readonly (number | bigint)[]): void {
    this.#setBuckets(NEGATIVE, 'negative', offset, counts)
  }
  #buckets(field: number): Buckets {
    const buckets = new Message(noSplices, 0)
    if (this.#isExponential) openField(buckets, this.#message, field)
    return new Buckets(buckets)
  }
  #setBuckets(field: number, what: string, offset: number, counts: readonly (number | bigint)[]): void {
    this.#checked(this.#isExponential ? field : 0, what)
    this.#message.setContent(field, (out) => writeBuckets(out, offset, counts))
  }
  get #isExponential(): boolean {
    return this.#type === 'exponentialHistogram'
  }

  /** Summary: quantile 0 is the minimum, 1 the maximum. */
  get quantileValues(): QuantileValue[] {
    const list: QuantileValue[] = []
    if (this.#type === 'summary') eachEntry(this.#message, QUANTILE_VALUES, quantiles, (entry) => list.push(entry()))
    return list
  }

  /** The exemplar is a view too: valid until the next one. */
  eachExemplar(visit: (exemplar: Exemplar) => void): void {
    const field = pointShapes[this.#type].exemplars
    if (field !== 0) eachEntry(this.#message, field, exemplars, visit)
  }

  /** The serialized message with its edits: for a `Builder`, which puts it elsewhere. */
  writeTo(out: ByteWriter): void {
    this.#message.writeTo(out)
  }
  /** A view that stays valid; read-only. */
  retain(): DataPoint {
    return new DataPoint(this.#message.retain(), this.#type)
  }
  /** Everything, as plain data that stays; `type` says what is there. */
  toObject(): DataPointObject {
    return pointObject(this, this.#exactValue)
  }
}

/** What was set is copied: its place is needed for other things after the visit. */
function openField(view: Message, message: Message, field: number): void {
  if (!message.has(field)) return
  const source = message.source(field)
  const at = message.contentAt(field)
  const end = message.contentEnd(field)
  if (source === message.bytes) view.open(source, at, end)
  else view.open(Buffer.from(source.subarray(at, end)), 0, end - at)
}

/** One quantile of a summary: `quantile` from 0 to 1. */
export interface QuantileValue {
  readonly quantile: number
  readonly value: number
}

// ValueAtQuantile = { 1: quantile, 2: value }
const quantiles = entriesOf(
  0,
  (message) => (): QuantileValue => ({
    quantile: message.double(1) ?? 0,
    value: message.double(2) ?? 0,
  }),
)
