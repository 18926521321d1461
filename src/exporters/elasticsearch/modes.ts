// Which mapping mode writes the documents of a scope: the one that the scope asks for, else the sender, else the config's.
import type { Context, LogRecord, Resource, Scope, Signal } from '../../data/index.ts'
import { createBodyMapLogs } from '../../search/body-map.ts'
import { type ElasticsearchConfig, type ModeName, modeNamed } from './config.ts'
import { MODE_HEADER } from './delivery.ts'
import type { Documents, PointDocuments, SpanDocuments } from './documents.ts'
import { createEcsLogs, createEcsPoints, createEcsSpans } from './ecs.ts'
import { createOriginalLogs, createOriginalSpans } from './original.ts'
import { createOtelLogs, createOtelSpans, type OtelOptions } from './otel.ts'
import { createOtelPoints } from './otel-metrics.ts'
import { fixedIndexOf, type RouteOptions } from './route.ts'

interface ByMode {
  readonly logs: Documents<LogRecord>
  readonly traces: SpanDocuments
  readonly metrics: PointDocuments
}

/** Undefined: the mode has no documents of that signal. */
function create<S extends Signal>(signal: S, mode: ModeName, options: OtelOptions): ByMode[S] | undefined {
  const { now } = options
  const isRaw = mode === 'raw'
  const makers: { readonly [M in ModeName]: { readonly [T in Signal]?: () => ByMode[T] } } = {
    otel: {
      logs: () => createOtelLogs(options),
      traces: () => createOtelSpans(options),
      metrics: () => createOtelPoints(options),
    },
    ecs: { logs: () => createEcsLogs({ now }), traces: createEcsSpans, metrics: () => createEcsPoints({ now }) },
    none: { logs: () => createOriginalLogs({ isRaw, now }), traces: () => createOriginalSpans({ isRaw, now }) },
    raw: { logs: () => createOriginalLogs({ isRaw, now }), traces: () => createOriginalSpans({ isRaw, now }) },
    bodymap: { logs: createBodyMapLogs },
  }
  return makers[mode][signal]?.()
}

/** A mode that is at work, and what it changes about where documents go. */
export interface Mode<D> {
  readonly documents: D
  readonly options: RouteOptions
}

export class Modes<S extends Signal> {
  readonly #signal: S
  readonly #own: ModeName
  readonly #allowed: ReadonlySet<ModeName>
  readonly #options: OtelOptions
  readonly #made = new Map<ModeName, Mode<ByMode[S]> | undefined>()
  /** That know the resource at hand. */
  readonly #informed = new Set<ModeName>()
  #resource: Resource | undefined
  #wanted: string | undefined
  /** Of the scope at hand; a text is the reason why its items have no documents. */
  current: Mode<ByMode[S]> | string = 'unsupported_mapping_mode'

  constructor(signal: S, { mapping, ...config }: ElasticsearchConfig, now: () => number) {
    this.#signal = signal
    this.#own = modeNamed(mapping.mode) ?? 'otel'
    this.#allowed = new Set(mapping.allowed_modes.map((name) => modeNamed(name) ?? 'otel'))
    this.#options = { isStream: fixedIndexOf(signal, config) === '' && !config.logstash_format.enabled, now }
  }

  batch(metadata: Context['metadata']): void {
    this.#wanted = metadata.get(MODE_HEADER)?.[0]
    this.#informed.clear()
  }

  resource(resource: Resource): void {
    this.#resource = resource
    this.#informed.clear()
  }

  scope(scope: Scope): void {
    const wanted = scope.attributes.getString('elastic.mapping.mode') ?? this.#wanted
    const name = wanted === undefined ? this.#own : modeNamed(wanted)
    if (name === undefined || !this.#allowed.has(name)) {
      this.current = 'mapping_mode_not_allowed'
      return
    }
    const mode = this.#mode(name)
    this.current = mode ?? 'unsupported_mapping_mode'
    if (mode === undefined) return
    if (!this.#informed.has(name)) mode.documents.resource(this.#resource!)
    this.#informed.add(name)
    mode.documents.scope(scope)
  }

  #mode(name: ModeName): Mode<ByMode[S]> | undefined {
    if (!this.#made.has(name)) {
      const documents = create(this.#signal, name, this.#options)
      const options = { isOtel: name === 'otel', hasOwnType: name === 'bodymap' }
      this.#made.set(name, documents && { documents, options })
    }
    return this.#made.get(name)
  }
}
