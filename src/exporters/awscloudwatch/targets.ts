// Which metrics of CloudWatch the points of one set of attributes belong to.
import { takeResolution } from '../../aws/cloudwatch/metric-terms.ts'
import { cleanDimensionName, cleanDimensionValue, MAX_DIMENSIONS } from '../../aws/cloudwatch/names.ts'
import type { CloudWatchUnit } from '../../aws/cloudwatch/units.ts'
import type { Dimensions, KnownSeries, Series } from './series.ts'

export interface KnownMetric {
  /** As CloudWatch takes it; "" when it does not. */
  readonly name: string
  readonly unit: CloudWatchUnit
  /** What values are multiplied with. */
  readonly factor: number
  readonly storageResolution: number
  /** Only its roll-ups are sent. */
  readonly isDropped: boolean
}

/** What is worth telling of dimensions, and no loss. */
export type DimensionNote = 'too_many_dimensions' | 'unfit_dimension'

export interface TargetOptions {
  readonly isDimension: (key: string) => boolean
  readonly rollups: readonly (readonly string[])[]
  readonly series: KnownSeries
  readonly onNote: (note: DimensionNote, what: string) => void
  /** A metric more is known of such points, which takes so much. */
  readonly onGrown: (sizeBytes: number) => void
}

/** Of a series in a list of its own, with its place. */
const SERIES_BYTES = 250

export class Targets {
  readonly sizeBytes: number
  readonly #namespace: string
  readonly #storageResolution: number | undefined
  readonly #original: Dimensions
  readonly #rollups: readonly Dimensions[]
  readonly #known: KnownSeries
  readonly #onGrown: TargetOptions['onGrown']
  readonly #series = new Map<KnownMetric, readonly Series[]>()

  constructor(texts: Map<string, string>, namespace: string, options: TargetOptions) {
    const { isDimension, rollups, series, onNote } = options
    this.#known = series
    this.#onGrown = options.onGrown
    this.#namespace = namespace
    this.#storageResolution = takeResolution(texts)
    const dimensions = dimensionsOf(texts, isDimension, onNote)
    this.#original = [...dimensions.values()].slice(0, MAX_DIMENSIONS)
    if (dimensions.size > MAX_DIMENSIONS)
      onNote('too_many_dimensions', [...dimensions.keys()].slice(MAX_DIMENSIONS).join(', '))
    const all = JSON.stringify(this.#original)
    this.#rollups = rollups
      .filter((names) => names.every((name) => dimensions.has(name)))
      .map((names) => [...dimensions].filter(([label]) => names.includes(label)).map(([, dimension]) => dimension))
      .filter((set) => JSON.stringify(set) !== all)
    this.sizeBytes = 2 * all.length * (1 + this.#rollups.length)
  }

  /** The series itself, then its roll-ups. */
  seriesOf(metric: KnownMetric): readonly Series[] {
    let series = this.#series.get(metric)
    if (series === undefined) {
      const sets = metric.isDropped ? this.#rollups : [this.#original, ...this.#rollups]
      series = sets.map((dimensions) => this.#seriesWith(metric, dimensions))
      this.#series.set(metric, series)
      this.#onGrown(SERIES_BYTES * (1 + sets.length))
    }
    return series
  }

  #seriesWith({ name, unit, storageResolution }: KnownMetric, dimensions: Dimensions): Series {
    const resolution = this.#storageResolution ?? storageResolution
    return this.#known.of({ namespace: this.#namespace, name, unit, resolution, dimensions })
  }
}

/** By label, sorted by what CloudWatch takes; what it does not take is left out, or written otherwise. */
function dimensionsOf(
  texts: ReadonlyMap<string, string>,
  isDimension: (key: string) => boolean,
  onNote: TargetOptions['onNote'],
): Map<string, readonly [name: string, value: string]> {
  const byName = new Map<string, readonly [label: string, value: string]>()
  for (const [label, text] of texts) {
    if (!isDimension(label)) continue
    const name = cleanDimensionName(label)
    const value = cleanDimensionValue(text)
    if (name !== label || value !== text) onNote('unfit_dimension', label)
    if (name !== '' && value !== '' && !byName.has(name)) byName.set(name, [label, value])
  }
  const sorted = [...byName].sort(([a], [b]) => (a < b ? -1 : 1))
  return new Map(sorted.map(([name, [label, value]]) => [label, [name, value]]))
}
