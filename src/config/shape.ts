// What a schema says about itself, without valibot's machinery: for reading values as their settings want them, for
// "did you mean", and for what is generated from schemas (the editor's completion, the manual's tables).
import type { GenericSchema } from 'valibot'

const KINDS = [
  'section',
  'record',
  'list',
  'union',
  'text',
  'texts',
  'choice',
  'secret',
  'headers',
  'endpoint',
  'url',
  'id',
  'extension',
  'flag',
  'integer',
  'number',
  'duration',
  'milliseconds',
  'size',
  'any',
] as const
export type Kind = (typeof KINDS)[number]

const isKind = (kind: unknown): kind is Kind => KINDS.some((known) => known === kind)

/** Takes an environment variable's letters, where everything else takes its YAML value. */
export const isText = ({ kind }: Shape): boolean => TEXTS.has(kind)
const TEXTS: ReadonlySet<Kind> = new Set<Kind>(['text', 'secret', 'choice', 'endpoint', 'url', 'id', 'extension'])

export interface Shape {
  readonly kind: Kind
  /** The sentence for the manual. */
  readonly about: string | undefined
  /** As in YAML; undefined when there is none. */
  readonly byDefault: unknown
  /** May be left out. */
  readonly isOptional: boolean
  /** Of a choice. */
  readonly allowed: readonly unknown[] | undefined
  /** Of a choice: upper and lower case are the same. */
  readonly isCaseless: boolean
  /** Of numbers; of texts their length. */
  readonly least: number | undefined
  readonly most: number | undefined
  /** Of a section; keys as in YAML. A schema may contain itself, so it is asked for level by level. */
  entries(): ReadonlyMap<string, Shape>
  /** A section that takes other keys, too. */
  readonly isOpen: boolean
  /** What stands behind it: the same object where a schema contains itself. */
  readonly core: object
  /** Each value of a record, each item of a list. */
  of(): Shape | undefined
  /** Of a union. */
  options(): readonly Shape[]
}

const shapes = new WeakMap<object, Shape>()

export function shapeOf(schema: GenericSchema): Shape {
  let shape = shapes.get(schema)
  if (shape === undefined) shapes.set(schema, (shape = makeShape(schema)))
  return shape
}

/** What is read of valibot's schemas; each has some of it. */
interface Raw {
  readonly kind?: unknown
  readonly type?: unknown
  readonly pipe?: readonly Raw[]
  readonly wrapped?: GenericSchema
  readonly default?: unknown
  readonly entries?: Readonly<Record<string, GenericSchema>>
  readonly item?: GenericSchema
  readonly value?: GenericSchema
  readonly options?: readonly unknown[]
  readonly literal?: unknown
  readonly enum?: Readonly<Record<string, unknown>>
  readonly getter?: (input: unknown) => GenericSchema
  readonly description?: string
  readonly metadata?: Readonly<Record<string, unknown>>
}

const OPTIONAL: ReadonlySet<unknown> = new Set(['optional', 'nullish', 'nullable', 'undefinedable', 'exact_optional'])
const WRAPPERS: ReadonlySet<unknown> = new Set([...OPTIONAL, 'non_optional', 'non_nullish', 'non_nullable'])

function makeShape(schema: GenericSchema): Shape {
  const found: Found = { metadata: {}, about: undefined, byDefault: undefined, isOptional: false, core: undefined }
  collect(schema as Raw, found)
  const core = found.core ?? {}
  const { metadata } = found
  const entries = core.entries ?? {}
  const of = metadata.of ?? core.item ?? core.value
  const options =
    core.type === 'union' || core.type === 'variant' || core.type === 'intersect' ? (core.options ?? []) : []
  return {
    kind: isKind(metadata.kind) ? metadata.kind : kindOf(core),
    about: found.about,
    byDefault: found.byDefault,
    isOptional: found.isOptional,
    allowed: Array.isArray(metadata.allowed) ? metadata.allowed : allowedOf(core),
    isCaseless: metadata.isCaseless === true,
    least: typeof metadata.least === 'number' ? metadata.least : undefined,
    most: typeof metadata.most === 'number' ? metadata.most : undefined,
    isOpen: core.type === 'loose_object' || core.type === 'object_with_rest' || core.type === 'object',
    core,
    entries: once(() => new Map(Object.entries(entries).map(([key, entry]) => [key, shapeOf(entry)]))),
    of: once(() => (isSchema(of) ? shapeOf(of) : undefined)),
    options: once(() => options.filter(isSchema).map(shapeOf)),
  }
}

interface Found {
  metadata: Record<string, unknown>
  about: string | undefined
  byDefault: unknown
  isOptional: boolean
  /** The first schema that says more than "anything". */
  core: Raw | undefined
}

function collect(raw: Raw, found: Found): void {
  if (raw.pipe !== undefined) {
    for (const item of raw.pipe) collect(item, found)
    return
  }
  if (raw.kind === 'metadata') {
    if (raw.type === 'description') found.about = raw.description
    if (raw.type === 'metadata') Object.assign(found.metadata, raw.metadata)
    return
  }
  if (raw.kind !== 'schema') return
  if (WRAPPERS.has(raw.type) && raw.wrapped !== undefined) {
    // What a wrapped schema says of itself is about the piece; what stands round it, about the setting.
    const about = found.about
    found.isOptional ||= OPTIONAL.has(raw.type)
    collect(raw.wrapped as Raw, found)
    found.about = about
    const byDefault = typeof raw.default === 'function' ? raw.default() : raw.default
    if (byDefault !== undefined) found.byDefault = byDefault
    return
  }
  if (raw.type === 'lazy' && raw.getter !== undefined) return collect(raw.getter(undefined) as Raw, found)
  const saysNothing = (core: Raw): boolean => core.type === 'unknown' || core.type === 'any' || core.type === 'custom'
  if (found.core === undefined || saysNothing(found.core)) found.core = raw
}

function kindOf({ type }: Raw): Kind {
  switch (type) {
    case 'strict_object':
    case 'loose_object':
    case 'object':
    case 'object_with_rest':
      return 'section'
    case 'record':
      return 'record'
    case 'array':
    case 'tuple':
    case 'strict_tuple':
    case 'loose_tuple':
      return 'list'
    case 'union':
    case 'variant':
    case 'intersect':
      return 'union'
    case 'string':
      return 'text'
    case 'picklist':
    case 'enum':
    case 'literal':
      return 'choice'
    case 'boolean':
      return 'flag'
    case 'number':
      return 'number'
    default:
      return 'any'
  }
}

function allowedOf({ type, options, literal, enum: values }: Raw): readonly unknown[] | undefined {
  if (type === 'picklist') return options
  if (type === 'literal') return [literal]
  return values === undefined ? undefined : Object.values(values)
}

const isSchema = (value: unknown): value is GenericSchema =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'schema'

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => (made ??= { value: make() }).value
}
