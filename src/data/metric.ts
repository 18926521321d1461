// Metric = { 1: name, 2: description, 3: unit, 5: Gauge | 7: Sum | 9: Histogram | 10: ExponentialHistogram | 11: Summary,
//            12: metadata }
// Sum = { 1: points, 2: temporality, 3: is_monotonic }; Histogram, ExponentialHistogram = { 1: points, 2: temporality }
import type { JsonWriter } from '../wire/json.ts'
import type { ByteWriter } from '../wire/writer.ts'
import type { Attributes } from './attributes.ts'
import { writeSized } from './canonical.ts'
import type { Message } from './message.ts'
import type { AnyValue } from './value.ts'

const NAME = 1
const DESCRIPTION = 2
const UNIT = 3
/** The field number of the metadata, which are attributes. */
export const METRIC_METADATA = 12
const TEMPORALITY = 2
const IS_MONOTONIC = 3

/** What kind of points a metric has. */
export type MetricType = 'gauge' | 'sum' | 'histogram' | 'exponentialHistogram' | 'summary'
/** In which field of Metric the points of a type stand. */
export const typeFields: readonly (readonly [field: number, type: MetricType])[] = [
  [5, 'gauge'],
  [7, 'sum'],
  [9, 'histogram'],
  [10, 'exponentialHistogram'],
  [11, 'summary'],
]
/** By their number in the .proto. */
export const temporalities = ['unspecified', 'delta', 'cumulative'] as const
/** Whether a point covers the time since the last one, or since the start. */
export type Temporality = (typeof temporalities)[number]

/** A metric under the visit (opentelemetry/proto/metrics/v1). Setters work in `onMetric`, or in `onPoint` by a visitor with `writesParents`. */
export class Metric {
  readonly #message: Message
  /** The Gauge, Sum, … that holds the points; opened when someone asks. */
  readonly #container: Message

  constructor(message: Message, container: Message) {
    this.#message = message
    this.#container = container
  }

  get name(): string {
    return this.#message.text(NAME)
  }
  set name(name: string) {
    this.#message.setText(NAME, name)
  }
  get description(): string {
    return this.#message.text(DESCRIPTION)
  }
  set description(text: string) {
    this.#message.setText(DESCRIPTION, text)
  }
  get unit(): string {
    return this.#message.text(UNIT)
  }
  set unit(unit: string) {
    this.#message.setText(UNIT, unit)
  }
  /** Undefined for a metric without data. */
  get type(): MetricType | undefined {
    for (const [field, type] of typeFields) if (this.#message.has(field)) return type
    return undefined
  }
  /** Sums and histograms have one; setting it on another type throws. */
  get temporality(): Temporality {
    const { type } = this
    if (type === undefined || !hasTemporality(type)) return 'unspecified'
    return temporalities[this.#open().int32(TEMPORALITY)] ?? 'unspecified'
  }
  set temporality(temporality: Temporality) {
    const { type } = this
    if (type === undefined || !hasTemporality(type))
      throw new TypeError(`a ${type ?? 'metric without data'} has no temporality`)
    this.#edit().setVarint(TEMPORALITY, temporalities.indexOf(temporality))
  }
  /** Only a sum can be; setting it on another type throws. */
  get isMonotonic(): boolean {
    return this.type === 'sum' && this.#open().int32(IS_MONOTONIC) !== 0
  }
  set isMonotonic(isMonotonic: boolean) {
    if (this.type !== 'sum') throw new TypeError(`a ${this.type ?? 'metric without data'} cannot be monotonic`)
    this.#edit().setVarint(IS_MONOTONIC, isMonotonic ? 1 : 0)
  }
  /** What a translation from another format wants to keep; not part of the metric's identity. */
  get metadata(): Attributes {
    return this.#message.attributes
  }

  /** Without a string in between. */
  writeName(json: JsonWriter): void {
    this.#message.writeText(NAME, json)
  }
  /** What makes its streams others than those of another metric: name, unit, type, temporality, monotonicity. */
  writeIdentity(out: ByteWriter): void {
    writeSized(out, this.#message, NAME)
    writeSized(out, this.#message, UNIT)
    const { type } = this
    out.byte(type === undefined ? 0 : typeFields.find(([, name]) => name === type)![0])
    out.byte(type === undefined ? 0 : temporalities.indexOf(this.temporality))
    out.byte(this.isMonotonic ? 1 : 0)
  }
  /** A view that stays valid; read-only. */
  retain(): Metric {
    const message = this.#message.retain()
    return new Metric(message, this.type === undefined ? message : this.#open().retain())
  }
  /** Everything but the points, as plain data that stays. */
  toObject(): MetricObject {
    return {
      name: this.name,
      description: this.description,
      unit: this.unit,
      type: this.type,
      temporality: this.temporality,
      isMonotonic: this.isMonotonic,
      metadata: this.metadata.toMap(),
    }
  }

  #open(): Message {
    const container = this.#container
    if (container.isOpen) return container
    const message = this.#message
    const [field] = typeFields.find(([number]) => message.has(number))!
    container.open(message.bytes, message.contentAt(field), message.contentEnd(field))
    return container
  }

  #edit(): Message {
    this.#message.checkWritable()
    const container = this.#open()
    container.writable = true
    return container
  }
}

const hasTemporality = (type: MetricType): boolean =>
  type === 'sum' || type === 'histogram' || type === 'exponentialHistogram'

/** A metric as plain data, without its points. */
export interface MetricObject {
  readonly name: string
  readonly description: string
  readonly unit: string
  readonly type: MetricType | undefined
  readonly temporality: Temporality
  readonly isMonotonic: boolean
  readonly metadata: ReadonlyMap<string, AnyValue>
}
