// What the points of a resource, a scope and a set of attributes have in common: made once, and remembered by their bytes on
// the wire.
import { type Attributes, keyOf, type Resource, type Scope, textOfValue } from '../../data/index.ts'
import { type DeltaSlot, type Met, Turnover } from '../../series/index.ts'
import { cleanNamespace } from './names.ts'

export interface KnownResource<T> {
  /** As CloudWatch takes it; "" when nobody says. */
  readonly namespace: string
  /** It comes from the Prometheus receiver, says the attribute that the collector looks at. */
  readonly isPrometheus: boolean
  /** Attributes that every point has as labels. */
  readonly added: readonly (readonly [key: string, text: string])[]
  readonly scopes: Map<string, KnownScope<T>>
}

export interface KnownScope<T> {
  readonly name: string
  /** Of its attributes: undefined when they do not say. */
  readonly namespace: string | undefined
  readonly byWire: Map<string, KnownAttributes<T>>
  /** Attributes in another order are another way to the same. */
  readonly byText: Map<string, T>
}

/** Of points. */
export interface KnownAttributes<T> extends Met {
  readonly made: T
  /** Where the streams of cumulative metrics with these attributes are. */
  readonly slots: Map<object, DeltaSlot>
}

export interface KnownPointsOptions<T> {
  /** "" when the resource says it: `service.namespace` and `service.name`. */
  readonly namespace: string
  /** An attribute of a scope or a resource that says it before all; "" for none. */
  readonly namespaceAttribute: string
  readonly isLabel: (key: string) => boolean
  /** The label that has the name of the scope; undefined for none. */
  readonly scopeLabel: string | undefined
  /** `texts` are the labels, to be kept or changed; the namespace is never "". */
  readonly make: (texts: Map<string, string>, namespace: string, resource: KnownResource<T>) => T
  readonly sizeOf: (made: T) => number
  /** All of it, and will be learned again. */
  readonly onForgotten?: () => void
}

/** Of resources, scopes and sets of attributes; beyond it, beyond so many bytes, or when many come no more, all are learned again. */
const MAX_KNOWN = 10_000
const MAX_BYTES = 16 * 1_048_576
/** Of a slot, with the metric and the forgotten stream that it may be the last to hold. */
const SLOT_BYTES = 300
/** Where nobody says one. */
const DEFAULT_NAMESPACE = 'default'
const RECEIVER = keyOf('receiver')
const SERVICE_NAME = keyOf('service.name')
const SERVICE_NAMESPACE = keyOf('service.namespace')

export class KnownPoints<T> {
  readonly #options: KnownPointsOptions<T>
  readonly #known = new Map<string, KnownResource<T>>()
  readonly #turnover = new Turnover()
  #count = 0
  /** Of attributes. */
  #sets = 0
  #sizeBytes = 0

  constructor(options: KnownPointsOptions<T>) {
    this.#options = options
  }

  /** To be called for each batch. */
  begin(nowMs: number): void {
    if (this.#turnover.isStale(this.#sets, nowMs)) this.#forget()
  }

  resource({ attributes }: Resource): KnownResource<T> {
    const wire = attributes.wireKey()
    let known = this.#known.get(wire)
    if (known === undefined) {
      known = this.#learn(attributes)
      this.#makeRoom(wire.length)
      this.#known.set(wire, known)
    }
    return known
  }

  scope({ scopes }: KnownResource<T>, { name, version, attributes }: Scope): KnownScope<T> {
    const key = `${name}\u0000${version}\u0000${attributes.wireKey()}`
    let known = scopes.get(key)
    if (known === undefined) {
      known = { name, namespace: this.#namespaceFrom(attributes), byWire: new Map(), byText: new Map() }
      this.#makeRoom(key.length)
      scopes.set(key, known)
    }
    return known
  }

  attributes(resource: KnownResource<T>, scope: KnownScope<T>, attributes: Attributes): KnownAttributes<T> {
    const wire = attributes.wireKey()
    let known = scope.byWire.get(wire)
    if (known === undefined) {
      known = { made: this.#make(resource, scope, textsOf(attributes)), slots: new Map(), metIn: 0 }
      this.#makeRoom(wire.length)
      scope.byWire.set(wire, known)
      this.#sets++
    }
    this.#turnover.meet(known)
    return known
  }

  /** Of a point that is one of several made of one: with a label more. */
  with(resource: KnownResource<T>, scope: KnownScope<T>, attributes: Attributes, label: string, text: string): T {
    return this.#make(resource, scope, textsOf(attributes).set(label, text))
  }

  /** Of such a metric with these attributes; made when there is none. */
  slot({ slots }: KnownAttributes<T>, metric: object): DeltaSlot {
    let slot = slots.get(metric)
    if (slot === undefined) {
      slots.set(metric, (slot = { stream: undefined }))
      this.grown(SLOT_BYTES)
    }
    return slot
  }

  /** What was made keeps so much more: names of metrics have no end either. */
  grown(sizeBytes: number): void {
    this.#sizeBytes += sizeBytes
    if (this.#count > MAX_KNOWN || this.#sizeBytes > MAX_BYTES) this.#forget()
  }

  #forget(): void {
    this.#known.clear()
    this.#count = this.#sets = this.#sizeBytes = 0
    this.#options.onForgotten?.()
  }

  #make(resource: KnownResource<T>, scope: KnownScope<T>, texts: Map<string, string>): T {
    const { scopeLabel, make, sizeOf, namespaceAttribute } = this.#options
    for (const [key, text] of resource.added) texts.set(key, text)
    if (scopeLabel !== undefined && scope.name !== '') texts.set(scopeLabel, scope.name)
    const own = cleanNamespace(texts.get(namespaceAttribute) ?? '')
    const namespace = own || scope.namespace || resource.namespace || DEFAULT_NAMESPACE
    texts.delete(namespaceAttribute)
    const key = JSON.stringify([namespace, ...[...texts].sort(([a], [b]) => (a < b ? -1 : 1))])
    let made = scope.byText.get(key)
    if (made === undefined) {
      made = make(texts, namespace, resource)
      this.#makeRoom(key.length + sizeOf(made))
      scope.byText.set(key, made)
    }
    return made
  }

  #learn(attributes: Attributes): KnownResource<T> {
    const { namespace, isLabel } = this.#options
    return {
      namespace: this.#namespaceFrom(attributes) ?? cleanNamespace(namespace || serviceOf(attributes)),
      isPrometheus: attributes.equals(RECEIVER, 'prometheus'),
      added: [...textsOf(attributes)].filter(([key]) => isLabel(key) && key !== this.#options.namespaceAttribute),
      scopes: new Map(),
    }
  }

  #namespaceFrom(attributes: Attributes): string | undefined {
    const { namespaceAttribute } = this.#options
    const value = namespaceAttribute === '' ? undefined : attributes.get(namespaceAttribute)
    return value === undefined ? undefined : cleanNamespace(textOfValue(value)) || undefined
  }

  /** What is in use stays with its user. */
  #makeRoom(sizeBytes: number): void {
    this.#count++
    this.grown(sizeBytes)
  }
}

/** Of a key given twice the first counts. */
function textsOf(attributes: Attributes): Map<string, string> {
  const texts = new Map<string, string>()
  attributes.forEach((key, value) => {
    if (!texts.has(key)) texts.set(key, textOfValue(value))
  })
  return texts
}

/** Only texts count. */
function serviceOf(attributes: Attributes): string {
  const name = attributes.getString(SERVICE_NAME)
  const namespace = attributes.getString(SERVICE_NAMESPACE)
  return name !== undefined && namespace !== undefined ? `${namespace}/${name}` : (name ?? namespace ?? '')
}
