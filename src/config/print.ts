// The resolved config as YAML, secrets hidden: what the agent works with, in a form that it would take again.
import type { GenericSchema } from 'valibot'
import { stringify } from 'yaml'
import type { LoadedConfig } from './load.ts'
import { hidePasswords, isSecretPath, isSecretReference, isSecretSource, REDACTED } from './redact.ts'
import { type Kind, type Shape, shapeOf } from './shape.ts'
import type { Node, Path } from './tree.ts'

/** Where schemas are known: `components` of `parseService` with their factories' schemas. */
export interface SchemaAt {
  readonly path: Path
  readonly schema: GenericSchema
}

/** For `print-config`. Where no schema is given, the names of keys and of variables say what a secret is. */
export const printConfig = (loaded: LoadedConfig, schemas: readonly SchemaAt[] = []): string =>
  stringify(redact(loaded, schemas), {
    aliasDuplicateObjects: false,
    // Texts that only other readers of YAML would take for numbers, such as 0622, get quotes, too.
    compat: 'yaml-1.1',
    lineWidth: 0,
    nullStr: '',
  })

/** The root of the config as a plain value without a secret in it. */
export function redact(
  { tree, isUnknown }: Pick<LoadedConfig, 'tree' | 'isUnknown'>,
  schemas: readonly SchemaAt[] = [],
): unknown {
  return new Hiding(schemas, isUnknown).hide(tree, [], undefined)
}

/** What is hidden, with where it stands. */
export function hiddenNodes(
  { tree, isUnknown }: Pick<LoadedConfig, 'tree' | 'isUnknown'>,
  schemas: readonly SchemaAt[] = [],
): ReadonlyMap<Node, Path> {
  const hiding = new Hiding(schemas, isUnknown)
  hiding.hide(tree, [], undefined)
  return hiding.hidden
}

class Hiding {
  readonly hidden = new Map<Node, Path>()
  readonly #byPath: ReadonlyMap<string, Shape>
  readonly #isUnknown: (path: Path) => boolean

  constructor(schemas: readonly SchemaAt[], isUnknown: (path: Path) => boolean) {
    this.#byPath = new Map(schemas.map(({ path, schema }) => [path.join('\0'), shapeOf(schema)]))
    this.#isUnknown = isUnknown
  }

  hide(node: Node, path: Path, known: Shape | undefined): unknown {
    const shape = this.#byPath.get(path.join('\0')) ?? known
    if (node.kind === 'scalar' ? isSecret(node, path, shape) : isSecretValue(node, shape)) {
      this.hidden.set(node, path)
      return REDACTED
    }
    switch (node.kind) {
      case 'scalar':
        return typeof node.value === 'string' && !this.#isUnknown(path) ? shownText(node.value) : node.value
      case 'list':
        return node.items.map((item, index) => this.hide(item, [...path, index], itemOf(shape)))
      case 'map': {
        const result: [string, unknown][] = []
        for (const [key, { node: inner }] of node.entries)
          result.push([key, this.hide(inner, [...path, key], entryOf(shape, key))])
        return new Map(result)
      }
    }
  }
}

/** Kinds that no secret can be of: numbers, switches, words from a list. */
const OPEN: ReadonlySet<Kind> = new Set<Kind>([
  'flag',
  'integer',
  'number',
  'duration',
  'milliseconds',
  'size',
  'choice',
])

function isSecret(node: Node & { kind: 'scalar' }, path: Path, shape: Shape | undefined): boolean {
  if (node.value === null || node.value === '') return false
  if (node.references.some(isSecretSource)) return true
  if (shape !== undefined && OPEN.has(shape.kind)) return false
  if (isSecretValue(node, shape)) return true
  return typeof node.value !== 'boolean' && isSecretPath(path)
}

const isSecretValue = (node: Node, shape: Shape | undefined): boolean =>
  shape?.kind === 'secret' || node.references.some(isSecretReference)

/** `$` in front of what would be a reference when the text is read again. */
const shownText = (text: string): string => hidePasswords(text).replace(/\$(?=[{$])/g, '$$$$')

const itemOf = (shape: Shape | undefined): Shape | undefined => (shape ? option(shape, 'list')?.of() : undefined)

function entryOf(shape: Shape | undefined, key: string): Shape | undefined {
  if (shape === undefined) return undefined
  const section = option(shape, 'section')?.entries()
  return section?.get(key) ?? option(shape, 'record')?.of()
}

const option = (shape: Shape, kind: Kind): Shape | undefined =>
  shape.kind === kind ? shape : shape.options().find((one) => one.kind === kind)
