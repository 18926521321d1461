// Series of which a batch has several points.
import type { Layout } from './layout.ts'
import type { ExemplarSample, Rows } from './rows.ts'
import type { KnownSeries } from './series.ts'

/** What one series is made of: rows in order of time, and which of the values of each is its own. */
export interface SeriesRows {
  readonly list: readonly number[]
  readonly parts: readonly number[]
}

/** A series, as part of a layout that has it; each once, in the order in which they came. */
type Visit = (layout: Layout, part: number, entries: SeriesRows) => void

/** Samples of a series must be in order of time; of two with the same time the later one counts. */
export function eachSeries(rows: Rows, known: KnownSeries, visit: Visit): void {
  const arrived = rows.of(known)
  const sorted = known.isSorted ? arrived : arrived.toSorted((a, b) => rows.times[a]! - rows.times[b]!)
  const layout = rows.layouts[known.first]!
  if (!arrived.every((row) => rows.layouts[row] === layout)) return eachOfMany(rows, arrived, sorted, visit)
  for (let part = 0; part < layout.parts.length; part++)
    visit(layout, part, { list: sorted, parts: sorted.map(() => part) })
}

/** Buckets have other bounds than before, or one has a sum and another none. */
function eachOfMany(rows: Rows, arrived: readonly number[], sorted: readonly number[], visit: Visit): void {
  interface Found {
    readonly layout: Layout
    readonly part: number
    readonly list: number[]
    readonly parts: number[]
  }
  const found = new Map<string, Found>()
  const keyOf = (layout: Layout, part: number): string => {
    const { name, own } = layout.parts[part]!
    return `${name.text}\0${own?.text ?? ''}`
  }
  for (const row of arrived)
    for (const [part] of rows.layouts[row]!.parts.entries()) {
      const layout = rows.layouts[row]!
      const key = keyOf(layout, part)
      if (!found.has(key)) found.set(key, { layout, part, list: [], parts: [] })
    }
  for (const row of sorted)
    for (const [part] of rows.layouts[row]!.parts.entries()) {
      const { list, parts } = found.get(keyOf(rows.layouts[row]!, part))!
      list.push(row)
      parts.push(part)
    }
  for (const { layout, part, list, parts } of found.values()) visit(layout, part, { list, parts })
}

const NONE: readonly ExemplarSample[] = []

/** In the order in which their points came. */
export function exemplarsIn(rows: Rows, { list, parts }: SeriesRows): readonly ExemplarSample[] {
  if (rows.extras.size === 0) return NONE
  const byRow = list.map((row, i) => [row, parts[i]!] as const).sort(([a], [b]) => a - b)
  return byRow.flatMap(([row, part]) => rows.extras.get(row)?.exemplars[part] ?? NONE)
}
