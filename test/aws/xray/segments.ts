// Spans as tests write them, and the documents that become of them.

import { type Documents, SegmentEncoder, type SegmentOptions } from '../../../src/aws/xray/segment.ts'
import type { Batch } from '../../../src/data/index.ts'
import type { Plain } from '../../data/random.ts'
import { batchOf } from '../../kit/otlp.ts'

export type Value =
  | string
  | number
  | boolean
  | bigint
  | null
  | Uint8Array
  | readonly Value[]
  | { readonly double: number }
  | { readonly map: Record<string, Value> }
export type Values = Readonly<Record<string, Value>>

/** Numbers are ints when whole; `{ double: 1 }` is a double. */
export function anyValue(value: Value): Plain {
  if (value === null) return {}
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'bigint') return { intValue: String(value) }
  if (typeof value === 'number') return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value }
  if (value instanceof Uint8Array) return { bytesValue: value }
  if ('double' in value) return { doubleValue: value.double }
  if (isMap(value)) return { kvlistValue: { values: attributesOf(value.map) } }
  return { arrayValue: { values: value.map(anyValue) } }
}
const isMap = (value: object): value is { readonly map: Record<string, Value> } => !Array.isArray(value)
export const attributesOf = (values: Values): Plain[] =>
  Object.entries(values).map(([key, value]) => ({ key, value: anyValue(value) }))

export const kinds = { unspecified: 0, internal: 1, server: 2, client: 3, producer: 4, consumer: 5 }

export interface TestSpan {
  readonly kind?: keyof typeof kinds
  readonly name?: string
  readonly traceId?: string
  readonly spanId?: string
  /** "" for none. */
  readonly parentId?: string
  readonly start?: bigint
  readonly end?: bigint
  readonly attributes?: Values
  readonly status?: { readonly code: 0 | 1 | 2; readonly message?: string }
  readonly events?: readonly { readonly name: string; readonly time?: bigint; readonly attributes?: Values }[]
  readonly links?: readonly { readonly traceId: string; readonly spanId: string; readonly attributes?: Values }[]
}

export const TRACE_ID = '58406520a006649127e371903a2de979'
export const SPAN_ID = '70de5b6f19ff9a0a'
export const PARENT_ID = '53995c3f42cd8ad8'
export const START = 1_720_000_000_123_456_789n
export const END = 1_720_000_001_500_000_000n

const id = (hex: string): Uint8Array => Buffer.from(hex, 'hex')

export const plainSpan = (of: TestSpan): Plain => ({
  traceId: id(of.traceId ?? TRACE_ID),
  spanId: id(of.spanId ?? SPAN_ID),
  parentSpanId: id(of.parentId ?? PARENT_ID),
  name: of.name ?? '/users/junit',
  kind: kinds[of.kind ?? 'server'],
  startTimeUnixNano: String(of.start ?? START),
  endTimeUnixNano: String(of.end ?? END),
  attributes: attributesOf(of.attributes ?? {}),
  status: of.status ?? {},
  events: (of.events ?? []).map(({ name, time, attributes }) => ({
    name,
    timeUnixNano: String(time ?? START),
    attributes: attributesOf(attributes ?? {}),
  })),
  links: (of.links ?? []).map(({ traceId, spanId, attributes }) => ({
    traceId: id(traceId),
    spanId: id(spanId),
    attributes: attributesOf(attributes ?? {}),
  })),
})

export const spansOf = (spans: readonly TestSpan[], resource: Values = {}): Batch<'traces'> =>
  batchOf('traces', {
    resourceSpans: [
      { resource: { attributes: attributesOf(resource) }, scopeSpans: [{ spans: spans.map(plainSpan) }] },
    ],
  })

// biome-ignore lint/suspicious/noExplicitAny: tests look into documents as they please
export type Document = any

/** As X-Ray reads them: each document is a text in a list. */
export function textsOf({ bytes, places }: Documents): string[] {
  const first = places[0]?.start ?? 0
  const last = places.at(-1)?.end ?? 0
  return JSON.parse(`[${bytes.toString('utf8', first, last)}]`)
}

export const encoderOf = (options: Partial<SegmentOptions> = {}): SegmentEncoder =>
  new SegmentEncoder({ indexedAttributes: [], indexAllAttributes: false, logGroups: [], ...options })

export const documentsOf = (
  spans: readonly TestSpan[],
  resource: Values = {},
  options: Partial<SegmentOptions> = {},
): Document[] => textsOf(encoderOf(options).encode(spansOf(spans, resource))).map((text) => JSON.parse(text))

/** The one document of one span. */
export const documentOf = (span: TestSpan, resource: Values = {}, options: Partial<SegmentOptions> = {}): Document =>
  documentsOf([span], resource, options)[0]
