// The values of an interval, by sender, metric and series.
import type { StatsdConfig } from './config.ts'
import { Line, numberIn, type Refusal, type StatsdType, TYPES } from './line.ts'
import { type Observe, observersOf } from './observers.ts'
import type { Gathered, Series } from './series.ts'
import { LineTable } from './table.ts'
import { type Identity, identityOf, type TagSettings } from './tags.ts'

/** Whose values are gathered together. */
export interface Sender {
  /** Without a port; undefined when there is none, or when it does not matter. */
  readonly address: string | undefined
  readonly number: number
  /** By type and name. */
  readonly metrics: Map<string, Metric>
}

export interface Metric {
  readonly sender: Sender
  readonly name: string
  readonly type: StatsdType
  /** By attributes and time. */
  readonly series: Map<string, Series>
}

/** What an interval has brought: the series that have values, by metric, by sender. */
export type Harvest = ReadonlyMap<Sender, ReadonlyMap<Metric, readonly Series[]>>

/** Why a line is not taken. `not_mapped`: its type is not in `timer_histogram_mapping`. */
export type LineRefusal = Refusal | 'not_mapped'
export type OnRefused = (reason: LineRefusal, bytes: Buffer, start: number, end: number) => void

interface Entry {
  readonly metric: Metric
  readonly series: Series
}

/** What each costs, with its place in the table, about. */
const SERIES_BYTES = 800
const SENDER_BYTES = 400
/** Samples of which each is a point need not wait for the end of the interval: so many are handed on together. */
const MAX_LOOSE_SAMPLES = 8192
const LINE_FEED = 0x0a
const COLON = 0x3a

export class Aggregation {
  readonly #tags: TagSettings
  readonly #limitBytes: number
  readonly #observe: Readonly<Record<StatsdType, Observe>>
  readonly #onRefused: OnRefused
  readonly #line = new Line()
  readonly #table = new LineTable()
  /** By the number in the table; undefined where nobody wants the values. */
  #entries: (Entry | undefined)[] = []
  readonly #senders = new Map<string, Sender>()
  /** Those with a value in this interval. */
  #active: Entry[] = []
  /** Those of the interval before, until they are written. */
  #unwritten: readonly Entry[] = []
  #interval = 1
  /** How often a series got its first value of this interval. */
  #begun = 0
  /** Of senders, metrics and series. */
  #stateBytes = 0
  /** Of samples, which the end of the interval frees. */
  #sampleBytes = 0
  /** Of which each is a point. */
  #looseSamples = 0
  /** Grows when senders are forgotten. */
  generation = 0
  takenLines = 0

  constructor(config: StatsdConfig, onRefused: OnRefused) {
    this.#tags = { takesFlags: config.enable_simple_tags, addsType: config.enable_metric_type }
    this.#limitBytes = config.aggregation_limit
    this.#observe = observersOf(config)
    this.#onRefused = onRefused
  }

  /** There is no room for more: the interval has to end. */
  get isFull(): boolean {
    return this.#stateBytes + this.#sampleBytes > this.#limitBytes
  }

  /** There are enough samples to be handed on as they are: `harvestSamples` is due. */
  get hasManySamples(): boolean {
    return this.#looseSamples >= MAX_LOOSE_SAMPLES
  }

  /** `key` tells senders apart. The same object within a generation. */
  sender(key: string, address: string | undefined): Sender {
    let sender = this.#senders.get(key)
    if (sender === undefined) {
      sender = { address, number: this.#senders.size, metrics: new Map() }
      this.#senders.set(key, sender)
      this.#stateBytes += SENDER_BYTES
    }
    return sender
  }

  /** A packet, or whole lines of a stream. */
  take(bytes: Buffer, start: number, end: number, sender: Sender, nowMs: number): void {
    for (let at = start; at < end; ) {
      let lineEnd = at
      while (lineEnd < end && bytes[lineEnd] !== LINE_FEED) lineEnd++
      if (lineEnd > at) this.#takeLine(bytes, at, lineEnd, sender, nowMs)
      at = lineEnd + 1
    }
  }

  #takeLine(bytes: Buffer, start: number, end: number, sender: Sender, nowMs: number): void {
    const line = this.#line
    const problem = line.read(bytes, start, end)
    if (problem !== undefined) return this.#onRefused(problem, bytes, start, end)
    let number = line.hasGaps ? -1 : this.#table.find(line, sender.number, bytes)
    if (number < 0) {
      const added = this.#add(bytes, sender)
      if (typeof added === 'string') return this.#onRefused(added, bytes, start, end)
      number = added
    }
    const entry = this.#entries[number]
    if (entry === undefined) return this.#onRefused('not_mapped', bytes, start, end)
    const { series } = entry
    const isText = series.gathered.kind === 'distinct'
    if (line.hasMore && !isText && !this.#areNumbers(bytes)) return this.#onRefused('bad_value', bytes, start, end)
    if (series.interval !== this.#interval) this.#begin(entry)
    const { gathered } = series
    if (gathered.kind === 'distinct')
      this.#sampleBytes += gathered.addText(bytes.utf8Slice(line.valueStart, line.valueEnd))
    else if (!line.hasMore) this.#sampleBytes += gathered.add(line.value, line.rate, line.isSigned, nowMs)
    else this.#addAll(gathered, bytes, nowMs)
    if (gathered.kind === 'each') this.#looseSamples++
    this.takenLines++
  }

  /** Its first value of the interval. */
  #begin(entry: Entry): void {
    const { series, metric } = entry
    if (this.#unwritten.length > 0 && series.interval === this.#interval - 1) {
      series.unwritten = series.gathered
      series.gathered = this.#observe[metric.type](metric.name)!
    }
    series.interval = this.#interval
    this.#active.push(entry)
    this.#begun++
  }

  #areNumbers(bytes: Buffer): boolean {
    const { valueStart, valueEnd } = this.#line
    for (let at = valueStart; at <= valueEnd; ) {
      const next = endOfValue(bytes, at, valueEnd)
      if (!Number.isFinite(numberIn(bytes, at, next))) return false
      at = next + 1
    }
    return true
  }

  #addAll(gathered: Exclude<Gathered, { kind: 'distinct' }>, bytes: Buffer, nowMs: number): void {
    const { rate, valueStart, valueEnd } = this.#line
    for (let at = valueStart; at <= valueEnd; ) {
      const next = endOfValue(bytes, at, valueEnd)
      const isSigned = bytes[at] === 0x2b || bytes[at] === 0x2d
      this.#sampleBytes += gathered.add(numberIn(bytes, at, next), rate, isSigned, nowMs)
      if (gathered.kind === 'each' && at > valueStart) this.#looseSamples++
      at = next + 1
    }
  }

  /** Of a line that is new: the number of its entry, or what is wrong with its tags. */
  #add(bytes: Buffer, sender: Sender): number | Refusal {
    const line = this.#line
    const identity = identityOf(bytes.utf8Slice(line.restStart, line.restEnd), line, this.#tags)
    if (typeof identity === 'string') return identity
    const name = bytes.utf8Slice(line.nameStart, line.nameEnd)
    const number = this.#entries.push(this.#entryOf(sender, name, TYPES[line.type]!, identity)) - 1
    this.#stateBytes += SERIES_BYTES + 3 * (line.nameEnd - line.nameStart + line.restEnd - line.restStart)
    if (!line.hasGaps) this.#table.add(line, sender.number, bytes, number)
    return number
  }

  #entryOf(sender: Sender, name: string, type: StatsdType, { attributes, timeMs }: Identity): Entry | undefined {
    const metricKey = `${type} ${name}`
    let metric = sender.metrics.get(metricKey)
    const seriesKey = JSON.stringify([timeMs, ...attributes.flatMap(({ key, value }) => [key.text, value])])
    const known = metric?.series.get(seriesKey)
    if (metric !== undefined && known !== undefined) return { metric, series: known }
    const gathered = this.#observe[type](name)
    if (gathered === undefined) return undefined
    if (metric === undefined) {
      metric = { sender, name, type, series: new Map() }
      sender.metrics.set(metricKey, metric)
    }
    const series: Series = { attributes, timeMs, interval: 0, gathered, unwritten: undefined }
    metric.series.set(seriesKey, series)
    return { metric, series }
  }

  /** How many series have a value in this interval. */
  get activeSeries(): number {
    return this.#active.length
  }

  /**
   * Ends the interval: what there is, to be read before `settle` is called. Values that come in between belong to the next
   * one; only samples of which each is a point have to be read before (`harvestSamples`).
   */
  endInterval(): Harvest {
    const active = this.#active
    const begun = this.#begun
    this.#active = []
    this.#begun = 0
    this.#interval++
    this.#sampleBytes = 0
    this.#looseSamples = 0
    // Series that come again are known still. When most do not, or nothing fits in, all begin anew.
    if (this.#entries.length > 2 * begun || this.isFull) this.#forget()
    else this.#unwritten = active
    return grouped(active)
  }

  /** What the last interval has brought is written: it is forgotten. */
  settle(): void {
    for (const { series } of this.#unwritten)
      if (series.unwritten === undefined) series.gathered.clear()
      else series.unwritten = undefined
    this.#unwritten = []
  }

  /** Hands on the samples of which each is a point; the interval goes on. */
  harvestSamples(write: (harvest: Harvest) => void): void {
    const loose = this.#active.filter(({ series }) => series.gathered.kind === 'each')
    if (loose.length === 0) return
    write(grouped(loose))
    for (const { series } of loose) {
      series.gathered.clear()
      series.interval = 0
    }
    this.#active = this.#active.filter(({ series }) => series.interval !== 0)
    this.#looseSamples = 0
  }

  #forget(): void {
    this.#table.clear()
    this.#entries = []
    this.#senders.clear()
    this.#stateBytes = 0
    this.generation++
  }
}

function endOfValue(bytes: Buffer, start: number, end: number): number {
  while (start < end && bytes[start] !== COLON) start++
  return start
}

function grouped(active: readonly Entry[]): Harvest {
  const harvest = new Map<Sender, Map<Metric, Series[]>>()
  for (const { metric, series } of active) {
    if (series.gathered.kind === 'each' && series.gathered.samples.size === 0) continue
    let metrics = harvest.get(metric.sender)
    if (metrics === undefined) harvest.set(metric.sender, (metrics = new Map()))
    const known = metrics.get(metric)
    if (known === undefined) metrics.set(metric, [series])
    else known.push(series)
  }
  return harvest
}
