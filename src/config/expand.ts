// `${env:X}`, `${X}`, `${env:X:-default}`, `${file:…}`, `${yaml:…}`, nested ones, and `$$` for a dollar sign: as the collector
// resolves them (confmap/README.md and confmap/expand.go). A value that is one reference takes over the type of what it
// gives; in the middle of a text the text is taken. What secret stores give is taken as it is: in a password a dollar sign is one.
import { messageOf } from '../contract/index.ts'
import { parseReference } from './parse.ts'
import { locationOf, type Problem } from './problem.ts'
import type { ProblemCode } from './problem-code.ts'
import { isSecretReference, isSecretSource } from './redact.ts'
import {
  isRemote,
  parseUri,
  type Retrieved,
  RetrieveError,
  retrieve,
  type Surroundings,
  shownUri,
  type Uri,
  uriText,
} from './retrieve.ts'
import { Source, type Span } from './source.ts'
import { type Entry, type Node, type Path, type ScalarNode, scalarNode, withReference } from './tree.ts'

/** References that give references: more is a circle. */
const MAX_CHAIN = 100
/** References that are replaced in one text, those that come in with others included. */
const MAX_IN_TEXT = 1000
/** In one config; with the next one what keeps references from multiplying without end. */
const MAX_EXPANSIONS = 10_000
const MAX_TEXT_LENGTH = 1024 * 1024
/** Of errors and of warnings; nobody reads more. */
const MAX_PROBLEMS = 1000

/** What stands for a dollar sign that begins nothing: no text that was decoded has it. */
const LITERAL_DOLLAR = '\ud800'

export interface Expanded {
  readonly node: Node
  /** Errors and warnings. */
  readonly problems: readonly Problem[]
  /** What was looked at, in the order of the config. */
  readonly read: readonly Read[]
}

/** A reference that gave something. */
export interface Read {
  readonly uri: Uri
  /** As it is shown, and as `references` of nodes have it. */
  readonly name: string
  readonly text: string
  /** A variable that nobody has set. */
  readonly isUnset?: boolean
  /** A source of the config, and no reference in it. */
  readonly isWhole?: boolean
}

export async function expand(root: Node, surroundings: Surroundings): Promise<Expanded> {
  const expander = new Expander(surroundings)
  expander.prepare(root)
  const node = await expander.node(root, [], [])
  return { node, problems: expander.problems, read: await expander.read() }
}

/** What stops one value; the rest of the config goes on. */
class Stop extends Error {
  readonly code: ProblemCode
  readonly hint: string | undefined
  constructor(code: ProblemCode, message: string, hint?: string) {
    super(message)
    this.code = code
    this.hint = hint
  }
}

class Expander {
  readonly problems: Problem[] = []
  readonly #surroundings: Surroundings
  readonly #retrieved: Map<string, Asked>
  readonly #warned = new Set<string>()
  readonly #counts = { error: 0, warning: 0 }
  #expansions = 0

  constructor(surroundings: Surroundings, retrieved = new Map<string, Asked>()) {
    this.#surroundings = surroundings
    this.#retrieved = retrieved
  }

  /** Asks for everything on other machines at the same time: with one after the other every time limit would add up. */
  prepare(node: Node): void {
    if (node.kind === 'list') for (const item of node.items) this.prepare(item)
    else if (node.kind === 'map') for (const entry of node.entries.values()) this.prepare(entry.node)
    else if (typeof node.value === 'string' && node.value.includes('${')) this.#prepareText(node.value)
  }

  #prepareText(text: string): void {
    for (const [, uri = ''] of text.matchAll(/(?<!\$)(?:\$\$)*\$\{([a-z0-9]+:[^${}]*)\}/g)) {
      try {
        const parsed = parseUri(uri, 'env')
        if (isRemote(parsed)) this.#ask(parsed)
      } catch {
        // Told where it stands.
      }
    }
  }

  async read(): Promise<Read[]> {
    const found: Read[] = []
    for (const { uri, given } of this.#retrieved.values()) {
      const retrieved = await given.catch(() => undefined)
      if (retrieved === undefined) continue
      const isUnset = retrieved.warning?.code === 'unset_variable'
      found.push({ uri, name: shownUri(uri), text: retrieved.text, ...(isUnset && { isUnset }) })
    }
    return found
  }

  /** `chain`: the references that led here. */
  async node(node: Node, path: Path, chain: readonly string[]): Promise<Node> {
    switch (node.kind) {
      case 'scalar':
        return typeof node.value === 'string' && node.value.includes('$') ? this.#scalar(node, path, chain) : node
      case 'list': {
        const items: Node[] = []
        for (const [index, item] of node.items.entries()) items.push(await this.node(item, [...path, index], chain))
        return { ...node, items }
      }
      case 'map': {
        const entries = new Map<string, Entry>()
        for (const [key, { keyAt, node: inner }] of node.entries)
          entries.set(key, { keyAt, node: await this.node(inner, [...path, key], chain) })
        return { ...node, entries }
      }
    }
  }

  async #scalar(node: ScalarNode, path: Path, chain: readonly string[]): Promise<Node> {
    try {
      return await this.#text(String(node.value), node, path, chain)
    } catch (error) {
      const known = error instanceof Stop || error instanceof RetrieveError ? error : undefined
      const { code = 'source_unreachable', hint } = known ?? {}
      const location = locationOf(node.at)
      this.#report({ severity: 'error', code, message: messageOf(error), path, location, hint })
      return { ...scalarNode(node.at, ''), references: node.references }
    }
  }

  async #text(input: string, node: ScalarNode, path: Path, chain: readonly string[]): Promise<Node> {
    const references = new Set(node.references)
    const steps: string[] = []
    const secrets: string[] = []
    let text = input
    for (;;) {
      const found = findReference(text)
      if (found === undefined) break
      const { start, end } = found
      const uri = text.slice(start + 2, end - 1)
      steps.push(uri)
      this.#guard(chain, steps)
      const isPartSecret = secrets.some((secret) => uri.includes(secret))
      const { reference, retrieved, isLiteral } = await this.#get(uri, node.at, path).catch((error: unknown) => {
        throw isPartSecret ? new Stop('bad_reference', 'a reference with a secret in it leads nowhere') : error
      })
      references.add(reference)
      const isWhole = start === 0 && end === text.length
      if (isWhole && isLiteral) return wholeLiteral(retrieved, references, node.at)
      if (isWhole) {
        const value = whole(retrieved, reference, uri, node.at)
        const inner = await this.node(value, path, [...chain, uri])
        return {
          ...inner,
          ...(await this.#original(inner, retrieved.text, [...chain, uri])),
          references: [...new Set([...references, ...inner.references])],
        }
      }
      const given = isLiteral ? retrieved.text.replaceAll('$', LITERAL_DOLLAR) : retrieved.text
      if (given !== '' && isSecretReference(reference)) secrets.push(given)
      text = text.slice(0, start) + given + text.slice(end)
      if (text.length > MAX_TEXT_LENGTH)
        throw new Stop('config_too_large', `becomes longer than ${MAX_TEXT_LENGTH} characters`)
    }
    this.#warnOfBareName(input, node.at, path)
    const value = text.replaceAll('$$', '$').replaceAll(LITERAL_DOLLAR, '$')
    return { ...scalarNode(node.at, value, { isQuoted: node.isQuoted }), references: [...references] }
  }

  /** The collector once took `$REGION` for a variable, and does no longer: nothing in the file tells. */
  #warnOfBareName(text: string, at: Span, path: Path): void {
    const name = /^\$([A-Z][A-Z0-9_]*)$/.exec(text)?.[1]
    if (name === undefined || !Object.hasOwn(this.#surroundings.env, name)) return
    const message = `${text} is taken as it stands, though there is an environment variable of that name`
    const hint = `write \${env:${name}}`
    this.#report({ severity: 'warning', code: 'bare_variable', message, path, location: locationOf(at), hint })
  }

  /** A mapping from a file may be wanted as text, and then with the references in it resolved. */
  async #original(value: Node, text: string, chain: readonly string[]): Promise<{ original: string | undefined }> {
    if (value.kind === 'scalar' && typeof value.value === 'string') return { original: value.value }
    if (!text.includes('$')) return { original: text }
    const quiet = new Expander(this.#surroundings, this.#retrieved)
    const node = await quiet.node(scalarNode(value.at, text), [], chain)
    return { original: node.kind === 'scalar' && quiet.problems.length === 0 ? String(node.value) : undefined }
  }

  #guard(chain: readonly string[], steps: readonly string[]): void {
    if (chain.length > MAX_CHAIN || steps.length > MAX_IN_TEXT) {
      const circle = [...new Set([...chain, ...steps].slice(-10))]
        .slice(0, 4)
        .map((uri) => `\${${shownUri(parseUri(uri, 'env'))}}`)
      throw new Stop('reference_cycle', `the references go in a circle: ${circle.join(' → ')} → …`)
    }
    if (++this.#expansions > MAX_EXPANSIONS)
      throw new Stop('config_too_large', `more than ${MAX_EXPANSIONS} references in one config`)
  }

  #report(problem: Problem): void {
    const count = (this.#counts[problem.severity] += 1)
    if (count <= MAX_PROBLEMS) this.problems.push(problem)
  }

  async #get(uri: string, at: Span, path: Path): Promise<Gotten> {
    if (uri.includes(LITERAL_DOLLAR))
      throw new Stop('bad_reference', 'a secret with a $ in it is no part of a reference')
    if (uri.includes('$'))
      throw new Stop(
        'bad_reference',
        `\${${uri}} has a $ in it`,
        'references in references are written ${env:${env:X}}',
      )
    const parsed = parseUri(uri, 'env')
    const key = uriText(parsed)
    const retrieved = await this.#ask(parsed)
    const place = `${key} ${path.join()}`
    if (retrieved.warning !== undefined && !this.#warned.has(place)) {
      this.#warned.add(place)
      this.#report({ severity: 'warning', ...retrieved.warning, path, location: locationOf(at) })
    }
    return { reference: shownUri(parsed), retrieved, isLiteral: isSecretSource(key) || this.#isUnknown(parsed) }
  }

  #isUnknown(uri: Uri): boolean {
    return this.#surroundings.isOffline === true && isRemote(uri)
  }

  #ask(uri: Uri): Promise<Retrieved> {
    const asked = this.#retrieved.get(uriText(uri))
    if (asked !== undefined) return asked.given
    const given = Promise.resolve().then(() =>
      this.#isUnknown(uri) ? { text: `\${${shownUri(uri)}}` } : retrieve(uri, this.#surroundings),
    )
    // Whoever needs it looks; nobody may.
    given.catch(() => {})
    this.#retrieved.set(uriText(uri), { uri, given })
    return given
  }
}

interface Gotten {
  readonly reference: string
  readonly retrieved: Retrieved
  /** It has no references in it, and its dollar signs are that. */
  readonly isLiteral: boolean
}

interface Asked {
  readonly uri: Uri
  readonly given: Promise<Retrieved>
}

/** What stands for a whole value: its YAML value, places included when it is a mapping or list from a file. */
function whole(retrieved: Retrieved, reference: string, uri: string, at: Span): Node {
  // An empty default is an empty text; an empty variable or file is nothing.
  if (uri.endsWith(':-') && retrieved.text === '') return scalarNode(at, '', { references: [reference] })
  const value = parseReference(
    new Source(reference, retrieved.text, { isSecret: isSecretReference(reference) }),
    reference,
  )
  if (value.kind === 'scalar') return { ...value, at }
  return isSecretReference(reference) ? withReference(value, reference) : value
}

/** Only JSON becomes a mapping or a list, and no text becomes nothing: to YAML a password may be either. */
function wholeLiteral({ text }: Retrieved, references: ReadonlySet<string>, at: Span): Node {
  const [reference = ''] = references
  const value = parseReference(new Source(reference, text, { isSecret: true }), reference)
  const isText = value.kind === 'scalar' ? value.value === null && text !== '' : !/^\s*[[{]/.test(text)
  let node: Node = isText ? scalarNode(at, text) : value.kind === 'scalar' ? { ...value, at } : value
  for (const one of references) node = withReference(node, one)
  return node
}

/**
 * The first reference that can be resolved now: the innermost of nested ones. A `$$` in front of a brace is a dollar sign
 * and no reference.
 */
export function findReference(text: string): { readonly start: number; readonly end: number } | undefined {
  let start: number | undefined
  for (const { 0: found, index } of text.matchAll(/(?<!\$)\$+\{|\}/g)) {
    if (found !== '}') start = found.length % 2 === 0 ? index + found.length - 2 : undefined
    else if (start !== undefined) return { start, end: index + 1 }
  }
  return undefined
}
