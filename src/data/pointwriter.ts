// Building data points; the field numbers are those of the views (datapoint.ts, exemplar.ts).
import type { Instant } from '../wire/time.ts'
import type { ByteWriter } from '../wire/writer.ts'
import { pointShapes } from './datapoint.ts'
import type { Exemplar } from './exemplar.ts'
import { type AttributeSource, FieldWriter } from './fieldwriter.ts'
import { type Id, SPAN_ID_SIZE, TRACE_ID_SIZE } from './id.ts'
import type { Key } from './key.ts'
import type { MetricType } from './metric.ts'
import type { AnyValue, Double } from './value.ts'

type AnyPoint = 'start' | 'time' | 'flags' | 'attribute' | 'attributes'
type Totals = 'count' | 'sum' | 'min' | 'max' | 'exemplar'
/** A point of a gauge or a sum. */
export type NumberPointWriter = Pick<PointWriter, AnyPoint | 'value' | 'intValue' | 'exemplar'>
/** A point of a histogram. */
export type HistogramPointWriter = Pick<PointWriter, AnyPoint | Totals | 'bucketCounts' | 'explicitBounds'>
/** A point of an exponential histogram. */
export type ExponentialHistogramPointWriter = Pick<
  PointWriter,
  AnyPoint | Totals | 'scale' | 'zeroCount' | 'zeroThreshold' | 'positive' | 'negative'
>
/** A point of a summary. */
export type SummaryPointWriter = Pick<PointWriter, AnyPoint | 'count' | 'sum' | 'quantileValue'>

const NUMBER: readonly MetricType[] = ['gauge', 'sum']
const HISTOGRAM: readonly MetricType[] = ['histogram']
const EXPONENTIAL: readonly MetricType[] = ['exponentialHistogram']
const HISTOGRAMS: readonly MetricType[] = [...HISTOGRAM, ...EXPONENTIAL]
const SUMMARY: readonly MetricType[] = ['summary']
const COUNTED: readonly MetricType[] = [...HISTOGRAMS, ...SUMMARY]

/**
 * The data point at hand, valid inside `add`: each field at most once, in any order; attribute keys are not compared.
 * What the type does not have throws.
 */
export class PointWriter {
  readonly #fields: FieldWriter
  readonly #type: MetricType
  readonly #exemplar: ExemplarWriter
  constructor(out: ByteWriter, type: MetricType) {
    this.#fields = new FieldWriter(out)
    this.#type = type
    this.#exemplar = new ExemplarWriter(this.#fields)
  }

  start(start: Instant): void {
    this.#fields.instant(2, start)
  }
  time(time: Instant): void {
    this.#fields.instant(3, time)
  }
  /** 1: there is no recorded value. */
  flags(flags: number): void {
    this.#fields.varint(pointShapes[this.#type].flags, flags)
  }
  attribute(key: Key | string, value: AnyValue | Double): void {
    this.#fields.attribute(pointShapes[this.#type].attributes, key, value)
  }
  attributes(source: AttributeSource): void {
    this.#fields.attributes(pointShapes[this.#type].attributes, source)
  }

  /** A double. Gauge and sum. */
  value(value: number): void {
    this.#check(NUMBER, 'value')
    this.#fields.double(4, value)
  }
  /** An integer. Gauge and sum. */
  intValue(value: number | bigint): void {
    this.#check(NUMBER, 'intValue')
    this.#fields.sfixed64(6, value)
  }
  /** Written by `write`, or a copy of one that is there. */
  exemplar(exemplar: Exemplar | ((exemplar: ExemplarWriter) => void)): void {
    const field = pointShapes[this.#type].exemplars
    if (field === 0) this.#refuse('exemplar')
    if (typeof exemplar === 'function') this.#fields.message(field, () => exemplar(this.#exemplar))
    else this.#fields.serialized(field, exemplar)
  }

  count(count: number | bigint): void {
    this.#check(COUNTED, 'count')
    this.#fields.fixed64(4, count)
  }
  sum(sum: number): void {
    this.#check(COUNTED, 'sum')
    this.#fields.double(5, sum)
  }
  min(min: number): void {
    this.#check(HISTOGRAMS, 'min')
    this.#fields.double(pointShapes[this.#type].min, min)
  }
  max(max: number): void {
    this.#check(HISTOGRAMS, 'max')
    this.#fields.double(pointShapes[this.#type].max, max)
  }

  /** One more than there are bounds. */
  bucketCounts(counts: readonly (number | bigint)[]): void {
    this.#check(HISTOGRAM, 'bucketCounts')
    this.#fields.counts(6, counts)
  }
  /** Ascending. */
  explicitBounds(bounds: readonly number[]): void {
    this.#check(HISTOGRAM, 'explicitBounds')
    const { out } = this.#fields
    this.#fields.message(7, () => bounds.forEach((bound) => void out.double(bound)))
  }

  scale(scale: number): void {
    this.#check(EXPONENTIAL, 'scale')
    this.#fields.sint32(6, scale)
  }
  zeroCount(count: number | bigint): void {
    this.#check(EXPONENTIAL, 'zeroCount')
    this.#fields.fixed64(7, count)
  }
  zeroThreshold(threshold: number): void {
    this.#check(EXPONENTIAL, 'zeroThreshold')
    this.#fields.double(14, threshold)
  }
  /** Buckets in a row; `offset` is the index of the first. */
  positive(offset: number, counts: readonly (number | bigint)[]): void {
    this.#buckets('positive', 8, offset, counts)
  }
  negative(offset: number, counts: readonly (number | bigint)[]): void {
    this.#buckets('negative', 9, offset, counts)
  }
  #buckets(name: string, field: number, offset: number, counts: readonly (number | bigint)[]): void {
    this.#check(EXPONENTIAL, name)
    const fields = this.#fields
    fields.message(field, () => {
      fields.sint32(1, offset)
      fields.message(2, () => counts.forEach((count) => void fields.out.int64(count)))
    })
  }

  quantileValue(quantile: number, value: number): void {
    this.#check(SUMMARY, 'quantileValue')
    this.#fields.message(6, () => {
      this.#fields.double(1, quantile)
      this.#fields.double(2, value)
    })
  }

  #check(types: readonly MetricType[], field: string): void {
    if (!types.includes(this.#type)) this.#refuse(field)
  }
  #refuse(field: string): never {
    throw new TypeError(`a point of a ${this.#type} has no ${field}`)
  }
}

/** Valid inside `exemplar`. */
export class ExemplarWriter {
  readonly #fields: FieldWriter
  constructor(fields: FieldWriter) {
    this.#fields = fields
  }

  time(time: Instant): void {
    this.#fields.instant(2, time)
  }
  value(value: number): void {
    this.#fields.double(3, value)
  }
  intValue(value: number | bigint): void {
    this.#fields.sfixed64(6, value)
  }
  spanId(id: Id): void {
    this.#fields.id(4, id, SPAN_ID_SIZE)
  }
  traceId(id: Id): void {
    this.#fields.id(5, id, TRACE_ID_SIZE)
  }
  filteredAttribute(key: Key | string, value: AnyValue | Double): void {
    this.#fields.attribute(7, key, value)
  }
}
