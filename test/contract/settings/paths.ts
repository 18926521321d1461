// The settings of a schema as paths: `tls.ca_file`, `actions[].key`. What has settings in it is not one itself. A dot in a
// key is written as `·`: `resource_attributes.host·name.enabled`.
import type { Shape } from '../../../src/config/shape.ts'

const DOT = '·'

export function settingsOf(shape: Shape, path = ''): string[] {
  const inner = shape.kind === 'list' ? shape.of() : undefined
  if (inner?.kind === 'section') return settingsOf(inner, `${path}[]`)
  if (shape.kind !== 'section') return [path]
  return [...shape.entries()].flatMap(([key, entry]) => {
    const escaped = key.replaceAll('.', DOT)
    return settingsOf(entry, path === '' ? escaped : `${path}.${escaped}`)
  })
}

/** `actions[].key` is `actions`, `0`, `key`. */
export const keysOf = (path: string): string[] =>
  path
    .replaceAll('[]', '.0')
    .split('.')
    .map((key) => key.replaceAll(DOT, '.'))

type Tree = Readonly<Record<string, unknown>>
const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype

/** The value at a path, with what it needs around it. */
export function treeOf(path: string, value: unknown): Tree {
  let tree: unknown = value
  for (const key of keysOf(path).reverse()) tree = key === '0' ? [tree] : { [key]: tree }
  return tree as Tree
}

/** The second over the first, level by level; lists entry by entry. */
export function merge(below: unknown, above: unknown): unknown {
  if (Array.isArray(below) && Array.isArray(above))
    return Array.from({ length: Math.max(below.length, above.length) }, (_, i) =>
      i in above ? merge(below[i], above[i]) : below[i],
    )
  if (!isTree(below) || !isTree(above)) return above
  const merged: Record<string, unknown> = { ...below }
  for (const [key, value] of Object.entries(above)) merged[key] = key in below ? merge(below[key], value) : value
  return merged
}

export function valueAt(tree: unknown, path: string): unknown {
  let value = tree
  for (const key of keysOf(path))
    value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
  return value
}
