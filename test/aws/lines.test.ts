import { test } from 'tap'
import { LineWriter } from '../../src/aws/lines/lines.ts'
import type { Batch } from '../../src/data/index.ts'
import { batchOf } from '../kit/otlp.ts'

function linesOf(batch: Batch): unknown[] {
  const lines: unknown[] = []
  new LineWriter().write(batch, (bytes, start, end) => lines.push(JSON.parse(bytes.toString('utf8', start, end))))
  return lines
}

const text = (key: string, stringValue: string) => ({ key, value: { stringValue } })
const resource = { attributes: [text('service.name', 'shop')] }
const scope = { name: 'lib', version: '1.2', attributes: [text('a', 'b')] }
const where = {
  scope: { name: 'lib', version: '1.2', attributes: { a: 'b' } },
  resource: { 'service.name': 'shop' },
}
const traceId = Buffer.from('0102030405060708090a0b0c0d0e0f10', 'hex')
const spanId = Buffer.from('0102030405060708', 'hex')
const start = '1767225600000000001'
const end = '1767225600500000003'

test('a log record', async (t) => {
  const record = {
    timeUnixNano: start,
    observedTimeUnixNano: end,
    severityNumber: 17,
    severityText: 'ERROR',
    body: { kvlistValue: { values: [text('message', 'no "stock"\n')] } },
    attributes: [{ key: 'order', value: { intValue: '42' } }],
    droppedAttributesCount: 2,
    flags: 1,
    traceId,
    spanId,
    eventName: 'order.failed',
  }
  t.same(linesOf(batchOf('logs', { resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords: [record, {}] }] }] })), [
    {
      timestamp: '2026-01-01T00:00:00.000000001Z',
      observed_timestamp: '2026-01-01T00:00:00.500000003Z',
      severity_text: 'ERROR',
      severity_number: 17,
      body: { message: 'no "stock"\n' },
      event_name: 'order.failed',
      trace_id: '0102030405060708090a0b0c0d0e0f10',
      span_id: '0102030405060708',
      flags: 1,
      attributes: { order: 42 },
      dropped_attributes_count: 2,
      ...where,
    },
    { body: null, ...where },
  ])
})

test('a span with events and links', async (t) => {
  const span = {
    traceId,
    spanId,
    parentSpanId: Buffer.from('1112131415161718', 'hex'),
    traceState: 'a=b',
    name: 'GET /',
    kind: 2,
    startTimeUnixNano: start,
    endTimeUnixNano: end,
    attributes: [text('http.route', '/')],
    events: [{ timeUnixNano: start, name: 'exception', attributes: [text('exception.type', 'E')] }, { name: 'x' }],
    droppedEventsCount: 1,
    links: [{ traceId, spanId, traceState: 'c=d', attributes: [text('k', 'v')] }],
    status: { code: 2, message: 'broken' },
  }
  t.same(
    linesOf(batchOf('traces', { resourceSpans: [{ resource, scopeSpans: [{ spans: [span, { name: 'x' }] }] }] })),
    [
      {
        start_time: '2026-01-01T00:00:00.000000001Z',
        end_time: '2026-01-01T00:00:00.500000003Z',
        duration_nanos: 500_000_002,
        name: 'GET /',
        kind: 'server',
        trace_id: '0102030405060708090a0b0c0d0e0f10',
        span_id: '0102030405060708',
        parent_span_id: '1112131415161718',
        trace_state: 'a=b',
        status_code: 'error',
        status_message: 'broken',
        attributes: { 'http.route': '/' },
        events: [
          { timestamp: '2026-01-01T00:00:00.000000001Z', name: 'exception', attributes: { 'exception.type': 'E' } },
          { name: 'x' },
        ],
        dropped_events_count: 1,
        links: [
          {
            trace_id: '0102030405060708090a0b0c0d0e0f10',
            span_id: '0102030405060708',
            trace_state: 'c=d',
            attributes: { k: 'v' },
          },
        ],
        resource: { 'service.name': 'shop' },
      },
      { duration_nanos: 0, name: 'x', resource: { 'service.name': 'shop' } },
    ],
  )
})

test('data points of every type', async (t) => {
  const point = { timeUnixNano: end, startTimeUnixNano: start, attributes: [text('k', 'v')] }
  const metrics = [
    { name: 'g', unit: 's', gauge: { dataPoints: [{ timeUnixNano: end, asDouble: Number.NaN }, { flags: 1 }] } },
    {
      name: 's',
      sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints: [{ ...point, asInt: '9007199254740993' }] },
    },
    {
      name: 'h',
      histogram: {
        aggregationTemporality: 2,
        dataPoints: [
          { ...point, count: '3', sum: 4.5, min: 1, max: 2, explicitBounds: [1, 2], bucketCounts: ['1', '2', '0'] },
        ],
      },
    },
    {
      name: 'e',
      exponentialHistogram: {
        aggregationTemporality: 2,
        dataPoints: [
          { count: '4', scale: -1, zeroCount: '1', zeroThreshold: 0.5, positive: { offset: 2, bucketCounts: ['3'] } },
        ],
      },
    },
    { name: 'q', summary: { dataPoints: [{ count: '2', sum: 3, quantileValues: [{ quantile: 0.5, value: 1 }] }] } },
  ]
  const lines = linesOf(batchOf('metrics', { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }))
  const times = { timestamp: '2026-01-01T00:00:00.500000003Z', start_timestamp: '2026-01-01T00:00:00.000000001Z' }
  const attributes = { k: 'v' }
  t.same(lines, [
    { timestamp: times.timestamp, name: 'g', unit: 's', type: 'gauge', value: 'NaN' },
    { name: 'g', unit: 's', type: 'gauge', no_recorded_value: true },
    // JSON.parse rounds what stands there whole
    { ...times, name: 's', type: 'sum', temporality: 'delta', is_monotonic: true, value: 9007199254740992, attributes },
    {
      ...times,
      name: 'h',
      type: 'histogram',
      temporality: 'cumulative',
      count: 3,
      sum: 4.5,
      min: 1,
      max: 2,
      explicit_bounds: [1, 2],
      bucket_counts: [1, 2, 0],
      attributes,
    },
    {
      name: 'e',
      type: 'exponential_histogram',
      temporality: 'cumulative',
      count: 4,
      scale: -1,
      zero_count: 1,
      zero_threshold: 0.5,
      positive: { offset: 2, bucket_counts: [3] },
    },
    { name: 'q', type: 'summary', count: 2, sum: 3, quantiles: [{ quantile: 0.5, value: 1 }] },
  ])
})
