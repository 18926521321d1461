// What is collected: for each metric with its dimensions, the samples of a period.
import type { CloudWatchUnit } from '../../aws/cloudwatch/units.ts'
import { Samples } from './samples.ts'

/** A metric of CloudWatch. */
export class Series {
  readonly namespace: string
  readonly name: string
  readonly unit: CloudWatchUnit
  /** In seconds: 1 or 60. */
  readonly resolution: number
  readonly dimensions: Dimensions
  /** Of the last period that points came for. */
  newest: Aggregate | undefined = undefined

  constructor(of: SeriesTerms) {
    this.namespace = of.namespace
    this.name = of.name
    this.unit = of.unit
    this.resolution = of.resolution
    this.dimensions = of.dimensions
  }
}

type SeriesTerms = Pick<Series, 'namespace' | 'name' | 'unit' | 'resolution' | 'dimensions'>

/** Those in use, each once, whatever points they are of; when there are too many, they are learned again. */
export class KnownSeries {
  readonly #max: number
  readonly #known = new Map<string, Series>()

  constructor(max: number) {
    this.#max = max
  }

  of(terms: SeriesTerms): Series {
    const { namespace, name, unit, resolution, dimensions } = terms
    const key = JSON.stringify([namespace, name, unit, resolution, dimensions])
    let known = this.#known.get(key)
    if (known === undefined) {
      if (this.#known.size >= this.#max) this.#known.clear()
      this.#known.set(key, (known = new Series(terms)))
    }
    return known
  }

  /** Those in use stay with their users. */
  clear(): void {
    this.#known.clear()
  }
}

/** Sorted by name. */
export type Dimensions = readonly (readonly [name: string, value: string])[]

/** One period of a series. */
export class Aggregate {
  readonly series: Series
  readonly startMs: number
  readonly openedMs: number
  readonly samples: Samples
  /** That of another period, opened before. */
  older: Aggregate | undefined

  constructor(series: Series, startMs: number, openedMs: number, maxValues: number) {
    this.series = series
    this.startMs = startMs
    this.openedMs = openedMs
    this.samples = new Samples(maxValues)
    this.older = series.newest
  }
}

/** What an aggregate weighs, without the names that it shares. */
export const AGGREGATE_BYTES = 300

/** How many periods of a series are looked through for the right one; more than these come from a clock gone wrong. */
const MAX_LOOKS = 8

/** All aggregates that are open, in the order in which they were opened. */
export class Aggregates {
  readonly #maxValues: number
  readonly #open = new Set<Aggregate>()

  constructor(maxValues: number) {
    this.#maxValues = maxValues
  }

  get size(): number {
    return this.#open.size
  }

  /** When the oldest was opened, on the monotonic clock. */
  get openedMs(): number | undefined {
    return this.#open.values().next().value?.openedMs
  }

  /** That for the time; undefined when there is none. */
  find({ newest, resolution }: Series, timeMs: number): Aggregate | undefined {
    const startMs = startOf(timeMs, resolution)
    let aggregate = newest
    for (let looks = 0; aggregate !== undefined && looks < MAX_LOOKS; aggregate = aggregate.older, looks++)
      if (aggregate.startMs === startMs) return aggregate
    return undefined
  }

  open(series: Series, timeMs: number, nowMs: number): Aggregate {
    const opened = new Aggregate(series, startOf(timeMs, series.resolution), nowMs, this.#maxValues)
    series.newest = opened
    this.#open.add(opened)
    return opened
  }

  /** Those opened until then, and those of periods that have ended by then on the wall clock. They are closed. */
  take(openedUntilMs: number, endedMs: number): Aggregate[] {
    const taken: Aggregate[] = []
    for (const aggregate of this.#open) {
      const { startMs, openedMs, series } = aggregate
      if (openedMs > openedUntilMs && startMs + series.resolution * 1000 > endedMs) continue
      this.#open.delete(aggregate)
      forget(aggregate)
      taken.push(aggregate)
    }
    return taken
  }
}

const startOf = (timeMs: number, resolution: number): number => timeMs - (timeMs % (resolution * 1000))

/** Out of the list of its series. */
function forget(aggregate: Aggregate): void {
  const { series } = aggregate
  if (series.newest === aggregate) {
    series.newest = aggregate.older
    return
  }
  let newer = series.newest
  while (newer !== undefined && newer.older !== aggregate) newer = newer.older
  if (newer !== undefined) newer.older = aggregate.older
}
