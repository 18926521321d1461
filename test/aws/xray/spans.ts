// Documents decoded to plain objects, for tests to compare.
import { SegmentDecoder } from '../../../src/aws/xray/decode.ts'
import { type AnyValue, type Batch, Builder } from '../../../src/data/index.ts'

export interface PlainSpan {
  readonly resource: Readonly<Record<string, AnyValue>>
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly name: string
  readonly kind: number
  /** Nanoseconds as digits. */
  readonly start: string
  readonly end: string
  readonly status: readonly [code: number, message: string]
  readonly attributes: Readonly<Record<string, AnyValue>>
  readonly events: readonly { readonly name: string; readonly time: string; readonly attributes: object }[]
  readonly links: readonly { readonly traceId: string; readonly spanId: string; readonly attributes: object }[]
}

const decoder = new SegmentDecoder()

/** A document as an object, as text or as bytes. */
export function decodeBatch(document: object | string | Buffer): Batch<'traces'> {
  const builder = new Builder('traces')
  const text = typeof document === 'string' || Buffer.isBuffer(document) ? document : JSON.stringify(document)
  decoder.decode(Buffer.from(text), builder)
  return builder.build()
}

export const decode = (document: object | string | Buffer): PlainSpan[] => plainSpans(decodeBatch(document))

export function plainSpans(batch: Batch<'traces'>): PlainSpan[] {
  const spans: PlainSpan[] = []
  let resource: PlainSpan['resource'] = {}
  batch.visit({
    onResource(view) {
      resource = Object.fromEntries(view.attributes.toMap())
    },
    onSpan(view) {
      const span = view.toObject()
      spans.push({
        resource,
        traceId: view.traceId.hex,
        spanId: view.spanId.hex,
        parentSpanId: view.parentSpanId.hex,
        name: view.name,
        kind: view.kind,
        start: String(view.start.toBigInt()),
        end: String(view.end.toBigInt()),
        status: [view.statusCode, view.statusMessage],
        attributes: Object.fromEntries(view.attributes.toMap()),
        events: span.events.map(({ name, timeUnixNano, attributes }) => ({
          name,
          time: String(timeUnixNano),
          attributes: Object.fromEntries(attributes),
        })),
        links: span.links.map(({ traceId, spanId, attributes }) => ({
          traceId: String(traceId),
          spanId: String(spanId),
          attributes: Object.fromEntries(attributes),
        })),
      })
    },
  })
  return spans
}
