// Meters that work before the SDK is there. Importing it takes 150 ms and 20 MB, and most of the time nobody looks: it is
// loaded for the first scrape. Observables then become the SDK's own, counters its observables, histograms a producer's.
import type {
  Attributes,
  BatchObservableCallback,
  BatchObservableResult,
  Counter,
  Gauge,
  Histogram,
  Meter,
  MeterProvider,
  MetricOptions,
  Observable,
  ObservableResult,
  UpDownCounter,
} from '@opentelemetry/api'
import type { Measurement } from '../contract/index.ts'
import { Distribution, Numbers, unmeasured, Waiting } from './instruments.ts'
import { isMeasured, type MetricsLevel } from './levels.ts'

/** The histograms of one meter. */
export interface ScopeDistributions {
  readonly scope: string
  readonly distributions: readonly Distribution[]
}

export class Meters {
  readonly #level: MetricsLevel
  readonly #meters = new Map<string, WaitingMeter>()
  #sdk: MeterProvider | undefined

  constructor(level: MetricsLevel) {
    this.#level = level
  }

  /** The same name gives the same meter, and there the same name the same instrument. */
  meter(name: string): Meter {
    let meter = this.#meters.get(name)
    if (meter === undefined) {
      meter = new WaitingMeter(this.#level)
      this.#meters.set(name, meter)
      if (this.#sdk !== undefined) meter.become(this.#sdk.getMeter(name))
    }
    return meter
  }

  /** From now on everything is the SDK's. */
  become(sdk: MeterProvider): void {
    this.#sdk = sdk
    for (const [name, meter] of this.#meters) meter.become(sdk.getMeter(name))
  }

  /** What the observables of that name observe now, the SDK or not. */
  measured(name: string): Measurement[] {
    return [...this.#meters].flatMap(([scope, meter]) => {
      const found: Measurement[] = []
      const observe = (value: number, attributes: Attributes = {}): void =>
        void found.push({ scope, attributes, value })
      meter.observed(name, { observe })
      return found
    })
  }

  /** What was made before the SDK came. */
  distributions(): ScopeDistributions[] {
    return [...this.#meters].map(([scope, meter]) => ({ scope, distributions: meter.distributions }))
  }
}

type Create = (sdk: Meter) => Observable

class WaitingMeter implements Meter {
  readonly #level: MetricsLevel
  readonly #instruments = new Map<string, unknown>()
  readonly #waiting: { readonly observable: Waiting; readonly create: Create }[] = []
  readonly #batches = new Map<
    BatchObservableCallback,
    { readonly all: Observable[]; wrapped?: BatchObservableCallback }
  >()
  readonly distributions: Distribution[] = []
  #sdk: Meter | undefined

  constructor(level: MetricsLevel) {
    this.#level = level
  }

  become(sdk: Meter): void {
    this.#sdk = sdk
    for (const { observable, create } of this.#waiting) observable.become(create(sdk))
    for (const [callback, { all }] of this.#batches) this.addBatchObservableCallback(callback, all)
  }

  observed(name: string, result: ObservableResult): void {
    const instrument = this.#instruments.get(name)
    if (instrument instanceof Waiting) for (const callback of instrument.callbacks) void callback(result)
  }

  createCounter(name: string, options?: MetricOptions): Counter {
    return this.#once(
      name,
      () =>
        this.#sdk?.createCounter(name, options) ??
        this.#numbers(true, (sdk) => sdk.createObservableCounter(name, options)),
    )
  }
  createUpDownCounter(name: string, options?: MetricOptions): UpDownCounter {
    return this.#once(
      name,
      () =>
        this.#sdk?.createUpDownCounter(name, options) ??
        this.#numbers(false, (sdk) => sdk.createObservableUpDownCounter(name, options)),
    )
  }
  createGauge(name: string, options?: MetricOptions): Gauge {
    return this.#once(
      name,
      () =>
        this.#sdk?.createGauge(name, options) ??
        this.#numbers(false, (sdk) => sdk.createObservableGauge(name, options)),
    )
  }
  createHistogram(name: string, options?: MetricOptions): Histogram {
    return this.#once(name, () => {
      if (this.#sdk !== undefined) return this.#sdk.createHistogram(name, options)
      const distribution = new Distribution(name, options)
      this.distributions.push(distribution)
      return distribution
    })
  }
  createObservableCounter(name: string, options?: MetricOptions): Observable {
    return this.#once(name, () => this.#observable((sdk) => sdk.createObservableCounter(name, options)))
  }
  createObservableUpDownCounter(name: string, options?: MetricOptions): Observable {
    return this.#once(name, () => this.#observable((sdk) => sdk.createObservableUpDownCounter(name, options)))
  }
  createObservableGauge(name: string, options?: MetricOptions): Observable {
    return this.#once(name, () => this.#observable((sdk) => sdk.createObservableGauge(name, options)))
  }

  addBatchObservableCallback(callback: BatchObservableCallback, observables: Observable[]): void {
    const batch: { all: Observable[]; wrapped?: BatchObservableCallback } = { all: observables }
    this.#batches.set(callback, batch)
    const actual = actualOf(observables)
    if (this.#sdk === undefined || actual.length === 0) return
    batch.wrapped = (result) => callback(translating(result))
    this.#sdk.addBatchObservableCallback(batch.wrapped, actual)
  }
  removeBatchObservableCallback(callback: BatchObservableCallback, observables: Observable[]): void {
    const batch = this.#batches.get(callback)
    this.#batches.delete(callback)
    if (batch?.wrapped) this.#sdk?.removeBatchObservableCallback(batch.wrapped, actualOf(observables))
  }

  /** Components of one id in several pipelines share their instruments. */
  #once<T>(name: string, create: () => T): T {
    if (!isMeasured(name, this.#level)) return unmeasured as T
    let instrument = this.#instruments.get(name) as T | undefined
    if (instrument === undefined) this.#instruments.set(name, (instrument = create()))
    return instrument
  }

  #observable(create: Create): Waiting {
    const observable = new Waiting()
    this.#waiting.push({ observable, create })
    if (this.#sdk !== undefined) observable.become(create(this.#sdk))
    return observable
  }

  #numbers(isMonotonic: boolean, create: Create): Numbers {
    const numbers = new Numbers(isMonotonic)
    this.#observable(create).addCallback(numbers.observe)
    return numbers
  }
}

const actualOf = (observables: readonly Observable[]): Observable[] =>
  observables.flatMap((one) => (one instanceof Waiting && one.actual !== undefined ? [one.actual] : []))

/** The component observes what it was given; the SDK wants its own. */
const translating = (result: BatchObservableResult): BatchObservableResult => ({
  observe(observable, value, attributes) {
    const [actual] = actualOf([observable])
    if (actual !== undefined) result.observe(actual, value, attributes)
  },
})
