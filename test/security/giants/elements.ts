// Valid telemetry of one element that is as large as a request lets it be.
import type { Batch, Signal } from '../../../src/data/index.ts'
import type { Plain } from '../../data/random.ts'
import { batchOf } from '../../kit/otlp.ts'

const MIB = 1024 * 1024
const MANY = 50_000
/** Nearly all of a request. */
const LONG = 19 * MIB
/** As deep as maps may be in maps, in the attributes of a data point. */
const DEPTH = 21

export interface Giant {
  readonly name: string
  /** How many, or how long, it is at its largest. */
  readonly most: number
  of(size: number): Batch
}

/** What of an element is large; the rest is as small as it may be. */
interface Parts {
  readonly resource?: readonly Plain[]
  readonly scope?: readonly Plain[]
  /** Of the span, the record, each data point. */
  readonly attributes?: readonly Plain[]
  readonly span?: Plain
  readonly record?: Plain
  readonly metrics?: readonly Plain[]
}

const numbers = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))
const text = (stringValue: string): Plain => ({ stringValue })
const attribute = (key: string, value: Plain): Plain => ({ key, value })
const attributes = (count: number): Plain[] => numbers(count, (i) => attribute(`k${i}`, text('x')))
const long = (length: number): Plain[] => [attribute('v', text('v'.repeat(length)))]
const longKey = (length: number): Plain[] => [attribute('k'.repeat(length), text('x'))]
const dotted = (length: number): Plain[] => [attribute('a.'.repeat(length / 2), text('x'))]
/** Different names that all become the same where only letters of ASCII are taken. */
const alike = (count: number): Plain[] =>
  numbers(count, (i) => attribute(String.fromCharCode(0x4e00 + (i % 1000), 0x4e00 + Math.floor(i / 1000)), text('x')))
function nested(count: number): Plain {
  let value: Plain = text('x')
  for (let level = 0; level < DEPTH; level++) {
    const wide = numbers(Math.floor(count / DEPTH), (i) => attribute(`w${i}`, text('x')))
    value = { kvlistValue: { values: [...wide, attribute('deeper', value)] } }
  }
  return value
}

type Entry = readonly [name: string, most: number, parts: (size: number) => Parts]

/** Many attributes. */
const CROWDS: readonly Entry[] = [
  ['attributes', MANY, (size) => ({ attributes: attributes(size) })],
  ['attributes of the resource', MANY, (size) => ({ resource: attributes(size) })],
  [
    'names that look like indexes',
    MANY,
    (size) => ({ attributes: numbers(size, (i) => attribute(`${i}`, text('x'))) }),
  ],
  ['names that become the same', MANY, (size) => ({ attributes: alike(size) })],
]
/** One attribute that is large. */
const HULKS: readonly Entry[] = [
  ['a value', LONG, (size) => ({ attributes: long(size) })],
  ['a name', LONG, (size) => ({ attributes: longKey(size) })],
  ['a name of many parts', 2 * MIB, (size) => ({ attributes: dotted(size) })],
  ['values in values', MANY, (size) => ({ attributes: [attribute('v', nested(size))] })],
]

const point = { timeUnixNano: '1767225600000000000', startTimeUnixNano: '1767225500000000000' }
/** Of its own, and since the start: some destinations take the one, some the other. */
const histograms = (fields: Plain): Plain[] =>
  [1, 2].map((aggregationTemporality) => ({
    name: `h${aggregationTemporality}`,
    histogram: { aggregationTemporality, dataPoints: [{ ...point, ...fields }] },
  }))

const OWN: { readonly [S in Signal]: readonly Entry[] } = {
  traces: [
    // Around items, which is read in one way whatever the signal.
    ['attributes of the scope', MANY, (size) => ({ scope: attributes(size) })],
    ['names of the resource that become the same', MANY, (size) => ({ resource: alike(size) })],
    ['a value of the resource', LONG, (size) => ({ resource: long(size) })],
    ['a name of the resource', LONG, (size) => ({ resource: longKey(size) })],
    ['name of a span', LONG, (size) => ({ span: { name: 'n'.repeat(size) } })],
    ['message of a status', LONG, (size) => ({ span: { status: { code: 2, message: 'm'.repeat(size) } } })],
    ['events', MANY, (size) => ({ span: { events: numbers(size, (i) => ({ name: `e${i}` })) } })],
    ['attributes of an event', MANY, (size) => ({ span: { events: [{ name: 'e', attributes: attributes(size) }] } })],
    [
      'a stack trace',
      LONG,
      (size) => ({
        span: {
          events: [
            {
              name: 'exception',
              attributes: [
                attribute('exception.type', text('E')),
                attribute('exception.stacktrace', text('E: x\n'.padEnd(size, '\n    at f (file.js:1:2)'))),
              ],
            },
          ],
        },
      }),
    ],
    [
      'links',
      MANY,
      (size) => ({
        span: { links: numbers(size, () => ({ traceId: Buffer.alloc(16, 3), spanId: Buffer.alloc(8, 3) })) },
      }),
    ],
  ],
  logs: [
    ['a body', LONG, (size) => ({ record: { body: text('b'.repeat(size)) } })],
    ['a body of quotes', 5 * MIB, (size) => ({ record: { body: text('"\n'.repeat(size / 2)) } })],
    ['a body of many fields', MANY, (size) => ({ record: { body: { kvlistValue: { values: attributes(size) } } } })],
    [
      'a body of many values',
      MANY,
      (size) => ({ record: { body: { arrayValue: { values: numbers(size, () => text('x')) } } } }),
    ],
    ['a body of bodies', MANY, (size) => ({ record: { body: nested(size) } })],
  ],
  metrics: [
    [
      'name of a metric',
      LONG,
      (size) => ({ metrics: [{ name: 'n'.repeat(size), gauge: { dataPoints: [{ ...point, asDouble: 1 }] } }] }),
    ],
    [
      'buckets',
      MANY,
      (size) => ({
        metrics: histograms({
          count: size + 1,
          sum: size,
          explicitBounds: numbers(size, (i) => i),
          bucketCounts: numbers(size + 1, () => 1),
        }),
      }),
    ],
    [
      'exponential buckets',
      MANY,
      (size) => ({
        metrics: [
          {
            name: 'x',
            exponentialHistogram: {
              aggregationTemporality: 2,
              dataPoints: [
                {
                  ...point,
                  count: size,
                  sum: size,
                  scale: 12,
                  positive: { offset: -size / 2, bucketCounts: numbers(size, () => 1) },
                },
              ],
            },
          },
        ],
      }),
    ],
    [
      'exemplars',
      MANY,
      (size) => ({
        metrics: histograms({
          count: 2,
          sum: 2,
          explicitBounds: [1],
          bucketCounts: [1, 1],
          exemplars: numbers(size, (i) => ({ asDouble: i, timeUnixNano: point.timeUnixNano })),
        }),
      }),
    ],
    [
      'quantiles',
      MANY,
      (size) => ({
        metrics: [
          {
            name: 'q',
            summary: {
              dataPoints: [
                {
                  ...point,
                  count: 1,
                  sum: 1,
                  quantileValues: numbers(size, (i) => ({ quantile: i / size, value: i })),
                },
              ],
            },
          },
        ],
      }),
    ],
  ],
}

export type Kind = 'crowds' | 'hulks' | 'own'

/** `crowds` and `hulks`: in attributes, which all have. `own`: in what this signal alone has. */
export const giants = (signal: Signal, kind: Kind): readonly Giant[] =>
  ({ crowds: CROWDS, hulks: HULKS, own: OWN[signal] })[kind].map(([name, most, parts]) => ({
    name: `${name} (${signal})`,
    most,
    of: (size: number) => batchWith(signal, parts(size)),
  }))

function batchWith(signal: Signal, { resource = [], scope = [], ...parts }: Parts): Batch {
  const around = { resource: { attributes: [attribute('service.name', text('shop')), ...resource] } }
  const within = { scope: { name: 's', attributes: scope } }
  switch (signal) {
    case 'traces':
      return batchOf('traces', { resourceSpans: [{ ...around, scopeSpans: [{ ...within, spans: [spanOf(parts)] }] }] })
    case 'logs':
      return batchOf('logs', {
        resourceLogs: [{ ...around, scopeLogs: [{ ...within, logRecords: [recordOf(parts)] }] }],
      })
    case 'metrics':
      return batchOf('metrics', {
        resourceMetrics: [{ ...around, scopeMetrics: [{ ...within, metrics: metricsOf(parts) }] }],
      })
  }
}

const spanOf = ({ attributes = [], span }: Parts): Plain => ({
  traceId: Buffer.alloc(16, 1),
  spanId: Buffer.alloc(8, 1),
  name: 'giant',
  kind: 2,
  startTimeUnixNano: '1767225600000000000',
  endTimeUnixNano: '1767225601000000000',
  attributes,
  ...span,
})

const recordOf = ({ attributes = [], record }: Parts): Plain => ({
  timeUnixNano: point.timeUnixNano,
  severityNumber: 9,
  body: text('giant'),
  attributes,
  ...record,
})

/** Two kinds: what goes on as it is, and what is compared with the one before. */
const metricsOf = ({ attributes = [], metrics }: Parts): readonly Plain[] =>
  metrics ?? [
    { name: 'm', gauge: { dataPoints: [{ ...point, asDouble: 1, attributes }] } },
    {
      name: 's',
      sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: [{ ...point, asDouble: 1, attributes }] },
    },
  ]
