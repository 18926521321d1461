// Which metrics an event has, and with which sets of dimensions: `metric_declarations`, roll-ups and additional sets.
import { compilePattern, type Pattern } from '../../match/regexp.ts'
import type { AwsEmfConfig } from './config.ts'
import { OTEL_LIB } from './labels.ts'

/** The declarations whose name selectors a metric fits, by position. The same ones are the same object. */
export interface Selection {
  readonly declarations: readonly number[]
}

type DimensionSet = readonly string[]

interface Declaration {
  /** As the config has it. */
  readonly text: string
  readonly dimensions: readonly DimensionSet[]
  readonly selectors: readonly Pattern[]
  readonly matchers: readonly LabelMatcher[]
}
interface LabelMatcher {
  readonly names: readonly string[]
  readonly separator: string
  readonly pattern: Pattern
}

/** Compiled once for an exporter. */
export class Declarations {
  readonly #declarations: readonly Declaration[]
  readonly #extra: readonly DimensionSet[]
  readonly #rollup: AwsEmfConfig['dimension_rollup_option']
  readonly #isDisabled: boolean
  /** Labels that some set names; undefined when any label may be a dimension. */
  readonly #named: ReadonlySet<string> | undefined
  readonly #selections = new Map<string, Selection>()
  /** Declarations, by position, that no metric has fitted yet. */
  readonly #unfitted: Set<number>

  constructor(config: AwsEmfConfig) {
    this.#declarations = config.metric_declarations.map((declaration) => ({
      text: textOf(declaration),
      dimensions: declaration.dimensions.map(sortedSet),
      selectors: declaration.metric_name_selectors.map(compilePattern),
      matchers: declaration.label_matchers.map(({ label_names, separator, regex }) => ({
        names: label_names,
        separator: separator || ';',
        pattern: compilePattern(regex),
      })),
    }))
    this.#extra = config.extra_dimension_sets.map(sortedSet)
    this.#rollup = config.dimension_rollup_option
    this.#isDisabled = config.disable_metric_extraction
    const isNamed = this.areDeclared && this.#rollup === 'NoDimensionRollup'
    const sets = [...this.#declarations.flatMap(({ dimensions }) => dimensions), ...this.#extra]
    this.#named = isNamed ? new Set(sets.flat()) : undefined
    this.#unfitted = new Set(this.#isDisabled ? [] : this.#declarations.keys())
  }

  /** What no metric has fitted yet, by name and labels, for people. */
  get unfitted(): readonly string[] {
    return [...this.#unfitted].map((i) => `metric_declarations[${i}]: ${this.#declarations[i]!.text}`)
  }

  get areDeclared(): boolean {
    return this.#declarations.length > 0
  }

  mayBeDimension(label: string): boolean {
    return !this.#isDisabled && (this.#named === undefined || this.#named.has(label))
  }

  select(metricName: string): Selection {
    const declarations = this.#declarations.flatMap(({ selectors }, i) =>
      selectors.some((pattern) => pattern.test(metricName)) ? [i] : [],
    )
    const key = declarations.join()
    let selection = this.#selections.get(key)
    if (selection === undefined) this.#selections.set(key, (selection = { declarations }))
    return selection
  }

  /**
   * The sets of dimensions of such metrics at a point with these labels; undefined when CloudWatch is to make no metrics of
   * them, `unfilled` when it is, and the labels fill none of the sets. `dimensions`: the labels that can be dimensions, sorted.
   */
  setsOf(
    { declarations }: Selection,
    labels: ReadonlyMap<string, string>,
    dimensions: readonly string[],
    maxDimensions: number,
  ): readonly DimensionSet[] | 'unfilled' | undefined {
    if (this.#isDisabled) return undefined
    const names = new Set(dimensions)
    const fits = (set: DimensionSet): boolean => set.every((name) => names.has(name))
    const sets: DimensionSet[] = []
    let areWanted = false
    if (!this.areDeclared) sets.push(dimensions.slice(0, maxDimensions))
    else {
      const matching = declarations.filter((i) => isFor(this.#declarations[i]!.matchers, labels))
      if (matching.length === 0) return undefined
      for (const i of matching) {
        const declaration = this.#declarations[i]!
        this.#unfitted.delete(i)
        areWanted ||= declaration.dimensions.length > 0
        sets.push(...declaration.dimensions.filter(fits))
      }
    }
    sets.push(...rollup(this.#rollup, dimensions), ...this.#extra.filter(fits))
    const distinct = [...new Map(sets.map((set) => [JSON.stringify(set), set])).values()]
    if (distinct.length > 0) return distinct
    return areWanted ? 'unfilled' : undefined
  }
}

/** Its selectors, and what its labels must be. */
function textOf({ metric_name_selectors, label_matchers }: AwsEmfConfig['metric_declarations'][number]): string {
  const matchers = label_matchers.map(
    ({ label_names, separator, regex }) => `${label_names.join(separator || ';')} ~ ${regex}`,
  )
  return [metric_name_selectors.join(' or '), ...(matchers.length > 0 ? [matchers.join(' or ')] : [])].join(', where ')
}

const sortedSet = (names: readonly string[]): DimensionSet => [...new Set(names)].sort()

const isFor = (matchers: readonly LabelMatcher[], labels: ReadonlyMap<string, string>): boolean =>
  matchers.length === 0 ||
  matchers.some(({ names, separator, pattern }) =>
    pattern.test(names.map((name) => labels.get(name) ?? '').join(separator)),
  )

/** The scope, where it is a label, is in each set. */
function rollup(option: AwsEmfConfig['dimension_rollup_option'], dimensions: readonly string[]): DimensionSet[] {
  if (option === 'NoDimensionRollup') return []
  const scope = dimensions.filter((name) => name === OTEL_LIB)
  const others = dimensions.filter((name) => name !== OTEL_LIB)
  const single = others.map((name) => [...scope, name].sort())
  return option === 'ZeroAndSingleDimensionRollup' && others.length > 0 ? [scope, ...single] : single
}
