// Telemetry from other formats: written as wire bytes straight away, no objects in between.
import { ByteWriter } from '../wire/writer.ts'
import { Batch, chunkOf } from './batch.ts'
import { type AttributeSource, FieldWriter, type Serialized } from './fieldwriter.ts'
import type { Key } from './key.ts'
import type { LogRecord } from './logrecord.ts'
import { LogWriter } from './logwriter.ts'
import { MetricWriter } from './metricwriter.ts'
import type { Resource, Scope } from './resource.ts'
import type { Signal } from './signal.ts'
import type { Span } from './span.ts'
import { SpanWriter } from './spanwriter.ts'
import type { AnyValue, Double } from './value.ts'

/** Who writes what `add` adds. */
export interface Writers {
  traces: SpanWriter
  logs: LogWriter
  metrics: MetricWriter
}
/** What `add` copies. */
interface Copied {
  traces: Span
  logs: LogRecord
  metrics: never
}

const ENTRY = 0x0a
/** In Resource* and Scope*: the resource or scope, what is inside, the schema URL. */
const HEAD = 1
const INSIDE = 0x12
const ITEM = 2
const SCHEMA_URL = 3

/**
 * One batch: `resource`, perhaps `scope`, then `add` as often as wanted, then perhaps another `scope` or `resource`; `build`
 * ends it and starts anew.
 *
 *     const builder = new Builder('traces')
 *     builder.resource((resource) => resource.attribute('service.name', 'shop'))
 *     builder.scope((scope) => scope.name('checkout'))
 *     builder.add((span) => {
 *       span.traceId(traceId)
 *       span.name('pay')
 *       span.attribute('amount', 5)
 *     })
 *     const batch = builder.build()
 *
 * An `add` that throws leaves nothing behind.
 */
export class Builder<S extends Signal> {
  readonly #signal: S
  readonly #out = new ByteWriter(4096)
  readonly #fields = new FieldWriter(this.#out)
  readonly #head = new HeadWriter(this.#fields)
  readonly #writers: Writers
  /** Where the lengths of the open Resource* and Scope* stand; -1 when there is none. */
  #entryAt = -1
  #scopeAt = -1
  #items = 0

  constructor(signal: S) {
    this.#signal = signal
    const out = this.#out
    this.#writers = { traces: new SpanWriter(out), logs: new LogWriter(out), metrics: new MetricWriter(out) }
  }

  /** Spans, log records or data points so far. */
  get items(): number {
    return this.#items
  }
  /** How large the batch is so far. */
  get sizeBytes(): number {
    return this.#out.length
  }

  /** What follows belongs to this resource: written, or a copy of one that is there. */
  resource(resource: Resource | ((resource: ResourceWriter) => void)): void {
    this.#endEntry()
    this.#out.byte(ENTRY)
    this.#entryAt = this.#out.beginPaddedLength()
    this.#writeHead(resource, RESOURCE_ATTRIBUTES)
  }

  /** What follows belongs to this scope; without it, to one without a name. */
  scope(scope: Scope | ((scope: ScopeWriter) => void)): void {
    this.#beginScope()
    this.#writeHead(scope, SCOPE_ATTRIBUTES)
  }

  /** A span, a log record or a metric: written, or (not for a metric) a copy of one that is there. */
  add(item: Copied[S] | ((writer: Writers[S]) => void)): void {
    if (this.#scopeAt < 0) this.#beginScope()
    if (typeof item !== 'function') {
      this.#fields.serialized(ITEM, item)
      this.#items++
      return
    }
    const { metrics } = this.#writers
    metrics.points = 0
    this.#fields.message(ITEM, () => item(this.#writers[this.#signal]))
    this.#items += this.#signal === 'metrics' ? metrics.points : 1
  }

  build(): Batch<S> {
    this.#endEntry()
    const bytes = this.#out.take()
    const items = this.#items
    this.#out.clear()
    this.#items = 0
    return Batch.of(this.#signal, bytes.length > 0 ? [chunkOf(bytes, items)] : [])
  }

  #writeHead(head: HeadSource | ((writer: HeadWriter) => void), attributes: number): void {
    const writer = this.#head
    writer.attributesField = attributes
    writer.url = ''
    if (typeof head === 'function') this.#fields.message(HEAD, () => head(writer))
    else {
      this.#fields.serialized(HEAD, head)
      writer.url = head.schemaUrl
    }
    if (writer.url !== '') this.#fields.text(SCHEMA_URL, writer.url)
  }

  #beginScope(): void {
    if (this.#entryAt < 0) throw new Error('the builder needs a resource first')
    this.#endScope()
    this.#out.byte(INSIDE)
    this.#scopeAt = this.#out.beginPaddedLength()
  }

  #endScope(): void {
    if (this.#scopeAt >= 0) this.#out.endPaddedLength(this.#scopeAt)
    this.#scopeAt = -1
  }

  #endEntry(): void {
    this.#endScope()
    if (this.#entryAt >= 0) this.#out.endPaddedLength(this.#entryAt)
    this.#entryAt = -1
  }
}

type HeadSource = Serialized & { readonly schemaUrl: string }
const RESOURCE_ATTRIBUTES = 1
const SCOPE_ATTRIBUTES = 3

/** Valid inside `resource`. */
export type ResourceWriter = Pick<HeadWriter, 'attribute' | 'attributes' | 'schemaUrl'>
/** Valid inside `scope`. */
export type ScopeWriter = Pick<HeadWriter, 'attribute' | 'attributes' | 'schemaUrl' | 'name' | 'version'>

class HeadWriter {
  readonly #fields: FieldWriter
  attributesField = 0
  url = ''
  constructor(fields: FieldWriter) {
    this.#fields = fields
  }

  name(name: string): void {
    this.#fields.text(1, name)
  }
  version(version: string): void {
    this.#fields.text(2, version)
  }
  attribute(key: Key | string, value: AnyValue | Double): void {
    this.#fields.attribute(this.attributesField, key, value)
  }
  attributes(source: AttributeSource): void {
    this.#fields.attributes(this.attributesField, source)
  }
  schemaUrl(url: string): void {
    this.url = url
  }
}
