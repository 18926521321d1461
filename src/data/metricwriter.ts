// Building metrics; the field numbers are those of the view (metric.ts).
import { LEN } from '../wire/reader.ts'
import type { ByteWriter } from '../wire/writer.ts'
import type { DataPoint } from './datapoint.ts'
import { type AttributeSource, FieldWriter } from './fieldwriter.ts'
import type { Key } from './key.ts'
import { type Metric, type MetricType, type Temporality, temporalities, typeFields } from './metric.ts'
import {
  type ExponentialHistogramPointWriter,
  type HistogramPointWriter,
  type NumberPointWriter,
  PointWriter,
  type SummaryPointWriter,
} from './pointwriter.ts'
import type { AnyValue, Double } from './value.ts'

/** The points of a metric, valid inside the call that gave it. A point is written, or a copy of one of the same type. */
export interface Points<Writer> {
  add(point: DataPoint | ((point: Writer) => void)): void
}

/** The metric at hand, valid inside `add`: each field at most once, in any order; one kind of points. */
export class MetricWriter {
  readonly #out: ByteWriter
  readonly #fields: FieldWriter
  readonly #writers = new Map<MetricType, PointWriter>()
  /** How many points have been written since the last metric began; `Builder` reads and clears it. */
  points = 0

  constructor(out: ByteWriter) {
    this.#out = out
    this.#fields = new FieldWriter(out)
  }

  name(name: string): void {
    this.#fields.text(1, name)
  }
  description(text: string): void {
    this.#fields.text(2, text)
  }
  /** UCUM: `By`, `s`, `1`, `{request}`. */
  unit(unit: string): void {
    this.#fields.text(3, unit)
  }
  metadata(key: Key | string, value: AnyValue | Double): void {
    this.#fields.attribute(12, key, value)
  }
  /** Name, description, unit and metadata of another metric. */
  like(metric: Metric): void {
    this.name(metric.name)
    this.description(metric.description)
    this.unit(metric.unit)
    const metadata: AttributeSource = metric.metadata.toMap()
    this.#fields.attributes(12, metadata)
  }

  gauge(write: (points: Points<NumberPointWriter>) => void): void {
    this.#data('gauge', write)
  }
  sum(temporality: Temporality, isMonotonic: boolean, write: (points: Points<NumberPointWriter>) => void): void {
    this.#data('sum', write, temporality, isMonotonic)
  }
  histogram(temporality: Temporality, write: (points: Points<HistogramPointWriter>) => void): void {
    this.#data('histogram', write, temporality)
  }
  exponentialHistogram(
    temporality: Temporality,
    write: (points: Points<ExponentialHistogramPointWriter>) => void,
  ): void {
    this.#data('exponentialHistogram', write, temporality)
  }
  summary(write: (points: Points<SummaryPointWriter>) => void): void {
    this.#data('summary', write)
  }

  #data(
    type: MetricType,
    write: (points: Points<PointWriter>) => void,
    temporality: Temporality = 'unspecified',
    isMonotonic = false,
  ): void {
    const out = this.#out
    const [field] = typeFields.find(([, name]) => name === type)!
    out.varint((field << 3) | LEN)
    const from = out.beginPaddedLength()
    if (temporality !== 'unspecified') this.#fields.varint(2, temporalities.indexOf(temporality))
    if (isMonotonic) this.#fields.varint(3, 1)
    const writer = this.#writerOf(type)
    write({
      add: (point) => {
        if (typeof point === 'function') this.#fields.message(1, () => point(writer))
        else this.#copy(point, type)
        this.points++
      },
    })
    out.endPaddedLength(from)
  }

  #copy(point: DataPoint, type: MetricType): void {
    const isNumber = type === 'gauge' || type === 'sum'
    if (point.type !== type && !(isNumber && (point.type === 'gauge' || point.type === 'sum')))
      throw new TypeError(`a point of a ${point.type} does not fit a ${type}`)
    this.#fields.serialized(1, point)
  }

  #writerOf(type: MetricType): PointWriter {
    let writer = this.#writers.get(type)
    if (writer === undefined) this.#writers.set(type, (writer = new PointWriter(this.#out, type)))
    return writer
  }
}
