// Numbered items as OTLP/JSON: whoever takes one knows its number.
import type { Signal } from '../../src/data/index.ts'

const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] }
const nanos = (ms: number): string => String(BigInt(Math.trunc(ms)) * 1_000_000n)

/** A request of items with these numbers; `timeOf` says when each happened, in milliseconds. */
export const numbered: Readonly<
  Record<Signal, (numbers: readonly number[], timeOf: (number: number) => number) => object>
> = {
  logs: (numbers, timeOf) => ({
    resourceLogs: [
      {
        resource,
        scopeLogs: [
          {
            logRecords: numbers.map((number) => ({
              timeUnixNano: nanos(timeOf(number)),
              body: { stringValue: `item ${number}` },
            })),
          },
        ],
      },
    ],
  }),
  metrics: (numbers, timeOf) => ({
    resourceMetrics: [
      {
        resource,
        scopeMetrics: [
          {
            metrics: [
              {
                name: 'level',
                gauge: {
                  dataPoints: numbers.map((number) => ({
                    timeUnixNano: nanos(timeOf(number)),
                    asDouble: number,
                    attributes: [{ key: 'number', value: { stringValue: `item ${number}` } }],
                  })),
                },
              },
            ],
          },
        ],
      },
    ],
  }),
  traces: (numbers, timeOf) => ({
    resourceSpans: [
      {
        resource,
        scopeSpans: [
          {
            spans: numbers.map((number) => ({
              traceId: '0af7651916cd43dd8448eb211c80319c',
              spanId: number.toString(16).padStart(16, '0'),
              name: `item ${number}`,
              kind: 2,
              startTimeUnixNano: nanos(timeOf(number)),
              endTimeUnixNano: nanos(timeOf(number)),
            })),
          },
        ],
      },
    ],
  }),
}
