// Settings as JSON Schema, for editors. It says of a file what can be said before it is merged and its references are
// resolved: a `${…}` may stand wherever a value may.

import { isText, type Shape } from '../config/index.ts'
import type { FormerSetting } from '../config/successors.ts'

export interface JsonSchema {
  readonly [keyword: string]: unknown
}

/** In a text: whatever it gives. */
export const REFERENCE = String.raw`\$\{`
/** Settings such as `protocols::http::endpoint: …`, which stand for mappings. */
export const NESTED_KEYS = { '::': true } as const

/** As texts these are written without quotes, too. */
const WRITTEN_TEXT = ['string', 'number', 'boolean'] as const
const DURATION = String.raw`^[+]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$`
const SIZE = String.raw`^\s*(?:\d+(?:\.\d*)?|\.\d+)\s*(?:|[bB]|[kKmMgGtT][iI]?[bB])\s*$`
/** gRPC clients name the way in which an address is found, too. */
const ENDPOINT = String.raw`^[^/\s]*:\d{1,5}$|^(?:unix|dns|passthrough|https?):\S|^@?/`
const URL = String.raw`^[hH][tT][tT][pP][sS]?://\S+$`
const ID = String.raw`^\s*[a-zA-Z][0-9a-zA-Z_]{0,62}\s*(?:/\s*[^\s+$]+\s*)?$`

const UNBOUNDED: ReadonlySet<number | undefined> = new Set([
  Number.MAX_SAFE_INTEGER,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  undefined,
])

/** Makes schemas of settings. Sections that look the same are defined once. */
export class SchemaWriter {
  /** By name. */
  readonly #definitions = new Map<string, JsonSchema>()
  readonly #byContent = new Map<string, string>()
  /** Sections that are being written: a schema may contain itself. */
  readonly #open = new Map<object, { readonly name: string; isUsed: boolean }>()

  /** `name` is what it is called where it is defined; `former` are old settings inside. */
  setting(shape: Shape, name: string, former: readonly FormerSetting[] = []): JsonSchema {
    const { about, byDefault } = shape
    const isShown = byDefault !== undefined && !(shape.kind === 'section' && isEmpty(byDefault))
    return {
      ...(about !== undefined && { description: about }),
      ...this.#value(shape, name, former),
      ...(isShown && { default: byDefault }),
    }
  }

  /** A place of its own for a schema that others refer to. */
  define(name: string, schema: JsonSchema): JsonSchema {
    this.#definitions.set(name, schema)
    return { $ref: `#/$defs/${name}` }
  }

  /** Those that are used more than once; the others stand where they are used. */
  finish(root: JsonSchema): JsonSchema {
    const counts = new Map<string, number>()
    const count = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return
      const name = referenceOf(value)
      if (name !== undefined) {
        const times = (counts.get(name) ?? 0) + 1
        counts.set(name, times)
        if (times === 1) count(this.#definitions.get(name))
      }
      for (const inner of Object.values(value)) count(inner)
    }
    count(root)
    const place = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(place)
      if (typeof value !== 'object' || value === null) return value
      const name = referenceOf(value)
      const once = name !== undefined && counts.get(name) === 1 ? this.#definitions.get(name) : undefined
      const { $ref: _, ...others } = value as JsonSchema
      const inPlace = once === undefined ? value : { ...others, ...once, ...pick(others, ['description', 'default']) }
      return Object.fromEntries(Object.entries(inPlace).map(([key, inner]) => [key, place(inner)]))
    }
    const used = [...this.#definitions].filter(([name]) => (counts.get(name) ?? 0) > 1).sort(byName)
    return {
      ...(place(root) as JsonSchema),
      $defs: Object.fromEntries(used.map(([name, schema]) => [name, place(schema)])),
    }
  }

  #value(shape: Shape, name: string, former: readonly FormerSetting[]): JsonSchema {
    const { isOptional } = shape
    switch (shape.kind) {
      case 'section':
        return this.#section(shape, name, former)
      case 'record':
        return orReference(['object'], isOptional, { additionalProperties: this.#of(shape, name) })
      case 'headers':
        return orReference(['object', 'array'], isOptional, {
          additionalProperties: { type: [...WRITTEN_TEXT, 'null'] },
          items: {
            type: 'object',
            properties: { name: { type: 'string' }, value: { type: [...WRITTEN_TEXT, 'null'] } },
            required: ['name'],
            additionalProperties: false,
          },
        })
      case 'list':
        return this.#list(shape, name)
      case 'texts':
        return { type: nullable(['array', ...WRITTEN_TEXT], isOptional), items: { type: WRITTEN_TEXT } }
      case 'union':
        return this.#union(shape, name)
      case 'choice':
        return choice(shape)
      case 'any':
        return {}
      default:
        return scalar(shape)
    }
  }

  #section(shape: Shape, name: string, former: readonly FormerSetting[]): JsonSchema {
    const open = this.#open.get(shape.core)
    if (open !== undefined) {
      open.isUsed = true
      return { $ref: `#/$defs/${open.name}` }
    }
    const me = { name: this.#freeName(name), isUsed: false }
    this.#open.set(shape.core, me)
    const properties: Record<string, JsonSchema> = {}
    for (const [key, entry] of shape.entries()) properties[key] = this.setting(entry, key, below(former, key))
    for (const { from, ...old } of former)
      if (from.length === 1) properties[from[0]!] ??= this.#formerSetting(shape, old)
    this.#open.delete(shape.core)
    const required = [...shape.entries()].filter(([, entry]) => !entry.isOptional).map(([key]) => key)
    const schema = orReference(['object'], shape.isOptional, {
      properties,
      ...(required.length > 0 && { required }),
      patternProperties: NESTED_KEYS,
      ...(!shape.isOpen && { additionalProperties: false }),
    })
    return this.#intern(schema, me)
  }

  #formerSetting(shape: Shape, { to, isSameValue }: Omit<FormerSetting, 'from'>): JsonSchema {
    let successor: Shape | undefined = shape
    for (const key of to ?? []) successor = successor?.entries().get(key)
    const description = formerText({ to, isSameValue })
    const value =
      to !== undefined && isSameValue && successor !== undefined ? this.#value(successor, to.at(-1)!, []) : {}
    return { description, ...value, deprecated: true, deprecationMessage: description }
  }

  #list(shape: Shape, name: string): JsonSchema {
    const of = shape.of()
    const items = this.#of(shape, name)
    // As in the collector, one text stands for a list of texts.
    if (of !== undefined && isText(of)) return { type: nullable(['array', 'string'], shape.isOptional), items }
    return orReference(['array'], shape.isOptional, { items })
  }

  #of(shape: Shape, name: string): JsonSchema {
    const of = shape.of()
    return of === undefined ? {} : this.setting(of, name)
  }

  #union(shape: Shape, name: string): JsonSchema {
    const options = shape.options().map((option) => this.setting(option, name))
    return { anyOf: [...options, ...(shape.isOptional ? [{ type: 'null' }] : [])] }
  }

  #intern(schema: JsonSchema, { name, isUsed }: { readonly name: string; readonly isUsed: boolean }): JsonSchema {
    const content = JSON.stringify(schema)
    const known = isUsed ? undefined : this.#byContent.get(content)
    if (known !== undefined) return { $ref: `#/$defs/${known}` }
    this.#byContent.set(content, name)
    return this.define(name, schema)
  }

  #freeName(name: string): string {
    const taken = new Set([...this.#definitions.keys(), ...[...this.#open.values()].map((open) => open.name)])
    for (let number = 1; ; number++) {
      const free = number === 1 ? name : `${name}_${number}`
      if (!taken.has(free)) return free
    }
  }
}

/** What is said of an old setting. */
function formerText({ to, isSameValue }: Pick<FormerSetting, 'to' | 'isSameValue'>): string {
  if (to === undefined) return 'Has no effect any more.'
  return isSameValue ? `Is called ${to.join('::')} now.` : `Its place has been taken by ${to.join('::')}.`
}

const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1)

function referenceOf(value: object): string | undefined {
  const reference = '$ref' in value && typeof value.$ref === 'string' ? value.$ref : ''
  return reference.startsWith('#/$defs/') ? reference.slice('#/$defs/'.length) : undefined
}

const pick = (from: JsonSchema, keys: readonly string[]): JsonSchema =>
  Object.fromEntries(keys.filter((key) => key in from).map((key) => [key, from[key]]))

const below = (former: readonly FormerSetting[], key: string): FormerSetting[] =>
  former
    .filter(({ from }) => from.length > 1 && from[0] === key)
    .map(({ from, to, isSameValue }) => ({
      from: from.slice(1),
      to: to?.[0] === key ? to.slice(1) : to,
      isSameValue: isSameValue && to?.[0] === key,
    }))

const nullable = (types: readonly string[], isOptional: boolean): readonly string[] =>
  isOptional ? [...types, 'null'] : types

/** A value that is no text: a text there is a reference to one. */
const orReference = (types: readonly string[], isOptional: boolean, keywords: JsonSchema): JsonSchema => ({
  type: nullable([...types, 'string'], isOptional),
  ...referenceAlone(types.map((type) => WORDS[type] ?? type).join(' or ')),
  ...keywords,
})

/** Of a text where something else belongs. */
export const referenceAlone = (wanted: string): JsonSchema => ({
  pattern: REFERENCE,
  patternErrorMessage: `Expected ${wanted}, or a reference such as \${env:NAME}.`,
})

const WORDS: Readonly<Record<string, string>> = {
  object: 'a mapping',
  array: 'a list',
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
}

function choice({ allowed = [], isCaseless, isOptional }: Shape): JsonSchema {
  const others = isCaseless
    ? `${REFERENCE}|^(?:${allowed.map((word) => caseless(String(word))).join('|')})$`
    : REFERENCE
  return { anyOf: [{ enum: allowed }, { type: nullable(['string'], isOptional), pattern: others }] }
}

const caseless = (word: string): string => word.replaceAll(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`)

function scalar({ kind, isOptional, byDefault, least, most }: Shape): JsonSchema {
  const bounds = {
    ...(!UNBOUNDED.has(least) && { minimum: least }),
    ...(!UNBOUNDED.has(most) && { maximum: most }),
  }
  // Where nothing is the default, nothing may be written.
  const or = (pattern: string, wanted: string): JsonSchema => ({
    pattern: `${byDefault === '' ? '^$|' : ''}${pattern}|${REFERENCE}`,
    patternErrorMessage: `Expected ${wanted}.`,
  })
  switch (kind) {
    case 'text':
      return { type: nullable(WRITTEN_TEXT, isOptional), ...(least !== undefined && { minLength: least }) }
    case 'flag':
      return orReference(['boolean'], isOptional, {})
    case 'integer':
    case 'number':
      return orReference([kind], isOptional, bounds)
    case 'duration':
    case 'milliseconds':
      return {
        type: nullable(['string', 'number'], isOptional),
        ...or(DURATION, 'a duration such as 30s, 5m or 1h30m'),
        minimum: 0,
      }
    case 'size':
      return {
        type: nullable(['integer', 'string'], isOptional),
        ...or(SIZE, 'a size such as 512KiB or 20MiB'),
        minimum: 0,
      }
    case 'endpoint':
      return {
        type: nullable(['string'], isOptional),
        ...or(ENDPOINT, 'an address such as 127.0.0.1:4317 or collector:4317'),
      }
    case 'url':
      return { type: nullable(['string'], isOptional), ...or(URL, 'a URL such as https://collector:4318') }
    case 'id':
    case 'extension':
      return {
        type: nullable(['string'], isOptional),
        ...or(ID, 'the name of a component such as otlp or otlp/internal'),
      }
    default:
      return { type: nullable(WRITTEN_TEXT, isOptional) }
  }
}
