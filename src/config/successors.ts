// What the Go agents have given up and refuse, and we take with a warning: old settings and components become those that
// came after them. The warning names the new spelling, so that a config can be brought up to date.
import { parseEndpoint } from './endpoint.ts'
import { locationOf, type Problem } from './problem.ts'
import type { ProblemCode } from './problem-code.ts'
import type { Span } from './source.ts'
import { at, type Entry, listNode, mapNode, type Node, type Path, removeAt, replaceAt, scalarNode } from './tree.ts'

/** Component types, by section; for `parseService`. */
export const successorTypes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  exporters: { logging: 'debug', awsprometheusremotewrite: 'prometheus_remote_write' },
}

/** Types that are gone, and what does their work now. */
export const goneTypes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  receivers: {
    opencensus: 'send OTLP, and use the receiver otlp',
    jaeger_thrift: 'send OTLP, and use the receiver otlp',
  },
  processors: {
    queued_retry: 'every exporter has sending_queue and retry_on_failure',
    spanmetrics: 'it is a connector now',
    servicegraph: 'it is a connector now',
    routing: 'it is a connector now',
    k8s_tagger: 'it is called k8s_attributes now',
  },
  exporters: {
    jaeger: 'Jaeger takes OTLP: use otlp_grpc',
    opencensus: 'use otlp_grpc',
    sapm: 'use otlp_http with the header X-SF-Token',
    dynatrace: 'Dynatrace takes OTLP: use otlp_http',
    newrelic: 'New Relic takes OTLP: use otlp_grpc',
    stackdriver: 'it is called googlecloud now',
  },
  extensions: { fluentbit: 'run Fluent Bit beside the agent' },
}

/** A setting that is taken, with a warning, for what came after it. */
export interface FormerSetting {
  readonly from: readonly string[]
  /** Nothing: it has no effect any more. */
  readonly to: readonly string[] | undefined
  /** Its values are those of the new one. */
  readonly isSameValue: boolean
}

/** For the manual: what was once in a component (by the name that is written), or in a part of `service`. */
export const formerSettings = (section: string, type: string): FormerSetting[] => [
  ...SETTINGS.filter((rule) => rule.section === section && rule.types.includes(type)).map(({ from, to, convert }) => ({
    from,
    to,
    isSameValue: convert === undefined,
  })),
  ...(section === 'exporters' && type === 'awsprometheusremotewrite'
    ? [{ from: ['aws_auth'], to: ['auth'], isSameValue: false }]
    : []),
  ...(section === 'service' && type === 'telemetry'
    ? [{ from: ['metrics', 'address'], to: ['metrics', 'readers'], isSameValue: false }]
    : []),
]

export interface Succeeded {
  readonly tree: Node
  readonly warnings: readonly Problem[]
}

export function applySuccessors(root: Node): Succeeded {
  const state: State = { tree: root, warnings: [] }
  for (const rule of SETTINGS) for (const path of componentsOf(state.tree, rule)) move(state, path, rule)
  for (const [section, types] of Object.entries(successorTypes))
    for (const [type, successor] of Object.entries(types))
      for (const path of componentsOf(state.tree, { section, types: [type] }))
        warn(state, path, 'deprecated_name', `${type} is gone; it is run as ${successor}`)
  removeBallast(state)
  moveAddress(state)
  signRemoteWrite(state)
  return state
}

interface State {
  tree: Node
  readonly warnings: Problem[]
}

interface Rule {
  readonly section: string
  readonly types: readonly string[]
  readonly from: readonly string[]
  /** Nothing: the setting has no meaning any more. */
  readonly to?: readonly string[]
  /** The old value as a new one. */
  readonly convert?: (node: Node) => Node
  readonly why?: string
}

const OTLP = ['otlp', 'otlp_grpc', 'otlphttp', 'otlp_http', 'jaeger', 'loadbalancing']
const TLS = ['insecure', 'ca_file', 'cert_file', 'key_file', 'server_name_override', 'insecure_skip_verify'] as const

const SETTINGS: readonly Rule[] = [
  { section: 'exporters', types: ['logging', 'debug'], from: ['loglevel'], to: ['verbosity'], convert: verbosityOf },
  ...TLS.map((name): Rule => ({ section: 'exporters', types: OTLP, from: [name], to: ['tls', name] })),
  { section: 'exporters', types: OTLP, from: ['tls_settings'], to: ['tls'] },
  ...['grpc', 'http'].map(
    (protocol): Rule => ({
      section: 'receivers',
      types: ['otlp'],
      from: ['protocols', protocol, 'tls_settings'],
      to: ['protocols', protocol, 'tls'],
    }),
  ),
  ...['origins', 'headers'].map(
    (what): Rule => ({
      section: 'receivers',
      types: ['otlp'],
      from: ['protocols', 'http', `cors_allowed_${what}`],
      to: ['protocols', 'http', 'cors', `allowed_${what}`],
    }),
  ),
  {
    section: 'processors',
    types: ['memory_limiter'],
    from: ['ballast_size_mib'],
    why: 'there is no garbage to keep in check with a ballast',
  },
  {
    section: 'extensions',
    types: ['health_check'],
    from: ['port'],
    to: ['endpoint'],
    convert: (node) => scalarNode(node.at, `0.0.0.0:${node.original ?? ''}`),
  },
]

function verbosityOf(node: Node): Node {
  const old = node.kind === 'scalar' ? String(node.value).toLowerCase() : ''
  const verbosity = { debug: 'detailed', info: 'normal', warn: 'basic', error: 'basic' }[old]
  // What was no level then is left for the new setting to refuse.
  return verbosity === undefined ? node : scalarNode(node.at, verbosity)
}

/** Paths of the components of some types. */
function componentsOf(tree: Node, { section, types }: Pick<Rule, 'section' | 'types'>): Path[] {
  const node = at(tree, [section])?.node
  if (node?.kind !== 'map') return []
  return [...node.entries.keys()].filter((id) => types.includes(id.split('/')[0]!.trim())).map((id) => [section, id])
}

function move(state: State, component: Path, { from, to, convert, why }: Rule): void {
  const old = at(state.tree, [...component, ...from])
  if (old === undefined) return
  const path = [...component, ...from]
  const isTaken = to !== undefined && at(state.tree, [...component, ...to]) !== undefined
  if (to === undefined) warn(state, path, 'no_effect', `has no effect${why ? `: ${why}` : ''}`)
  else if (isTaken) warn(state, path, 'no_effect', `has no effect beside ${to.join('::')}, which has taken its place`)
  else warn(state, path, 'deprecated_name', `is called ${to.join('::')} now`)
  state.tree = removeAt(state.tree, path)
  if (to !== undefined && !isTaken)
    state.tree = replaceAt(state.tree, [...component, ...to], convert ? convert(old.node) : old.node, old.keyAt)
}

function warn(state: State, path: Path, code: ProblemCode, message: string): void {
  const found = at(state.tree, path)
  const location = found && locationOf(found.keyAt ?? found.node.at)
  state.warnings.push({ severity: 'warning', code, message, path, location })
}

/** The ballast kept Go's garbage collector calm. */
function removeBallast(state: State): void {
  const paths = componentsOf(state.tree, { section: 'extensions', types: ['memory_ballast'] })
  for (const path of paths) {
    warn(state, path, 'no_effect', 'has no effect: there is no garbage to keep in check with a ballast')
    state.tree = removeAt(state.tree, path)
  }
  const running = runningExtensions(state.tree)
  const items = running.filter((item) => !/^\s*memory_ballast\s*(\/|$)/.test(item.original ?? ''))
  if (items.length < running.length) state.tree = withExtensions(state.tree, items, state.tree.at)
}

/** `service::extensions`; as in the collector one text stands for a list, cut at its commas. */
function runningExtensions(tree: Node): readonly Node[] {
  const running = at(tree, ['service', 'extensions'])?.node
  if (running?.kind === 'list') return running.items
  const texts = running?.kind === 'scalar' && running.original ? running.original.split(',') : []
  return texts.map((text) => scalarNode(running!.at, text))
}

function withExtensions(tree: Node, items: readonly Node[], otherwise: Span): Node {
  const where = at(tree, ['service', 'extensions'])?.node.at ?? otherwise
  return replaceAt(tree, ['service', 'extensions'], listNode(where, items), otherwise)
}

/** `service::telemetry::metrics::address` is a reader that is pulled. */
function moveAddress(state: State): void {
  const metrics = ['service', 'telemetry', 'metrics']
  const path = [...metrics, 'address']
  const address = at(state.tree, path)?.node
  if (address === undefined) return
  const isTaken = at(state.tree, [...metrics, 'readers']) !== undefined
  const where = at(state.tree, path)?.keyAt ?? address.at
  warn(
    state,
    path,
    isTaken ? 'no_effect' : 'deprecated_name',
    isTaken
      ? 'has no effect beside readers'
      : 'is a reader now: readers: [{pull: {exporter: {prometheus: {host, port}}}}]',
  )
  state.tree = removeAt(state.tree, path)
  if (isTaken || address.original === '' || address.original === undefined) return
  const inside = (entries: Readonly<Record<string, Node>>): Node =>
    mapNode(
      where,
      new Map(Object.entries(entries).map(([key, node]): [string, Entry] => [key, { keyAt: where, node }])),
    )
  const { host, port } = hostAndPort(address.original)
  const prometheus = inside({ host: scalarNode(address.at, host), port: scalarNode(address.at, port) })
  const reader = inside({ pull: inside({ exporter: inside({ prometheus }) }) })
  state.tree = replaceAt(state.tree, [...metrics, 'readers'], listNode(where, [reader]), where)
}

/** What is no address is left for the reader's settings to refuse. */
function hostAndPort(text: string): { host: string; port: number | string } {
  try {
    const { host, port } = parseEndpoint(text)
    return { host: host || '0.0.0.0', port: port ?? text }
  } catch {
    return { host: 'localhost', port: text }
  }
}

/** `aws_auth` of awsprometheusremotewrite is an extension now. */
function signRemoteWrite(state: State): void {
  for (const path of componentsOf(state.tree, { section: 'exporters', types: ['awsprometheusremotewrite'] })) {
    const auth = at(state.tree, [...path, 'aws_auth'])
    if (auth === undefined) continue
    const id = `sigv4auth/${String(path[1]).replace('/', '_')}`
    warn(
      state,
      [...path, 'aws_auth'],
      'deprecated_name',
      `is an extension now: ${id}, named in auth::authenticator and service::extensions`,
    )
    const role = at(auth.node, ['role_arn'])?.node
    let settings = removeAt(auth.node, ['role_arn'])
    if (role !== undefined) settings = replaceAt(settings, ['assume_role', 'arn'], role)
    const where = auth.keyAt ?? auth.node.at
    const name = scalarNode(where, id)
    state.tree = removeAt(state.tree, [...path, 'aws_auth'])
    state.tree = replaceAt(state.tree, [...path, 'auth', 'authenticator'], name, where)
    state.tree = replaceAt(state.tree, ['extensions', id], settings, where)
    state.tree = withExtensions(state.tree, [...runningExtensions(state.tree), name], where)
  }
}
