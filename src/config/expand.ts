// `${env:X}`, `${X}`, `${env:X:-default}`, `${file:…}`, `${yaml:…}`, nested ones, and `$$` for a dollar sign: as the collector
// resolves them (confmap/README.md and confmap/expand.go). A value that is one reference takes over the type of what it
// gives; in the middle of a text the text is taken.
import { messageOf } from '../contract/index.ts'
import { parseReference } from './parse.ts'
import { locationOf, type Problem } from './problem.ts'
import { hidePasswords, isSecretReference } from './redact.ts'
import { parseUri, type Retrieved, RetrieveError, retrieve, type Surroundings, type Uri } from './retrieve.ts'
import { Source, type Span } from './source.ts'
import { type Entry, type Node, type Path, type ScalarNode, scalarNode } from './tree.ts'

/** References that give references: more is a circle. */
const MAX_CHAIN = 100
/** References that are replaced in one text, those that come in with others included. */
const MAX_IN_TEXT = 1000
/** In one config; with the next one what keeps references from multiplying without end. */
const MAX_EXPANSIONS = 10_000
const MAX_TEXT_LENGTH = 1024 * 1024
/** Of errors and of warnings; nobody reads more. */
const MAX_PROBLEMS = 1000

export interface Expanded {
  readonly node: Node
  /** Errors and warnings. */
  readonly problems: readonly Problem[]
}

export async function expand(root: Node, surroundings: Surroundings): Promise<Expanded> {
  const expander = new Expander(surroundings)
  const node = await expander.node(root, [], [])
  return { node, problems: expander.problems }
}

/** What stops one value; the rest of the config goes on. */
class Stop extends Error {
  readonly hint: string | undefined
  constructor(message: string, hint?: string) {
    super(message)
    this.hint = hint
  }
}

class Expander {
  readonly problems: Problem[] = []
  readonly #surroundings: Surroundings
  readonly #retrieved = new Map<string, Promise<Retrieved>>()
  readonly #warned = new Set<string>()
  readonly #counts = { error: 0, warning: 0 }
  #expansions = 0

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings
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
      const hint = error instanceof Stop || error instanceof RetrieveError ? error.hint : undefined
      const location = locationOf(node.at)
      this.#report({ severity: 'error', message: messageOf(error), path, location, hint })
      return { ...scalarNode(node.at, ''), references: node.references }
    }
  }

  async #text(input: string, node: ScalarNode, path: Path, chain: readonly string[]): Promise<Node> {
    const references = new Set(node.references)
    const steps: string[] = []
    let text = input
    for (;;) {
      const found = findReference(text)
      if (found === undefined) break
      const { start, end } = found
      const uri = text.slice(start + 2, end - 1)
      steps.push(uri)
      this.#guard(chain, steps)
      const { reference, retrieved } = await this.#get(uri, node.at, path)
      references.add(reference)
      if (start === 0 && end === text.length) {
        const value = whole(retrieved, reference, uri, node.at)
        const inner = await this.node(value, path, [...chain, uri])
        return {
          ...inner,
          ...(await this.#original(inner, retrieved.text, [...chain, uri])),
          references: [...new Set([...references, ...inner.references])],
        }
      }
      text = text.slice(0, start) + retrieved.text + text.slice(end)
      if (text.length > MAX_TEXT_LENGTH) throw new Stop(`becomes longer than ${MAX_TEXT_LENGTH} characters`)
    }
    this.#warnOfBareName(input, node.at, path)
    const value = text.replaceAll('$$', '$')
    return { ...scalarNode(node.at, value, { isQuoted: node.isQuoted }), references: [...references] }
  }

  /** The collector once took `$REGION` for a variable, and does no longer: nothing in the file tells. */
  #warnOfBareName(text: string, at: Span, path: Path): void {
    const name = /^\$([A-Z][A-Z0-9_]*)$/.exec(text)?.[1]
    if (name === undefined || !Object.hasOwn(this.#surroundings.env, name)) return
    const message = `${text} is taken as it stands, though there is an environment variable of that name`
    this.#report({ severity: 'warning', message, path, location: locationOf(at), hint: `write \${env:${name}}` })
  }

  /** A mapping from a file may be wanted as text, and then with the references in it resolved. */
  async #original(value: Node, text: string, chain: readonly string[]): Promise<{ original: string | undefined }> {
    if (value.kind === 'scalar' && typeof value.value === 'string') return { original: value.value }
    if (!text.includes('$')) return { original: text }
    const quiet = new Expander(this.#surroundings)
    const node = await quiet.node(scalarNode(value.at, text), [], chain)
    return { original: node.kind === 'scalar' && quiet.problems.length === 0 ? String(node.value) : undefined }
  }

  #guard(chain: readonly string[], steps: readonly string[]): void {
    if (chain.length > MAX_CHAIN || steps.length > MAX_IN_TEXT) {
      const circle = [...new Set([...chain, ...steps].slice(-10))]
        .slice(0, 4)
        .map((uri) => `\${${nameOf(parseUri(uri, 'env'))}}`)
      throw new Stop(`the references go in a circle: ${circle.join(' → ')} → …`)
    }
    if (++this.#expansions > MAX_EXPANSIONS) throw new Stop(`more than ${MAX_EXPANSIONS} references in one config`)
  }

  #report(problem: Problem): void {
    const count = (this.#counts[problem.severity] += 1)
    if (count <= MAX_PROBLEMS) this.problems.push(problem)
  }

  async #get(uri: string, at: Span, path: Path): Promise<{ reference: string; retrieved: Retrieved }> {
    if (uri.includes('$'))
      throw new Stop(`\${${uri}} has a $ in it`, 'references in references are written ${env:${env:X}}')
    const parsed = parseUri(uri, 'env')
    const key = `${parsed.scheme}:${parsed.rest}`
    let pending = this.#retrieved.get(key)
    if (pending === undefined) {
      pending = Promise.resolve().then(() => retrieve(parsed, this.#surroundings))
      this.#retrieved.set(key, pending)
    }
    const retrieved = await pending
    const place = `${key} ${path.join()}`
    if (retrieved.warning !== undefined && !this.#warned.has(place)) {
      this.#warned.add(place)
      this.#report({ severity: 'warning', message: retrieved.warning, path, location: locationOf(at) })
    }
    return { reference: nameOf(parsed), retrieved }
  }
}

/** A reference as it is shown: without a default, which may be a secret. */
function nameOf({ scheme, rest }: Uri): string {
  if (scheme === 'yaml') return 'yaml:…'
  return scheme === 'env' ? `env:${rest.replace(/:-.*$/s, '')}` : hidePasswords(`${scheme}:${rest}`)
}

/** What stands for a whole value: its YAML value, places included when it is a mapping or list from a file. */
function whole(retrieved: Retrieved, reference: string, uri: string, at: Span): Node {
  // An empty default is an empty text; an empty variable or file is nothing.
  if (uri.endsWith(':-') && retrieved.text === '') return scalarNode(at, '', { references: [reference] })
  const value = parseReference(
    new Source(reference, retrieved.text, { isSecret: isSecretReference(reference) }),
    reference,
  )
  return value.kind === 'scalar' ? { ...value, at } : value
}

/**
 * The first reference that can be resolved now: the innermost of nested ones. A `$$` in front of a brace is a dollar sign
 * and no reference.
 */
export function findReference(text: string): { readonly start: number; readonly end: number } | undefined {
  for (let close = text.indexOf('}'); close >= 0; close = text.indexOf('}', close + 1)) {
    const start = text.lastIndexOf('${', close)
    if (start < 0) continue
    // A brace that was closed before belongs to something else.
    if (text.indexOf('}', start) !== close) continue
    let dollars = 0
    while (start - dollars > 0 && text[start - dollars - 1] === '$') dollars++
    if (dollars % 2 === 0) return { start, end: close + 1 }
  }
  return undefined
}
