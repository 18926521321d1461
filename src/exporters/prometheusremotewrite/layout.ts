// Which series a point of a known series is: one, or of a histogram those of its buckets, sum and count.
import type { KnownSeries, Label } from './series.ts'
import type { Term, Terms } from './terms.ts'

/** One of the series of a point: what it has beside the labels that all of them share. */
export interface Part {
  readonly name: Term
  /** The value of `le` or `quantile`, when the series has one. */
  readonly own: Term | undefined
}

/** The series of one point, in the order in which they are written. */
export interface Layout {
  readonly known: KnownSeries
  readonly parts: readonly Part[]
  /** `le` or `quantile`. */
  readonly ownName: Term | undefined
  /** Where among the labels the name of the metric goes, and where the series' own label. */
  readonly nameAt: number
  readonly ownAt: number
  /** Bounds of buckets, or quantiles; undefined where there is one series alone. */
  readonly bounds: readonly number[] | undefined
  readonly hasSum: boolean
  /** For the first version: written once. */
  template: Template | undefined
}

/** What a point writes, with room for its values and times. */
export interface Template {
  readonly bytes: Buffer
  readonly at: number
  readonly length: number
  /** Where the labels of each series begin and end, from `at`; behind the labels is one sample. */
  readonly labelsAt: readonly number[]
  readonly labelsEnd: readonly number[]
}

/** Bounds and quantiles that change all the time are not remembered for ever. */
const MAX_LAYOUTS = 8

/** Of a number, and of a native histogram. */
export function singleLayout(known: KnownSeries, terms: Terms): Layout {
  return find(known, undefined, false) ?? add(known, terms, undefined, false, [['']])
}

/** With all its bounds but infinity. */
export function bucketsLayout(known: KnownSeries, terms: Terms, bounds: readonly number[], hasSum: boolean): Layout {
  const found = find(known, bounds, hasSum)
  if (found !== undefined) return found
  const buckets = [...bounds, Number.POSITIVE_INFINITY].map((bound): PartNames => ['_bucket', boundText(bound)])
  return add(known, terms, bounds, hasSum, [...(hasSum ? [['_sum'] as const] : []), ['_count'], ...buckets], 'le')
}

export function quantilesLayout(known: KnownSeries, terms: Terms, quantiles: readonly number[]): Layout {
  const found = find(known, quantiles, true)
  if (found !== undefined) return found
  const own = quantiles.map((quantile): PartNames => ['', boundText(quantile)])
  return add(known, terms, quantiles, true, [['_sum'], ['_count'], ...own], 'quantile')
}

function find({ layouts }: KnownSeries, bounds: readonly number[] | undefined, hasSum: boolean): Layout | undefined {
  for (const layout of layouts) if (layout.hasSum === hasSum && isSame(layout.bounds, bounds)) return layout
  return undefined
}

function isSame(a: readonly number[] | undefined, b: readonly number[] | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

type PartNames = readonly [suffix: string, own?: string]

function add(
  known: KnownSeries,
  terms: Terms,
  bounds: readonly number[] | undefined,
  hasSum: boolean,
  parts: readonly PartNames[],
  ownName = '',
): Layout {
  const { family, labels } = known
  const layout: Layout = {
    known,
    parts: parts.map(([suffix, own]) => ({
      name: terms.of(family.name.text + suffix),
      own: own === undefined ? undefined : terms.of(own),
    })),
    ownName: ownName === '' ? undefined : terms.of(ownName),
    nameAt: placeOf(labels, '__name__'),
    ownAt: placeOf(labels, ownName),
    bounds,
    hasSum,
    template: undefined,
  }
  if (known.layouts.length >= MAX_LAYOUTS) known.layouts.length = 0
  known.layouts.push(layout)
  return layout
}

function placeOf(labels: readonly Term[], name: string): number {
  let at = 0
  while (at < labels.length && labels[at]!.text <= name) at += 2
  return at
}

/** Sorted by name. */
export function listLabels({ known, ownName, nameAt, ownAt }: Layout, { name, own }: Part): Label[] {
  const { labels } = known
  const list: Label[] = []
  for (let at = 0; at <= labels.length; at += 2) {
    if (at === nameAt) list.push(['__name__', name.text])
    if (at === ownAt && ownName !== undefined && own !== undefined) list.push([ownName.text, own.text])
    if (at < labels.length) list.push([labels[at]!.text, labels[at + 1]!.text])
  }
  return list
}

/** As the collector writes it: all digits, no exponent. `+Inf`, `0.005`, `1000000000`. */
function boundText(bound: number): string {
  if (bound === Number.POSITIVE_INFINITY) return '+Inf'
  const text = String(bound)
  if (!text.includes('e')) return text
  if (Math.abs(bound) >= 1) return BigInt(bound).toString()
  const [digits, exponent] = text.replace('-', '').split('e-')
  return `${bound < 0 ? '-' : ''}0.${'0'.repeat(Number(exponent) - 1)}${digits!.replace('.', '')}`
}
