// From a command line to a plan: the config read and merged, plugins loaded, every component's settings checked.
import { aliases, components } from '../components.ts'
import {
  type ComponentConfig,
  ConfigError,
  checkReferences,
  checkSchema,
  concealProblem,
  isRemote,
  type KnownComponents,
  knownSecrets,
  type LoadedConfig,
  loadConfig,
  type PluginConfig,
  type Problem,
  parseService,
  problemAt,
  readPlugins,
  type SchemaAt,
  type ServiceConfig,
  type TelemetrySettings,
} from '../config/index.ts'
import { type ComponentKind, type Factory, SIGNALS } from '../contract/index.ts'
import { createRedaction, type Redaction } from '../observe/redaction.ts'
import type { Plan, PlannedComponent } from '../pipeline/plan.ts'
import { loadPlugin, type Plugin, PluginError, type PluginRequest } from './plugins.ts'
import type { ConfigOptions } from './program.ts'
import { openRemote } from './remote.ts'

export interface Assembled {
  readonly plan: Plan
  readonly telemetry: TelemetrySettings
  readonly loaded: LoadedConfig
  readonly service: ServiceConfig
  /** For `printConfig`: what every configured component's settings look like. */
  readonly schemas: readonly SchemaAt[]
  readonly warnings: readonly Problem[]
  /** References to other machines that nobody has followed: offline. A component that needs one of them is not in the plan. */
  readonly unread: readonly string[]
  readonly plugins: readonly Plugin[]
  /** Takes the secrets of the config out of what the agent writes. */
  readonly redaction: Redaction
}

/** Rejects with `ConfigError` (everything that is wrong, at once) or `PluginError`. */
export async function assemble(options: ConfigOptions, pluginApi: URL): Promise<Assembled> {
  const { config: sources, set, isOffline = false } = options
  const loaded = await loadConfig({ sources, set, isOffline, openRemote })
  try {
    return await assembleLoaded(loaded, options, pluginApi)
  } catch (error) {
    throw withoutSecrets(error, loaded)
  }
}

/** What is said of secrets is said without them; a message that was made elsewhere may not know what is one. */
function withoutSecrets(error: unknown, loaded: LoadedConfig): unknown {
  const redaction = createRedaction(knownSecrets(loaded))
  if (error instanceof PluginError) return new PluginError(error.specifier, error.code, redaction.text(error.problem))
  if (!(error instanceof ConfigError)) return error
  return new ConfigError(error.problems.map((one) => redacted(one, loaded, redaction)))
}

function redacted(one: Problem, loaded: LoadedConfig, redaction: Redaction): Problem {
  const { message, hint, location, value, ...problem } = concealProblem(one, loaded)
  return {
    ...problem,
    message: redaction.text(message),
    value: redaction.value(value),
    hint: hint && redaction.text(hint),
    location: location && { ...location, ...(location.text !== undefined && { text: redaction.text(location.text) }) },
  }
}

async function assembleLoaded(loaded: LoadedConfig, options: ConfigOptions, pluginApi: URL): Promise<Assembled> {
  const registry = new Registry()
  const problems: Problem[] = [...loaded.warnings]
  const plugins: Plugin[] = []
  for (const request of pluginRequests(options, loaded, problems)) {
    try {
      const plugin = await loadPlugin(request, pluginApi)
      for (const factory of plugin.factories) registry.add(factory, plugin.specifier)
      plugins.push(plugin)
    } catch (error) {
      if (!(error instanceof PluginError) || request.path === undefined) throw error
      problems.push(problemAt(loaded, request.path, error.code, error.problem))
    }
  }
  // What they were to bring would be missed everywhere.
  if (problems.some(({ severity }) => severity === 'error')) throw new ConfigError(problems)
  const service = parseService(loaded, registry.known)
  problems.push(...service.problems)
  const planned: PlannedComponent[] = []
  const schemas: SchemaAt[] = []
  for (const component of service.components) {
    if (component.type === undefined) continue
    const factory = await registry.load(component.kind, component.type)
    schemas.push({ path: component.path, schema: factory.config })
    problems.push(...misplaced(component, factory, service, loaded))
    const result = checkSchema(factory.config, component.value, component.path, loaded)
    if (result.problems !== undefined) {
      problems.push(...result.problems)
      continue
    }
    problems.push(...result.warnings)
    planned.push({ kind: component.kind, id: component.id, factory, config: result.config })
  }
  const { pipelines, extensions, telemetry } = service
  const plan: Plan = { components: planned.filter((one) => isUsed(one, service)), pipelines, extensions }
  for (const { kind, id, factory, config } of plan.components) {
    const path = service.components.find((one) => one.kind === kind && one.id === id)?.path ?? []
    problems.push(...checkReferences(loaded, { schema: factory.config, config, path }, extensions))
  }
  if (problems.some(({ severity }) => severity === 'error')) throw new ConfigError(problems)
  const redaction = createRedaction(knownSecrets(loaded, schemas))
  const warnings = problems.map((one) => redacted(one, loaded, redaction))
  const unread = options.isOffline ? loaded.read.filter(({ uri }) => isRemote(uri)).map(({ name }) => name) : []
  return { plan, telemetry, loaded, service, schemas, warnings, unread: [...new Set(unread)], plugins, redaction }
}

/** A plugin's factories stand beside the registry's own. */
class Registry {
  readonly #added = new Map<string, Factory>()

  /** A plugin may bring a name that is new, never one that is there: nobody would know which one runs. */
  add(factory: Factory, specifier: string): void {
    const { kind, type } = factory
    if (Object.hasOwn(components[kind], type) || Object.hasOwn(aliases[kind], type)) {
      const problem = `brings the ${kind} ${type}, which sluice has itself: give it another type`
      throw new PluginError(specifier, 'type_taken', problem)
    }
    if (this.#added.has(`${kind}/${type}`)) {
      const problem = `brings the ${kind} ${type}, which another plugin has brought already`
      throw new PluginError(specifier, 'type_taken', problem)
    }
    this.#added.set(`${kind}/${type}`, factory)
  }

  get known(): KnownComponents {
    const types = (kind: ComponentKind): string[] => [
      ...Object.keys(components[kind]),
      ...[...this.#added.values()].filter((factory) => factory.kind === kind).map(({ type }) => type),
    ]
    return {
      aliases,
      types: {
        receiver: types('receiver'),
        processor: types('processor'),
        exporter: types('exporter'),
        connector: types('connector'),
        extension: types('extension'),
      },
    }
  }

  async load(kind: ComponentKind, type: string): Promise<Factory> {
    const added = this.#added.get(`${kind}/${type}`)
    if (added !== undefined) return added
    const load = components[kind][type]
    if (load === undefined) throw new Error(`no ${kind} ${type} in the registry`)
    return (await load()).default
  }
}

/** Those of the command line are relative to the working directory, those of a config to its folder. */
function pluginRequests(
  options: ConfigOptions,
  loaded: LoadedConfig,
  problems: Problem[],
): (PluginRequest & Partial<PluginConfig>)[] {
  const { plugins, problems: found } = readPlugins(loaded)
  problems.push(...found)
  return [...options.plugin.map((specifier) => ({ specifier, folder: process.cwd() })), ...plugins]
}

function isUsed({ kind, id }: PlannedComponent, { pipelines, extensions }: ServiceConfig): boolean {
  if (kind === 'extension') return extensions.includes(id)
  return pipelines.some(
    (pipeline) =>
      (kind === 'processor' && pipeline.processors.includes(id)) ||
      ((kind === 'receiver' || kind === 'connector') && pipeline.receivers.includes(id)) ||
      ((kind === 'exporter' || kind === 'connector') && pipeline.exporters.includes(id)),
  )
}

/** Pipelines whose signal the component does not know. */
function misplaced(
  { kind, id }: ComponentConfig,
  factory: Factory,
  service: ServiceConfig,
  loaded: LoadedConfig,
): Problem[] {
  const part = kind === 'receiver' ? 'receivers' : kind === 'processor' ? 'processors' : 'exporters'
  if (kind === 'extension' || kind === 'connector') return []
  const signals =
    factory.kind === 'receiver' || factory.kind === 'exporter'
      ? factory.signals
      : factory.kind === 'processor'
        ? SIGNALS.filter((signal) => factory.create[signal] !== undefined)
        : []
  return service.pipelines
    .filter((pipeline) => pipeline[part].includes(id) && !signals.includes(pipeline.signal))
    .map((pipeline) => {
      const verb = kind === 'receiver' ? 'make' : 'take'
      const message = `${id} does not ${verb} ${pipeline.signal}, only ${signals.join(', ')}`
      return problemAt(loaded, [...pipeline.path, part], 'wrong_signal', message)
    })
}
