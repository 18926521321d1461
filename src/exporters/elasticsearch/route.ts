// Where a document goes: the one index of the config, the index that an attribute names, or the data stream
// <type>-<dataset>-<namespace> of its attributes. https://www.elastic.co/docs/manage-data/data-store/data-streams
import type { Attributes, Instant, Resource, Scope, Signal } from '../../data/index.ts'
import { compileIndexName, type NameIndex, tidyIndexName, tidyIndexPart } from '../../search/index-name.ts'
import { type FormatTime, strftime } from '../../search/time-format.ts'
import { keptText } from '../../wire/kept.ts'
import type { ElasticsearchConfig } from './config.ts'
import { HINT, Hints } from './hints.ts'

export interface Route {
  readonly index: string
  /** Undefined for an index that is none. */
  readonly stream: DataStream | undefined
}

export interface DataStream {
  readonly type: string
  readonly dataset: string
  readonly namespace: string
  /** `"data_stream":{"type":…}` */
  readonly field: Buffer
}

/** What a mapping mode changes. */
export interface RouteOptions {
  /** Datasets end with `.otel`. */
  readonly isOtel: boolean
  /** Attributes may say that it is of another type. */
  readonly hasOwnType: boolean
}

export class Router {
  readonly #type: Signal
  readonly #fixed: NameIndex | undefined
  readonly #date: { readonly separator: string; readonly format: FormatTime } | undefined
  readonly #parent = new Hints()
  /** What the scope, or else its resource, says. */
  #index = ''
  #dataset = ''
  #namespace = ''
  #dataStreamType = ''
  readonly #routes = new Map<string, Route>()
  /** The one before: nearly always the same again. */
  #last: Route | undefined
  #lastKey: readonly [type: string, dataset: string, namespace: string, isOtel: boolean] = ['', '', '', false]

  constructor(signal: Signal, { logstash_format, ...config }: ElasticsearchConfig) {
    this.#type = signal
    const { prefix_separator: separator, date_format } = logstash_format
    this.#date = logstash_format.enabled ? { separator, format: strftime(date_format) } : undefined
    const pattern = fixedIndexOf(signal, config)
    this.#fixed = pattern === '' ? undefined : compileIndexName({ pattern, fallback: '', date: this.#date })
  }

  /** Comes before what is in the scope. */
  scope(scope: Scope, resource: Resource): void {
    if (this.#fixed !== undefined) return
    this.#index = this.#dataset = this.#namespace = this.#dataStreamType = ''
    const hints = this.#parent
    for (const { attributes } of [scope, resource]) {
      hints.open(attributes)
      this.#index ||= hints.text(HINT.INDEX) || hints.text(HINT.OLD_INDEX)
      this.#dataset ||= hints.text(HINT.DATASET)
      this.#namespace ||= hints.text(HINT.NAMESPACE)
      this.#dataStreamType ||= hints.text(HINT.TYPE)
    }
    this.#dataset ||= RECEIVER.exec(scope.name)?.[1] ?? ''
  }

  /** `hints` have been opened on the item's attributes. */
  route(
    options: RouteOptions,
    time: Instant,
    hints: Hints,
    attributes: Attributes,
    scope: Scope,
    resource: Resource,
  ): Route {
    if (this.#fixed !== undefined) return routeTo(this.#fixed(time, attributes, scope, resource))
    const index = hints.text(HINT.INDEX) || hints.text(HINT.OLD_INDEX) || this.#index
    if (index !== '') return routeTo(this.#dated(tidyIndexName(tidyIndexPart(index)), time))
    const dataset = hints.text(HINT.DATASET) || this.#dataset
    const namespace = hints.text(HINT.NAMESPACE) || this.#namespace
    const wanted = options.hasOwnType ? hints.text(HINT.TYPE) || this.#dataStreamType : ''
    const type = wanted === 'logs' || wanted === 'metrics' ? wanted : this.#type
    const route = this.#streamOf(type, dataset, namespace, options.isOtel)
    return this.#date === undefined ? route : routeTo(this.#dated(route.index, time))
  }

  #dated(index: string, time: Instant): string {
    return this.#date === undefined ? index : index + this.#date.separator + this.#date.format(time)
  }

  #streamOf(type: string, dataset: string, namespace: string, isOtel: boolean): Route {
    const [lastType, lastDataset, lastNamespace, wasOtel] = this.#lastKey
    const isSame = type === lastType && dataset === lastDataset && namespace === lastNamespace && isOtel === wasOtel
    if (this.#last !== undefined && isSame) return this.#last
    const key = `${type}\0${dataset}\0${namespace}\0${isOtel}`
    let route = this.#routes.get(key)
    if (route === undefined) {
      if (this.#routes.size >= MAX_ROUTES) this.#routes.clear()
      route = dataStream(type, dataset || 'generic', namespace || 'default', isOtel ? '.otel' : '')
      this.#routes.set(key, route)
    }
    this.#last = route
    this.#lastKey = [type, dataset, namespace, isOtel]
    return route
  }
}

/** Empty: each document goes where its attributes say. */
export const fixedIndexOf = (signal: Signal, config: Pick<ElasticsearchConfig, `${Signal}_index` | 'index'>): string =>
  config[`${signal}_index`] || (signal === 'logs' ? config.index : '')

/** Names come from attributes: there is no end to them. */
const MAX_ROUTES = 1000

/** The collector's own receivers: `…/receiver/hostmetricsreceiver/internal/scraper/cpuscraper`. */
const RECEIVER = /\/receiver\/(\w*receiver)/

const routes = new Map<string, Route>()
function routeTo(index: string): Route {
  let route = routes.get(index)
  if (route === undefined) {
    if (routes.size >= MAX_ROUTES) routes.clear()
    route = { index, stream: undefined }
    routes.set(index, route)
  }
  return route
}

function dataStream(type: string, dataset: string, namespace: string, suffix: string): Route {
  const stream = {
    type,
    dataset: tidyPart(dataset, NO_DATASET, MAX_PART_BYTES - suffix.length) + suffix,
    namespace: tidyPart(namespace, NO_NAMESPACE, MAX_PART_BYTES),
  }
  return {
    index: `${type}-${stream.dataset}-${stream.namespace}`,
    stream: { ...stream, field: keptText(`"data_stream":${JSON.stringify(stream)}`) },
  }
}

const MAX_PART_BYTES = 100
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are refused as well
const NO_NAMESPACE = /[\\/*?"<>| ,#:\x00-\x1f\x7f]/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are refused as well
const NO_DATASET = /[-\\/*?"<>| ,#:\x00-\x1f\x7f]/g

function tidyPart(text: string, refused: RegExp, maxBytes: number): string {
  const tidy = text.toLowerCase().replace(refused, '_')
  if (Buffer.byteLength(tidy) <= maxBytes) return tidy
  return Buffer.from(tidy)
    .toString('utf8', 0, maxBytes)
    .replace(/\ufffd+$/, '')
}
