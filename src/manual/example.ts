// The example of a component's README, which shows the component, made a config that runs.
import { Document, isMap, isNode, parseDocument } from 'yaml'
import type { Shape } from '../config/index.ts'
import { type Factory, SIGNALS } from '../contract/index.ts'
import { type Catalog, type Entry, SECTIONS, sectionOf, signalsOf } from './catalog.ts'

/** For a schema beside the file, as docs/config.md tells. */
const MODELINE = '# yaml-language-server: $schema=./sluice.schema.json'
const ORDER = ['plugins', 'extensions', 'receivers', 'processors', 'exporters', 'connectors', 'service']

/** What is missing: a receiver, an exporter, the pipelines of the signals that the components know. */
export function completed(yaml: string, { factory }: Entry, catalog: Catalog): string {
  const document = parseDocument(yaml)
  if (!document.hasIn(['service', 'pipelines'])) join(document, factory, catalog)
  const { receivers, exporters } = namedIn(document)
  if (receivers.has('otlp') && !document.hasIn(['receivers', 'otlp'])) {
    document.setIn(['receivers', 'otlp', 'protocols', 'grpc', 'endpoint'], '127.0.0.1:4317')
    document.setIn(['receivers', 'otlp', 'protocols', 'http', 'endpoint'], '127.0.0.1:4318')
  }
  if (exporters.has('debug') && !document.hasIn(['exporters', 'debug'])) document.setIn(['exporters', 'debug'], null)
  if (exporters.has('otlp_http') && !document.hasIn(['exporters', 'otlp_http']))
    document.setIn(['exporters', 'otlp_http', 'endpoint'], 'http://127.0.0.1:14318')
  if (isMap(document.contents))
    document.contents.items.sort((a, b) => ORDER.indexOf(String(a.key)) - ORDER.indexOf(String(b.key)))
  const text = document.toString({ lineWidth: 0, nullStr: '' })
  return `${MODELINE}\n${text.replaceAll(/(?<=[:[,] *)\[ (.*?) \]/g, '[$1]')}`
}

function join(document: Document, factory: Factory, catalog: Catalog): void {
  const ids = (section: string): string[] => {
    const value: unknown = document.toJS()?.[section]
    return typeof value === 'object' && value !== null ? Object.keys(value) : []
  }
  const entries = SECTIONS.flatMap((section) =>
    ids(section).flatMap((id) => {
      const found = catalog[section].find(({ names }) => names.some(({ name }) => name === id.split('/')[0]))
      return found === undefined || section === 'extensions' ? [] : [found]
    }),
  )
  const signals = SIGNALS.filter((signal) => entries.every((entry) => signalsOf(entry.factory).includes(signal)))
  const or = (found: readonly string[], otherwise: string): readonly string[] =>
    found.length > 0 ? found : [otherwise]
  if (ids('extensions').length > 0)
    document.setIn(['service', 'extensions'], document.createNode(ids('extensions'), { flow: true }))
  // Extensions alone need a pipeline, too; one is enough.
  for (const signal of sectionOf(factory.kind) === 'extensions' ? signals.slice(0, 1) : signals) {
    const pipeline = {
      receivers: or(ids('receivers'), 'otlp'),
      ...(ids('processors').length > 0 && { processors: ids('processors') }),
      exporters: or(ids('exporters'), 'debug'),
    }
    const path = ['service', 'pipelines', signal]
    for (const [part, names] of Object.entries(pipeline))
      document.setIn([...path, part], document.createNode(names, { flow: true }))
  }
}

/** Ids that pipelines name. */
function namedIn(document: Document): Record<'receivers' | 'exporters', ReadonlySet<string>> {
  const pipelines: Record<string, Record<string, string[]>> = document.toJS().service.pipelines
  const all = (part: string): ReadonlySet<string> =>
    new Set(Object.values(pipelines).flatMap((pipeline) => pipeline[part] ?? []))
  return { receivers: all('receivers'), exporters: all('exporters') }
}

/** One setting where it stands: as in a given config if it is there, else with its default, else with a value of its kind. */
export function exampleAt(path: readonly string[], shape: Shape, config: string | undefined): string {
  // Items of lists are shown in their list.
  const end = path.findIndex((step) => step === '[]' || step === '<name>')
  const steps = end < 0 ? path : path.slice(0, end)
  const given: unknown = config === undefined ? undefined : parseDocument(config).getIn(steps)
  const document = new Document({})
  const value = given ?? (end < 0 ? sampleOf(shape) : '…')
  document.setIn(steps, isNode(value) ? value : document.createNode(value, { flow: Array.isArray(value) }))
  return document.toString({ lineWidth: 0, nullStr: '' }).replaceAll(/(?<=[:[,] *)\[ (.*?) \]/g, '[$1]')
}

function sampleOf(shape: Shape): unknown {
  const { kind, byDefault, allowed, least } = shape
  const isSomething = byDefault !== undefined && byDefault !== '' && byDefault !== null
  if (isSomething && (typeof byDefault !== 'object' || Object.keys(byDefault).length > 0)) return byDefault
  switch (kind) {
    case 'section':
      return null
    case 'record':
    case 'headers':
      return { name: kind === 'headers' ? '${env:SECRET}' : '…' }
    case 'list':
      return [shape.of() === undefined ? '…' : sampleOf(shape.of()!)]
    case 'texts':
      return ['…']
    case 'choice':
      return allowed?.find((word) => word !== '')
    case 'flag':
      return true
    case 'integer':
    case 'number':
      return least !== undefined && least > 0 ? least : 1
    case 'duration':
      return '10s'
    case 'milliseconds':
      return 10_000
    case 'size':
      return '10MiB'
    case 'endpoint':
      return 'localhost:4317'
    case 'url':
      return 'https://example.com'
    case 'secret':
      return '${env:SECRET}'
    case 'union':
      return shape.options()[0] === undefined ? '…' : sampleOf(shape.options()[0]!)
    default:
      return '…'
  }
}
