// The top level of a config: which components there are, and how `service` joins them.
import { parse } from 'valibot'
import { type ComponentKind, messageOf, type Schema } from '../contract/index.ts'
import { checkSchema, problemAt } from './check.ts'
import { formatComponentId, parseComponentId } from './component-id.ts'
import type { LoadedConfig } from './load.ts'
import { nearest } from './nearest.ts'
import { aKind, checkPipelines, type PipelineConfig, type PipelineTexts } from './pipelines.ts'
import type { Problem } from './problem.ts'
import { anything, record, section, setting, texts } from './schema.ts'
import { goneTypes, successorTypes } from './successors.ts'
import { type TelemetrySettings, telemetrySettings } from './telemetry.ts'
import { at, type ConfigObject, type ConfigValue, isMapping, type Path, plainOf } from './tree.ts'

/** What can be configured: by kind, the types and their other spellings. */
export interface KnownComponents {
  readonly types: Readonly<Record<ComponentKind, readonly string[]>>
  /** Other spelling to type. */
  readonly aliases: Readonly<Record<ComponentKind, Readonly<Record<string, string>>>>
}

export interface ComponentConfig {
  readonly kind: ComponentKind
  /** As configured, without blanks: `otlphttp/eu`. */
  readonly id: string
  /** As the registry calls it: `otlp_http`. Undefined when there is no such type. */
  readonly type: string | undefined
  readonly name: string | undefined
  /** For `checkSchema`, with `path`. */
  readonly value: ConfigValue
  readonly path: Path
}

export interface ServiceConfig {
  /** In the order of the config, extensions first, then receivers, processors, exporters, connectors. */
  readonly components: readonly ComponentConfig[]
  readonly pipelines: readonly PipelineConfig[]
  /** Ids, in the order of their start. */
  readonly extensions: readonly string[]
  readonly telemetry: TelemetrySettings
  /** Errors and warnings; with an error in it, the rest is only what could be read. */
  readonly problems: readonly Problem[]
}

const SECTIONS: readonly (readonly [key: string, kind: ComponentKind])[] = [
  ['extensions', 'extension'],
  ['receivers', 'receiver'],
  ['processors', 'processor'],
  ['exporters', 'exporter'],
  ['connectors', 'connector'],
]

const SECTION_NAMES = [...SECTIONS.map(([key]) => key), 'service', 'plugins']

const pipeline = section({
  receivers: setting(texts, [], 'Ids of receivers, and of connectors that other pipelines end in; at least one.'),
  processors: setting(texts, [], 'Ids of processors, in the order in which they work.'),
  exporters: setting(texts, [], 'Ids of exporters, and of connectors that other pipelines begin with; at least one.'),
})
const serviceEntries = {
  extensions: setting(texts, [], 'Ids of the extensions that run.'),
  pipelines: setting(
    record(setting(pipeline, {}, 'A pipeline.')),
    {},
    'By name: traces, metrics or logs, with /name behind where there are several.',
  ),
  telemetry: setting(telemetrySettings, {}, 'The agent’s own logs, metrics and traces.'),
}
/** `service`. */
export const serviceSettings = section(serviceEntries)

/** Everything about the config but the settings of components, which `checkSchema` checks one by one. */
export function parseService(loaded: LoadedConfig, known: KnownComponents): ServiceConfig {
  const problems: Problem[] = unknownKeys(loaded, loaded.root, SECTION_NAMES, [])
  const components = SECTIONS.flatMap(([key, kind]) => readComponents(loaded, key, kind, known, problems))
  const service = readService(loaded, problems)
  const extensions = readExtensions(loaded, service.extensions, components, problems)
  const pipelines = checkPipelines(loaded, service.pipelines, components, problems)
  return { components, pipelines, extensions, telemetry: service.telemetry, problems }
}

function unknownKeys(loaded: LoadedConfig, of: ConfigObject, names: readonly string[], path: Path): Problem[] {
  return Object.keys(of)
    .filter((key) => !names.includes(key))
    .map((key) => {
      const meant = nearest(key, names)
      const hint = meant === undefined ? `there are ${names.join(', ')}` : `did you mean ${meant}?`
      return problemAt(loaded, [...path, key], 'unknown_section', 'there is no such section', { hint, at: 'key' })
    })
}

function readComponents(
  loaded: LoadedConfig,
  section: string,
  kind: ComponentKind,
  known: KnownComponents,
  problems: Problem[],
): ComponentConfig[] {
  const value = loaded.root[section]
  if (value === undefined || value === null) return []
  if (!isMapping(value)) {
    problems.push(problemAt(loaded, [section], 'wrong_type', 'must be a mapping from ids to settings'))
    return []
  }
  const components: ComponentConfig[] = []
  for (const [written, settings] of Object.entries(value)) {
    const path = [section, written]
    const id = readId(loaded, written, path, problems)
    if (id === undefined) continue
    const { type, name } = id
    const formatted = formatComponentId(id)
    if (components.some((other) => other.id === formatted))
      problems.push(problemAt(loaded, path, 'duplicate_id', `${formatted} is here twice`, { at: 'key' }))
    const found = resolveType(type, kind, known) ?? resolveType(successorTypes[section]?.[type] ?? '', kind, known)
    if (found === undefined)
      problems.push(
        problemAt(loaded, path, 'unknown_component', `there is no ${kind} ${type}`, {
          hint: goneTypes[section]?.[type] ?? otherType(type, kind, known),
          at: 'key',
        }),
      )
    components.push({ kind, id: formatted, type: found, name, value: settings, path })
  }
  return components
}

function readId(
  loaded: LoadedConfig,
  text: string,
  path: Path,
  problems: Problem[],
): ReturnType<typeof parseComponentId> | undefined {
  try {
    return parseComponentId(text)
  } catch (error) {
    problems.push(
      problemAt(loaded, path, 'bad_id', messageOf(error), { at: 'key', hint: 'an id is a type, or type/name' }),
    )
    return undefined
  }
}

const resolveType = (type: string, kind: ComponentKind, { types, aliases }: KnownComponents): string | undefined => {
  if (types[kind].includes(type)) return type
  const alias = Object.hasOwn(aliases[kind], type) ? aliases[kind][type] : undefined
  return alias !== undefined && types[kind].includes(alias) ? alias : undefined
}

/** What someone may have meant who wrote a type that is not there. */
function otherType(type: string, kind: ComponentKind, { types, aliases }: KnownComponents): string {
  const names = [...types[kind], ...Object.keys(aliases[kind])]
  const meant = nearest(type, names)
  if (meant !== undefined) return `did you mean ${meant}?`
  for (const [, other] of SECTIONS)
    if (other !== kind && (types[other].includes(type) || Object.hasOwn(aliases[other], type)))
      return `${type} is ${aKind(other)}`
  return names.length > 0 ? `there are ${types[kind].toSorted().join(', ')}` : `there are no ${kind}s`
}

interface ServiceTexts {
  readonly extensions: readonly string[]
  readonly pipelines: Readonly<Record<string, PipelineTexts>>
  readonly telemetry: TelemetrySettings
}

/** In parts, so that an error in one does not hide those of the others. */
function readService(loaded: LoadedConfig, problems: Problem[]): ServiceTexts {
  const service = loaded.root.service ?? null
  const part = <C>(name: keyof ServiceTexts, schema: Schema<C>, otherwise: C): C => {
    const value = isMapping(service) ? (service[name] ?? null) : null
    return checkPart(loaded, schema, value, ['service', name], problems) ?? otherwise
  }
  if (service !== null && !isMapping(service))
    problems.push(problemAt(loaded, ['service'], 'wrong_type', 'must be a mapping'))
  else problems.push(...unknownKeys(loaded, service ?? {}, Object.keys(serviceEntries), ['service']))
  const written = part('pipelines', setting(record(anything), {}, ''), {})
  const pipelines: Record<string, PipelineTexts> = Object.create(null)
  for (const name of Object.keys(written)) {
    const path = ['service', 'pipelines', name]
    const value = at(loaded.tree, path)?.node
    const read = value && checkPart(loaded, pipeline, plainOf(value), path, problems)
    if (read !== undefined) pipelines[name] = read
  }
  return {
    pipelines,
    extensions: part('extensions', serviceEntries.extensions, []),
    telemetry: part('telemetry', serviceEntries.telemetry, parse(telemetrySettings, {})),
  }
}

function checkPart<C>(
  loaded: LoadedConfig,
  schema: Schema<C>,
  value: unknown,
  path: Path,
  problems: Problem[],
): C | undefined {
  const checked = checkSchema(schema, value, path, loaded)
  if (checked.problems !== undefined) {
    problems.push(...checked.problems)
    return checked.readable
  }
  problems.push(...checked.warnings)
  return checked.config
}

function readExtensions(
  loaded: LoadedConfig,
  texts: readonly string[],
  components: readonly ComponentConfig[],
  problems: Problem[],
): string[] {
  const configured = components.filter(({ kind }) => kind === 'extension')
  const extensions: string[] = []
  for (const [index, text] of texts.entries()) {
    const path = ['service', 'extensions', index]
    const id = readId(loaded, text, path, problems)
    if (id === undefined) continue
    const formatted = formatComponentId(id)
    if (extensions.includes(formatted)) continue
    extensions.push(formatted)
    if (configured.some((component) => component.id === formatted)) continue
    const meant = nearest(
      formatted,
      configured.map((component) => component.id),
    )
    const hint = meant === undefined ? `add ${formatted}: to extensions` : `did you mean ${meant}?`
    problems.push(
      problemAt(loaded, path, 'undefined_component', `there is no extension ${formatted} under extensions`, { hint }),
    )
  }
  for (const { id, path } of configured)
    if (!extensions.includes(id))
      problems.push(
        problemAt(loaded, path, 'unused_component', 'is configured and does not run', {
          severity: 'warning',
          at: 'key',
          hint: 'name it in service::extensions',
        }),
      )
  return extensions
}
