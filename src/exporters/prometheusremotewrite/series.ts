// From batches to series as Prometheus knows them: a name, labels, samples. What is met again is known by its bytes on the wire.
import type { Attributes, Metric, MetricType, Resource, Scope } from '../../data/index.ts'
import { familyTypeOf, type FamilyType as PlainFamilyType } from '../../prometheus/family.ts'
import { type AttributeList, jobAndInstance, labelSet, listOf, SERVICE_KEYS } from '../../prometheus/label-set.ts'
import { type Naming, namedType, unitOf } from '../../prometheus/names.ts'
import { type Met, Turnover } from '../../series/index.ts'
import type { Layout } from './layout.ts'
import { type Term, Terms } from './terms.ts'

export type Label = readonly [name: string, value: string]

/** A family: what metadata is about. */
export interface Family {
  readonly name: Term
  readonly type: FamilyType
  readonly help: Term
  readonly unit: Term
}
export type FamilyType = PlainFamilyType | 'unknown' | 'info'

/** A point's series without what its samples add: the suffix of the name, `le`, `quantile`. */
export class KnownSeries implements Met {
  metIn = 0
  readonly family: Family
  /** Names and values in turn, sorted by name. */
  readonly labels: readonly Term[]
  readonly layouts: Layout[] = []
  // Of the batch at hand, for `Rows`.
  /** -1 when it has no row. */
  first = -1
  last = -1
  items = 0
  lastMs = 0
  isSorted = true

  constructor(family: Family, labels: readonly Term[]) {
    this.family = family
    this.labels = labels
  }
}

interface KnownMetric {
  readonly type: MetricType
  readonly isMonotonic: boolean
  readonly unit: string
  readonly description: string
  readonly family: Family | undefined
  readonly series: Map<string, KnownSeries>
}

interface KnownScope {
  readonly fixed: ReadonlyMap<string, string>
  readonly added: AttributeList
  readonly metrics: Map<string, KnownMetric[]>
}

export interface KnownResource {
  readonly fixed: ReadonlyMap<string, string>
  readonly added: AttributeList
  readonly scopes: Map<string, KnownScope>
  readonly target: KnownSeries | undefined
}

export interface SeriesOptions {
  readonly naming: Naming
  readonly externalLabels: readonly Label[]
  readonly isResourceLabel: (key: string) => boolean
  readonly hasScopeLabels: boolean
  readonly hasTargetInfo: boolean
}

/** Series, metrics, scopes and resources together; with more, with more bytes, or with many that come no more, all of it is learned again. */
const MAX_KNOWN = 100_000
const MAX_BYTES = 32 * 1024 * 1024
/** Of a series, beside what is counted. */
const SERIES_BYTES = 500

export class SeriesMemory {
  /** Of all labels. */
  readonly terms = new Terms()
  readonly #options: SeriesOptions
  readonly #resources = new Map<string, KnownResource>()
  readonly #turnover = new Turnover()
  #known = 0
  #series = 0
  #sizeBytes = 0

  constructor(options: SeriesOptions) {
    this.#options = options
  }

  /** What is kept for a series beside its labels. */
  grown(sizeBytes: number): void {
    this.#sizeBytes += sizeBytes
  }

  /** Series that are remembered. */
  get size(): number {
    return this.#series
  }

  /** To be called for each batch. */
  begin(nowMs: number): void {
    if (this.#turnover.isStale(this.#series, nowMs)) this.#forget()
  }

  resource({ attributes }: Resource): KnownResource {
    if (this.#known > MAX_KNOWN || this.#sizeBytes > MAX_BYTES) this.#forget()
    const wire = attributes.wireKey()
    let known = this.#resources.get(wire)
    if (known === undefined) {
      this.#known++
      known = this.#learnResource(attributes)
      this.#resources.set(wire, known)
    }
    return known
  }

  scope(resource: KnownResource, scope: Scope): KnownScope {
    const { name, version, schemaUrl, attributes } = scope
    const key = this.#options.hasScopeLabels ? `${name}\0${version}\0${schemaUrl}\0${attributes.wireKey()}` : ''
    let known = resource.scopes.get(key)
    if (known === undefined) {
      this.#known++
      known = this.#learnScope(resource, scope)
      resource.scopes.set(key, known)
    }
    return known
  }

  metric(scope: KnownScope, metric: Metric, type: MetricType): KnownMetric {
    const { name, unit, description, isMonotonic } = metric
    let list = scope.metrics.get(name)
    if (list === undefined) scope.metrics.set(name, (list = []))
    for (const known of list) {
      if (
        known.type === type &&
        known.isMonotonic === isMonotonic &&
        known.unit === unit &&
        known.description === description
      )
        return known
    }
    this.#known++
    const familyName = this.#options.naming.metric(name, unit, namedType(type, isMonotonic))
    const family =
      familyName === undefined
        ? undefined
        : this.#familyOf(familyName, familyTypeOf(type, isMonotonic), description, unitOf(unit))
    const made = { type, isMonotonic, unit, description, family, series: new Map() }
    list.push(made)
    return made
  }

  /** Undefined when an attribute's key cannot be a label's name. */
  series(scope: KnownScope, metric: KnownMetric, family: Family, attributes: Attributes): KnownSeries | undefined {
    const wire = attributes.wireKey()
    const known = metric.series.get(wire)
    if (known !== undefined) {
      this.#turnover.meet(known)
      return known
    }
    const all = [...new Map([...listOf(attributes), ...scope.added])]
    const labels = labelSet(all, scope.fixed, ownLabels[family.type], this.#options.naming)
    if (labels === undefined) return undefined
    this.#known++
    this.#series++
    const made = new KnownSeries(family, this.#withExternal(labels))
    this.#turnover.meet(made)
    this.#sizeBytes += wire.length + 16 * made.labels.length + SERIES_BYTES
    metric.series.set(wire, made)
    return made
  }

  #forget(): void {
    this.#resources.clear()
    this.terms.clear()
    this.#known = this.#series = this.#sizeBytes = 0
  }

  #familyOf(name: string, type: FamilyType, help: string, unit: string): Family {
    const { terms } = this
    return { name: terms.of(name), type, help: terms.of(help), unit: terms.of(unit) }
  }

  #learnResource(attributes: Attributes): KnownResource {
    const { isResourceLabel } = this.#options
    const list = listOf(attributes)
    const fixed = jobAndInstance(new Map(list))
    const added = list.filter(([key]) => isResourceLabel(key))
    return { fixed, added, scopes: new Map(), target: this.#targetOf(list, fixed) }
  }

  /** Only a resource that says which one it is, and says something besides, is a target. */
  #targetOf(list: AttributeList, fixed: ReadonlyMap<string, string>): KnownSeries | undefined {
    const { naming, hasTargetInfo } = this.#options
    const attributes = list.filter(([key]) => !SERVICE_KEYS.includes(key) && naming.label(key) !== undefined)
    if (!hasTargetInfo || fixed.size === 0 || attributes.length === 0) return undefined
    const labels = labelSet(attributes, fixed, undefined, naming)!
    const family = this.#familyOf(naming.targetInfo, 'info', 'Target metadata', '')
    return new KnownSeries(family, this.#withExternal(labels))
  }

  #learnScope({ fixed, added }: KnownResource, scope: Scope): KnownScope {
    const labels = new Map(fixed)
    const attributes = [...added]
    if (this.#options.hasScopeLabels) {
      labels.set('otel_scope_name', scope.name)
      labels.set('otel_scope_version', scope.version)
      labels.set('otel_scope_schema_url', scope.schemaUrl)
      for (const [key, value] of listOf(scope.attributes))
        if (!['name', 'version', 'schema_url'].includes(key)) attributes.push([`otel_scope_${key}`, value])
    }
    return { fixed: labels, added: attributes, metrics: new Map() }
  }

  /** A label without a value is no label to Prometheus, and refused by some who take remote write. */
  #withExternal(labels: readonly Label[]): Term[] {
    const all = new Map([...this.#options.externalLabels, ...labels])
    const sorted = [...all].filter(([, value]) => value !== '').sort(([a], [b]) => (a < b ? -1 : 1))
    return sorted.flat().map((text) => this.terms.of(text))
  }
}

/** The label that the samples of a type have among themselves. */
const ownLabels: Readonly<Record<FamilyType, string | undefined>> = {
  unknown: undefined,
  counter: undefined,
  gauge: undefined,
  info: undefined,
  histogram: 'le',
  summary: 'quantile',
}
