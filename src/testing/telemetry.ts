// Batches for tests: what matters is said, everything else is there and always the same.
import { type AnyValue, type Batch, Builder, Id, instantFromMillis, type Signal } from '../data/index.ts'

/** When everything that these functions make happened: the moment at which a `FakeClock` begins. */
const STARTED_MS = Date.UTC(2026, 0, 1)

type Fields = Readonly<Record<string, AnyValue>>

interface Placed {
  /** Attributes of the resource; `service.name: shop` unless it says otherwise. Neighbours with equal ones share it. */
  readonly resource?: Fields
  readonly attributes?: Fields
}

/** A span as a test says it. */
export interface SpanOf extends Placed {
  readonly name?: string
  /** 1 internal, 2 server (unless it says otherwise), 3 client, 4 producer, 5 consumer. */
  readonly kind?: number
  /** 1 ok, 2 error. */
  readonly statusCode?: 0 | 1 | 2
  readonly statusMessage?: string
  /** 10 unless it says otherwise. */
  readonly durationMs?: number
  /** 32 hexadecimal digits; all spans of a call are of one trace unless it says otherwise. */
  readonly traceId?: string
  /** 16 hexadecimal digits; numbered unless it says otherwise. */
  readonly spanId?: string
  readonly parentSpanId?: string
}

/** A log record as a test says it. */
export interface LogOf extends Placed {
  readonly body?: AnyValue
  /** 9 (INFO) unless it says otherwise; 17 is ERROR. */
  readonly severityNumber?: number
  readonly severityText?: string
}

/** A metric with one data point as a test says it. */
export interface PointOf extends Placed {
  /** `value` unless it says otherwise. */
  readonly name?: string
  readonly unit?: string
  /** A gauge unless it says otherwise; the others are monotonic sums. */
  readonly type?: 'gauge' | 'delta' | 'cumulative'
  readonly value: number
}

/** A batch of spans; a text alone is the name of one: `spans('GET /cart', { name: 'pay', statusCode: 2 })`. */
export function spans(...of: readonly (string | SpanOf)[]): Batch<'traces'> {
  return batch('traces', of.map(named), (builder, span, index) =>
    builder.add((writer) => {
      const startMs = STARTED_MS + index
      writer.traceId(Id.fromHex(span.traceId ?? 'ab'.repeat(16)))
      writer.spanId(Id.fromHex(span.spanId ?? (index + 1).toString(16).padStart(16, '0')))
      if (span.parentSpanId !== undefined) writer.parentSpanId(Id.fromHex(span.parentSpanId))
      writer.name(span.name ?? `span-${index}`)
      writer.kind(span.kind ?? 2)
      writer.start(instantFromMillis(startMs))
      writer.end(instantFromMillis(startMs + (span.durationMs ?? 10)))
      writeAttributes(writer, span.attributes)
      if (span.statusCode !== undefined) writer.status(span.statusCode, span.statusMessage)
    }),
  )
}

/** A batch of log records; a text alone is the body of one: `logs('paid', { body: 'no stock', severityNumber: 17 })`. */
export function logs(...of: readonly (string | LogOf)[]): Batch<'logs'> {
  const records = of.map((one): LogOf => (typeof one === 'string' ? { body: one } : one))
  return batch('logs', records, (builder, log, index) =>
    builder.add((writer) => {
      writer.time(instantFromMillis(STARTED_MS + index))
      writer.severityNumber(log.severityNumber ?? 9)
      if (log.severityText !== undefined) writer.severityText(log.severityText)
      writer.body(log.body ?? `log-${index}`)
      writeAttributes(writer, log.attributes)
    }),
  )
}

/** A batch of metrics with one data point each; a number alone is the value of a gauge: `points(1, { name: 'orders', value: 2 })`. */
export function points(...of: readonly (number | PointOf)[]): Batch<'metrics'> {
  const wanted = of.map((one): PointOf => (typeof one === 'number' ? { value: one } : one))
  return batch('metrics', wanted, (builder, { name = 'value', unit, type = 'gauge', value, attributes }, index) =>
    builder.add((metric) => {
      metric.name(name)
      if (unit !== undefined) metric.unit(unit)
      const write: Parameters<typeof metric.gauge>[0] = (into) =>
        into.add((point) => {
          if (type !== 'gauge') point.start(instantFromMillis(STARTED_MS))
          point.time(instantFromMillis(STARTED_MS + index + 1))
          point.value(value)
          writeAttributes(point, attributes)
        })
      if (type === 'gauge') metric.gauge(write)
      else metric.sum(type, true, write)
    }),
  )
}

/** That many items, numbered: `span-0`, `log-0`, points of the gauge `value`. */
export function numbered<S extends Signal>(signal: S, count: number): Batch<S>
export function numbered(signal: Signal, count: number): Batch {
  const numbers = Array.from({ length: count }, (_, index) => index)
  switch (signal) {
    case 'traces':
      return spans(...numbers.map((index) => `span-${index}`))
    case 'logs':
      return logs(...numbers.map((index) => `log-${index}`))
    case 'metrics':
      return points(...numbers)
  }
}

const named = (one: string | SpanOf): SpanOf => (typeof one === 'string' ? { name: one } : one)

function batch<S extends Signal, T extends Placed>(
  signal: S,
  items: readonly T[],
  add: (builder: Builder<S>, item: T, index: number) => void,
): Batch<S> {
  const builder = new Builder(signal)
  let before: string | undefined
  for (const [index, item] of items.entries()) {
    const resource = item.resource ?? { 'service.name': 'shop' }
    const key = JSON.stringify(resource, (_, value) => (typeof value === 'bigint' ? `${value}n` : value))
    if (key !== before) builder.resource((writer) => writeAttributes(writer, resource))
    before = key
    add(builder, item, index)
  }
  return builder.build()
}

function writeAttributes(
  writer: { attribute(key: string, value: AnyValue): void },
  attributes: Fields | undefined,
): void {
  for (const [key, value] of Object.entries(attributes ?? {})) writer.attribute(key, value)
}
