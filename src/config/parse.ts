// YAML text to a tree with places. Everything that is wrong is collected; the tree is what could be read.
import { isAlias, isMap, isScalar, isSeq, type ParsedNode, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml'
import { resolvePlain } from './plain.ts'
import { locationOf, type Problem } from './problem.ts'
import type { ProblemCode } from './problem-code.ts'
import type { Source, Span } from './source.ts'
import { explainSyntax } from './syntax.ts'
import { type Entry, listNode, type MapNode, mapNode, merge, type Node, type Path, scalarNode } from './tree.ts'

/** A config is some kilobytes; what is larger is something else, and reading it would cost a hundred times its size. */
export const MAX_SOURCE_BYTES = 4 * 1024 * 1024
/** What aliases may multiply a config to. */
const MAX_NODES = 1_000_000
const MAX_ALIASED_NODES = 100_000
const MAX_DEPTH = 100
/** Then it is no config, and the reading ends. */
const MAX_PROBLEMS = 100

export interface Parsed {
  readonly node: Node
  readonly problems: readonly Problem[]
}

/** A whole text; an empty one is null. */
export function parseYaml(source: Source): Parsed {
  const doc = compose(source)
  if (doc === undefined) {
    const at = { source, start: 0, end: 1 }
    const message = `nested deeper than ${MAX_DEPTH} levels`
    return {
      node: scalarNode(at, null),
      problems: [{ severity: 'error', code: 'config_too_large', message, path: [], location: locationOf(at) }],
    }
  }
  const problems = explainSyntax(source, doc.errors)
  // What a parser makes of broken text leads to follow-up errors that confuse.
  if (problems.some((problem) => problem.severity === 'error'))
    return { node: scalarNode({ source, start: 0, end: 0 }, null), problems }
  const reader = new Reader(source)
  const node = reader.read(doc.contents, [], { source, start: 0, end: source.text.length }, true)
  return { node, problems: [...problems, ...reader.problems] }
}

/**
 * What a `${…}` gave: its YAML value, or the text itself when it is none, or when it is a text (quotes and line ends stay,
 * as in the collector).
 */
export function parseReference(source: Source, reference: string): Node {
  const { node, problems } = parseYaml(source)
  const isText =
    problems.some((problem) => problem.severity === 'error') ||
    (node.kind === 'scalar' && typeof node.value === 'string')
  const value = isText ? scalarNode(node.at, source.text) : node
  return { ...value, original: source.text, references: [reference] }
}

/** Undefined when the nesting is too deep even to be read. */
function compose(source: Source): ReturnType<typeof parseDocument> | undefined {
  try {
    return parseDocument(source.text, {
      schema: 'failsafe',
      strict: false,
      uniqueKeys: false,
      prettyErrors: false,
      resolveKnownTags: false,
      // Silent would not say that there are several documents.
      logLevel: 'error',
    })
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

const CORE = 'tag:yaml.org,2002:'

class Reader {
  readonly problems: Problem[] = []
  readonly #source: Source
  /** By anchor: what it stands for, and how many nodes that is. Undefined while it is being read. */
  readonly #anchors = new Map<string, { readonly node: Node; readonly size: number } | undefined>()
  #nodes = 0
  #aliased = 0
  #isFull = false

  constructor(source: Source) {
    this.#source = source
  }

  /** `isKeyed`: keys with `::` in them stand for nested mappings, as long as no list is on the way. */
  read(of: unknown, path: Path, fallback: Span, isKeyed: boolean): Node {
    const yaml = of as ParsedNode | null
    if (yaml === null || this.#isFull) return scalarNode(fallback, null)
    const at = this.#span(yaml.range)
    if (path.length > MAX_DEPTH)
      return this.#give(at, path, 'config_too_large', `nested deeper than ${MAX_DEPTH} levels`)
    if (++this.#nodes > MAX_NODES) {
      this.#isFull = true
      return this.#give(at, path, 'config_too_large', `more than ${MAX_NODES} values`)
    }
    if (isAlias(yaml)) return this.#alias(yaml.source, at, path)
    const anchor = yaml.anchor
    const before = this.#nodes
    if (anchor !== undefined) this.#anchors.set(anchor, undefined)
    const node = this.#value(yaml, at, path, isKeyed)
    if (anchor !== undefined) this.#anchors.set(anchor, { node, size: this.#nodes - before + 1 })
    return node
  }

  #value(yaml: ParsedNode, at: Span, path: Path, isKeyed: boolean): Node {
    if (isScalar(yaml)) return this.#scalar(yaml.source ?? '', String(yaml.value), yaml, at, path)
    const tag = yaml.tag?.replace(CORE, '')
    if (isMap(yaml)) {
      if (tag !== undefined && tag !== 'map') return this.#give(at, path, ...tagRefused(yaml.tag!))
      return this.#map(yaml, at, path, isKeyed)
    }
    if (isSeq(yaml)) {
      if (tag !== undefined && tag !== 'seq') return this.#give(at, path, ...tagRefused(yaml.tag!))
      return this.#list(yaml, at, path)
    }
    return scalarNode(at, null)
  }

  #scalar(written: string, value: string, { tag, type }: { tag?: string; type?: string }, at: Span, path: Path): Node {
    const isQuoted = type !== 'PLAIN'
    switch (tag?.replace(CORE, '')) {
      case undefined:
        return isQuoted
          ? scalarNode(at, value, { isQuoted })
          : scalarNode(at, resolvePlain(written), { original: value })
      case '!':
      case 'str':
      case 'timestamp':
        return scalarNode(at, value, { isQuoted: true })
      case 'int':
      case 'float':
      case 'bool':
      case 'null': {
        const resolved = resolvePlain(value)
        if (typeof resolved === 'string')
          return this.#give(at, path, 'unsupported_yaml', `is no ${tag!.replace(CORE, '!!')}`)
        return scalarNode(at, resolved, { original: value })
      }
      case 'binary':
        return scalarNode(at, Buffer.from(value, 'base64').toString('utf8'), { isQuoted: true })
      default:
        return this.#give(at, path, ...tagRefused(tag!))
    }
  }

  #list(yaml: YAMLSeq, at: Span, path: Path): Node {
    return listNode(
      at,
      yaml.items.map((item, index) => this.read(item, [...path, index], at, false)),
    )
  }

  #map(yaml: YAMLMap, at: Span, path: Path, isKeyed: boolean): Node {
    const entries = new Map<string, Entry>()
    const merged: Node[] = []
    for (const pair of yaml.items) {
      const key = this.#key(pair.key as ParsedNode | null, at, path)
      if (key === undefined) continue
      const behind = { ...key.at, start: key.at.end }
      if (key.isMerge) merged.push(this.read(pair.value, path, behind, isKeyed))
      else this.#add(entries, key.name, key.at, this.read(pair.value, [...path, key.name], behind, isKeyed), path)
    }
    for (const node of merged) this.#mergeKey(entries, node, path)
    const node = mapNode(at, entries, yaml.flow === true)
    return isKeyed ? splitKeys(node) : node
  }

  #key(yaml: ParsedNode | null, map: Span, path: Path): { name: string; at: Span; isMerge: boolean } | undefined {
    if (isScalar(yaml) && (yaml.source ?? '') !== '') {
      const at = this.#span(yaml.range)
      return { name: String(yaml.value), at, isMerge: yaml.type === 'PLAIN' && yaml.value === '<<' }
    }
    const at = yaml ? this.#span(yaml.range) : map
    if (isAlias(yaml)) {
      const node = this.#alias(yaml.source, at, path)
      if (node.kind === 'scalar' && node.original) return { name: node.original, at, isMerge: false }
    }
    const isEmpty = yaml === null || isScalar(yaml)
    if (isEmpty) this.#give(at, path, 'yaml_syntax', 'a key is missing in front of the colon')
    else this.#give(at, path, 'unsupported_yaml', 'a key must be a text')
    return undefined
  }

  #add(entries: Map<string, Entry>, key: string, keyAt: Span, node: Node, path: Path): void {
    const first = entries.get(key)
    if (first === undefined) entries.set(key, { keyAt, node })
    else {
      const { line } = locationOf(first.keyAt)
      this.#give(
        keyAt,
        [...path, key],
        'duplicate_key',
        `is here twice; the first is in line ${line}`,
        'keep one of the two',
      )
    }
  }

  /** `<<: *defaults`: what is written out wins over what is merged in, what is merged first over what comes later. */
  #mergeKey(entries: Map<string, Entry>, node: Node, path: Path): void {
    if (node.kind === 'list') for (const item of node.items) this.#mergeKey(entries, item, path)
    else if (node.kind === 'map') {
      for (const [key, entry] of node.entries) if (!entries.has(key)) entries.set(key, entry)
    } else this.#give(node.at, path, 'bad_alias', 'what << merges in must be a mapping')
  }

  #alias(name: string, at: Span, path: Path): Node {
    if (!this.#anchors.has(name)) return this.#give(at, path, 'bad_alias', `there is no anchor &${name} above`)
    const target = this.#anchors.get(name)
    if (target === undefined)
      return this.#give(at, path, 'bad_alias', `*${name} stands inside of &${name}, which would never end`)
    this.#nodes += target.size
    this.#aliased += target.size
    if (this.#aliased <= MAX_ALIASED_NODES) return target.node
    this.#isFull = true
    const message = `aliases multiply this to more than ${MAX_ALIASED_NODES} values`
    const hint = 'write the values out, or include them from one file with ${file:…}'
    return this.#give(at, path, 'config_too_large', message, hint)
  }

  #span(range: readonly number[] | null | undefined): Span {
    return { source: this.#source, start: range?.[0] ?? 0, end: range?.[1] ?? 0 }
  }

  #give(at: Span, path: Path, code: ProblemCode, message: string, hint?: string): Node {
    this.problems.push({ severity: 'error', code, message, path, location: locationOf(at), hint })
    this.#isFull ||= this.problems.length >= MAX_PROBLEMS
    return scalarNode(at, null)
  }
}

const tagRefused = (tag: string): [code: ProblemCode, message: string, hint: string] => [
  'unsupported_yaml',
  `the tag ${tag.replace(CORE, '!!')} is not taken; a config holds plain values, never code`,
  'leave the tag out',
]

/** `a::b: c` is `a: {b: c}`. */
export function splitKeys(map: MapNode): MapNode {
  if (![...map.entries.keys()].some((key) => key.includes('::'))) return map
  let result: Node = { ...map, entries: new Map() }
  for (const [key, { keyAt, node }] of map.entries) {
    const steps = key.split('::')
    let inner: Entry = { keyAt, node }
    for (const step of steps.slice(1).reverse()) inner = { keyAt, node: mapNode(keyAt, new Map([[step, inner]])) }
    result = merge(result, { ...map, entries: new Map([[steps[0]!, inner]]) })
  }
  return { ...map, entries: result.kind === 'map' ? result.entries : map.entries }
}
