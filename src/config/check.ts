// A value against a schema: everything that is wrong at once, each with its place, what is there, and what would be right.
import * as v from 'valibot'
import type { Schema } from '../contract/index.ts'
import { codeOf } from './coded.ts'
import { concealed } from './echo.ts'
import { hintFor, shown } from './hints.ts'
import type { LoadedConfig } from './load.ts'
import { nearest } from './nearest.ts'
import { inOrder, type Problem } from './problem.ts'
import type { ProblemCode } from './problem-code.ts'
import { hidePasswords, isSecretPath, isSecretReference, REDACTED } from './redact.ts'
import { section } from './schema.ts'
import { isText, type Kind, type Shape, shapeOf } from './shape.ts'
import { Source, spanOf } from './source.ts'
import { at, type ConfigValue, listNode, mapNode, type Node, type Path, plainOf, scalarNode } from './tree.ts'
import { secret, text } from './values.ts'

export type Checked<C> =
  | { readonly config: C; readonly problems?: undefined; readonly warnings: readonly Problem[] }
  | {
      readonly problems: readonly Problem[]
      /** What it would be without the settings that are unknown; undefined when more than that is wrong. */
      readonly readable: C | undefined
    }

/** What is asked of a config. */
type Checkable = Pick<LoadedConfig, 'tree' | 'locate' | 'isSecret' | 'isUnknown' | 'read'>

/**
 * `path` is where the value stands in the config; without `loaded` problems have no places. What nobody has looked at is never
 * wrong; when settings cannot be had without it, there are neither problems nor settings.
 */
export function checkSchema<C>(schema: Schema<C>, value: unknown, path: Path = [], loaded?: Checkable): Checked<C> {
  const found = loaded && at(loaded.tree, path)
  // A value that is not the one of the config has no places in it.
  const node = found && plainOf(found.node) === value ? found.node : nodeOf(value)
  const reading = new Reading(path, loaded)
  const shape = shapeOf(schema)
  const isEmpty = node.kind === 'scalar' && node.value === null && shape.kind === 'section'
  const wanted = isEmpty ? {} : reading.read(shape, node, path)
  const parsed = v.safeParse(schema, wanted)
  if (!parsed.success) for (const issue of parsed.issues) reading.issue(issue, node)
  const tidy = (found: readonly Problem[]): Problem[] => inOrder(found.map((one) => reading.withoutSecrets(one)))
  if (parsed.success && reading.problems.length === 0)
    return { config: parsed.output, warnings: tidy(reading.warnings) }
  const problems = tidy(reading.problems)
  return { problems, readable: parsed.success ? parsed.output : undefined }
}

class Reading {
  readonly problems: Problem[] = []
  readonly warnings: Problem[] = []
  readonly #base: Path
  readonly #loaded: Omit<Checkable, 'tree'> | undefined
  /** References to variables that nobody has set. */
  readonly #unset: ReadonlySet<string>
  /** By path: what a schema marks as secret. */
  readonly #secrets = new Map<string, Node>()

  constructor(base: Path, loaded: Omit<Checkable, 'tree'> | undefined) {
    this.#base = base
    this.#loaded = loaded
    this.#unset = new Set(loaded?.read.filter(({ isUnset }) => isUnset).map(({ name }) => name))
  }

  /** The value as the setting wants it: texts as they were written, unknown keys left out (and reported). */
  read(shape: Shape, node: Node, path: Path): unknown {
    if (shape.kind === 'secret' || shape.kind === 'headers') this.#secrets.set(key(path), node)
    if (shape.kind === 'union') return this.read(chooseOption(shape, node), node, path)
    if (shape.kind === 'url' && node.kind === 'scalar') this.#checkUrl(String(node.value), path)
    if (shape.kind === 'duration' && node.kind === 'scalar') this.#checkDuration(node.value, path)
    switch (node.kind) {
      case 'scalar':
        return readScalar(shape, node)
      case 'list': {
        // To valibot a list is an object like any other; a text is not.
        if (shape.kind === 'section' || shape.kind === 'record') return ''
        const of = itemOf(shape)
        return node.items.map((item, index) => (of ? this.read(of, item, [...path, index]) : plainOf(item)))
      }
      case 'map':
        if (isText(shape) && node.original !== undefined) return node.original
        if (shape.kind === 'section') return this.#section(shape, node, path)
        return this.#record(shape, node, path)
    }
  }

  #section(shape: Shape, node: Node & { kind: 'map' }, path: Path): unknown {
    const result: Record<string, unknown> = Object.create(null)
    const entries = shape.entries()
    for (const [name, { node: inner }] of node.entries) {
      const setting = entries.get(name)
      if (setting !== undefined) result[name] = this.read(setting, inner, [...path, name])
      else if (shape.isOpen) result[name] = plainOf(inner)
      else this.#unknown(name, [...path, name], [...entries.keys()])
    }
    return result
  }

  #record(shape: Shape, node: Node & { kind: 'map' }, path: Path): unknown {
    const of = shape.kind === 'headers' ? (shape.of() ?? SECRET) : shape.kind === 'record' ? shape.of() : undefined
    const result: Record<string, unknown> = Object.create(null)
    for (const [name, { node: inner }] of node.entries)
      result[name] = of ? this.read(of, inner, [...path, name]) : plainOf(inner)
    return result
  }

  #unknown(name: string, path: Path, known: readonly string[]): void {
    const meant = nearest(name, known)
    const list = known.length > 0 ? `there are ${[...known].sort().join(', ')}` : 'there are no settings here'
    const hint = meant === undefined ? list : `did you mean ${meant}?`
    const location = this.#loaded?.locate(path, 'key')
    const message = 'there is no such setting'
    this.problems.push({ severity: 'error', code: 'unknown_key', message, path, location, hint })
  }

  /** What valibot found, in words for who writes configs. */
  issue(issue: v.BaseIssue<unknown>, root: Node): void {
    const inner: (string | number)[] = (issue.path ?? []).map((step) =>
      typeof step.key === 'number' ? step.key : String(step.key),
    )
    const path = [...this.#base, ...inner]
    if (this.#loaded?.isUnknown(path)) return
    const node = at(root, inner)?.node
    const isSecret = this.#isSecret(path, node)
    const isMissing = node === undefined && issue.received === 'undefined'
    const said = messageFor(issue)
    const message = isMissing ? 'is required' : isSecret ? concealed(said, root, inner) : said
    const isShown = !isMissing && !isSecret && node !== undefined && isWrongValue(issue, node)
    const got = isShown ? `, got ${shown(node)}` : ''
    this.problems.push({
      severity: 'error',
      code: isMissing ? 'missing_setting' : codeOf(issue),
      message: message + got,
      path,
      location: this.#loaded?.locate(path),
      value: isSecret ? REDACTED : shownValue(node),
      hint: hintFor(said, node, {
        isAboutKind: issue.kind === 'schema',
        isSecret,
        isUnset: (reference) => this.#unset.has(reference),
      }),
    })
  }

  /** What a schema marks as secret may stand in the line that a problem quotes. */
  withoutSecrets(problem: Problem): Problem {
    const { location } = problem
    if (location?.text === undefined) return problem
    let { text } = location
    for (const { at } of this.#secrets.values()) {
      const line = at.source.lineOf(at.start)
      if (at.source.name !== location.source || line !== location.line - 1) continue
      const written = at.source.text.slice(at.start, Math.min(at.end, at.source.startOf(line + 1))).trimEnd()
      if (written !== '') text = withoutWord(text, written)
    }
    return text === location.text ? problem : { ...problem, location: { ...location, text, length: 1 } }
  }

  #isSecret(path: Path, node: Node | undefined): boolean {
    if (this.#loaded?.isSecret(path) || isSecretPath(path) || node?.references.some(isSecretReference)) return true
    return path.some((_step, index) => this.#secrets.has(key(path.slice(0, index + 1))))
  }

  /** As in Go a bare number counts nanoseconds, which hardly anyone means. */
  #checkDuration(value: unknown, path: Path): void {
    if (typeof value !== 'number' || !(value > 0 && value < 1e6)) return
    if (this.#loaded?.isSecret(path)) return
    const message = `${value} is a number of nanoseconds`
    const hint = `a unit is missing: ${value}s, or ${value}ms`
    const location = this.#loaded?.locate(path)
    this.warnings.push({ severity: 'warning', code: 'missing_unit', message, path, location, hint })
  }

  #checkUrl(text: string, path: Path): void {
    if (!URL.canParse(text) || this.#loaded?.isUnknown(path)) return
    const { username, password, hostname } = new URL(text)
    const location = this.#loaded?.locate(path)
    if (username !== '' || password !== '') {
      const hint = 'use a setting that is kept secret, such as headers or auth'
      const message = 'a user or password in a URL ends up in logs'
      this.warnings.push({ severity: 'warning', code: 'secret_in_url', message, path, location, hint })
    }
    if (/^169\.254\.|^\[fe80:|^\[fd00:ec2::254\]/i.test(hostname)) {
      const message = `${hostname} is an address that hands out credentials; telemetry does not belong there`
      this.warnings.push({ severity: 'warning', code: 'metadata_address', message, path, location })
    }
  }
}

/** A value stands between blanks and signs: letters of another word that are the same are left alone. */
const withoutWord = (text: string, word: string): string =>
  text.replaceAll(new RegExp(`(?<!\\w)${word.replaceAll(/[.*+?^$()[\]{}|\\]/g, '\\$&')}(?!\\w)`, 'g'), REDACTED)

/** Nothing is wrong with a section that a rule is about but what is in it. */
const isWrongValue = ({ kind }: v.BaseIssue<unknown>, node: Node): boolean =>
  node.kind === 'scalar' ? node.value !== null : kind === 'schema'

function itemOf(shape: Shape): Shape | undefined {
  if (shape.kind === 'texts') return TEXT
  if (shape.kind === 'headers') return HEADER
  return shape.kind === 'list' ? shape.of() : undefined
}

/** What a report may carry: a mapping may have secrets deep inside. */
function shownValue(node: Node | undefined): unknown {
  if (node?.kind !== 'scalar') return undefined
  return typeof node.value === 'string' ? hidePasswords(node.value) : node.value
}

const key = (path: Path): string => path.join('\0')
const TEXT = shapeOf(text)
const HEADER = shapeOf(section({ name: text, value: secret }))
const SECRET = shapeOf(secret)

function readScalar(shape: Shape, node: Node & { kind: 'scalar' }): unknown {
  const { value, original, references } = node
  // An unset variable is an empty text to a text, and nothing (so the default) to everything else.
  if (value === null) return isText(shape) && shape.kind !== 'choice' && references.length > 0 ? '' : null
  if (isText(shape) || shape.kind === 'texts') return original ?? String(value)
  // As in the collector, one text stands for a list of texts, cut at its commas.
  const of = shape.kind === 'list' ? shape.of() : undefined
  return of !== undefined && isText(of) && typeof value === 'string' && value !== '' ? value.split(',') : value
}

/** Of a union, what the value was probably meant to be. */
function chooseOption(shape: Shape, node: Node): Shape {
  const options = shape.options().flatMap((option) => (option.kind === 'union' ? option.options() : [option]))
  const any = options.find((option) => option.kind === 'any')
  const fallback = any ?? options[0] ?? shape
  switch (node.kind) {
    case 'map':
      return (
        mostKeys(
          options.filter((option) => option.kind === 'section'),
          node,
        ) ??
        options.find((option) => option.kind === 'record' || option.kind === 'headers') ??
        fallback
      )
    case 'list':
      return options.find((option) => option.kind === 'list' || option.kind === 'texts') ?? fallback
    case 'scalar': {
      const kinds = SCALARS[typeof node.value] ?? []
      return options.find((option) => kinds.includes(option.kind)) ?? any ?? options.find(isText) ?? fallback
    }
  }
}

const SCALARS: Readonly<Record<string, readonly Kind[]>> = {
  number: ['integer', 'number', 'duration', 'size', 'milliseconds'],
  boolean: ['flag'],
  string: ['text', 'secret', 'choice', 'endpoint', 'url', 'id', 'extension', 'duration', 'size', 'texts'],
}

function mostKeys(sections: readonly Shape[], node: Node & { kind: 'map' }): Shape | undefined {
  const matches = (shape: Shape): number => [...node.entries.keys()].filter((name) => shape.entries().has(name)).length
  return [...sections].sort((a, b) => matches(b) - matches(a))[0]
}

/** The schema's own words; valibot's, where it has none, are made plain. */
function messageFor({ message, expected, type, kind }: v.BaseIssue<unknown>): string {
  const [, noun] = /^Invalid ([^:]+): (?:Expected|Received) /.exec(message) ?? []
  if (noun === undefined) return message
  if (expected === null) return `is no valid ${noun}`
  if (kind === 'schema' && type === 'strict_object') return expected === 'Object' ? 'must be a mapping' : 'is required'
  const words: Readonly<Record<string, string>> = {
    string: 'a text',
    number: 'a number',
    boolean: 'true or false',
    Array: 'a list',
    Object: 'a mapping',
  }
  const options = expected.replace(/^\(|\)$/g, '').split(/ [|&] /)
  return `must be ${options.map((option) => words[option] ?? option.replace(/^([<>]=?)/, '$1 ')).join(' or ')}`
}

/** A tree for a value that did not come from a file. */
function nodeOf(value: unknown): Node {
  const nowhere = spanOf(NOWHERE)
  if (Array.isArray(value)) return listNode(nowhere, value.map(nodeOf))
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(
      ([name, inner]) => [name, { keyAt: nowhere, node: nodeOf(inner) }] as const,
    )
    return mapNode(nowhere, new Map(entries))
  }
  return scalarNode(nowhere, (value ?? null) as ConfigValue & (string | number | boolean | bigint | null))
}
const NOWHERE = new Source('', '')

/** For who reports about a config without a schema: a problem at a path. */
export const problemAt = (
  loaded: Pick<LoadedConfig, 'locate'>,
  path: Path,
  code: ProblemCode,
  message: string,
  of: {
    readonly hint?: string | undefined
    readonly severity?: Problem['severity']
    readonly at?: 'key' | 'value'
  } = {},
): Problem => ({
  severity: of.severity ?? 'error',
  code,
  message,
  path,
  location: loaded.locate(path, of.at),
  hint: of.hint,
})
