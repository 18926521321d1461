// A config as a tree of values that know where they stand. Nodes are never changed, only replaced.
import type { Span } from './source.ts'

/** What YAML can say. A whole number too large for a double is a bigint. */
export type ConfigValue = null | boolean | number | bigint | string | readonly ConfigValue[] | ConfigObject
/** Without a prototype: a key such as `__proto__` is a key like any other. */
export interface ConfigObject {
  readonly [key: string]: ConfigValue
}
export const isMapping = (value: ConfigValue | undefined): value is ConfigObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export type Path = readonly (string | number)[]

interface Common {
  readonly at: Span
  /**
   * The value as text: what was written, or what a `${…}` gave. A setting that is a text takes this, as in the collector:
   * an environment variable with `0123` in it stays `0123`. Undefined for a mapping or list that was written out.
   */
  readonly original: string | undefined
  /** What it was made from, even partly: `env:TOKEN`, `file:/run/secrets/token`. */
  readonly references: readonly string[]
}
export interface ScalarNode extends Common {
  readonly kind: 'scalar'
  readonly value: null | boolean | number | bigint | string
  readonly isQuoted: boolean
}
export interface ListNode extends Common {
  readonly kind: 'list'
  readonly items: readonly Node[]
}
export interface MapNode extends Common {
  readonly kind: 'map'
  readonly entries: ReadonlyMap<string, Entry>
  /** Written with braces. */
  readonly isFlow: boolean
}
export interface Entry {
  readonly keyAt: Span
  readonly node: Node
}
export type Node = ScalarNode | ListNode | MapNode

const NONE: readonly string[] = []

export const scalarNode = (
  at: Span,
  value: ScalarNode['value'],
  of: Partial<Pick<ScalarNode, 'original' | 'references' | 'isQuoted'>> = {},
): ScalarNode => ({
  kind: 'scalar',
  at,
  value,
  original: value === null ? '' : String(value),
  references: NONE,
  isQuoted: false,
  ...of,
})
export const listNode = (at: Span, items: readonly Node[]): ListNode => ({
  kind: 'list',
  at,
  items,
  original: undefined,
  references: NONE,
})
export const mapNode = (at: Span, entries: ReadonlyMap<string, Entry>, isFlow = false): MapNode => ({
  kind: 'map',
  at,
  entries,
  isFlow,
  original: undefined,
  references: NONE,
})

/** The same, and everything in it, made from that reference as well. */
export function withReference(node: Node, reference: string): Node {
  const references = node.references.includes(reference) ? node.references : [...node.references, reference]
  switch (node.kind) {
    case 'scalar':
      return { ...node, references }
    case 'list':
      return { ...node, references, items: node.items.map((item) => withReference(item, reference)) }
    case 'map': {
      const entries = [...node.entries].map(
        ([key, { keyAt, node: inner }]) => [key, { keyAt, node: withReference(inner, reference) }] as const,
      )
      return { ...node, references, entries: new Map(entries) }
    }
  }
}

const plain = new WeakMap<Node, ConfigValue>()

/** The value alone; the same object for the same node. */
export function plainOf(node: Node): ConfigValue {
  if (node.kind === 'scalar') return node.value
  const known = plain.get(node)
  if (known !== undefined) return known
  const value = node.kind === 'list' ? node.items.map(plainOf) : plainMap(node)
  plain.set(node, value)
  return value
}

function plainMap(node: MapNode): ConfigObject {
  const value: Record<string, ConfigValue> = Object.create(null)
  for (const [key, entry] of node.entries) value[key] = plainOf(entry.node)
  return value
}

/** The value at a path, and the key that it stands under. */
export function at(root: Node, path: Path): { readonly node: Node; readonly keyAt: Span | undefined } | undefined {
  let node = root
  let keyAt: Span | undefined
  for (const step of path) {
    keyAt = undefined
    if (node.kind === 'map') {
      const entry = node.entries.get(String(step))
      if (entry === undefined) return undefined
      node = entry.node
      keyAt = entry.keyAt
    } else if (node.kind === 'list') {
      const item = node.items[Number(step)]
      if (item === undefined) return undefined
      node = item
    } else return undefined
  }
  return { node, keyAt }
}

/** The tree with another value at a path of mappings, which are made where they are missing. */
export function replaceAt(root: Node, path: Path, node: Node, keyAt: Span = node.at): Node {
  const [step, ...rest] = path
  if (step === undefined) return node
  const map = root.kind === 'map' ? root : mapNode(root.at, new Map())
  const entries = new Map(map.entries)
  const old = entries.get(String(step))
  const inner = replaceAt(old?.node ?? mapNode(keyAt, new Map()), rest, node, keyAt)
  entries.set(String(step), { keyAt: old?.keyAt ?? keyAt, node: inner })
  return { ...map, entries }
}

/** The tree without what stands at a path of mappings. */
export function removeAt(root: Node, path: Path): Node {
  const [step, ...rest] = path
  if (step === undefined || root.kind !== 'map') return root
  const old = root.entries.get(String(step))
  if (old === undefined) return root
  const entries = new Map(root.entries)
  if (rest.length === 0) entries.delete(String(step))
  else entries.set(String(step), { keyAt: old.keyAt, node: removeAt(old.node, rest) })
  return { ...root, entries }
}

/** The tree with only those keys of mappings that `keeps` says yes to, at each level. */
export function pruned(root: Node, keeps: (path: Path) => boolean, path: Path = []): Node {
  if (root.kind !== 'map') return root
  const entries = new Map<string, Entry>()
  for (const [key, { keyAt, node }] of root.entries) {
    const at = [...path, key]
    if (keeps(at)) entries.set(key, { keyAt, node: pruned(node, keeps, at) })
  }
  return { ...root, entries }
}

/**
 * As the collector merges: mappings key by key, everything else (lists too) is replaced by what comes later. A null over a
 * mapping takes it away; an empty mapping over one changes nothing.
 */
export function merge(earlier: Node, later: Node): Node {
  if (earlier.kind !== 'map' || later.kind !== 'map') return later
  if (later.entries.size === 0 && earlier.at.source.name !== '') return earlier
  const entries = new Map(earlier.entries)
  for (const [key, entry] of later.entries) {
    const old = entries.get(key)
    entries.set(key, old ? { keyAt: entry.keyAt, node: merge(old.node, entry.node) } : entry)
  }
  return { ...later, entries, at: earlier.at.source.name === '' ? later.at : earlier.at }
}
