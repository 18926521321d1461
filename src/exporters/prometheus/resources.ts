// What resource and scope add to the labels of their series, and `target_info`, which has the rest of the resource.
import type { Attributes, Resource, Scope } from '../../data/index.ts'
import { type AttributeList, jobAndInstance, labelSet, listOf, SERVICE_KEYS } from '../../prometheus/label-set.ts'
import type { Naming } from '../../prometheus/names.ts'
import type { Registry, Series } from './registry.ts'

export interface LabelOptions {
  readonly naming: Naming
  readonly constLabels: ReadonlyMap<string, string>
  /** Which resource attributes become labels of every series. */
  readonly isResourceLabel: (key: string) => boolean
  readonly hasScopeLabels: boolean
}

/** Resources that make the same labels are one. */
export interface KnownResource<M> {
  readonly fixed: ReadonlyMap<string, string>
  readonly added: AttributeList
  readonly scopes: Map<string, KnownScope<M>>
  readonly target: Target | undefined
  seenMs: number
}

export interface KnownScope<M> {
  readonly name: string
  /** What every series of the scope has, and no attribute may replace. */
  readonly fixed: ReadonlyMap<string, string>
  /** The resource's attributes, which replace those of a point, and the scope's. */
  readonly added: AttributeList
  /** The metrics of the scope, by name. */
  readonly metrics: Map<string, M[]>
  seenMs: number
}

/** One for each job and instance: with two, joins on them would fail. The newest attributes count. */
interface Target {
  series: Series | undefined
  labels: readonly (readonly [string, string])[]
}

/** Byte forms of resources that are remembered; more than this and all are learned again. */
const MAX_FORMS = 4096
/** Resources, scopes and metrics that are remembered beyond those that the series at hand account for. */
const MAX_LEARNED = 10_000
const TARGET_OWNER = '\u0000target_info'

export class Resources<M> {
  readonly #options: LabelOptions
  readonly #registry: Registry
  readonly #byWire = new Map<string, KnownResource<M>>()
  readonly #byLabels = new Map<string, KnownResource<M>>()
  readonly #targets = new Map<string, Target>()
  #learned = 0

  constructor(options: LabelOptions, registry: Registry) {
    this.#options = options
    this.#registry = registry
  }

  resource({ attributes }: Resource, nowMs: number): KnownResource<M> {
    const wire = attributes.wireKey()
    let known = this.#byWire.get(wire)
    if (known === undefined) {
      known = this.#learn(attributes)
      if (this.#byWire.size >= MAX_FORMS) this.#byWire.clear()
      this.#byWire.set(wire, known)
    }
    known.seenMs = nowMs
    if (known.target !== undefined) this.#show(known.target, nowMs)
    return known
  }

  scope(known: KnownResource<M>, scope: Scope, nowMs: number): KnownScope<M> {
    const key = this.#options.hasScopeLabels ? keyOf(scope) : scope.name
    let found = known.scopes.get(key)
    if (found === undefined) {
      this.learned()
      known.scopes.set(key, (found = this.#learnScope(known, scope)))
    }
    found.seenMs = nowMs
    return found
  }

  /**
   * To be called for each metric that is made part of a scope. All of this is a memory of what the registry would say:
   * when it is full, because of resources or metrics that have nothing to show, it starts again.
   */
  learned(): void {
    if (++this.#learned <= MAX_LEARNED + 4 * this.#registry.size) return
    this.#learned = 0
    this.#byWire.clear()
    this.#byLabels.clear()
    this.#dropTargets()
  }

  /** Forgets what has not been met for longer than that; `prune` is asked to do so with the metrics of a scope. */
  sweep(nowMs: number, expirationMs: number, prune: (metrics: Map<string, M[]>) => void): void {
    const isOld = ({ seenMs }: { readonly seenMs: number }): boolean => nowMs - seenMs > expirationMs
    this.#learned = 0
    for (const [labels, known] of this.#byLabels) {
      if (isOld(known)) {
        this.#byLabels.delete(labels)
        continue
      }
      for (const [key, scope] of known.scopes) {
        if (isOld(scope)) known.scopes.delete(key)
        else prune(scope.metrics)
        this.#learned += 1 + scope.metrics.size
      }
    }
    for (const [wire, known] of this.#byWire) if (isOld(known)) this.#byWire.delete(wire)
    this.#dropTargets()
  }

  #dropTargets(): void {
    for (const [key, { series }] of this.#targets) if (series === undefined || series.isGone) this.#targets.delete(key)
  }

  #learn(attributes: Attributes): KnownResource<M> {
    const { isResourceLabel } = this.#options
    const list = listOf(attributes)
    const fixed = jobAndInstance(new Map(list))
    const target = this.#targetOf(list, fixed)
    const added = list.filter(([key]) => isResourceLabel(key))
    const key = JSON.stringify([[...fixed], added])
    let known = this.#byLabels.get(key)
    if (known === undefined) {
      this.learned()
      known = { fixed, added, scopes: new Map(), target, seenMs: 0 }
      this.#byLabels.set(key, known)
    }
    return known
  }

  #learnScope({ fixed, added }: KnownResource<M>, scope: Scope): KnownScope<M> {
    const { hasScopeLabels, constLabels } = this.#options
    const labels = new Map(fixed)
    const attributes = [...added]
    if (hasScopeLabels) {
      labels.set('otel_scope_name', scope.name)
      labels.set('otel_scope_version', scope.version)
      labels.set('otel_scope_schema_url', scope.schemaUrl)
      for (const [key, value] of listOf(scope.attributes))
        if (!['name', 'version', 'schema_url'].includes(key)) attributes.push([`otel_scope_${key}`, value])
    }
    for (const [name, value] of constLabels) labels.set(name, value)
    return { name: scope.name, fixed: labels, added: attributes, metrics: new Map(), seenMs: 0 }
  }

  /** Only a resource that names its job and its instance is a target. */
  #targetOf(list: AttributeList, fixed: ReadonlyMap<string, string>): Target | undefined {
    const { naming } = this.#options
    const job = fixed.get('job')
    const instance = fixed.get('instance')
    if (!job || !instance) return undefined
    const attributes = list.filter(([key]) => !SERVICE_KEYS.includes(key) && naming.label(key) !== undefined)
    const labels = labelSet(attributes, fixed, undefined, naming)!
    const key = JSON.stringify([job, instance])
    const known = this.#targets.get(key)
    if (known === undefined) {
      const made = { series: undefined, labels }
      this.#targets.set(key, made)
      return made
    }
    if (JSON.stringify(known.labels) !== JSON.stringify(labels)) {
      if (known.series !== undefined) this.#registry.remove(known.series)
      known.series = undefined
      known.labels = labels
    }
    return known
  }

  /** Left out when a metric has the name; the next batch tries again. */
  #show(target: Target, nowMs: number): void {
    const { series, labels } = target
    if (series !== undefined && !series.isGone) {
      series.touch(nowMs)
      return
    }
    const name = { family: this.#options.naming.targetInfo, type: 'gauge', help: 'Target metadata' } as const
    const made = this.#registry.open({ ...name, owner: TARGET_OWNER, labels }, nowMs)
    target.series = typeof made === 'string' ? undefined : made
    if (target.series?.state.kind === 'number') target.series.state.value = 1
  }
}

const keyOf = (scope: Scope): string =>
  `${scope.name}\u0000${scope.version}\u0000${scope.schemaUrl}\u0000${scope.attributes.wireKey()}`
