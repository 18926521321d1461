// The label set of a series: a point's attributes and what resource, scope and config add. Every name stands once.
import { type Attributes, textOfValue } from '../data/index.ts'
import type { Naming } from './names.ts'

/** Attributes in the order in which they stand; of a key given twice the first counts. */
export type AttributeList = readonly (readonly [key: string, value: string])[]

/**
 * Sorted by name. Attributes whose names become equal share a label, values joined by semicolons in the order of their
 * keys, as the specification says. A name that `fixed` has, `reserved` (`le`, `quantile`) and what begins with `__` belongs
 * to Prometheus or to us: an attribute of that name is called `exported_…`, as a Prometheus server would call it.
 * Undefined when an attribute's name cannot be a label's.
 */
export function labelSet(
  attributes: AttributeList,
  fixed: ReadonlyMap<string, string>,
  reserved: string | undefined,
  naming: Naming,
): [name: string, value: string][] | undefined {
  const labels = new Map<string, string>(fixed)
  let sources: Map<string, [key: string, value: string][]> | undefined
  const own = new Map<string, string>()
  for (const [key, value] of attributes) {
    const translated = naming.label(key)
    if (translated === undefined) return undefined
    let name = translated
    while (name === reserved || fixed.has(name) || name.startsWith('__')) name = `exported_${name}`
    const earlier = own.get(name)
    if (earlier === undefined) {
      own.set(name, key)
      labels.set(name, value)
      continue
    }
    sources ??= new Map()
    let list = sources.get(name)
    if (list === undefined) sources.set(name, (list = [[earlier, labels.get(name)!]]))
    list.push([key, value])
  }
  for (const [name, list] of sources ?? []) {
    list.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    labels.set(name, list.map(([, value]) => value).join(';'))
  }
  return [...labels].sort(([a], [b]) => (a < b ? -1 : 1))
}

/** In wire order; of a key given twice the first counts. */
export function listOf(attributes: Attributes): [key: string, value: string][] {
  return [...attributes.toMap()].map(([key, value]) => [key, textOfValue(value)])
}

/** As the specification says: `job` is namespace and name of the service, `instance` its id. */
export function jobAndInstance(attributes: ReadonlyMap<string, string>): Map<string, string> {
  const labels = new Map<string, string>()
  const name = attributes.get('service.name')
  const namespace = attributes.get('service.namespace')
  const instance = attributes.get('service.instance.id')
  if (name !== undefined) labels.set('job', namespace === undefined ? name : `${namespace}/${name}`)
  if (instance !== undefined) labels.set('instance', instance)
  return labels
}

/** What `job` and `instance` are made of. */
export const SERVICE_KEYS: readonly string[] = ['service.name', 'service.namespace', 'service.instance.id']
