// The same visitors over plain objects: what the views must do, written the obvious way.
import type { Attributes } from '../../src/data/attributes.ts'
import type { Signal } from '../../src/data/signal.ts'
import type { Plain } from './random.ts'

/** What a random visitor does at one hook; runs against a view or against a plain node. */
export interface Target {
  readonly attributes: Pick<Attributes, 'has' | 'set' | 'delete'>
  name: string
  kind: number
  setStatus(code: 0 | 1 | 2, message: string): void
  severityText: string
  body: string
  unit: string
  readonly type: string | undefined
  temporality: 'unspecified' | 'delta' | 'cumulative'
}
export type Edit = (node: Target, resource: Target) => boolean | void
export interface Edits {
  onResource?: Edit
  onScope?: Edit
  onMetric?: Edit
  onItem?: Edit
  writesParents?: boolean
}

const lists: Readonly<Record<Signal, readonly [string, string, string]>> = {
  traces: ['resourceSpans', 'scopeSpans', 'spans'],
  logs: ['resourceLogs', 'scopeLogs', 'logRecords'],
  metrics: ['resourceMetrics', 'scopeMetrics', 'metrics'],
}
const containers = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary']

/** Edits the plain message in place, one visitor at a time. */
export function applyModel(signal: Signal, message: Plain, edits: Edits): void {
  const [resources, scopes, items] = lists[signal]
  filterIn(message, resources, (entry) => {
    const resource = targetOf(child(entry, 'resource'), () => (entry.resource ?? {}) as Plain)
    if (edits.onResource?.(resource, resource) === false) return false
    return filterIn(entry, scopes, (scopeEntry) => {
      if (
        edits.onScope?.(
          targetOf(child(scopeEntry, 'scope'), () => (scopeEntry.scope ?? {}) as Plain),
          resource,
        ) === false
      )
        return false
      if (signal !== 'metrics')
        return filterIn(
          scopeEntry,
          items,
          (item) =>
            edits.onItem?.(
              targetOf(() => item),
              resource,
            ) !== false,
        )
      return filterIn(scopeEntry, items, (metric) => {
        if (
          edits.onMetric?.(
            targetOf(() => metric),
            resource,
          ) === false
        )
          return false
        for (const name of containers) {
          const container = metric[name] as Plain | undefined
          if (
            container &&
            !filterIn(
              container,
              'dataPoints',
              (point) =>
                edits.onItem?.(
                  targetOf(() => point),
                  resource,
                ) !== false,
            )
          )
            return false
        }
        return true
      })
    })
  })
}

/** False when it had entries and has none left. */
function filterIn(node: Plain, name: string, keep: (entry: Plain) => boolean): boolean {
  const list = (node[name] ?? []) as Plain[]
  const left = list.filter(keep)
  if (list.length > 0) node[name] = left
  return list.length === 0 || left.length > 0
}

const child = (entry: Plain, name: string) => (): Plain => (entry[name] ??= {}) as Plain

/** `peek` reads without making what is not there. */
function targetOf(node: () => Plain, peek = node): Target {
  const list = (): Plain[] => (node().attributes ??= []) as Plain[]
  return {
    attributes: {
      has: (key) => ((peek().attributes ?? []) as Plain[]).some((entry) => (entry.key ?? '') === key),
      set(key, value) {
        const encoded =
          typeof value === 'string'
            ? { stringValue: value }
            : typeof value === 'boolean'
              ? { boolValue: value }
              : typeof value === 'bigint' || Number.isSafeInteger(value)
                ? { intValue: String(value) }
                : { doubleValue: value }
        const entry = list().find((candidate) => (candidate.key ?? '') === key)
        if (entry) entry.value = encoded
        else list().push({ key, value: encoded })
      },
      delete(key) {
        if (!this.has(key)) return false
        const before = list().length
        node().attributes = list().filter((entry) => (entry.key ?? '') !== key)
        return list().length < before
      },
    },
    set name(name: string) {
      node().name = name
    },
    get type() {
      return containers.find((name) => peek()[name])
    },
    set temporality(temporality: Target['temporality']) {
      const data = peek()[this.type!] as Plain
      data.aggregationTemporality = ['unspecified', 'delta', 'cumulative'].indexOf(temporality)
    },
    set unit(unit: string) {
      node().unit = unit
    },
    set kind(kind: number) {
      node().kind = kind
    },
    set severityText(text: string) {
      node().severityText = text
    },
    set body(text: string) {
      node().body = { stringValue: text }
    },
    setStatus(code, message) {
      node().status = { code, message }
    },
  }
}
