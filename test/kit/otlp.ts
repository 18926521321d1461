// Batches with content that tests can name, made by an independent encoder.
import { type Batch, decodeOtlp, type Signal } from '../../src/data/index.ts'
import { encoded, type Plain } from '../data/random.ts'

/** A batch of what the OTLP messages say, in protobufjs's spelling: `{ resourceSpans: […] }`. */
export const batchOf = <S extends Signal>(signal: S, message: Plain): Batch<S> =>
  decodeOtlp(signal, encoded(signal, message))

const service = { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] }
const numbered = <T>(items: number, make: (index: number) => T): T[] => Array.from({ length: items }, (_, i) => make(i))

/** Of the trace and of the span. */
function idsOf(number: number): Plain {
  const traceId = Buffer.alloc(16, 0xab)
  const spanId = Buffer.alloc(8)
  spanId.writeUInt32BE(number + 1, 4)
  return { traceId, spanId }
}

/** That many items of one resource and scope, numbered: `span-0`, `log-0`, points of the gauge `gauge`. */
export const items: { readonly [S in Signal]: (count: number) => Batch<S> } = {
  traces: (count) =>
    batchOf('traces', {
      resourceSpans: [
        {
          resource: service,
          scopeSpans: [{ spans: numbered(count, (i) => ({ ...idsOf(i), name: `span-${i}`, kind: 2 })) }],
        },
      ],
    }),
  logs: (count) =>
    batchOf('logs', {
      resourceLogs: [
        {
          resource: service,
          scopeLogs: [
            { logRecords: numbered(count, (i) => ({ body: { stringValue: `log-${i}` }, severityNumber: 9 })) },
          ],
        },
      ],
    }),
  metrics: (count) =>
    batchOf('metrics', {
      resourceMetrics: [
        {
          resource: service,
          scopeMetrics: [
            { metrics: [{ name: 'gauge', gauge: { dataPoints: numbered(count, (i) => ({ asDouble: i + 0.5 })) } }] },
          ],
        },
      ],
    }),
}
