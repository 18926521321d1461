// Every series that a scrape shows, by family. A name belongs to who brought it first; who comes later with the same name
// for something else is told so, and the scrape stays whole.

import type { FamilyType } from '../../prometheus/family.ts'
import { isPlainMetricName } from './escape.ts'
import { labelText } from './labels.ts'
import { HistogramState, NumberState, type State, SummaryState } from './state.ts'

/** What TYPE and HELP say, and the series under that name. */
export class Family {
  readonly name: string
  readonly type: FamilyType
  readonly help: string
  /** By their labels, as text. */
  readonly series = new Map<string, Series>()
  /** After the metric's name: a brace, or a comma when a quoted name stands inside the braces. */
  readonly opener: '{' | ','
  /** When any of its series had a point. */
  seenMs = 0

  constructor(name: string, type: FamilyType, help: string) {
    this.name = name
    this.type = type
    this.help = help
    this.opener = isPlainMetricName(name) ? '{' : ','
  }
}

export class Series {
  readonly family: Family
  /** Scope and name of the metric whose points it takes. Another one with the same labels is not the same thing. */
  readonly owner: string
  /**
   * `{a="b",c="d"` as `labelText` has written it. Not as bytes: those of a series that comes alone are a piece of memory among others
   * that go, which then cannot be given back (426 slabs of Node's, 28 MB, for the labels of 9,000 series).
   */
  readonly text: string
  /** Ascending: who was made during a scrape is left to the next. */
  readonly number: number
  seenMs = 0
  isGone = false
  state: State

  constructor(family: Family, owner: string, text: string, number: number) {
    this.family = family
    this.owner = owner
    this.text = text
    this.number = number
    this.state = createState(family.type)
  }

  /** It has a new point. */
  touch(nowMs: number): void {
    this.seenMs = nowMs
    this.family.seenMs = nowMs
  }
}

function createState(type: FamilyType): State {
  switch (type) {
    case 'counter':
    case 'gauge':
      return new NumberState()
    case 'histogram':
      return new HistogramState()
    case 'summary':
      return new SummaryState()
  }
}

/** What identifies a series, and what it is called in its family. */
export interface SeriesName {
  readonly family: string
  readonly type: FamilyType
  readonly help: string
  readonly owner: string
  readonly labels: readonly (readonly [name: string, value: string])[]
}

export interface RegistryLimits {
  /** A series without a new point for longer is gone. */
  readonly expirationMs: number
  /** 0 for any number. */
  readonly maxSeries: number
}

export class Registry {
  readonly #limits: RegistryLimits
  readonly #families = new Map<string, Family>()
  /** Which family a sample's name belongs to: `x_count` to the histogram `x`. */
  readonly #claims = new Map<string, Family>()
  readonly #extraSamples: readonly string[]
  #sorted: readonly Family[] | undefined = []
  #series = 0
  #made = 0
  /** When room was looked for last. */
  #sweptMs = Number.NEGATIVE_INFINITY

  /** `extraSamples`: suffixes beyond those of the type, such as `_created`. */
  constructor(limits: RegistryLimits, extraSamples: readonly string[] = []) {
    this.#limits = limits
    this.#extraSamples = extraSamples
  }

  get size(): number {
    return this.#series
  }
  /** The `number` of the newest series. */
  get newest(): number {
    return this.#made
  }
  /** By name. */
  get families(): readonly Family[] {
    this.#sorted ??= [...this.#families.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
    return this.#sorted
  }
  has(family: string): boolean {
    return this.#families.has(family)
  }

  /** The series of that name, made when there is none; or why it cannot be. */
  open(name: SeriesName, nowMs: number): Series | 'collision' | 'series_limit' {
    let known = this.#families.get(name.family)
    if (known !== undefined && known.type !== name.type) {
      if (!this.#isExpired(known, nowMs)) return 'collision'
      this.#end(known)
      known = undefined
    }
    const family = known ?? new Family(name.family, name.type, name.help)
    const text = labelText(name.labels, family.opener)
    const series = family.series.get(text)
    if (series !== undefined && !this.#isExpired(series, nowMs))
      return series.owner === name.owner ? series : 'collision'
    if (series !== undefined) this.remove(series)
    if (this.#isFull(nowMs)) return 'series_limit'
    // Removing its last series has taken the name from the family.
    if (this.#families.get(name.family) !== family && !this.#claim(family, nowMs)) return 'collision'
    const made = new Series(family, name.owner, text, ++this.#made)
    made.touch(nowMs)
    family.series.set(text, made)
    this.#series++
    return made
  }

  /** The series of that name, when there is one. */
  find({ family, owner, labels }: SeriesName): Series | undefined {
    const known = this.#families.get(family)
    const series = known?.series.get(labelText(labels, known.opener))
    return series?.owner === owner ? series : undefined
  }

  remove(series: Series): void {
    if (series.isGone) return
    series.isGone = true
    const { family } = series
    family.series.delete(series.text)
    this.#series--
    this.#release(family)
  }

  /** Removes what has had no point for too long. */
  sweep(nowMs: number): void {
    for (const family of this.families)
      for (const series of family.series.values()) if (this.#isExpired(series, nowMs)) this.remove(series)
  }

  /** False, and the series is gone, when it has had no point for too long. */
  keeps(series: Series, nowMs: number): boolean {
    if (!this.#isExpired(series, nowMs)) return true
    this.remove(series)
    return false
  }

  #isExpired({ seenMs }: Series | Family, nowMs: number): boolean {
    return nowMs - seenMs > this.#limits.expirationMs
  }

  /** Room is looked for at most once a second: at the limit every new series asks. */
  #isFull(nowMs: number): boolean {
    const { maxSeries } = this.#limits
    if (maxSeries === 0 || this.#series < maxSeries) return false
    if (nowMs - this.#sweptMs >= 1000) {
      this.#sweptMs = nowMs
      this.sweep(nowMs)
    }
    return this.#series >= maxSeries
  }

  #end(family: Family): void {
    for (const series of family.series.values()) this.remove(series)
  }

  /** Who had a name and is not seen any more gives it up. */
  #claim(family: Family, nowMs: number): boolean {
    const names = this.#samplesOf(family)
    const owners = names.map((name) => this.#claims.get(name)).filter((owner) => owner !== undefined)
    if (owners.some((owner) => !this.#isExpired(owner, nowMs))) return false
    for (const owner of owners) this.#end(owner)
    for (const name of names) this.#claims.set(name, family)
    this.#families.set(family.name, family)
    this.#sorted = undefined
    return true
  }

  /** A family without series has no name to defend. */
  #release(family: Family): void {
    if (family.series.size > 0 || this.#families.get(family.name) !== family) return
    this.#families.delete(family.name)
    for (const name of this.#samplesOf(family)) this.#claims.delete(name)
    this.#sorted = undefined
  }

  #samplesOf({ name, type }: Family): string[] {
    const extra = type === 'gauge' ? [] : this.#extraSamples.map((suffix) => name.replace(/_total$/, '') + suffix)
    switch (type) {
      case 'counter':
      case 'gauge':
        return [name, ...extra]
      case 'histogram':
        return [name, `${name}_bucket`, `${name}_sum`, `${name}_count`, ...extra]
      case 'summary':
        return [name, `${name}_sum`, `${name}_count`, ...extra]
    }
  }
}
