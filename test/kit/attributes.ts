// An input on which attribute actions and conditions can show all that they do, for every signal.
import type { Batch, Signal } from '../../src/data/index.ts'
import type { Plain } from '../data/random.ts'
import { batchOf } from './otlp.ts'

const text = (stringValue: string): Plain => ({ stringValue })
const attributes = (of: Readonly<Record<string, Plain>>): Plain[] =>
  Object.entries(of).map(([key, value]) => ({ key, value }))

/** One of each type and some that are hard to convert. */
const sets: readonly Readonly<Record<string, Plain>>[] = [
  {
    'http.route': text('/tenants/acme/orders/42'),
    'http.method': text('GET'),
    flag: { boolValue: true },
    count: { intValue: '42' },
    large: { intValue: '9007199254740993' },
    ratio: { doubleValue: 2 },
    small: { doubleValue: -0.75 },
    list: { arrayValue: { values: [text('a'), { intValue: '1' }, { doubleValue: 1 }, { boolValue: false }, {}] } },
    map: {
      kvlistValue: {
        values: [
          { key: 'z', value: text('<last>') },
          { key: 'a', value: { intValue: '1' } },
        ],
      },
    },
    bytes: { bytesValue: Buffer.from([0, 255, 16]) },
    empty: {},
  },
  {
    'http.route': text('/health'),
    flag: { boolValue: false },
    count: text('  7'),
    large: { doubleValue: 1e300 },
    ratio: text('0x1.8p1'),
    small: text('-12'),
    'user.email': text('a@example.com'),
    'user.name': text('ünïcödé ✓'),
  },
  {
    count: text('+7'),
    large: text('9223372036854775808'),
    ratio: text('1e3'),
    small: text('-Inf'),
    'http.route': { intValue: '5' },
    text: text(''),
  },
  {},
]

const resources: readonly Readonly<Record<string, Plain>>[] = [
  {
    'service.name': text('checkout'),
    'host.name': text('host-1'),
    cores: { intValue: '8' },
    region: text('eu-central-1'),
  },
  { 'service.name': { intValue: '7' }, 'host.name': text('host-2') },
  {},
]

const scopes = [
  { name: 'library', version: '1.0.0' },
  { name: 'library', version: '' },
  { name: 'other', version: '2.1.0' },
]

const kinds = [0, 1, 2, 3, 4, 5]
const bodies: readonly Plain[] = [text('GET /cart failed'), { intValue: '500' }, { doubleValue: 1 }, {}]

export const attributeInput: { readonly [S in Signal]: Batch<S> } = {
  traces: batchOf('traces', {
    resourceSpans: resources.map((resource, r) => ({
      resource: { attributes: attributes(resource) },
      scopeSpans: scopes.map((scope, s) => ({
        scope,
        spans: sets.map((set, i) => ({
          name: `${['GET', 'POST'][i % 2]} /cart/${r}`,
          kind: kinds[(r + s + i) % kinds.length],
          attributes: attributes(set),
        })),
      })),
    })),
  }),
  logs: batchOf('logs', {
    resourceLogs: resources.map((resource) => ({
      resource: { attributes: attributes(resource) },
      scopeLogs: scopes.map((scope, s) => ({
        scope,
        logRecords: sets.map((set, i) => ({
          body: bodies[i],
          severityNumber: [0, 5, 9, 17][(s + i) % 4],
          severityText: ['', 'debug', 'info', 'error'][i],
          attributes: attributes(set),
        })),
      })),
    })),
  }),
  metrics: batchOf('metrics', {
    resourceMetrics: resources.map((resource) => ({
      resource: { attributes: attributes(resource) },
      scopeMetrics: scopes.map((scope) => ({
        scope,
        metrics: [
          { name: 'requests', sum: { dataPoints: points({ asInt: '1' }) } },
          { name: 'requests.size', gauge: { dataPoints: points({ asDouble: 0.5 }) } },
          { name: 'latency', histogram: { dataPoints: points({ count: '0' }) } },
          { name: 'latency.exp', exponentialHistogram: { dataPoints: points({ count: '0' }) } },
          { name: 'latency.summary', summary: { dataPoints: points({ count: '0' }) } },
        ],
      })),
    })),
  }),
}

function points(value: Plain): Plain[] {
  return sets.map((set) => ({ ...value, attributes: attributes(set) }))
}
