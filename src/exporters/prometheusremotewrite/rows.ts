// What a batch says, in columns: one row for each point, two for a histogram in both of its forms. Those of the same series are a
// list.
import type { Layout } from './layout.ts'
import type { NativeHistogram } from './native.ts'
import type { KnownSeries, Label } from './series.ts'

export interface ExemplarSample {
  readonly labels: readonly Label[]
  readonly value: number
  readonly timeMs: number
}

/** What few points have. */
export interface Extras {
  /** In place of values. */
  readonly histogram: NativeHistogram | undefined
  /** By the series that they belong to. */
  readonly exemplars: readonly (readonly ExemplarSample[] | undefined)[]
}

export class Rows {
  count = 0
  readonly layouts: Layout[] = []
  /** Milliseconds since the epoch. */
  readonly times: number[] = []
  /** When the count began; 0 when nobody said, or when there is no counting. */
  readonly created: number[] = []
  /** The row says that its series have ended: its values mean nothing. */
  readonly stale: boolean[] = []
  /** The next row of the same series, or -1. */
  readonly next: number[] = []
  /** Where its values begin, of which there are as many as the layout has series. */
  readonly valuesAt: number[] = []
  readonly values: number[] = []
  readonly extras = new Map<number, Extras>()
  /** Each series once, in the order in which they came. */
  readonly series: KnownSeries[] = []
  #valueCount = 0

  /** What a large batch has taken is not kept for the small ones after it. */
  clear(): void {
    for (const known of this.series) known.first = -1
    this.series.length = 0
    this.extras.clear()
    if (this.values.length > KEPT_VALUES) this.values.length = 0
    this.layouts.length = 0
    this.count = this.#valueCount = 0
  }

  /** Returns the row's number. Its values are added next, with `push`. */
  add(layout: Layout, timeMs: number, createdMs: number, isStale: boolean): number {
    const row = this.count++
    this.layouts[row] = layout
    this.times[row] = timeMs
    this.created[row] = createdMs
    this.stale[row] = isStale
    this.next[row] = -1
    this.valuesAt[row] = this.#valueCount
    this.#append(layout.known, row, timeMs)
    return row
  }

  push(value: number): void {
    this.values[this.#valueCount++] = value
  }

  #append(known: KnownSeries, row: number, timeMs: number): void {
    if (known.first < 0) {
      known.first = known.last = row
      known.lastMs = timeMs
      known.isSorted = true
      known.items = 0
      this.series.push(known)
      return
    }
    this.next[known.last] = row
    known.last = row
    if (timeMs < known.lastMs) known.isSorted = false
    else known.lastMs = timeMs
  }

  /** In the order in which they came. */
  of(known: KnownSeries): number[] {
    const list: number[] = []
    for (let row = known.first; row >= 0; row = this.next[row]!) list.push(row)
    return list
  }
}

const KEPT_VALUES = 100_000
