// Command line and environment to one config: sources read, merged, references resolved.
import { dirname, resolve } from 'node:path'
import { expand, type Read } from './expand.ts'
import { parseYaml } from './parse.ts'
import { ConfigError, locationOf, type Problem } from './problem.ts'
import { hideSecrets, isSecretPath, isSecretReference } from './redact.ts'
import {
  isRemote,
  parseUri,
  type Remote,
  RetrieveError,
  retrieve,
  type Surroundings,
  shownUri,
  type Uri,
} from './retrieve.ts'
import { type Location, Source, spanOf } from './source.ts'
import { applySuccessors } from './successors.ts'
import {
  at,
  type ConfigObject,
  isMapping,
  mapNode,
  merge,
  type Node,
  type Path,
  plainOf,
  pruned,
  replaceAt,
} from './tree.ts'

export interface LoadOptions {
  /** `config.yaml`, `file:config.yaml`, `env:VAR`, `yaml:a::b: c`, `https://…`; later ones win. */
  readonly sources: readonly string[]
  /** `a::b=c` or `a.b=c`; the value is YAML; wins over all sources. */
  readonly set?: readonly string[]
  /** Whoever needs only parts of it says which: what is not kept is not resolved either, and not there. */
  readonly keeps?: (path: Path) => boolean
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  readonly fetch?: typeof fetch
  /** What asks AWS; without it there is nothing to be had from there. Opened when a config wants something of it. */
  readonly openRemote?: (env: NodeJS.ProcessEnv) => Promise<Remote>
  /** Nothing is asked that is not on this machine: references to it are taken for whatever a setting wants. */
  readonly isOffline?: boolean
}

export interface LoadedConfig {
  /** Merged, references resolved, typed. No object has a prototype; an empty section is null. */
  readonly root: ConfigObject
  /** The same with places. */
  readonly tree: Node
  readonly warnings: readonly Problem[]
  /** Where the value at a path stands, or what of the path there is. `key`: where its key stands. */
  locate(path: Path, of?: 'key' | 'value'): Location | undefined
  /** Whether the value must not be shown: by the names on its path, or because it came from `${env:TOKEN}`. */
  isSecret(path: Path): boolean
  /** Whether nobody has looked what it is: offline. */
  isUnknown(path: Path): boolean
  /** What it was made from, sources and references, in order. */
  readonly read: readonly Read[]
}

/** The whole YAML in a variable, as ECS task definitions of ADOT give it; it stands for all `--config`. */
const CONTENT_VARIABLE = 'AOT_CONFIG_CONTENT'

/** Rejects with a `ConfigError` that has everything that is wrong. */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const env = options.env ?? process.env
  return withSurroundings(options, async (surroundings) => {
    const problems: Problem[] = []
    const uris = sourcesOf(options.sources, env, problems)
    const read: Read[] = []
    let tree: Node = mapNode(spanOf(new Source('', '')), new Map())
    for (const uri of uris) tree = merge(tree, await readSource(uri, surroundings, problems, read))
    for (const assignment of options.set ?? []) tree = merge(tree, readAssignment(assignment, problems))
    throwErrors(problems)

    const kept = options.keeps === undefined ? tree : pruned(tree, options.keeps)
    const expanded = await expand(kept, surroundings)
    problems.push(...expanded.problems)
    throwErrors(problems)
    const { tree: current, warnings } = applySuccessors(expanded.node)
    return loadedConfig(current, [...problems, ...warnings], {
      read: [...read, ...expanded.read],
      isOffline: surroundings.isOffline,
    })
  })
}

/** What is opened for it is closed after it. */
export async function withSurroundings<T>(
  options: Omit<LoadOptions, 'sources' | 'set'>,
  use: (surroundings: Surroundings) => Promise<T>,
): Promise<T> {
  const { env = process.env, cwd = process.cwd(), openRemote, isOffline = false } = options
  let remote: Promise<Remote> | undefined
  try {
    return await use({
      env,
      cwd,
      isOffline,
      fetch: options.fetch ?? ((...of: Parameters<typeof fetch>) => fetch(...of)),
      remote: openRemote && (() => (remote ??= openRemote(env))),
    })
  } finally {
    remote?.then(
      (opened) => opened.close(),
      // Whoever asked has been told.
      () => {},
    )
  }
}

export function loadedConfig(
  tree: Node,
  warnings: readonly Problem[],
  { read = [], isOffline = false }: { readonly read?: readonly Read[]; readonly isOffline?: boolean | undefined } = {},
): LoadedConfig {
  const root = plainOf(tree)
  return {
    root: isMapping(root) ? root : Object.create(null),
    tree,
    warnings,
    locate: (path, of = 'value') => locate(tree, path, of),
    isSecret(path) {
      const nodes = nodesTo(tree, path)
      const isFromSecret = nodes.some(({ references }) => references.some(isSecretReference))
      return isSecretPath(path) || isFromSecret || (nodes.at(-1)?.at.source.isSecret ?? false)
    },
    isUnknown: (path) =>
      isOffline && nodesTo(tree, path).some(({ references }) => references.some((name) => isRemote(schemeOf(name)))),
    read,
  }
}

/** The value at a path, and those that it is part of. */
const nodesTo = (tree: Node, path: Path): Node[] =>
  Array.from({ length: path.length + 1 }, (_, length) => at(tree, path.slice(0, length))?.node).filter(
    (node) => node !== undefined,
  )

const schemeOf = (reference: string): { scheme: string } => ({ scheme: reference.split(':', 1)[0]! })

function locate(tree: Node, path: Path, of: 'key' | 'value'): Location | undefined {
  for (let length = path.length; length > 0; length--) {
    const found = at(tree, path.slice(0, length))
    if (found === undefined) continue
    const { node, keyAt } = found
    // A section that lacks something is named by its key: its text may be a page long.
    const isKey = keyAt !== undefined && (of === 'key' || length < path.length || node.kind !== 'scalar')
    return locationOf(isKey || node.at.start === node.at.end ? (keyAt ?? node.at) : node.at)
  }
  // What the config as a whole lacks is in none of its lines.
  const { source, line, column } = locationOf({ ...tree.at, end: tree.at.start })
  return source === '' ? undefined : { source, line, column }
}

function sourcesOf(given: readonly string[], env: NodeJS.ProcessEnv, problems: Problem[]): readonly string[] {
  if (env[CONTENT_VARIABLE]) {
    if (given.length > 0) {
      const message = `${CONTENT_VARIABLE} is set: it is read in place of ${given.map(nameOfSource).join(', ')}`
      problems.push({ severity: 'warning', code: 'ignored_source', message, path: [] })
    }
    return [`env:${CONTENT_VARIABLE}`]
  }
  if (given.length === 0) {
    const hint = `give one with --config config.yaml, or its text in ${CONTENT_VARIABLE}; "sluice help" has examples`
    problems.push({ severity: 'error', code: 'no_config', message: 'there is no config', path: [], hint })
  }
  return given
}

/** A source as the command line names it; one that cannot be read says so itself. */
function nameOfSource(text: string): string {
  try {
    return nameOf(parseUri(text, 'file'))
  } catch {
    return text.replace(/:.*$/s, ':…')
  }
}

function nameOf(uri: Uri): string {
  if (uri.scheme === 'file') return uri.rest
  return uri.scheme === 'yaml' ? '--config yaml' : shownUri(uri)
}

async function readSource(uri: string, surroundings: Surroundings, problems: Problem[], read: Read[]): Promise<Node> {
  const nothing = mapNode(spanOf(new Source('', '')), new Map())
  try {
    const parsedUri = parseUri(uri, 'file')
    const { scheme, rest } = parsedUri
    if (surroundings.isOffline && isRemote(parsedUri))
      throw new RetrieveError(
        'source_unreachable',
        `${scheme}: is not read offline`,
        'fetch the config first, and give its file',
      )
    const { text, warning, isSecret } = await retrieve(parsedUri, surroundings)
    const name = nameOf(parsedUri)
    if (warning !== undefined) problems.push({ severity: 'warning', ...warning, path: [] })
    const directory = scheme === 'file' ? dirname(resolve(surroundings.cwd, rest)) : surroundings.cwd
    read.push({ uri: parsedUri, name, text, isWhole: true })
    const source = new Source(name, text, { directory, isSecret: isSecret === true })
    const parsed = parseYaml(source)
    problems.push(...parsed.problems)
    if (parsed.node.kind === 'map') return parsed.node
    if (parsed.node.kind === 'scalar' && parsed.node.value === null)
      return mapNode({ source, start: 0, end: 0 }, new Map())
    const what = parsed.node.kind === 'list' ? 'a list' : 'a single text'
    const message = `a config is a mapping with receivers, exporters and service; this is ${what}`
    problems.push({ severity: 'error', code: 'not_a_config', message, path: [], location: locationOf(parsed.node.at) })
  } catch (error) {
    if (!(error instanceof RetrieveError)) throw error
    problems.push({ severity: 'error', code: error.code, message: error.message, path: [], hint: error.hint })
  }
  return nothing
}

/** `--set processors.batch.timeout=2s`. With `::` in it a dot is a dot: `service::telemetry::resource::service.name=x`. */
function readAssignment(text: string, problems: Problem[]): Node {
  const cut = text.indexOf('=')
  const key = text.slice(0, Math.max(cut, 0)).trim()
  const steps = key.includes('::') ? key.split('::') : key.split('.')
  const source = new Source(`--set ${key}`, cut < 0 ? '' : text.slice(cut + 1).trim(), {
    isSecret: isSecretPath(steps),
  })
  const root = mapNode(spanOf(source), new Map())
  if (cut < 0 || steps.some((step) => step === '')) {
    const message = cut < 0 ? `--set ${hideSecrets(text)} has no =` : `--set ${key}=… has an empty key`
    const hint = 'for example: --set processors::batch::timeout=2s'
    problems.push({ severity: 'error', code: 'bad_assignment', message, path: [], hint })
    return root
  }
  const { node, problems: found } = parseYaml(source)
  problems.push(...found)
  return replaceAt(root, steps, node)
}

function throwErrors(problems: readonly Problem[]): void {
  if (problems.some((problem) => problem.severity === 'error')) throw new ConfigError(problems)
}
