// The example of a component's README, which shows the component, made a config that runs.
import { type Document, isMap, parseDocument } from 'yaml'
import type { Factory } from '../contract/index.ts'
import { type Catalog, type Entry, SECTIONS, sectionOf } from './catalog.ts'

const SIGNALS = ['traces', 'metrics', 'logs'] as const
type Signal = (typeof SIGNALS)[number]

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

export function signalsOf(factory: Factory): readonly Signal[] {
  switch (factory.kind) {
    case 'receiver':
    case 'exporter':
      return SIGNALS.filter((signal) => factory.signals.includes(signal))
    case 'processor':
      return SIGNALS.filter((signal) => factory.create[signal] !== undefined)
    case 'connector':
      return SIGNALS.filter((signal) => factory.routes.some(([from]) => from === signal))
    case 'extension':
      return []
  }
}
