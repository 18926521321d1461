// Batches on demand, of exactly as many items as asked for. Spans, log records and exemplars tell of the same requests.
import type { Batch, Signal } from '../data/index.ts'
import { encodeLogs, encodeMetrics, encodeSpans } from './encode.ts'
import { Measurements, type PointDraft } from './measurements.ts'
import { Random } from './random.ts'
import { createServices, type Service } from './services.ts'
import { type LogDraft, type SpanDraft, Storyteller } from './story.ts'

/** One request brings about so many spans and log records: what is asked for should be in this proportion. */
export const PROPORTIONS: Readonly<Record<Signal, number>> = { traces: 5, logs: 2, metrics: 3 }

/** What nobody has asked for by then is let go: nobody wants to see old news. */
const MAX_AGE_MS = 15_000
/** At high rates there is no room for that long. */
const MAX_WAITING = 20_000
/** Stories between two readings of the metrics, when nobody asks for spans or logs. */
const STORIES_PER_READING = 10

export class Supply {
  readonly #signals: ReadonlySet<Signal>
  readonly #services: ReadonlyMap<string, Service>
  readonly #teller: Storyteller
  readonly #measurements: Measurements
  readonly #spans = new Waiting<SpanDraft>(({ endMs }) => endMs)
  readonly #logs = new Waiting<LogDraft>(({ atMs }) => atMs)
  readonly #points = new Waiting<PointDraft>(({ atMs }) => atMs)

  /** The same seed, times and requests give the same bytes. */
  constructor(of: {
    readonly signals: readonly Signal[]
    readonly services: number
    readonly seed: number
    readonly startMs: number
  }) {
    const random = new Random(of.seed)
    const services = createServices(of.services, random)
    const names = services.map(({ name }) => name)
    this.#signals = new Set(of.signals)
    this.#services = new Map(services.map((service) => [service.name, service]))
    this.#teller = new Storyteller(names, random)
    this.#measurements = new Measurements(names, random, of.startMs)
  }

  /** Items that have been told of and not asked for. */
  get waiting(): number {
    return this.#spans.size + this.#logs.size + this.#points.size
  }

  take(signal: Signal, items: number, nowMs: number): Batch {
    switch (signal) {
      case 'traces':
        while (this.#spans.size < items) this.#tell(nowMs)
        return encodeSpans(this.#spans.take(items), this.#services)
      case 'logs':
        while (this.#logs.size < items) this.#tell(nowMs)
        return encodeLogs(this.#logs.take(items), this.#services)
      case 'metrics':
        while (this.#points.size < items) this.#read(nowMs)
        return encodeMetrics(this.#points.take(items), this.#services)
    }
  }

  #tell(nowMs: number): void {
    const story = this.#teller.tell(nowMs)
    this.#measurements.record(story, nowMs)
    if (this.#signals.has('traces')) this.#spans.add(story.spans, nowMs)
    if (this.#signals.has('logs')) this.#logs.add(story.logs, nowMs)
  }

  #read(nowMs: number): void {
    if (this.#signals.size === 1) for (let story = 0; story < STORIES_PER_READING; story++) this.#tell(nowMs)
    this.#points.add(this.#measurements.collect(nowMs), nowMs)
  }
}

class Waiting<T> {
  readonly #timeOf: (item: T) => number
  #items: T[] = []

  constructor(timeOf: (item: T) => number) {
    this.#timeOf = timeOf
  }

  get size(): number {
    return this.#items.length
  }
  add(items: readonly T[], nowMs: number): void {
    this.#items.push(...items)
    if (this.#items.length > 2 * MAX_WAITING) this.#items = this.#items.slice(-MAX_WAITING)
    const first = this.#items[0]
    if (first === undefined || this.#timeOf(first) >= nowMs - MAX_AGE_MS) return
    this.#items = this.#items.filter((item) => this.#timeOf(item) >= nowMs - MAX_AGE_MS)
  }
  take(count: number): T[] {
    return this.#items.splice(0, count)
  }
}
