// Something in every field that the exporter shows.
import type { Batch, Signal } from '../../../src/data/index.ts'
import type { Plain } from '../../data/random.ts'
import { batchOf } from '../../kit/otlp.ts'

const text = (stringValue: string): Plain => ({ stringValue })
const attributes: Plain[] = [
  { key: 'text', value: text('a "quoted" <text>\nof two lines ünï ✓') },
  { key: 'flag', value: { boolValue: true } },
  { key: 'int', value: { intValue: '9007199254740993' } },
  { key: 'double', value: { doubleValue: 2 } },
  { key: 'tiny', value: { doubleValue: 1e-9 } },
  { key: 'nan', value: { doubleValue: Number.NaN } },
  {
    key: 'list',
    value: { arrayValue: { values: [text('x'), { doubleValue: 1 }, {}, { bytesValue: Buffer.from([255]) }] } },
  },
  {
    key: 'map',
    value: {
      kvlistValue: {
        values: [
          { key: 'z', value: { intValue: '1' } },
          { key: 'a', value: text('<&>') },
        ],
      },
    },
  },
  { key: 'bytes', value: { bytesValue: Buffer.from([0, 1, 255]) } },
  { key: 'nothing', value: {} },
  { key: '', value: text('') },
]
const resource: Plain = {
  attributes,
  entityRefs: [
    { schemaUrl: 'https://schema/entity', type: 'service', idKeys: ['text', 'flag'], descriptionKeys: ['int'] },
    { type: 'host', idKeys: ['list'] },
  ],
}
const scopes: readonly Plain[] = [
  {
    scope: { name: 'library', version: '1.2.3', attributes: attributes.slice(0, 2) },
    schemaUrl: 'https://schema/scope',
  },
  { scope: { version: '2' } },
  { schemaUrl: 'https://schema/only' },
  {},
]
const time = '1760000544157562100'
const traceId = Buffer.from('0102030405060708090a0b0c0d0e0f10', 'hex')
const spanId = Buffer.from('1112131415161718', 'hex')

/** The same items in each scope of two resources, one of which is bare. */
const inside = (resources: string, scopeList: string, items: string, list: readonly Plain[]): Plain => ({
  [resources]: [
    {
      resource,
      schemaUrl: 'https://schema/resource',
      [scopeList]: scopes.map((scope) => ({ ...scope, [items]: list })),
    },
    { [scopeList]: [{ [items]: list.slice(0, 1) }] },
  ],
})

const spans: readonly Plain[] = [
  {
    traceId,
    spanId,
    parentSpanId: Buffer.from('2122232425262728', 'hex'),
    traceState: 'a=1,b=2',
    name: 'GET /cart',
    kind: 2,
    startTimeUnixNano: time,
    endTimeUnixNano: '1760000544000000000',
    attributes,
    droppedAttributesCount: 1,
    droppedEventsCount: 2,
    droppedLinksCount: 3,
    status: { code: 2, message: 'failed' },
    events: [{ name: 'event', timeUnixNano: time, attributes: attributes.slice(0, 3), droppedAttributesCount: 4 }, {}],
    links: [{ traceId, spanId, traceState: 'c=3', attributes: attributes.slice(2, 4), droppedAttributesCount: 5 }, {}],
  },
  ...[0, 1, 3, 4, 5].map((kind) => ({ name: `kind ${kind}`, kind, status: { code: kind % 2 } })),
  {},
]

const logs: readonly Plain[] = [
  {
    timeUnixNano: time,
    observedTimeUnixNano: '1760000544100000000',
    severityNumber: 9,
    severityText: 'INFO',
    eventName: 'event.name',
    body: text('two\nlines'),
    attributes,
    flags: 1,
    traceId,
    spanId,
  },
  ...attributes.map(({ value }, i) => ({ body: value, severityNumber: i * 2 })),
  { severityNumber: 24 },
  { severityNumber: 30 },
  {},
]

const exemplars: Plain[] = [
  { timeUnixNano: time, asInt: '-5', traceId, spanId, filteredAttributes: attributes.slice(0, 2) },
  { asDouble: 0.125 },
  {},
]
const point: Plain = { attributes, startTimeUnixNano: time, timeUnixNano: time }
const numbers: Plain[] = [
  { ...point, asInt: '-9007199254740993', exemplars },
  ...[
    0,
    -0,
    1.5,
    1e21,
    1.25e22,
    1e-5,
    123456.7891234,
    -1e-9,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ].map((asDouble) => ({ asDouble })),
  {},
]
const metrics: readonly Plain[] = [
  {
    name: 'gauge',
    description: 'what it is',
    unit: 'By',
    metadata: attributes.slice(0, 3),
    gauge: { dataPoints: numbers },
  },
  ...[0, 1, 2].map((aggregationTemporality) => ({
    name: `sum ${aggregationTemporality}`,
    sum: { aggregationTemporality, isMonotonic: aggregationTemporality === 2, dataPoints: numbers.slice(0, 2) },
  })),
  {
    name: 'histogram',
    histogram: {
      aggregationTemporality: 2,
      dataPoints: [
        {
          ...point,
          count: '3',
          sum: 1.5,
          min: 0,
          max: 1e30,
          explicitBounds: [0.1, 10],
          bucketCounts: ['1', '2', '0'],
          exemplars,
        },
        { count: '18446744073709551615' },
        {},
      ],
    },
  },
  {
    name: 'exponential',
    exponentialHistogram: {
      aggregationTemporality: 1,
      dataPoints: [
        {
          ...point,
          count: '9',
          sum: -1,
          min: -4,
          max: 4,
          scale: 0,
          zeroCount: '2',
          positive: { offset: 1, bucketCounts: ['1', '0', '3'] },
          negative: { offset: -2, bucketCounts: ['2', '1'] },
          exemplars,
        },
        { scale: -2, positive: { bucketCounts: ['1', '1', '1'] } },
        {},
      ],
    },
  },
  {
    name: 'summary',
    summary: {
      dataPoints: [
        {
          ...point,
          count: '4',
          sum: 10,
          quantileValues: [{ quantile: 0.5, value: 2 }, { quantile: 0.99, value: 1e-7 }, {}],
        },
        {},
      ],
    },
  },
  { name: 'nothing' },
]

export const debugInput: { readonly [S in Signal]: Batch<S> } = {
  traces: batchOf('traces', inside('resourceSpans', 'scopeSpans', 'spans', spans)),
  logs: batchOf('logs', inside('resourceLogs', 'scopeLogs', 'logRecords', logs)),
  metrics: batchOf('metrics', inside('resourceMetrics', 'scopeMetrics', 'metrics', metrics)),
}
