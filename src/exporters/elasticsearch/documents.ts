// How a mapping mode writes the documents of one signal. Resource and scope come before what is in them, while they are visited.
import type { DataPoint, Metric, Resource, Scope, Span, SpanEvent } from '../../data/index.ts'
import type { JsonWriter } from '../../wire/json.ts'
import type { DataStream } from './route.ts'

interface Around {
  resource(resource: Resource): void
  scope(scope: Scope): void
}

/** `write` writes one JSON object. A text instead, and nothing written: the reason why there can be no document. */
export interface Documents<Item> extends Around {
  write(json: JsonWriter, item: Item, stream: DataStream | undefined): string | undefined
}

export interface SpanDocuments extends Documents<Span> {
  /** Modes that have none write events with their spans. */
  writeEvent?(json: JsonWriter, event: SpanEvent, span: Span, stream: DataStream | undefined): void
}

/** Several points of the same time and attributes are one document. */
export interface PointDocuments<Head = unknown> extends Around {
  /** What keeps points apart, beside time and attributes. */
  groupKey(point: DataPoint, metric: Metric): string
  /** What the document has beside its metrics, as long as the point is visited. */
  head(point: DataPoint, metric: Metric): Head
  write(json: JsonWriter, head: Head, group: PointGroup<Head>): void
}

export interface PointGroup<Head = unknown> {
  readonly head: Head
  readonly stream: DataStream | undefined
  /** Names of metrics, and beside each its value as JSON and the dynamic template that it is mapped by. */
  readonly names: string[]
  readonly values: Buffer[]
  readonly templates: string[]
  /** For `_doc_count`; 0 for none. */
  docCount: number
}
