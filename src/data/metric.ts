// Metric = { 1: name, 2: description, 3: unit, 5: Gauge | 7: Sum | 9: Histogram | 10: ExponentialHistogram | 11: Summary }
// Sum = { 1: points, 2: temporality, 3: is_monotonic }; Histogram, ExponentialHistogram = { 1: points, 2: temporality }
import type { JsonWriter } from '../wire/json.ts'
import type { Message } from './message.ts'
import { Message as Container } from './message.ts'
import { writeText } from './span.ts'
import { noSplices } from './splices.ts'

const NAME = 1
const DESCRIPTION = 2
const UNIT = 3
const TEMPORALITY = 2
const IS_MONOTONIC = 3
export const METRIC_METADATA = 12

export type MetricType = 'gauge' | 'sum' | 'histogram' | 'exponentialHistogram' | 'summary'
export const typeFields: readonly (readonly [field: number, type: MetricType])[] = [
  [5, 'gauge'],
  [7, 'sum'],
  [9, 'histogram'],
  [10, 'exponentialHistogram'],
  [11, 'summary'],
]
const temporalities = ['unspecified', 'delta', 'cumulative'] as const

export class Metric {
  readonly #message: Message
  constructor(message: Message) {
    this.#message = message
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
    return typeFields.find(([field]) => this.#message.has(field))?.[1]
  }
  get temporality(): (typeof temporalities)[number] {
    const container = containerOf(this.#message)
    return container?.type === 'gauge' || container?.type === 'summary'
      ? 'unspecified'
      : (temporalities[container?.message.varint(TEMPORALITY) ?? 0] ?? 'unspecified')
  }
  /** Only a sum can be. */
  get isMonotonic(): boolean {
    const container = containerOf(this.#message)
    return container?.type === 'sum' && container.message.varint(IS_MONOTONIC) === 1
  }

  writeName(json: JsonWriter): void {
    writeText(json, this.#message, NAME)
  }
  retain(): Metric {
    return new Metric(this.#message.retain())
  }
  toObject(): MetricObject {
    return {
      name: this.name,
      description: this.description,
      unit: this.unit,
      type: this.type,
      temporality: this.temporality,
      isMonotonic: this.isMonotonic,
    }
  }
}

export interface MetricObject {
  readonly name: string
  readonly description: string
  readonly unit: string
  readonly type: MetricType | undefined
  readonly temporality: 'unspecified' | 'delta' | 'cumulative'
  readonly isMonotonic: boolean
}

const shared = new Container(noSplices, 0)
function containerOf(metric: Message): { type: MetricType; message: Message } | undefined {
  for (const [field, type] of typeFields) {
    if (!metric.has(field)) continue
    shared.open(metric.bytes, metric.contentAt(field), metric.contentEnd(field))
    return { type, message: shared }
  }
  return undefined
}
