// What the points of a resource and a scope have in common, remembered by its bytes on the wire.
import { NAMESPACE } from '../../aws/cloudwatch/attributes.ts'
import { cleanNamespace } from '../../aws/cloudwatch/names.ts'
import { type Attributes, keyOf, type Resource, type Scope, textOfValue } from '../../data/index.ts'
import type { DeltaSlot } from '../../series/index.ts'
import { type LabelOptions, Labels, OTEL_LIB } from './labels.ts'
import type { KnownMetric } from './metrics.ts'

export interface KnownResource {
  readonly namespace: string
  /** It comes from the Prometheus receiver, says the attribute that the collector looks at. */
  readonly isPrometheus: boolean
  /** Attributes that every point has as labels. */
  readonly added: readonly (readonly [key: string, text: string])[]
  readonly scopes: Map<string, KnownScope>
}

export interface KnownScope {
  readonly name: string
  readonly byWire: Map<string, KnownAttributes>
  /** Attributes in another order are another way to the same labels. */
  readonly byText: Map<string, Labels>
}

type Slots = Map<KnownMetric, DeltaSlot>

/** Of points. */
export interface KnownAttributes {
  readonly labels: Labels
  /** Where the streams of cumulative metrics with these attributes are. */
  slots: Slots | undefined
}

export interface ResourceOptions {
  /** "" when the resource says it. */
  readonly namespace: string
  readonly isLabel: (key: string) => boolean
  readonly labels: LabelOptions
}

/** Of labels and of resources; beyond it, or beyond so many bytes, all are learned again. */
const MAX_KNOWN = 10_000
const MAX_BYTES = 16 * 1_048_576
const DEFAULT_NAMESPACE = 'default'
const RECEIVER = keyOf('receiver')
const OWN_NAMESPACE = keyOf(NAMESPACE)
const SERVICE_NAME = keyOf('service.name')
const SERVICE_NAMESPACE = keyOf('service.namespace')

export class Resources {
  readonly #options: ResourceOptions
  readonly #known = new Map<string, KnownResource>()
  #count = 0
  #sizeBytes = 0

  constructor(options: ResourceOptions) {
    this.#options = options
  }

  resource({ attributes }: Resource): KnownResource {
    const wire = attributes.wireKey()
    let known = this.#known.get(wire)
    if (known === undefined) {
      known = this.#learn(attributes)
      this.#makeRoom(wire.length)
      this.#known.set(wire, known)
    }
    return known
  }

  scope({ scopes }: KnownResource, { name, version, attributes }: Scope): KnownScope {
    const key = `${name}\u0000${version}\u0000${attributes.wireKey()}`
    let known = scopes.get(key)
    if (known === undefined) {
      known = { name, byWire: new Map(), byText: new Map() }
      this.#makeRoom(key.length)
      scopes.set(key, known)
    }
    return known
  }

  attributes(resource: KnownResource, scope: KnownScope, attributes: Attributes): KnownAttributes {
    const wire = attributes.wireKey()
    let known = scope.byWire.get(wire)
    if (known === undefined) {
      known = { labels: this.#labelsOf(resource, scope, textsOf(attributes)), slots: undefined }
      this.#makeRoom(wire.length)
      scope.byWire.set(wire, known)
    }
    return known
  }

  /** Of a point that is one of several made of one: with a label more. */
  labelsWith(resource: KnownResource, scope: KnownScope, attributes: Attributes, label: string, text: string): Labels {
    return this.#labelsOf(resource, scope, textsOf(attributes).set(label, text))
  }

  #labelsOf(resource: KnownResource, { name, byText }: KnownScope, texts: Map<string, string>): Labels {
    for (const [key, text] of resource.added) texts.set(key, text)
    if (name !== '') texts.set(OTEL_LIB, name)
    const key = JSON.stringify([...texts].sort(([a], [b]) => (a < b ? -1 : 1)))
    let known = byText.get(key)
    if (known === undefined) {
      known = new Labels(texts, resource, this.#options.labels)
      this.#makeRoom(key.length + 2 * known.json.length)
      byText.set(key, known)
    }
    return known
  }

  #learn(attributes: Attributes): KnownResource {
    const { namespace, isLabel } = this.#options
    return {
      namespace: cleanNamespace(namespace || namespaceOf(attributes)) || DEFAULT_NAMESPACE,
      isPrometheus: attributes.equals(RECEIVER, 'prometheus'),
      added: [...textsOf(attributes)].filter(([key]) => key !== NAMESPACE && isLabel(key)),
      scopes: new Map(),
    }
  }

  /** What is in use stays with its user. */
  #makeRoom(sizeBytes: number): void {
    this.#count++
    this.#sizeBytes += sizeBytes
    if (this.#count <= MAX_KNOWN && this.#sizeBytes <= MAX_BYTES) return
    this.#known.clear()
    this.#count = this.#sizeBytes = 0
  }
}

/** Made when there is none. */
export function slotOf(known: KnownAttributes, metric: KnownMetric): DeltaSlot {
  known.slots ??= new Map()
  let slot = known.slots.get(metric)
  if (slot === undefined) known.slots.set(metric, (slot = { stream: undefined }))
  return slot
}

/** Of a key given twice the first counts. */
function textsOf(attributes: Attributes): Map<string, string> {
  const texts = new Map<string, string>()
  attributes.forEach((key, value) => {
    if (!texts.has(key)) texts.set(key, textOfValue(value))
  })
  return texts
}

/** Metrics that came from CloudWatch's world have theirs. Only texts count. */
function namespaceOf(attributes: Attributes): string {
  const own = attributes.getString(OWN_NAMESPACE)
  if (own !== undefined && own !== '') return own
  const name = attributes.getString(SERVICE_NAME)
  const namespace = attributes.getString(SERVICE_NAMESPACE)
  return name !== undefined && namespace !== undefined ? `${namespace}/${name}` : (name ?? namespace ?? '')
}
