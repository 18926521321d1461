import { test } from 'tap'
import * as v from 'valibot'
import { telemetrySettings } from '../../src/config/index.ts'

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
      processors: [{ batch: { exporter: { otlp: { protocol: 'grpc', headers: [{ name: 'k', value: 's3cret' }] } } } }],
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
  t.match(messages({ logs: { level: 'loud' } }), ['must be one of debug, info, warn, error'])
  t.match(messages({ traces: { propagators: ['jaeger'] } }), ['must be one of tracecontext, b3'])
})
