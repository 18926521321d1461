import { test } from 'tap'
import * as v from 'valibot'
import { checkSchema, telemetrySettings } from '../../src/config/index.ts'

const parse = (value: unknown) => v.parse(telemetrySettings, value)
const messages = (value: unknown) => v.safeParse(telemetrySettings, value).issues?.map((issue) => issue.message)

test('nothing said about own telemetry means the collector’s defaults', async (t) => {
  const { logs, metrics, traces, resource } = parse({})
  t.match(logs, { level: 'info', encoding: 'console', output_paths: ['stderr'], sampling: { tick: 10_000 } })
  t.equal(metrics.level, 'normal')
  t.match(metrics.readers, [
    { pull: { exporter: { prometheus: { host: 'localhost', port: 8888, without_units: true } } } },
  ])
  t.same(traces.processors, [])
  t.same({ ...resource.attributes }, {})
})

test('readers and processors are taken in the declarative form', async (t) => {
  const { metrics, traces } = parse({
    metrics: {
      level: 'Detailed',
      readers: [
        { pull: { exporter: { prometheus: { host: '0.0.0.0', port: 9 } } } },
        {
          periodic: { interval: 5000, exporter: { otlp: { endpoint: 'http://localhost:4318', headers: { a: 'b' } } } },
        },
      ],
      views: [{ selector: { instrument_name: 'x*' }, stream: { aggregation: { drop: null } } }],
    },
    traces: {
      processors: [
        { batch: { exporter: { otlp: { protocol: 'http/json', headers: [{ name: 'k', value: 's3cret' }] } } } },
      ],
      sampler: { parent_based: { root: { trace_id_ratio_based: { ratio: 0.5 } } } },
      propagators: ['b3'],
    },
  })
  t.equal(metrics.level, 'detailed')
  t.equal(metrics.readers[0]?.pull?.exporter.prometheus?.port, 9)
  t.equal(metrics.readers[1]?.periodic?.interval, 5000)
  t.equal(metrics.readers[1]?.periodic?.exporter.otlp?.headers.a?.reveal(), 'b')
  t.ok(metrics.views[0]?.stream.aggregation?.drop)
  const otlp = traces.processors[0]?.batch?.exporter.otlp
  t.equal(otlp?.headers.k?.reveal(), 's3cret')
  t.equal(JSON.stringify(otlp?.headers), '{"k":"[REDACTED]"}')
  t.equal(traces.sampler?.parent_based?.root?.trace_id_ratio_based?.ratio, 0.5)
})

test('the resource is taken as a mapping, with null for what is to be left out, and in the declarative form', async (t) => {
  t.same(
    { ...parse({ resource: { 'service.name': 'a', 'host.name': null } }).resource.attributes },
    {
      'service.name': 'a',
      'host.name': null,
    },
  )
  const declared = { schema_url: 'https://x', attributes: [{ name: 'a', value: 1 }], attributes_list: 'a=2,b=c%20d' }
  const { attributes, schemaUrl } = parse({ resource: declared }).resource
  t.same({ ...attributes }, { a: 1, b: 'c d' })
  t.equal(schemaUrl, 'https://x')
})

test('what contradicts itself is refused', async (t) => {
  t.match(messages({ metrics: { readers: [] } }), ['must have a reader unless level is none'])
  t.equal(messages({ metrics: { readers: [], level: 'none' } }), undefined)
  t.match(messages({ metrics: { readers: [{}] } }), ['must have exactly one of pull, periodic'])
  t.match(messages({ metrics: { views: [{ selector: {}, stream: {} }] } }), ['need level: detailed'])
  t.match(messages({ traces: { processors: [{ batch: { exporter: {} } }] } }), [
    'must have exactly one of otlp, console',
  ])
  t.match(messages({ metrics: { readers: [{ pull: { exporter: {} } }] } }), ['must have prometheus'])
  t.match(messages({ traces: { sampler: {} } }), [/^must have exactly one of always_on, /])
  t.match(messages({ traces: { sampler: { parent_based: { root: { always_on: null, always_off: null } } } } }), [
    /^must have exactly one of always_on, /,
  ])
  const views = [{ stream: { aggregation: { sum: null, drop: null } } }]
  t.match(messages({ metrics: { level: 'detailed', views } }), [/^must have exactly one of default, drop, /])
  t.match(messages({ logs: { level: 'loud' } }), ['must be one of debug, info, warn, error'])
  t.match(messages({ traces: { propagators: ['jaeger'] } }), ['must be one of tracecontext, b3'])
})

const otlpOf = (otlp: object) => ({ traces: { processors: [{ batch: { exporter: { otlp } } }] } })

test('where own telemetry goes is checked with the config, and not at the start', async (t) => {
  for (const endpoint of ['', 'localhost:4318', 'https://x/v1/traces'])
    t.equal(messages(otlpOf({ endpoint })), undefined)
  t.match(messages(otlpOf({ endpoint: 'http://[::' })), ['is no URL'])
  t.match(messages(otlpOf({ endpoint: 'grpc://x:4317' })), ['must begin with http:// or https://, not grpc://'])
  t.match(messages(otlpOf({ protocol: 'grpc' })), [/^own telemetry is sent over HTTP/])
  t.match(messages(otlpOf({ protocol: 'http' })), ['must be one of http/protobuf, http/json'])
  t.match(messages(otlpOf({ timeout: -1 })), ['must not be negative'])
})

test('headers as one text are secrets, percent-encoded, and checked as headers are', async (t) => {
  const { traces } = parse(otlpOf({ headers_list: ' authorization = Bearer%20hush ,b=1=2,' }))
  const headers = traces.processors[0]?.batch?.exporter.otlp?.headers_list
  t.equal(JSON.stringify(headers), '{"authorization":"[REDACTED]","b":"[REDACTED]"}')
  t.same(
    Object.values(headers ?? {}).map((value) => value.reveal()),
    ['Bearer hush', '1=2'],
  )
  t.match(messages(otlpOf({ headers_list: 'hush' })), ['must be pairs such as k1=v1,k2=v2'])
  t.match(messages(otlpOf({ headers_list: 'a=%zz' })), [/^has a % that begins no code/])
  t.match(messages(otlpOf({ headers_list: 'a=x%0Ay' })), [/line break/])
})

test('a resource that is not right is said to be so, each with its place', async (t) => {
  const issues = (resource: object) =>
    checkSchema(telemetrySettings, { resource }).problems?.map(({ path, message, code }) => [
      path.join('.'),
      message,
      code,
    ])
  t.same(issues({ attributes_list: 'a=%zz' }), [
    [
      'resource.attributes_list',
      'has a % that begins no code of a character; a percent sign is written %25, got "a=%zz"',
      'invalid_setting',
    ],
  ])
  t.same(issues({ attributes_list: 'a' }), [
    ['resource.attributes_list', 'must be pairs such as k1=v1,k2=v2, got "a"', 'invalid_setting'],
  ])
  t.same(issues({ attributes: [{ value: 1 }], attribute_list: 'x' }), [
    ['resource.attributes.0.name', 'is required', 'missing_setting'],
    ['resource.attribute_list', 'there is no such setting, got "x"', 'unknown_key'],
  ])
})
