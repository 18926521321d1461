// Instruments that count in plain numbers until somebody looks: the SDK is not needed, and not loaded, to count.
import type { Attributes, MetricOptions, Observable, ObservableCallback } from '@opentelemetry/api'

/** More different attributes than this count together, as the SDK does it; its own bound is 2000. */
const MAX_SERIES = 1000
const OVERFLOW: Attributes = { 'otel.metric.overflow': true }

/** By attributes, whatever is counted for them. */
class SeriesOf<T> {
  readonly #byKey = new Map<string, { readonly attributes: Attributes; readonly value: T }>()
  readonly #byIdentity = new WeakMap<Attributes, T>()
  readonly #create: () => T
  constructor(create: () => T) {
    this.#create = create
  }

  /** Callers that pass the same frozen or never changed object each time do not pay for its text. */
  of(attributes: Attributes = NONE): T {
    let value = this.#byIdentity.get(attributes)
    if (value === undefined) {
      value = this.#find(attributes)
      if (Object.isFrozen(attributes)) this.#byIdentity.set(attributes, value)
    }
    return value
  }

  values(): Iterable<{ readonly attributes: Attributes; readonly value: T }> {
    return this.#byKey.values()
  }

  #find(attributes: Attributes): T {
    const key = JSON.stringify(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)))
    const known = this.#byKey.get(key)
    if (known !== undefined) return known.value
    if (this.#byKey.size >= MAX_SERIES && attributes !== OVERFLOW) return this.#find(OVERFLOW)
    const value = this.#create()
    this.#byKey.set(key, { attributes: { ...attributes }, value })
    return value
  }
}

const NONE: Attributes = Object.freeze({})

/** A counter, an up-down counter or a gauge. */
export class Numbers {
  readonly #series = new SeriesOf(() => ({ value: 0 }))
  readonly #isMonotonic: boolean
  constructor(isMonotonic: boolean) {
    this.#isMonotonic = isMonotonic
  }

  add(value: number, attributes?: Attributes): void {
    if (this.#isMonotonic && !(value >= 0)) return
    this.#series.of(attributes).value += value
  }
  record(value: number, attributes?: Attributes): void {
    this.#series.of(attributes).value = value
  }
  readonly observe: ObservableCallback = (result) => {
    for (const { attributes, value } of this.#series.values()) result.observe(value.value, attributes)
  }
}

const DEFAULT_BOUNDARIES = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000]

export interface Buckets {
  readonly counts: number[]
  sum: number
  count: number
  min: number
  max: number
}

/** A histogram. The SDK reads it as a producer of its own: it could not be told afterwards what was recorded. */
export class Distribution {
  readonly name: string
  readonly options: MetricOptions
  readonly boundaries: readonly number[]
  readonly #series: SeriesOf<Buckets>

  constructor(name: string, options: MetricOptions = {}) {
    this.name = name
    this.options = options
    this.boundaries = options.advice?.explicitBucketBoundaries ?? DEFAULT_BOUNDARIES
    this.#series = new SeriesOf(() => ({
      counts: new Array(this.boundaries.length + 1).fill(0),
      sum: 0,
      count: 0,
      min: Number.POSITIVE_INFINITY,
      max: Number.NEGATIVE_INFINITY,
    }))
  }

  record(value: number, attributes?: Attributes): void {
    if (!Number.isFinite(value)) return
    const buckets = this.#series.of(attributes)
    let bucket = 0
    while (bucket < this.boundaries.length && value > this.boundaries[bucket]!) bucket++
    buckets.counts[bucket]!++
    buckets.sum += value
    buckets.count++
    buckets.min = Math.min(buckets.min, value)
    buckets.max = Math.max(buckets.max, value)
  }

  series(): Iterable<{ readonly attributes: Attributes; readonly value: Buckets }> {
    return this.#series.values()
  }
}

/** An observable whose callbacks wait for the SDK's. */
export class Waiting implements Observable {
  readonly callbacks = new Set<ObservableCallback>()
  #actual: Observable | undefined

  get actual(): Observable | undefined {
    return this.#actual
  }
  addCallback(callback: ObservableCallback): void {
    this.callbacks.add(callback)
    this.#actual?.addCallback(callback)
  }
  removeCallback(callback: ObservableCallback): void {
    this.callbacks.delete(callback)
    this.#actual?.removeCallback(callback)
  }
  become(actual: Observable): void {
    this.#actual = actual
    for (const callback of this.callbacks) actual.addCallback(callback)
  }
}

/** What is not measured at the level that is configured. */
export const unmeasured = {
  add(): void {},
  record(): void {},
  addCallback(): void {},
  removeCallback(): void {},
}
