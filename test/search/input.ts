// Telemetry with something in every field.
import { type Batch, instantFromMillis } from '../../src/data/index.ts'
import { batchOf } from '../kit/otlp.ts'

const text = (stringValue: string) => ({ stringValue })
export const list = (values: Readonly<Record<string, object>>) =>
  Object.entries(values).map(([key, value]) => ({ key, value }))

export const resource = {
  attributes: list({ 'service.name': text('shop'), 'process.pid': { intValue: 42 }, 'host.name': text('h1') }),
}
export const scope = { name: 'lib', version: '1.2', attributes: list({ scoped: { boolValue: true } }) }

export const TIME = Date.parse('2026-03-04T23:59:59.123Z')
const nanos = (millis: number): string => String(instantFromMillis(millis).toBigInt())

export const spans = (more: readonly object[] = []): Batch<'traces'> =>
  batchOf('traces', {
    resourceSpans: [
      {
        resource,
        scopeSpans: [
          {
            scope,
            schemaUrl: 'https://example.test/1',
            spans: [
              {
                traceId: Buffer.from('0102030405060708090a0b0c0d0e0f10', 'hex'),
                spanId: Buffer.from('0102030405060708', 'hex'),
                parentSpanId: Buffer.from('1112131415161718', 'hex'),
                traceState: 'a=b',
                name: 'GET /cart',
                kind: 2,
                startTimeUnixNano: nanos(TIME),
                endTimeUnixNano: nanos(TIME + 1500),
                attributes: list({ 'http.route': text('/cart'), 'http.status_code': { intValue: 500 } }),
                droppedAttributesCount: 1,
                droppedEventsCount: 2,
                droppedLinksCount: 3,
                events: [
                  {
                    timeUnixNano: nanos(TIME + 10),
                    name: 'exception',
                    attributes: list({ 'exception.type': text('Error') }),
                    droppedAttributesCount: 4,
                  },
                ],
                links: [
                  {
                    traceId: Buffer.from('2102030405060708090a0b0c0d0e0f10', 'hex'),
                    spanId: Buffer.from('2102030405060708', 'hex'),
                    traceState: 'c=d',
                    attributes: list({ linked: text('yes') }),
                    droppedAttributesCount: 5,
                  },
                ],
                status: { code: 2, message: 'broken' },
              },
              ...more,
            ],
          },
        ],
      },
    ],
  })

export const record = {
  timeUnixNano: nanos(TIME),
  observedTimeUnixNano: nanos(TIME + 5),
  severityNumber: 17,
  severityText: 'ERROR',
  body: text('something "broke"\n'),
  traceId: Buffer.from('0102030405060708090a0b0c0d0e0f10', 'hex'),
  spanId: Buffer.from('0102030405060708', 'hex'),
  flags: 1,
  droppedAttributesCount: 2,
  attributes: list({ 'user.id': text('u1'), count: { intValue: 3 }, ratio: { doubleValue: 1 } }),
}

export const logs = (records: readonly object[] = [record]): Batch<'logs'> =>
  batchOf('logs', {
    resourceLogs: [{ resource, scopeLogs: [{ scope, schemaUrl: 'https://example.test/1', logRecords: records }] }],
  })

const point = { startTimeUnixNano: '1000000000', timeUnixNano: '2000000000', attributes: list({ route: text('/') }) }
/** A gauge, a sum, a histogram, an exponential histogram and a summary. */
export const metrics = [
  { name: 'up', description: 'd', unit: '1', gauge: { dataPoints: [{ ...point, asInt: 7 }] } },
  {
    name: 'total',
    sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: [{ ...point, asDouble: Number.NaN }] },
  },
  {
    name: 'latency',
    histogram: {
      aggregationTemporality: 1,
      dataPoints: [
        {
          ...point,
          count: 3,
          sum: 4.5,
          min: 1,
          max: Number.POSITIVE_INFINITY,
          bucketCounts: [1, 2, 0],
          explicitBounds: [1, 1e300],
          exemplars: [
            {
              timeUnixNano: '2000000000',
              asDouble: 1.5,
              traceId: Buffer.alloc(16, 1),
              spanId: Buffer.alloc(8, 1),
              filteredAttributes: list({ f: text('x') }),
            },
          ],
        },
      ],
    },
  },
  {
    name: 'exp',
    exponentialHistogram: {
      aggregationTemporality: 2,
      dataPoints: [
        {
          ...point,
          count: 4,
          scale: 0,
          zeroCount: 1,
          positive: { offset: 1, bucketCounts: [2] },
          negative: { offset: 0, bucketCounts: [1] },
        },
      ],
    },
  },
  {
    name: 'quantiles',
    summary: {
      dataPoints: [
        {
          ...point,
          count: 2,
          sum: 3,
          quantileValues: [
            { quantile: 0.5, value: 1 },
            { quantile: 0.9, value: Number.NaN },
          ],
        },
      ],
    },
  },
]

export const points = (of: readonly object[] = metrics): Batch<'metrics'> =>
  batchOf('metrics', {
    resourceMetrics: [{ resource, scopeMetrics: [{ scope, schemaUrl: 'https://example.test/1', metrics: of }] }],
  })
