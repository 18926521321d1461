import { test } from 'tap'
import { formatPath, loadConfig, parseService } from '../../src/config/index.ts'
import { known } from './known.ts'

const load = async (yaml: string) => {
  const loaded = await loadConfig({ sources: [`yaml:${yaml}`], env: {} })
  return {
    ...loaded,
    json: JSON.stringify(loaded.root),
    said: loaded.warnings.map(({ path, message }) => `${formatPath(path)}: ${message}`),
  }
}

test('the logging exporter is the debug exporter, its loglevel a verbosity', async (t) => {
  const loaded = await load(`
receivers: {otlp: }
exporters: {logging: {loglevel: debug}, logging/b: {loglevel: warn, verbosity: normal}, debug: {loglevel: INFO}, logging/c: {loglevel: loud}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [logging, logging/b, debug, logging/c]}}}`)
  t.equal(
    JSON.stringify(loaded.root.exporters),
    '{"logging":{"verbosity":"detailed"},"logging/b":{"verbosity":"normal"},"debug":{"verbosity":"normal"},"logging/c":{"verbosity":"loud"}}',
  )
  t.same(loaded.said, [
    'exporters::logging::loglevel: is called verbosity now',
    'exporters::logging/b::loglevel: has no effect beside verbosity, which has taken its place',
    'exporters::debug::loglevel: is called verbosity now',
    'exporters::logging/c::loglevel: is called verbosity now',
    'exporters::logging: logging is gone; it is run as debug',
    'exporters::logging/b: logging is gone; it is run as debug',
    'exporters::logging/c: logging is gone; it is run as debug',
  ])
  t.match(loaded.warnings[0]?.location, { line: 3, column: 23 })
  const service = parseService(loaded, { ...known, aliases: { ...known.aliases, exporter: {} } })
  t.same(service.problems, [])
  t.equal(service.components[1]?.type, 'debug')
})

test('a memory ballast is left out, where it is configured and where it is named', async (t) => {
  const loaded = await load(
    'extensions: {memory_ballast: {size_mib: 5}, health_check: }\nservice: {extensions: [memory_ballast, health_check]}\nprocessors: {memory_limiter: {ballast_size_mib: 5, limit_mib: 9}}',
  )
  t.equal(
    loaded.json,
    '{"extensions":{"health_check":null},"service":{"extensions":["health_check"]},"processors":{"memory_limiter":{"limit_mib":9}}}',
  )
  t.equal(loaded.said.length, 2)
})

test('the address of own metrics is a reader', async (t) => {
  const reader = async (address: string) => {
    const loaded = await load(
      `receivers: {otlp: }\nexporters: {debug: }\nservice:\n  telemetry: {metrics: {address: ${address}}}\n  pipelines: {traces: {receivers: [otlp], exporters: [debug]}}`,
    )
    const { telemetry, problems } = parseService(loaded, known)
    const page = telemetry.metrics.readers[0]?.pull?.exporter.prometheus
    return {
      at: `${page?.host}:${page?.port}`,
      problems: problems.map(({ message, location }) => `${location?.line}:${location?.column} ${message}`),
      said: loaded.said,
    }
  }
  t.same(await reader('0.0.0.0:8889'), {
    at: '0.0.0.0:8889',
    problems: [],
    said: [
      'service::telemetry::metrics::address: is a reader now: readers: [{pull: {exporter: {prometheus: {host, port}}}}]',
    ],
  })
  t.equal((await reader('":9999"')).at, '0.0.0.0:9999')
  t.equal((await reader('"[::1]:7"')).at, '::1:7')
  t.equal((await reader('""')).at, 'localhost:8888')
  t.same((await reader('nonsense')).problems, ['4:34 must be a whole number, got "nonsense"'])
  const both = await load('service: {telemetry: {metrics: {address: ":1", readers: []}}}')
  t.equal(both.json, '{"service":{"telemetry":{"metrics":{"readers":[]}}}}')
})

test('TLS, CORS and health check settings of old are moved to where they are now', async (t) => {
  const loaded = await load(`
receivers: {otlp: {protocols: {http: {cors_allowed_origins: ['*'], tls_settings: {cert_file: a}}}}}
exporters: {otlp: {endpoint: 'a:1', insecure: true, ca_file: x}}
extensions: {health_check: {port: 13133}}`)
  t.equal(
    loaded.json,
    '{"receivers":{"otlp":{"protocols":{"http":{"tls":{"cert_file":"a"},"cors":{"allowed_origins":["*"]}}}}},' +
      '"exporters":{"otlp":{"endpoint":"a:1","tls":{"insecure":true,"ca_file":"x"}}},' +
      '"extensions":{"health_check":{"endpoint":"0.0.0.0:13133"}}}',
  )
  t.equal(loaded.said.length, 5)
})

test('awsprometheusremotewrite is prometheus_remote_write with a signing extension', async (t) => {
  const loaded = await load(`
receivers: {otlp: }
exporters:
  awsprometheusremotewrite/eu:
    endpoint: https://aps/w
    aws_auth: {region: eu-central-1, service: aps, role_arn: 'arn:x'}
service: {pipelines: {metrics: {receivers: [otlp], exporters: [awsprometheusremotewrite/eu]}}}`)
  t.equal(
    JSON.stringify(loaded.root.exporters),
    '{"awsprometheusremotewrite/eu":{"endpoint":"https://aps/w","auth":{"authenticator":"sigv4auth/awsprometheusremotewrite_eu"}}}',
  )
  t.equal(
    JSON.stringify(loaded.root.extensions),
    '{"sigv4auth/awsprometheusremotewrite_eu":{"region":"eu-central-1","service":"aps","assume_role":{"arn":"arn:x"}}}',
  )
  const service = parseService(loaded, known)
  t.same(service.problems, [])
  t.equal(service.components.find(({ kind }) => kind === 'exporter')?.type, 'prometheus_remote_write')
  t.same(service.extensions, ['sigv4auth/awsprometheusremotewrite_eu'])
})

test('extensions that one text names stay there, whatever becomes of others', async (t) => {
  const ballast = await load(
    'extensions: {memory_ballast: , health_check: }\nservice: {extensions: "memory_ballast,health_check"}',
  )
  t.same(parseService(ballast, known).extensions, ['health_check'])
  const signed = await load(`
exporters: {awsprometheusremotewrite: {aws_auth: {region: eu-central-1}}}
extensions: {health_check: }
service: {extensions: health_check}`)
  t.same(parseService(signed, known).extensions, ['health_check', 'sigv4auth/awsprometheusremotewrite'])
})

test('a type that is gone says what does its work now', async (t) => {
  const { problems } = parseService(await load('exporters: {jaeger: {endpoint: "a:1"}}'), known)
  t.ok(problems.some(({ hint }) => hint === 'Jaeger takes OTLP: use otlp_grpc'))
})

test('what has no such setting is left alone', async (t) => {
  const yaml = 'exporters: {file: {insecure: true, loglevel: debug}}\nextensions: 5\nprocessors: [memory_limiter]'
  const loaded = await load(yaml)
  t.same(loaded.said, [])
  t.equal(
    loaded.json,
    '{"exporters":{"file":{"insecure":true,"loglevel":"debug"}},"extensions":5,"processors":["memory_limiter"]}',
  )
})
