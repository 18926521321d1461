// From batches to series as Prometheus knows them: a name, labels, samples. What is met again is known by its bytes on the wire.
import type { Attributes, Metric, MetricType, Resource, Scope } from '../../data/index.ts'
import { type AttributeList, jobAndInstance, labelSet, listOf, SERVICE_KEYS } from '../../prometheus/label-set.ts'
import { type Naming, namedType, unitOf } from '../../prometheus/names.ts'

export type Label = readonly [name: string, value: string]

/** The labels of one series, `__name__` among them. The same object for the same series, as long as it is known. */
export interface Labels {
  readonly known: KnownSeries
  /** Of the name: `_bucket`. */
  readonly suffix: string
  /** `le` or `quantile`, when the series has one. */
  readonly own: Label | undefined
  /** Label messages of the first version, written once. */
  bytes: Buffer | undefined
}

/** A family: what metadata is about. */
export interface Family {
  readonly name: string
  readonly type: FamilyType
  readonly help: string
  readonly unit: string
}
export type FamilyType = 'unknown' | 'counter' | 'gauge' | 'histogram' | 'summary' | 'info'

/** A point's series without what its samples add: the suffix of the name, `le`, `quantile`. */
export interface KnownSeries {
  readonly family: Family
  readonly labels: readonly Label[]
  /** Few: `''`, `_sum`, `_count`, the quantiles. */
  readonly parts: Labels[]
  /** Of a histogram, with the bounds that its last point had. */
  buckets: { readonly bounds: readonly number[]; readonly labels: readonly Labels[] } | undefined
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

/** Series, metrics, scopes and resources together; with more all of it is learned again. */
const MAX_KNOWN = 100_000

export class SeriesMemory {
  readonly #options: SeriesOptions
  readonly #resources = new Map<string, KnownResource>()
  #known = 0

  constructor(options: SeriesOptions) {
    this.#options = options
  }

  resource({ attributes }: Resource): KnownResource {
    if (this.#known > MAX_KNOWN) {
      this.#resources.clear()
      this.#known = 0
    }
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
        : { name: familyName, type: familyTypeOf(type, isMonotonic), help: description, unit: unitOf(unit) }
    const made = { type, isMonotonic, unit, description, family, series: new Map() }
    list.push(made)
    return made
  }

  /** Undefined when an attribute's key cannot be a label's name. */
  series(scope: KnownScope, metric: KnownMetric, family: Family, attributes: Attributes): KnownSeries | undefined {
    const wire = attributes.wireKey()
    const known = metric.series.get(wire)
    if (known !== undefined) return known
    const all = [...new Map([...listOf(attributes), ...scope.added])]
    const labels = labelSet(all, scope.fixed, ownLabels[family.type], this.#options.naming)
    if (labels === undefined) return undefined
    this.#known++
    const made = { family, labels: this.#withExternal(labels), parts: [], buckets: undefined }
    metric.series.set(wire, made)
    return made
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
    const family = { name: naming.targetInfo, type: 'info', help: 'Target metadata', unit: '' } as const
    return { family, labels: this.#withExternal(labels), parts: [], buckets: undefined }
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
  #withExternal(labels: readonly Label[]): Label[] {
    const all = new Map([...this.#options.externalLabels, ...labels])
    return [...all].filter(([, value]) => value !== '')
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

function familyTypeOf(type: MetricType, isMonotonic: boolean): FamilyType {
  switch (type) {
    case 'gauge':
      return 'gauge'
    case 'sum':
      return isMonotonic ? 'counter' : 'gauge'
    case 'histogram':
    case 'exponentialHistogram':
      return 'histogram'
    case 'summary':
      return 'summary'
  }
}

/** `own` is `quantile` with its value, when the series has one. */
export function labelsOf(known: KnownSeries, suffix: string, own?: Label): Labels {
  const { parts } = known
  for (const labels of parts) if (labels.suffix === suffix && labels.own?.[1] === own?.[1]) return labels
  const labels = { known, suffix, own, bytes: undefined }
  // Quantiles that change all the time are not remembered for ever.
  if (parts.length >= MAX_PARTS) parts.length = 0
  parts.push(labels)
  return labels
}
const MAX_PARTS = 100

/** One more than there are bounds; the last is that of infinity. */
export function bucketLabelsOf(known: KnownSeries, bounds: readonly number[]): readonly Labels[] {
  const { buckets } = known
  if (buckets !== undefined && isSame(buckets.bounds, bounds)) return buckets.labels
  const labels = [...bounds, Number.POSITIVE_INFINITY].map(
    (bound): Labels => ({ known, suffix: '_bucket', own: ['le', boundText(bound)], bytes: undefined }),
  )
  known.buckets = { bounds, labels }
  return labels
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Sorted by name. */
export function listLabels({ known, suffix, own }: Labels): Label[] {
  const list: Label[] = [...known.labels, ['__name__', known.family.name + suffix]]
  if (own !== undefined) list.push(own)
  return list.sort(([a], [b]) => (a < b ? -1 : 1))
}

/** As the collector writes it: all digits, no exponent. `+Inf`, `0.005`, `1000000000`. */
export function boundText(bound: number): string {
  if (bound === Number.POSITIVE_INFINITY) return '+Inf'
  const text = String(bound)
  if (!text.includes('e')) return text
  if (Math.abs(bound) >= 1) return BigInt(bound).toString()
  const [digits, exponent] = text.replace('-', '').split('e-')
  return `${bound < 0 ? '-' : ''}0.${'0'.repeat(Number(exponent) - 1)}${digits!.replace('.', '')}`
}
