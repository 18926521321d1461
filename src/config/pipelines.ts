// service::pipelines: what each joins, and whether it can work.
import { type ComponentKind, messageOf, SIGNALS } from '../contract/index.ts'
import { problemAt } from './check.ts'
import { formatComponentId, parseComponentId } from './component-id.ts'
import type { LoadedConfig } from './load.ts'
import { nearest } from './nearest.ts'
import type { Problem } from './problem.ts'
import type { ComponentConfig } from './service.ts'
import type { Path } from './tree.ts'

type Signal = (typeof SIGNALS)[number]

/** As written. */
export interface PipelineTexts {
  readonly receivers: readonly string[]
  readonly processors: readonly string[]
  readonly exporters: readonly string[]
}

export interface PipelineConfig {
  /** `traces/eu`. */
  readonly id: string
  readonly signal: Signal
  /** Ids of receivers and connectors. */
  readonly receivers: readonly string[]
  readonly processors: readonly string[]
  /** Ids of exporters and connectors. */
  readonly exporters: readonly string[]
  readonly path: Path
}

const PARTS = [
  ['receivers', 'receiver'],
  ['processors', 'processor'],
  ['exporters', 'exporter'],
] as const

export function checkPipelines(
  loaded: LoadedConfig,
  written: Readonly<Record<string, PipelineTexts>>,
  components: readonly ComponentConfig[],
  problems: Problem[],
): PipelineConfig[] {
  const pipelines: PipelineConfig[] = []
  for (const [name, texts] of Object.entries(written)) {
    const pipeline = readPipeline(loaded, name, texts, components, problems)
    if (pipeline === undefined) continue
    if (pipelines.some((other) => other.id === pipeline.id))
      problems.push(problemAt(loaded, pipeline.path, 'duplicate_id', `${pipeline.id} is here twice`, { at: 'key' }))
    pipelines.push(pipeline)
  }
  if (Object.keys(written).length === 0 && !problems.some(({ path }) => path[0] === 'service'))
    problems.push(
      problemAt(loaded, ['service', 'pipelines'], 'incomplete_pipeline', 'there is no pipeline', {
        hint: 'a pipeline is for example traces: {receivers: [otlp], exporters: [debug]}',
      }),
    )
  problems.push(...ambiguous(loaded, components), ...unused(loaded, components, pipelines))
  problems.push(...loneConnectors(loaded, components, pipelines), ...circles(loaded, components, pipelines))
  return pipelines
}

function readPipeline(
  loaded: LoadedConfig,
  name: string,
  texts: PipelineTexts,
  components: readonly ComponentConfig[],
  problems: Problem[],
): PipelineConfig | undefined {
  const path = ['service', 'pipelines', name]
  const id = readName(loaded, name, path, problems)
  if (id === undefined) return undefined
  const lists: Record<(typeof PARTS)[number][0], string[]> = { receivers: [], processors: [], exporters: [] }
  for (const [part, kind] of PARTS) {
    for (const [index, text] of texts[part].entries()) {
      const at = [...path, part, index]
      const component = readMember(loaded, text, kind, at, components, problems)
      if (component === undefined) continue
      if (!lists[part].includes(component)) lists[part].push(component)
      else problems.push(repeated(loaded, at, kind, component))
    }
    if (texts[part].length === 0 && part !== 'processors')
      problems.push(problemAt(loaded, [...path, part], 'incomplete_pipeline', `a pipeline needs at least one ${kind}`))
  }
  return { ...id, ...lists, path }
}

function readName(
  loaded: LoadedConfig,
  name: string,
  path: Path,
  problems: Problem[],
): { id: string; signal: Signal } | undefined {
  try {
    const id = parseComponentId(name)
    const signal = SIGNALS.find((known) => known === id.type)
    if (signal !== undefined) return { id: formatComponentId(id), signal }
    const meant = id.type === 'profiles' ? undefined : nearest(id.type, SIGNALS)
    const message = id.type === 'profiles' ? 'profiles are not supported' : `a pipeline is of ${SIGNALS.join(', ')}`
    problems.push(
      problemAt(loaded, path, 'unknown_signal', message, {
        at: 'key',
        hint: meant && `did you mean ${name.replace(id.type, meant)}?`,
      }),
    )
  } catch (error) {
    problems.push(
      problemAt(loaded, path, 'bad_id', messageOf(error), {
        at: 'key',
        hint: 'a pipeline is for example traces, or traces/eu',
      }),
    )
  }
  return undefined
}

function readMember(
  loaded: LoadedConfig,
  text: string,
  kind: 'receiver' | 'processor' | 'exporter',
  path: Path,
  components: readonly ComponentConfig[],
  problems: Problem[],
): string | undefined {
  let id: string
  try {
    id = formatComponentId(parseComponentId(text))
  } catch (error) {
    problems.push(problemAt(loaded, path, 'bad_id', messageOf(error)))
    return undefined
  }
  const kinds: readonly ComponentKind[] = kind === 'processor' ? [kind] : [kind, 'connector']
  const candidates = components.filter((component) => kinds.includes(component.kind))
  if (candidates.some((component) => component.id === id)) return id
  const elsewhere = components.find((component) => component.id === id)
  const meant = nearest(
    id,
    candidates.map((component) => component.id),
  )
  // The other way round: what is meant has its own report, of a type that does not exist.
  if (candidates.some((component) => component.id === meant && component.type === undefined)) return undefined
  const hint =
    meant !== undefined
      ? `did you mean ${meant}?`
      : elsewhere !== undefined
        ? `${id} is configured under ${elsewhere.path[0]}`
        : `add ${id}: to ${kind}s`
  problems.push(problemAt(loaded, path, 'undefined_component', `there is no ${kind} ${id} under ${kind}s`, { hint }))
  return undefined
}

/** A processor twice works twice, with one set of settings: nobody means that. Anything else twice is once. */
const repeated = (loaded: LoadedConfig, path: Path, kind: string, id: string): Problem =>
  problemAt(loaded, path, 'repeated_component', `${id} is here twice`, {
    severity: kind === 'processor' ? 'error' : 'warning',
    hint: kind === 'processor' ? `configure a second one: ${id.split('/')[0]}/second` : 'the second one has no effect',
  })

function ambiguous(loaded: LoadedConfig, components: readonly ComponentConfig[]): Problem[] {
  const others = components.filter(({ kind }) => kind === 'receiver' || kind === 'exporter')
  return components
    .filter(({ kind }) => kind === 'connector')
    .flatMap(({ id, path }) => {
      const other = others.find((component) => component.id === id)
      if (other === undefined) return []
      const hint = `give one of them another name: ${id}/connector`
      return [
        problemAt(loaded, path, 'duplicate_id', `${id} is the id of a connector and of ${aKind(other.kind)}`, {
          hint,
          at: 'key',
        }),
      ]
    })
}

export const aKind = (kind: ComponentKind): string => (kind.startsWith('e') ? `an ${kind}` : `a ${kind}`)

function unused(
  loaded: LoadedConfig,
  components: readonly ComponentConfig[],
  pipelines: readonly PipelineConfig[],
): Problem[] {
  const isIn = (id: string, ...parts: readonly (keyof PipelineTexts)[]): boolean =>
    parts.some((part) => pipelines.some((pipeline) => pipeline[part].includes(id)))
  const places: Readonly<Record<ComponentKind, readonly (keyof PipelineTexts)[]>> = {
    extension: [],
    receiver: ['receivers'],
    processor: ['processors'],
    exporter: ['exporters'],
    connector: ['receivers', 'exporters'],
  }
  return components
    .filter(({ kind, id, type }) => kind !== 'extension' && type !== undefined && !isIn(id, ...places[kind]))
    .map(({ path }) =>
      problemAt(loaded, path, 'unused_component', 'is configured and in no pipeline', {
        severity: 'warning',
        at: 'key',
      }),
    )
}

function loneConnectors(
  loaded: LoadedConfig,
  components: readonly ComponentConfig[],
  pipelines: readonly PipelineConfig[],
): Problem[] {
  return components
    .filter(({ kind }) => kind === 'connector')
    .flatMap(({ id, path }) => {
      const ends = pipelines.some(({ exporters }) => exporters.includes(id))
      const begins = pipelines.some(({ receivers }) => receivers.includes(id))
      if (ends === begins) return []
      const message = ends
        ? 'is an exporter of a pipeline and a receiver of none: what goes in comes out nowhere'
        : 'is a receiver of a pipeline and an exporter of none: nothing comes in'
      return [problemAt(loaded, path, 'lone_connector', message, { at: 'key' })]
    })
}

/** Pipelines that lead back into themselves by way of connectors. */
function circles(
  loaded: LoadedConfig,
  components: readonly ComponentConfig[],
  pipelines: readonly PipelineConfig[],
): Problem[] {
  const connectors = new Set(components.filter(({ kind }) => kind === 'connector').map(({ id }) => id))
  const next = (pipeline: PipelineConfig): PipelineConfig[] => {
    const out = pipeline.exporters.filter((id) => connectors.has(id))
    return pipelines.filter(({ receivers }) => receivers.some((id) => out.includes(id)))
  }
  const done = new Set<PipelineConfig>()
  const problems: Problem[] = []
  const visit = (pipeline: PipelineConfig, way: readonly PipelineConfig[]): void => {
    const start = way.indexOf(pipeline)
    if (start >= 0) {
      const names = [...way.slice(start), pipeline].map(({ id }) => id).join(' → ')
      problems.push(
        problemAt(loaded, pipeline.path, 'pipeline_cycle', `pipelines go in a circle: ${names}`, { at: 'key' }),
      )
    } else if (!done.has(pipeline)) {
      for (const following of next(pipeline)) visit(following, [...way, pipeline])
      done.add(pipeline)
    }
  }
  for (const pipeline of pipelines) visit(pipeline, [])
  return problems
}
