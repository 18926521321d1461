// Points of the same time and attributes become one document: an index of time series has room for one at a time only.
import type { Attributes, DataPoint, Metric } from '../../data/index.ts'
import { JsonWriter } from '../../wire/json.ts'
import type { PointDocuments, PointGroup } from './documents.ts'
import type { Hints } from './hints.ts'
import { writePointValue } from './point-value.ts'
import type { Route } from './route.ts'

export interface RoutedGroup extends PointGroup {
  readonly route: Route
}

/** Those of the same time and attributes: a name stands once in a document, the second of its name goes to the next one. */
interface Row {
  readonly groups: RoutedGroup[]
  /** How many of them have the name already. */
  readonly counts: Map<string, number>
}

/** Groups of one scope; `drain` ends them. */
export class PointGroups {
  readonly #rows = new Map<string, Row>()

  /** The reason instead, when the point has no value that a document can have. */
  add(documents: PointDocuments, point: DataPoint, metric: Metric, route: Route, hints: Hints): string | undefined {
    scratch.clear()
    const value = writePointValue(scratch, point, metric, hints.hasMapping('aggregate_metric_double'))
    if (value.problem !== undefined) return value.problem
    const { name } = metric
    const row = this.#rowOf(documents, point, metric, route)
    const nth = row.counts.get(name) ?? 0
    row.counts.set(name, nth + 1)
    if (nth === row.groups.length) row.groups.push(groupOf(documents.head(point, metric), route))
    const group = row.groups[nth]!
    group.names.push(name)
    group.values.push(scratch.take())
    group.templates.push(value.template)
    if (hints.hasMapping('_doc_count') && point.type !== 'gauge' && point.type !== 'sum')
      group.docCount = Math.max(group.docCount, point.count)
    return undefined
  }

  drain(visit: (group: RoutedGroup) => void): void {
    for (const { groups } of this.#rows.values()) for (const group of groups) visit(group)
    this.#rows.clear()
  }

  #rowOf(documents: PointDocuments, point: DataPoint, metric: Metric, route: Route): Row {
    const { time } = point
    const own = documents.groupKey(point, metric)
    const key = `${route.index}\0${time.seconds}.${time.nanos}\0${own}\0${attributesKey(point.attributes)}`
    let row = this.#rows.get(key)
    if (row === undefined) {
      row = { groups: [], counts: new Map() }
      this.#rows.set(key, row)
    }
    return row
  }
}

const groupOf = (head: unknown, route: Route): RoutedGroup => ({
  head,
  route,
  stream: route.stream,
  names: [],
  values: [],
  templates: [],
  docCount: 0,
})

const scratch = new JsonWriter(4096)

/** Equal for equal attributes in any order; hints are none. */
function attributesKey(attributes: Attributes): string {
  const parts: string[] = []
  attributes.forEachRange((bytes, keyAt, keyEnd, valueAt, valueEnd) => {
    const key = bytes.latin1Slice(keyAt, keyEnd)
    if (key !== MAPPING_HINTS) parts.push(`${key.length}:${key}${bytes.latin1Slice(valueAt, valueEnd)}`)
  })
  return parts.length === 1 ? parts[0]! : parts.sort().join('\0')
}
const MAPPING_HINTS = 'elasticsearch.mapping.hints'
